//! What clients are told of the resource.

use std::fmt::Write as _;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::auth::configuration::PublicUrl;

/// Where the metadata of a resource is (RFC 9728, section 3).
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// An MCP endpoint that needs a token.
#[derive(Debug, Clone)]
pub struct Resource {
    url: String,
    metadata_path: String,
    metadata_url: String,
    issuer: String,
    name: String,
    scopes: Vec<String>,
}

impl Resource {
    /// The endpoint at a path of the public URL. `issuer` gives tokens for it; `name` is for people; `scopes` are
    /// those that tools may demand.
    pub fn new(public_url: &PublicUrl, path: &str, issuer: &str, name: &str, scopes: Vec<String>) -> Self {
        let metadata_path = format!("{METADATA}{path}");
        Self {
            url: public_url.at(path),
            metadata_url: public_url.at(&metadata_path),
            metadata_path,
            issuer: issuer.to_owned(),
            name: name.to_owned(),
            scopes,
        }
    }

    /// Its canonical URL (RFC 8707).
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path of its metadata, with its own path inserted (RFC 9728, section 3.1).
    pub fn metadata_path(&self) -> &str {
        &self.metadata_path
    }

    /// The path of metadata without a path inserted, which some clients ask for first.
    pub fn root_metadata_path() -> &'static str {
        METADATA
    }

    /// The metadata (RFC 9728, section 2).
    pub fn metadata(&self) -> Value {
        let mut document = json!({
            "resource": self.url,
            "authorization_servers": [self.issuer],
            "bearer_methods_supported": ["header"],
            "resource_name": self.name,
        });
        if !self.scopes.is_empty() {
            document["scopes_supported"] = json!(self.scopes);
        }
        document
    }

    /// The answer to a request without a good token. `wrong`: what is wrong with the one that came, if one came.
    pub(super) fn unauthorized(&self, wrong: Option<&str>) -> Response {
        let body = match wrong {
            Some(description) => json!({ "error": "invalid_token", "error_description": description }),
            None => json!({ "error_description": "an access token is needed: Authorization: Bearer …" }),
        };
        let error = wrong.map(|description| ("invalid_token", description));
        self.answer(StatusCode::UNAUTHORIZED, error, &self.scopes, &body)
    }

    /// The answer to a request whose token lacks a scope; `scopes` are all that a token needs (RFC 6750, section 3.1).
    pub(super) fn insufficient_scope(&self, description: &str, scopes: &[String]) -> Response {
        let body = json!({ "error": "insufficient_scope", "error_description": description });
        self.answer(StatusCode::FORBIDDEN, Some(("insufficient_scope", description)), scopes, &body)
    }

    fn answer(&self, status: StatusCode, error: Option<(&str, &str)>, scopes: &[String], body: &Value) -> Response {
        let mut challenge = String::from("Bearer ");
        // Writing to a String does not fail.
        if let Some((error, description)) = error {
            let _ = write!(challenge, "error=\"{error}\", error_description=\"{}\", ", quotable(description));
        }
        let _ = write!(challenge, "resource_metadata=\"{}\"", self.metadata_url);
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).filter(|scope| is_scope(scope)).collect();
        if !scopes.is_empty() {
            let _ = write!(challenge, ", scope=\"{}\"", scopes.join(" "));
        }
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Whether a word may stand for a scope (RFC 6749, section 3.3): what a provider puts into a token may be anything.
fn is_scope(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// A description with the characters that may stand in one (RFC 6750, section 3).
fn quotable(description: &str) -> String {
    description
        .chars()
        .map(|character| match character {
            '"' | '\\' | '`' => '\'',
            other if other.is_ascii_graphic() || other == ' ' => other,
            _ => '?',
        })
        .collect()
}

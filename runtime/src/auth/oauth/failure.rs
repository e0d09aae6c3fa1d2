//! What is answered where something is wrong: JSON for programs (RFC 6749, section 5.2), pages for people.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::auth::oidc::ProviderError;
use crate::auth::store::StoreError;

/// Seconds after which a client may ask again while something is away.
const RETRY: &str = "5";

/// An error for a program.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    more: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, description: description.into(), more: None }
    }

    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    pub fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    pub fn invalid_target() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_target", "`resource` is not this server's MCP endpoint")
    }

    /// RFC 6749, section 5.2: 401, with a challenge where the client came with the `Authorization` header.
    pub fn invalid_client(by_header: bool) -> Self {
        let description = "the client is not registered here, or its secret is wrong; register again";
        let refusal = Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description);
        let challenge = (header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"cnpg-mcp\""));
        Self { more: by_header.then_some(challenge), ..refusal }
    }

    pub fn too_many(seconds: u64) -> Self {
        let refusal = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "temporarily_unavailable",
            format!("too many requests; come back in {seconds} seconds"),
        );
        Self { more: Some((header::RETRY_AFTER, HeaderValue::from(seconds))), ..refusal }
    }

    pub fn unavailable(description: impl Into<String>) -> Self {
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description);
        Self { more: Some((header::RETRY_AFTER, HeaderValue::from_static(RETRY))), ..refusal }
    }

    /// A fault of this server.
    pub fn fault() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the server could not do this")
    }

    pub fn description(&self) -> &str {
        &self.description
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request could not be answered");
        Self::unavailable("the session store is not available; try again")
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(error: getrandom::Error) -> Self {
        tracing::error!(%error, "the operating system gives no random bytes");
        Self::fault()
    }
}

impl From<ProviderError> for Refusal {
    fn from(error: ProviderError) -> Self {
        tracing::warn!(%error, "the identity provider was asked in vain");
        Self::unavailable("the identity provider is not available; try again")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = (self.status, Json(body)).into_response();
        no_store(&mut response);
        if let Some((name, value)) = self.more {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// RFC 6749, section 5.1.
pub(super) fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

/// An error that a person sees. Nothing of it comes from the request.
#[derive(Debug, Clone)]
pub(super) struct Sorry {
    pub status: StatusCode,
    pub title: &'static str,
    pub text: &'static str,
    pub retry_after: Option<u64>,
}

impl Sorry {
    const fn new(status: StatusCode, title: &'static str, text: &'static str) -> Self {
        Self { status, title, text, retry_after: None }
    }

    /// The request makes no sense.
    pub const fn bad(text: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "This link does not work", text)
    }

    pub const fn unknown_client() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "This program is not known here",
            "The program that sent you is not registered with this server, or no longer. Remove the connection in that program and add it again.",
        )
    }

    pub const fn redirect() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "This link does not work",
            "The program that sent you asks to be answered at an address that it has not registered. You were not sent there.",
        )
    }

    /// The transaction is over, or never was.
    pub const fn over() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "This login is over",
            "It took too long, or it was finished already. Start again in the program that you want to connect.",
        )
    }

    /// Another browser began, or cookies are off.
    pub const fn other_browser() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "This login began in another browser",
            "A login must end in the browser in which it began, and that browser must accept cookies. If somebody sent you this link, do not go on. Otherwise start again in the program that you want to connect.",
        )
    }

    pub const fn forged() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Your answer was not taken",
            "It did not come from this server's own page. Start again in the program that you want to connect.",
        )
    }

    pub const fn too_many(seconds: u64) -> Self {
        let sorry = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many requests",
            "There were too many requests from your address. Wait a minute, and start again.",
        );
        Self { retry_after: Some(seconds), ..sorry }
    }

    pub const fn unavailable() -> Self {
        let sorry = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available right now",
            "The server cannot reach what it needs to log you in. Wait a moment, and load this page again.",
        );
        Self { retry_after: Some(5), ..sorry }
    }
}

impl From<StoreError> for Sorry {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a page could not be shown");
        Self::unavailable()
    }
}

impl From<getrandom::Error> for Sorry {
    fn from(error: getrandom::Error) -> Self {
        tracing::error!(%error, "the operating system gives no random bytes");
        Self::unavailable()
    }
}

impl From<ProviderError> for Sorry {
    fn from(error: ProviderError) -> Self {
        tracing::warn!(%error, "the identity provider was asked in vain");
        Self::unavailable()
    }
}

//! Pages for people: consent, and errors. They need no script, load nothing, and nobody can frame them.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::configuration::Branding;

const STYLE: &str = include_str!("style.css");
const TEMPLATES: [(&str, &str); 3] = [
    ("frame.html", include_str!("frame.html")),
    ("consent.html", include_str!("consent.html")),
    ("error.html", include_str!("error.html")),
];

/// The pages of a server.
#[derive(Clone)]
pub struct Pages {
    environment: Arc<Environment<'static>>,
    branding: Branding,
    policy: HeaderValue,
}

/// What the consent page says and asks.
#[derive(Debug, Clone, Serialize)]
pub struct Consent {
    /// What the client calls itself; `None` where it does not.
    pub client: Option<String>,
    /// Web site whose document describes the client. `None`: it registered itself, and nobody checked its name.
    pub document_host: Option<String>,
    /// Where the answer goes.
    pub destination: Destination,
    /// What the client may do.
    pub permissions: Vec<Permission>,
    /// Where the person logs in next.
    pub provider: String,
    /// Where the form goes.
    pub action: String,
    /// Name of the transaction.
    pub transaction: String,
    /// Shows that the form is from this server.
    pub form_token: String,
}

/// Where the answer goes.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Destination {
    /// A web site, by its host.
    Site(String),
    /// A program on this machine that listens.
    ThisMachine,
    /// A program that a scheme belongs to.
    Program(String),
}

/// Something that the client may do.
#[derive(Debug, Clone, Serialize)]
pub struct Permission {
    /// In plain words.
    pub text: String,
    /// The scope behind it, if there is one.
    pub scope: Option<String>,
    /// Whether it can lose data.
    pub destroys: bool,
}

/// A page that cannot be made, which tests rule out.
#[derive(Debug, Error)]
#[error("a page cannot be made: {0}")]
pub struct PageError(#[from] minijinja::Error);

impl Pages {
    /// Pages with a name and a logo.
    ///
    /// # Errors
    /// Where a template is broken, which tests rule out.
    pub fn new(branding: Branding) -> Result<Self, PageError> {
        let mut environment = Environment::new();
        for (name, template) in TEMPLATES {
            environment.add_template(name, template)?;
        }
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        // No `form-action`: Chrome holds redirects after a form to it as well, and the form leads to the provider.
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
        );
        let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Ok(Self { environment: Arc::new(environment), branding, policy })
    }

    /// The page that asks whether a client may have access.
    pub fn consent(&self, consent: &Consent) -> Response {
        self.page(StatusCode::OK, "consent.html", context! { consent => Value::from(Serde(consent)) })
    }

    /// A page that says what went wrong.
    pub fn error(&self, status: StatusCode, title: &str, text: &str) -> Response {
        self.page(status, "error.html", context! { title, text })
    }

    fn page(&self, status: StatusCode, template: &str, values: Value) -> Response {
        let branding =
            context! { brand => self.branding.name.as_str(), logo => self.branding.logo.as_deref(), style => STYLE };
        let values = context! { ..values, ..branding };
        let html = self.environment.get_template(template).and_then(|template| template.render(values));
        let mut response = match html {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, template, "a page cannot be made");
                (StatusCode::INTERNAL_SERVER_ERROR, "The page cannot be shown.\n").into_response()
            }
        };
        self.protect(&mut response);
        response
    }

    /// Gives a response the headers that a page has; a redirect that a person follows has them too.
    pub fn protect(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in [
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Pages({:?})", self.branding.name)
    }
}

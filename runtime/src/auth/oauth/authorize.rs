//! `GET /authorize` (OAuth 2.1, section 4.1.1): checks what a client asks for, and leads to the consent page.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::client::{Client, MAX_ID};
use super::documents::NotUsable;
use super::failure::Sorry;
use super::parameters::Parameters;
use super::transaction::{self, Asked};
use super::{CONSENT, Shared, redirect};
use crate::auth::client_document;

/// Most bytes of a client's `state`, which goes back in an address.
const MAX_STATE: usize = 4096;

/// What is wrong with a request, and whom to tell.
pub(super) enum Wrong {
    /// The person: nobody knows whether the client's address can be trusted.
    Person(Sorry),
    /// The client (RFC 6749, section 4.1.2.1).
    Client { to: ReturnTo, error: &'static str, description: &'static str },
}

/// Where an answer for a client goes: an address that was checked to be the client's.
#[derive(Debug, Clone)]
pub(super) struct ReturnTo {
    pub uri: String,
    pub state: Option<String>,
}

impl<E: Into<Sorry>> From<E> for Wrong {
    fn from(error: E) -> Self {
        Self::Person(error.into())
    }
}

/// `GET /authorize`.
pub(super) async fn authorize(State(shared): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match begin(&shared, query.as_deref().unwrap_or_default(), &headers).await {
        Ok(response) => response,
        Err(wrong) => shared.tell(wrong),
    }
}

async fn begin(shared: &Shared, query: &str, headers: &HeaderMap) -> Result<Response, Wrong> {
    let parameters = Parameters::read(query)
        .map_err(|_| Sorry::bad("The address that you came by has a parameter twice, or one that is far too long."))?;
    let Some(id) = parameters.get("client_id") else {
        return Err(Sorry::bad("The program that sent you did not say who it is.").into());
    };
    let client = find(shared, id).await?;
    let Some(uri) = parameters.get("redirect_uri").filter(|uri| client.has_redirect(uri)) else {
        return Err(Sorry::redirect().into());
    };
    let state = parameters.get("state").map(str::to_owned);
    if state.as_ref().is_some_and(|state| state.len() > MAX_STATE) {
        return Err(Sorry::bad("The program that sent you wants more to be repeated than fits into an address.").into());
    }
    let to = ReturnTo { uri: uri.to_owned(), state };
    let challenge = match checked(shared, &parameters) {
        Ok(challenge) => challenge,
        Err((error, description)) => return Err(Wrong::Client { to, error, description }),
    };
    let (browser, cookies) = shared.cookies.named(headers)?;
    let asked = Asked {
        client: client.id,
        redirect_uri: to.uri,
        state: to.state,
        challenge,
        scopes: shared.scopes.grant(parameters.get("scope")),
        browser: shared.keys.csrf().tag(browser.expose().as_bytes()),
    };
    let name = transaction::begin(shared, &asked).await?;
    let consent = redirect::with(&shared.public_url.at(CONSENT), &[("transaction", name.expose())]);
    Ok(shared.redirect(StatusCode::FOUND, &consent, &cookies))
}

/// The client of an identifier: one that registered, or one whose document is at that address.
pub(super) async fn find(shared: &Shared, id: &str) -> Result<Client, Sorry> {
    if id.len() > MAX_ID {
        return Err(Sorry::unknown_client());
    }
    if client_document::is_address(id) {
        return shared.documents.find(id).await.map_err(|error| match error {
            NotUsable::Store(error) => error.into(),
            error => {
                tracing::info!(client = ?id, %error, "a client's document cannot be used");
                Sorry::unknown_client()
            }
        });
    }
    shared.clients.find(id).await?.ok_or_else(Sorry::unknown_client)
}

/// The PKCE challenge of a request that can be answered.
fn checked(shared: &Shared, parameters: &Parameters) -> Result<String, (&'static str, &'static str)> {
    if parameters.get("request").is_some() {
        return Err(("request_not_supported", "`request` is not supported"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(("request_uri_not_supported", "`request_uri` is not supported"));
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "`response_type` must be code")),
        None => return Err(("invalid_request", "`response_type` is missing")),
    }
    if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(("invalid_request", "`response_mode` must be query"));
    }
    if parameters.resources.iter().any(|resource| !shared.is_our_resource(resource)) {
        return Err(("invalid_target", "`resource` is not this server's MCP endpoint"));
    }
    // RFC 7636, section 4.3: a method that is not said is `plain`.
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(("invalid_request", "PKCE with code_challenge_method=S256 is needed"));
    }
    match parameters.get("code_challenge") {
        // BASE64URL of 32 bytes.
        Some(challenge) if challenge.len() == 43 && challenge.bytes().all(is_base64url) => Ok(challenge.to_owned()),
        _ => Err(("invalid_request", "`code_challenge` is missing, or is not that of S256")),
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

impl Shared {
    /// Sends a browser somewhere, and gives it cookies.
    pub(super) fn redirect(&self, status: StatusCode, to: &str, cookies: &[HeaderValue]) -> Response {
        let Ok(location) = HeaderValue::from_str(to) else {
            return self.page(&Sorry::redirect());
        };
        let mut response = status.into_response();
        self.pages.protect(&mut response);
        response.headers_mut().insert(header::LOCATION, location);
        for cookie in cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
        response
    }

    /// Sends a browser back to a client, with this server's name (RFC 9207) and the client's state.
    pub(super) fn send_back(&self, to: &ReturnTo, answer: &[(&str, &str)], cookies: &[HeaderValue]) -> Response {
        let mut parameters = answer.to_vec();
        if let Some(state) = &to.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", self.public_url.as_str()));
        self.redirect(StatusCode::SEE_OTHER, &redirect::with(&to.uri, &parameters), cookies)
    }

    pub(super) fn page(&self, sorry: &Sorry) -> Response {
        let mut response = self.pages.error(sorry.status, sorry.title, sorry.text);
        if let Some(seconds) = sorry.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// Tells whom it is to be told.
    pub(super) fn tell(&self, wrong: Wrong) -> Response {
        match wrong {
            Wrong::Person(sorry) => self.page(&sorry),
            Wrong::Client { to, error, description } => {
                self.send_back(&to, &[("error", error), ("error_description", description)], &[])
            }
        }
    }
}

//! `POST /token`: codes and refresh tokens for access tokens (RFC 6749, sections 4.1.3 and 6).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use super::client::Client;
use super::failure::{Refusal, no_store};
use super::live::{self, NotLive};
use super::parameters::Parameters;
use super::session::{self, Session};
use super::{Shared, client_authentication, code, refresh_token};
use crate::auth::bearer::Grant;
use crate::secret::SecretText;

/// `POST /token`.
pub(super) async fn token(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    match answer(&shared, &headers, &body).await {
        Ok(issued) => {
            let mut response = Json(issued).into_response();
            no_store(&mut response);
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Reads the form of an endpoint for programs.
pub(super) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Err(Refusal::invalid_request("the body must be application/x-www-form-urlencoded"));
    }
    let text = std::str::from_utf8(body).map_err(|_| Refusal::invalid_request("the body is no text"))?;
    Parameters::read(text).map_err(|unreadable| Refusal::invalid_request(unreadable.describe()))
}

async fn answer(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let form = form(headers, body)?;
    let client = client_authentication::client(shared, headers, &form).await?;
    match form.get("grant_type") {
        Some("authorization_code") => redeem(shared, &client, &form).await,
        Some("refresh_token") => refresh(shared, &client, &form).await,
        Some(_) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "`grant_type` must be authorization_code or refresh_token",
        )),
        None => Err(Refusal::invalid_request("`grant_type` is missing")),
    }
}

async fn redeem(shared: &Shared, client: &Client, form: &Parameters) -> Result<Value, Refusal> {
    let name = code::redeem(shared, client, form).await?;
    let session = usable(shared, &name).await?;
    let refresh = refresh_token::begin(shared, &name, &client.id).await?;
    if !session::live_on(shared, &name).await? {
        return Err(Refusal::invalid_grant("the session has ended; log in again"));
    }
    shared.clients.used(&client.id).await?;
    let scopes = session.scopes.clone();
    let issued = issued(shared, session, &name, scopes, &refresh)?;
    code::remember(shared, form, &name).await?;
    Ok(issued)
}

async fn refresh(shared: &Shared, client: &Client, form: &Parameters) -> Result<Value, Refusal> {
    let text = form.get("refresh_token").ok_or_else(|| Refusal::invalid_request("`refresh_token` is missing"))?;
    let no_good =
        || Refusal::invalid_grant("the refresh token is not valid: it expired, was used before, or was revoked");
    let said = refresh_token::read(&shared.keys, text).ok_or_else(no_good)?;
    let found = refresh_token::find(shared, &said.session).await?.ok_or_else(no_good)?;
    if found.record.client != client.id || found.record.number != said.number {
        tracing::warn!(client = ?client.id, "a refresh token came again, or by another client: its session ends");
        session::end(shared, &said.session).await?;
        return Err(no_good());
    }
    // What is refused for what it asks changes nothing.
    if form.resources.iter().any(|resource| !shared.is_our_resource(resource)) {
        return Err(Refusal::invalid_target());
    }
    let session = usable(shared, &said.session).await?;
    let scopes = shared.scopes.narrow(&session.scopes, form.get("scope")).ok_or_else(|| {
        let status = StatusCode::BAD_REQUEST;
        Refusal::new(status, "invalid_scope", "`scope` has more than was granted")
    })?;
    let Some(next) = refresh_token::turn(shared, &said.session, &found).await? else {
        tracing::warn!(client = ?client.id, "a refresh token came twice at once: its session ends");
        session::end(shared, &said.session).await?;
        return Err(no_good());
    };
    if !session::live_on(shared, &said.session).await? {
        return Err(no_good());
    }
    shared.clients.used(&client.id).await?;
    issued(shared, session, &said.session, scopes, &next)
}

/// The session of a code or refresh token, where the provider still knows it.
async fn usable(shared: &Shared, name: &str) -> Result<Session, Refusal> {
    live::session(shared, name).await.map_err(|error| match error {
        NotLive::Ended => Refusal::invalid_grant("the session has ended; log in again"),
        NotLive::ProviderAway => Refusal::unavailable("the identity provider is not available; try again"),
        NotLive::Store(error) => error.into(),
    })
}

fn issued(
    shared: &Shared,
    session: Session,
    name: &str,
    scopes: Vec<String>,
    refresh: &SecretText,
) -> Result<Value, Refusal> {
    let scope = scopes.join(" ");
    let grant = Grant { subject: session.subject, client: session.client, scopes, session: name.to_owned() };
    let life = shared.times.access_token;
    let access = shared.tokens.issue(&grant, life).map_err(|error| {
        tracing::error!(%error, "no token could be issued");
        Refusal::fault()
    })?;
    let mut issued = Map::new();
    issued.insert("access_token".into(), access.expose().into());
    issued.insert("token_type".into(), "Bearer".into());
    issued.insert("expires_in".into(), life.as_secs().into());
    issued.insert("refresh_token".into(), refresh.expose().into());
    if !scope.is_empty() {
        issued.insert("scope".into(), scope.into());
    }
    Ok(issued.into())
}

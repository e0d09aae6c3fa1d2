//! `GET /auth/callback`: the provider's answer, brought by a browser.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::authorize::{ReturnTo, Wrong, find};
use super::failure::Sorry;
use super::parameters::Parameters;
use super::session::{self, Session};
use super::transaction::{self, Approved};
use super::{Shared, code};
use crate::auth::oidc::{ProviderError, Tokens};
use crate::metrics;

/// Parts of an encrypted token (JWE, RFC 7516, section 3.1).
const JWE_PARTS: usize = 5;

/// `GET /auth/callback`.
pub(super) async fn callback(State(shared): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let mut forget = Vec::new();
    let mut response = match answer(&shared, query.as_deref().unwrap_or_default(), &headers, &mut forget).await {
        Ok(response) => response,
        Err(wrong) => shared.tell(wrong),
    };
    for cookie in forget {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn answer(
    shared: &Shared,
    query: &str,
    headers: &HeaderMap,
    forget: &mut Vec<HeaderValue>,
) -> Result<Response, Wrong> {
    let parameters = Parameters::read(query).map_err(|_| Sorry::over())?;
    let state = parameters.get("state").ok_or(Sorry::over())?;
    // Before anything is taken: another browser ends nobody's login.
    if !shared.cookies.has_approved(&shared.keys, state, headers) {
        tracing::warn!("an answer of the identity provider came by a browser that did not approve the login");
        return Err(Sorry::other_browser().into());
    }
    let approved = transaction::answered(shared, state).await?.ok_or(Sorry::over())?;
    *forget = shared.cookies.forget(state);
    let client = find(shared, &approved.asked.client).await?;
    if !client.has_redirect(&approved.asked.redirect_uri) {
        return Err(Sorry::redirect().into());
    }
    let to = ReturnTo { uri: approved.asked.redirect_uri.clone(), state: approved.asked.state.clone() };
    match log_in(shared, &parameters, &approved).await {
        Ok(session) => {
            let subject = session.subject.clone();
            let name = session::open(shared, &session).await?;
            let code = code::issue(shared, &approved.asked, &name).await?;
            tracing::info!(subject = ?subject, client = ?client.id, "a person logged in");
            metrics::login("ok");
            Ok(shared.send_back(&to, &[("code", code.expose())], &[]))
        }
        Err((error, description)) => {
            metrics::login(error);
            Err(Wrong::Client { to, error, description })
        }
    }
}

/// Exchanges the provider's code. What goes wrong is told to the client without the provider's own words.
async fn log_in(
    shared: &Shared,
    parameters: &Parameters,
    approved: &Approved,
) -> Result<Session, (&'static str, &'static str)> {
    let failed = |error: ProviderError| {
        tracing::warn!(%error, client = ?approved.asked.client, "a login failed at the identity provider");
        if error.is_away() {
            ("temporarily_unavailable", "the identity provider is not available")
        } else {
            ("server_error", "the identity provider's answer cannot be used")
        }
    };
    shared.provider.check_answer(parameters.get("iss")).await.map_err(failed)?;
    if let Some(error) = parameters.get("error") {
        tracing::info!(error = ?error.chars().take(64).collect::<String>(), client = ?approved.asked.client, "the identity provider let nobody in");
        return Err(match error {
            "access_denied" => ("access_denied", "the identity provider did not let the person in"),
            "temporarily_unavailable" => ("temporarily_unavailable", "the identity provider is not available"),
            _ => ("server_error", "the identity provider did not let the person in"),
        });
    }
    let Some(code) = parameters.get("code") else {
        return Err(("server_error", "the identity provider's answer has neither a code nor an error"));
    };
    let tokens = shared.provider.exchange(code, &approved.pkce(), approved.nonce()).await.map_err(failed)?;
    warn_of_encrypted(&tokens);
    let Some(id_token) = tokens.id_token.clone() else {
        return Err(("server_error", "the identity provider does not say who logged in"));
    };
    Ok(Session::new(approved.asked.client.clone(), approved.asked.scopes.clone(), id_token, tokens, &shared.times))
}

fn warn_of_encrypted(tokens: &Tokens) {
    if tokens.access_token.expose().split('.').count() == JWE_PARTS {
        tracing::warn!(
            "the identity provider's access token is encrypted for itself (JWE): the provider was asked without an audience; set `audience`, or `authorize_params`"
        );
    }
}

//! `POST /revoke` (RFC 7009): a session ends with all that was issued for it.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::failure::{Refusal, no_store};
use super::{Shared, client_authentication, refresh_token, session, token};
use crate::auth::store::StoreError;

/// `POST /revoke`.
pub(super) async fn revoke(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    match end(&shared, &headers, &body).await {
        Ok(()) => {
            let mut response = StatusCode::OK.into_response();
            no_store(&mut response);
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn end(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let form = token::form(headers, body)?;
    let client = client_authentication::client(shared, headers, &form).await?;
    let text = form.get("token").ok_or_else(|| Refusal::invalid_request("`token` is missing"))?;
    // `token_type_hint` is not needed: the two kinds look different.
    let Some((owner, name)) = owner(shared, text).await? else { return Ok(()) };
    if owner != client.id {
        return Err(Refusal::invalid_grant("the token was issued to another client"));
    }
    session::end(shared, &name).await?;
    tracing::info!(client = ?client.id, "a session was revoked");
    Ok(())
}

/// The client that a token was issued to, and its session. `None`: it is worth nothing as it is, which is what the
/// client wants (RFC 7009, section 2.2).
async fn owner(shared: &Shared, text: &str) -> Result<Option<(String, String)>, StoreError> {
    if let Ok(claims) = shared.tokens.verify(text) {
        return Ok(Some((claims.client_id, claims.sid)));
    }
    let Some(said) = refresh_token::read(&shared.keys, text) else { return Ok(None) };
    let found = refresh_token::find(shared, &said.session).await?;
    Ok(found.map(|found| (found.record.client, said.session)))
}

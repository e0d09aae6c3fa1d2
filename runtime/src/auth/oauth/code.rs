//! Authorization codes: for one client, one redirect URI and one verifier, and once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::client::Client;
use super::failure::Refusal;
use super::parameters::Parameters;
use super::session;
use super::transaction::Asked;
use crate::auth::keys::{random_secret, same_secret};
use crate::auth::store::{Key, Space, StoreError};
use crate::secret::SecretText;

/// Most bytes of a code that is looked up.
const MAX_CODE: usize = 128;

/// What a code stands for.
#[derive(Debug, Serialize, Deserialize)]
struct Code {
    client: String,
    redirect_uri: String,
    challenge: String,
    session: String,
}

/// Which session a redeemed code was for, kept longer than a code: by it a replay is known.
#[derive(Debug, Serialize, Deserialize)]
struct Redeemed {
    session: String,
}

/// Issues a code for a session that was opened for it.
pub(super) async fn issue(shared: &Shared, asked: &Asked, session: &str) -> Result<SecretText, super::failure::Sorry> {
    let text = random_secret()?;
    let code = Code {
        client: asked.client.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        session: session.to_owned(),
    };
    shared.records.put(&key(text.expose()), &code, shared.times.code).await?;
    Ok(text)
}

/// Takes a code, and gives the session that it is for. A code that is not redeemed now never will be: its session
/// ends, as it does when a code comes a second time (RFC 6749, section 4.1.2).
pub(super) async fn redeem(shared: &Shared, client: &Client, form: &Parameters) -> Result<String, Refusal> {
    let text = form.get("code").ok_or_else(|| Refusal::invalid_request("`code` is missing"))?;
    if text.len() > MAX_CODE {
        return Err(Refusal::invalid_grant("the code is not valid"));
    }
    let Some(code) = shared.records.take::<Code>(&key(text)).await? else {
        if let Some(redeemed) = shared.records.get::<Redeemed>(&redeemed_key(text)).await? {
            tracing::warn!(client = ?client.id, "a code came again: what it had issued is revoked");
            session::end(shared, &redeemed.session).await?;
        }
        return Err(Refusal::invalid_grant("the code is not valid: it expired, or was used before"));
    };
    match checked(shared, client, form, &code) {
        Ok(()) => Ok(code.session),
        Err(refusal) => {
            tracing::warn!(client = ?client.id, why = refusal.description(), "a code was not redeemed, and is dead");
            session::end(shared, &code.session).await?;
            Err(refusal)
        }
    }
}

/// Remembers a code that was redeemed. Of many at once the first is not undone by those that came with it; whatever
/// comes after its answer is a replay.
pub(super) async fn remember(shared: &Shared, form: &Parameters, session: &str) -> Result<(), StoreError> {
    let Some(text) = form.get("code") else { return Ok(()) };
    let redeemed = Redeemed { session: session.to_owned() };
    shared.records.put(&redeemed_key(text), &redeemed, shared.times.code_memory).await
}

fn checked(shared: &Shared, client: &Client, form: &Parameters, code: &Code) -> Result<(), Refusal> {
    if code.client != client.id {
        return Err(Refusal::invalid_grant("the code was issued to another client"));
    }
    if form.get("redirect_uri").is_some_and(|uri| uri != code.redirect_uri) {
        return Err(Refusal::invalid_grant("`redirect_uri` is not the one of the authorization request"));
    }
    if form.resources.iter().any(|resource| !shared.is_our_resource(resource)) {
        return Err(Refusal::invalid_target());
    }
    let verifier = form.get("code_verifier").ok_or_else(|| Refusal::invalid_grant("`code_verifier` is missing"))?;
    // RFC 7636, section 4.1.
    let written = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(written) {
        return Err(Refusal::invalid_grant("`code_verifier` is none: 43 to 128 letters, digits and -._~"));
    }
    if !same_secret(&URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)), &code.challenge) {
        return Err(Refusal::invalid_grant("`code_verifier` does not belong to the code"));
    }
    Ok(())
}

fn key(code: &str) -> Key {
    Key::of(Space::Code, code)
}

fn redeemed_key(code: &str) -> Key {
    Key::of(Space::Code, &format!("redeemed {code}"))
}

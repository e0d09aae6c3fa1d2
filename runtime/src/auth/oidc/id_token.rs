//! ID tokens (`OpenID` Connect Core 1.0, section 3.1.3.7).

use jsonwebtoken::Validation;
use serde_json::{Map, Value};

use super::access_token::TokenRefused;
use super::{ProviderKeys, jws};
use crate::auth::keys::same_secret;

/// Who logged in, as the provider says.
#[derive(Debug, Clone, PartialEq)]
pub struct IdToken {
    /// The person (`sub`).
    pub subject: String,
    /// Every claim.
    pub claims: Map<String, Value>,
}

/// Verifies an ID token for a client. `nonce`: what the authorization request had; `None` after a refresh,
/// whose ID token need not have one.
pub(super) async fn verify(
    token: &str,
    keys: &ProviderKeys,
    rules: &Validation,
    client: &str,
    nonce: Option<&str>,
) -> Result<IdToken, TokenRefused> {
    let claims = jws::verify(token, keys, rules, &["jwt"]).await?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    // A token for several audiences must say which one asked; one for another asker is not for this client.
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|audiences| audiences.len() > 1);
    match text("azp") {
        Some(asker) if asker == client => {}
        None if !several && !claims.contains_key("azp") => {}
        _ => return Err(TokenRefused::Claim("azp")),
    }
    if let Some(nonce) = nonce
        && !text("nonce").is_some_and(|found| same_secret(found, nonce))
    {
        return Err(TokenRefused::Claim("nonce"));
    }
    if !claims.get("iat").is_some_and(Value::is_number) {
        return Err(TokenRefused::Claim("iat"));
    }
    let subject = text("sub").ok_or(TokenRefused::Claim("sub"))?.to_owned();
    Ok(IdToken { subject, claims })
}

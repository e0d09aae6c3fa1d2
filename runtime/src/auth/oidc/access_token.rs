//! Access tokens of the provider.

use std::sync::Arc;

use jsonwebtoken::Validation;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{ProviderError, ProviderKeys, jws};

/// Kinds of tokens that are access tokens (RFC 9068, section 4; most providers write `JWT`).
const TYPES: [&str; 2] = ["at+jwt", "jwt"];

/// Verifies access tokens that a provider issued for one audience.
#[derive(Debug)]
pub struct AccessTokenVerifier {
    keys: Arc<ProviderKeys>,
    rules: Validation,
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedToken {
    /// The person or service (`sub`).
    pub subject: String,
    /// The client program (`azp` or `client_id`), where the token says.
    pub client: Option<String>,
    /// Scopes (`scope`, or `scp` as some providers have it).
    pub scopes: Vec<String>,
    /// Every claim.
    pub claims: Map<String, Value>,
}

/// A token that is not let in. Nothing of the token is in the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenRefused {
    /// It is no JWT, or a broken one.
    #[error("the access token is no signed JWT of the identity provider")]
    Malformed,
    /// It is a JWE: the provider alone can read it.
    #[error(
        "the access token is encrypted (five parts, JWE), so it is for the identity provider itself; ask the provider for a token with the `audience` of this server"
    )]
    Encrypted,
    /// It is signed with something else than RS256, or not signed.
    #[error("the access token is not signed with RS256")]
    Algorithm,
    /// It is a token for something else.
    #[error("the token is no access token")]
    Kind,
    /// It names no key.
    #[error("the access token does not name the key that it is signed with (`kid`)")]
    NoKey,
    /// It names a key that the provider does not have.
    #[error("the access token is signed with a key that the identity provider does not have")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the signature of the access token is wrong")]
    Signature,
    /// Another provider issued it.
    #[error("the access token is from another issuer")]
    Issuer,
    /// It is for another server.
    #[error("the access token is for another audience")]
    Audience,
    /// It was valid.
    #[error("the access token has expired")]
    Expired,
    /// It will be valid.
    #[error("the access token is not valid yet")]
    NotYetValid,
    /// A claim is missing or not what it should be.
    #[error("the access token has no proper claim `{0}`")]
    Claim(&'static str),
    /// Whether it is good cannot be found out now.
    #[error("the access token cannot be verified: {0}")]
    Unavailable(ProviderError),
}

impl AccessTokenVerifier {
    /// Tokens of the keys' issuer for an audience, which is compared byte for byte.
    pub fn new(keys: Arc<ProviderKeys>, audience: &str) -> Self {
        let rules = jws::rules(keys.issuer(), audience);
        Self { keys, rules }
    }

    /// What a token says, where the provider issued it for this audience and it is valid now.
    ///
    /// # Errors
    /// Where it is not, or that cannot be found out.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, TokenRefused> {
        let claims = jws::verify(token, &self.keys, &self.rules, &TYPES).await?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(VerifiedToken {
            subject: text("sub").ok_or(TokenRefused::Claim("sub"))?,
            client: text("azp").or_else(|| text("client_id")).filter(|client| !client.is_empty()),
            scopes: scopes(&claims),
            claims,
        })
    }
}

fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(Value::String(text)) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

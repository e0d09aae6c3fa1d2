//! Answers of the token endpoint (RFC 6749, section 5.1).

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{IdToken, ProviderError};
use crate::secret::SecretText;

/// What the provider gave.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For the audience that was asked for; it goes to nobody else.
    pub access_token: SecretText,
    /// How long it is valid, where the provider says.
    pub expires_in: Option<Duration>,
    /// For new access tokens, where the provider gave one. After a refresh: the new one, where it rotates.
    pub refresh_token: Option<SecretText>,
    /// Scopes, where they are others than was asked for.
    pub scope: Option<String>,
    /// Who logged in, verified. After a refresh, only where the provider says it again.
    pub id_token: Option<IdToken>,
}

#[derive(Deserialize)]
pub(super) struct Document {
    access_token: SecretText,
    token_type: String,
    expires_in: Option<Value>,
    refresh_token: Option<SecretText>,
    scope: Option<String>,
    pub(super) id_token: Option<SecretText>,
}

impl Document {
    pub(super) fn read(body: &[u8]) -> Result<Self, ProviderError> {
        // The place only: the error's text may quote values.
        let document: Self = serde_json::from_slice(body).map_err(|error| {
            ProviderError::unexpected(format!("the tokens are not as they should be ({:?})", error.classify()))
        })?;
        if !document.token_type.eq_ignore_ascii_case("bearer") {
            return Err(ProviderError::unexpected("the access token is no bearer token"));
        }
        if document.access_token.expose().is_empty() {
            return Err(ProviderError::unexpected("the access token is empty"));
        }
        Ok(document)
    }

    pub(super) fn with(self, id_token: Option<IdToken>) -> Tokens {
        // A number; some providers write it as text.
        let seconds = self.expires_in.and_then(|value| match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        });
        Tokens {
            access_token: self.access_token,
            expires_in: seconds.map(Duration::from_secs),
            refresh_token: self.refresh_token.filter(|token| !token.expose().is_empty()),
            scope: self.scope,
            id_token,
        }
    }
}

//! Tokens that are kept from one call to the next.

use std::time::{SystemTime, UNIX_EPOCH};

use cnpg_mcp_runtime::secret::SecretText;
use serde::Deserialize;
use serde_json::json;

use super::provider::Asked;
use crate::kept::KeptFile;

/// Seconds for which a token must still be valid to be given out.
const LEAST: u64 = 60;

/// Tokens of one login.
#[derive(Clone, Deserialize)]
pub struct Kept {
    /// The access token.
    pub access_token: SecretText,
    /// When it expires, in seconds since 1970.
    pub expires: u64,
    /// For the next ones.
    pub refresh_token: Option<SecretText>,
}

impl Kept {
    /// Whether the access token is valid for a while yet.
    pub fn lasts(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.expires > now + LEAST
    }
}

/// The file of one provider, audience and client.
pub struct Cache(KeptFile);

impl Cache {
    pub fn of(asked: &Asked) -> anyhow::Result<Self> {
        KeptFile::of("tokens", &[&asked.issuer, &asked.audience, &asked.client_id]).map(Self)
    }

    /// What is kept.
    pub fn read(&self) -> anyhow::Result<Option<Kept>> {
        self.0.read()
    }

    /// Keeps tokens, in place of those before.
    pub fn write(&self, kept: &Kept) -> anyhow::Result<()> {
        self.0.write(&json!({
            "access_token": kept.access_token.expose(),
            "expires": kept.expires,
            "refresh_token": kept.refresh_token.as_ref().map(SecretText::expose),
        }))
    }

    /// Takes away what is kept.
    pub fn forget(&self) -> anyhow::Result<()> {
        self.0.forget()
    }
}

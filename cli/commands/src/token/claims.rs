//! What is inside a token that was verified.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The claims, for people.
pub fn of(token: &str) -> anyhow::Result<String> {
    let claims = token.split('.').nth(1).context("the token is no JWT")?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    Ok(serde_json::to_string_pretty(&claims)?)
}

//! The provider's keys, as they are now.

use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use reqwest::Url;

use super::jwks::Jwks;
use super::kept::{KeepTimes, Kept};
use super::metadata::endpoint;
use super::{Discovery, ProviderError};

/// The keys that a provider signs with. Fetched when the first token comes, again after an hour, and again
/// ahead of time when a token names a key that is not among them, so that new keys work at once; but only a
/// few times, so that made-up names cost the provider nothing. Kept while the provider is away.
#[derive(Debug)]
pub struct ProviderKeys {
    discovery: Arc<Discovery>,
    /// Where they are, where that is not left to discovery.
    uri: Option<Url>,
    kept: Kept<Jwks>,
}

impl ProviderKeys {
    /// The keys of an issuer. `uri`: where they are; `None` asks discovery.
    ///
    /// # Errors
    /// Where `uri` is no address, or not as safe as the issuer's.
    pub fn new(discovery: Arc<Discovery>, uri: Option<&str>) -> Result<Self, ProviderError> {
        Self::with_times(discovery, uri, KeepTimes::default())
    }

    /// The same with other times.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_times(discovery: Arc<Discovery>, uri: Option<&str>, times: KeepTimes) -> Result<Self, ProviderError> {
        let uri = uri.map(|uri| endpoint("jwks_uri", uri, discovery.issuer())).transpose()?;
        Ok(Self { discovery, uri, kept: Kept::new("the set of keys", times) })
    }

    /// The issuer as it was configured.
    pub fn issuer(&self) -> &str {
        self.discovery.issuer()
    }

    /// The key of a name; `None` where the provider has none of that name, as far as is known.
    ///
    /// # Errors
    /// Where that cannot be found out.
    pub(super) async fn key(&self, kid: &str) -> Result<Option<DecodingKey>, ProviderError> {
        let present = self.kept.get(|| self.fetch()).await?;
        if let Some(key) = present.key(kid) {
            return Ok(Some(key.clone()));
        }
        let newer = self.kept.newer(&present, || self.fetch()).await?;
        Ok(newer.and_then(|newer| newer.key(kid).cloned()))
    }

    /// Fetches the keys where there are none yet, for a start that says early what is wrong.
    ///
    /// # Errors
    /// Where they cannot be fetched.
    pub async fn warm(&self) -> Result<(), ProviderError> {
        self.kept.get(|| self.fetch()).await.map(drop)
    }

    async fn fetch(&self) -> Result<Jwks, ProviderError> {
        let uri = match &self.uri {
            Some(uri) => uri.clone(),
            None => self.discovery.jwks_uri().await?,
        };
        let body = self.discovery.http().get(&uri).await?;
        Jwks::read(&body.ok_or_else(|| ProviderError::unexpected(format!("there are no keys at {uri}")))?)
    }
}

//! Finding the provider's endpoints.

use reqwest::Url;

use super::kept::{KeepTimes, Kept};
use super::metadata::endpoint;
use super::{Metadata, ProviderError, ProviderHttp};

/// Path of the discovery document below the issuer (`OpenID` Connect Discovery 1.0, section 4).
const DISCOVERY: &str = ".well-known/openid-configuration";

/// Path of the keys below the issuer, where there is no discovery document.
const JWKS: &str = ".well-known/jwks.json";

/// What an issuer says of itself, kept for an hour.
#[derive(Debug)]
pub struct Discovery {
    issuer: String,
    http: ProviderHttp,
    /// `None`: the provider has no such document.
    kept: Kept<Option<Metadata>>,
}

impl Discovery {
    /// Nothing is fetched yet.
    pub fn new(issuer: &str, http: ProviderHttp) -> Self {
        Self::with_times(issuer, http, KeepTimes::default())
    }

    /// The same with other times.
    pub fn with_times(issuer: &str, http: ProviderHttp, times: KeepTimes) -> Self {
        Self { issuer: issuer.to_owned(), http, kept: Kept::new("the discovery document", times) }
    }

    /// The issuer as it was configured.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the provider says of itself.
    ///
    /// # Errors
    /// Where it was never fetched and cannot be, is not there, or is of no use.
    pub async fn metadata(&self) -> Result<Metadata, ProviderError> {
        let document = self.kept.get(|| self.fetch()).await?;
        document
            .as_ref()
            .clone()
            .ok_or_else(|| ProviderError::unexpected(format!("`{}` has no {DISCOVERY}; check the issuer", self.issuer)))
    }

    /// Where the keys are: where discovery says, else at the usual place.
    ///
    /// # Errors
    /// Where that is not known because the provider is away, or its document is of no use.
    pub(super) async fn jwks_uri(&self) -> Result<Url, ProviderError> {
        match self.kept.get(|| self.fetch()).await?.as_ref() {
            Some(metadata) => Ok(metadata.jwks_uri.clone()),
            None => self.below(JWKS),
        }
    }

    pub(super) fn http(&self) -> &ProviderHttp {
        &self.http
    }

    async fn fetch(&self) -> Result<Option<Metadata>, ProviderError> {
        let body = self.http.get(&self.below(DISCOVERY)?).await?;
        body.map(|body| Metadata::read(&body, &self.issuer)).transpose()
    }

    /// An address below the issuer, with one slash between whatever the issuer ends with.
    fn below(&self, path: &str) -> Result<Url, ProviderError> {
        endpoint("issuer", &format!("{}/{path}", self.issuer.trim_end_matches('/')), &self.issuer)
    }
}

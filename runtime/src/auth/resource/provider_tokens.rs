//! The test server's way: the identity provider's own access tokens, and no state.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};

use super::{Caller, Denied, LetsIn, Resource, ToolScopes, guarded};
use crate::auth::configuration::{Address, Configuration, EffectScopes};
use crate::auth::oidc::{AccessTokenVerifier, Discovery, ProviderError, ProviderHttp, ProviderKeys, TokenRefused};
use crate::transport::http::Door;

/// Path of the test server's MCP endpoint.
pub const PATH: &str = "/test";

/// Lets in whoever has a token of the provider for the configured audience. Clones are the same one.
#[derive(Debug, Clone)]
pub struct ProviderTokens {
    verifier: Arc<AccessTokenVerifier>,
    keys: Arc<ProviderKeys>,
    resource: Resource,
}

impl ProviderTokens {
    /// Sets it up. Nothing is fetched yet.
    ///
    /// # Errors
    /// Where something that the configuration names is of no use.
    pub fn new(configuration: &Configuration) -> Result<Self, ProviderError> {
        let discovery = Arc::new(Discovery::new(&configuration.issuer, ProviderHttp::new()?));
        let jwks_uri = configuration.jwks_uri.as_ref().map(Address::as_str);
        let keys = Arc::new(ProviderKeys::new(discovery, jwks_uri)?);
        let verifier = Arc::new(AccessTokenVerifier::new(Arc::clone(&keys), &configuration.audience));
        let scopes = configuration.effect_scopes.as_ref().map(EffectScopes::all).unwrap_or_default();
        let brand = &configuration.branding.name;
        let resource = Resource::new(&configuration.public_url, PATH, &configuration.issuer, brand, scopes);
        Ok(Self { verifier, keys, resource })
    }

    /// What clients are told of the endpoint.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The way of letting people in. `scopes`: those that tools demand, if they do.
    pub fn door(&self, scopes: Option<ToolScopes>) -> Door {
        let document = self.resource.metadata();
        let routes = Router::new().route(self.resource.metadata_path(), get(async move || Json(document)));
        let (lets_in, resource) = (self.clone(), self.resource.clone());
        let guard = move |endpoint| guarded(endpoint, lets_in.clone(), resource.clone(), scopes.clone());
        Door::guarded(routes, guard).at(PATH).without_sessions()
    }

    /// Fetches the provider's keys, for a start that says early what is wrong.
    ///
    /// # Errors
    /// Where they cannot be fetched.
    pub async fn warm(&self) -> Result<(), ProviderError> {
        self.keys.warm().await
    }
}

impl LetsIn for ProviderTokens {
    async fn caller(&self, token: &str) -> Result<Caller, Denied> {
        let verified = self.verifier.verify(token).await.map_err(|refused| match refused {
            TokenRefused::Unavailable(error) => {
                tracing::warn!(%error, "a token could not be verified");
                Denied::Unavailable("the identity provider is not available".to_owned())
            }
            TokenRefused::Encrypted => {
                tracing::warn!(
                    "a client came with an encrypted token (JWE): it asked the provider without an audience"
                );
                Denied::Token(refused.to_string())
            }
            other => Denied::Token(other.to_string()),
        })?;
        Ok(Caller {
            subject: verified.subject,
            client: verified.client.unwrap_or_default(),
            scopes: verified.scopes,
            claims: verified.claims,
        })
    }
}

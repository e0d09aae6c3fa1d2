//! The main server's way of letting people in: an OAuth 2.1 authorization server that lets an identity provider say who
//! somebody is, and issues tokens of its own.
//!
//! The way of a login:
//!
//! 1. A client registers ([`registration`], RFC 7591), or is described by a document at its identifier ([`documents`]).
//! 2. It sends a browser to `/authorize` ([`authorize`]), which leads to `/consent` ([`consent`]): the person sees who
//!    asks for what, before the provider is asked. Approval binds the browser ([`browser`]).
//! 3. The provider logs the person in and sends the browser to `/auth/callback` ([`callback`]), which opens a
//!    [`session`] with the provider's tokens and gives the client a [`code`].
//! 4. The client redeems it at `/token` ([`token`]) for an access token and a [`refresh_token`].
//! 5. With each request the session is looked up, and the provider's token refreshed where it is due ([`live`]).
//! 6. `/revoke` ([`revoke`]) ends the session with all that was issued for it.
//!
//! Everything that lasts is in the session store, sealed ([`records`]), so that any replica goes on where another began.

mod authorize;
mod browser;
mod callback;
mod caller;
mod client;
mod client_authentication;
mod code;
mod consent;
mod documents;
mod failure;
mod guard;
mod live;
mod metadata;
mod parameters;
mod peer;
mod rates;
mod records;
mod redirect;
mod refresh_token;
mod registration;
mod revoke;
mod routes;
mod scopes;
mod session;
mod times;
mod token;
mod transaction;
mod unbroken;

pub use caller::NotLetIn;
pub use times::Times;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use thiserror::Error;
use url::Url;

use self::browser::Cookies;
use self::client::Clients;
use self::documents::Documents;
use self::rates::Rates;
use self::records::Records;
use self::scopes::Scopes;
use super::bearer::AccessTokens;
use super::client_document::{Fetcher, Reach};
use super::configuration::{ClientSecret, Configuration, EffectScopes, PublicUrl};
use super::keys::{KeyFileError, Keys};
use super::oidc::{Discovery, Provider, ProviderError, ProviderHttp, ProviderKeys, ProviderOptions};
use super::pages::{PageError, Pages};
use super::resource::Resource;
use super::store::{SessionStore, StoreError};
use crate::transport::http::ENDPOINT;

/// Path to which the provider sends browsers back.
pub const CALLBACK: &str = "/auth/callback";

/// Path of the consent page.
pub const CONSENT: &str = "/consent";

/// The authorization server. Clones are the same one.
#[derive(Clone)]
pub struct Proxy(Shared);

/// What every part of it works with.
#[derive(Clone)]
struct Shared(Arc<Inner>);

struct Inner {
    public_url: PublicUrl,
    /// The MCP endpoint, for which tokens are.
    described: Resource,
    /// The provider.
    issuer: String,
    keys: Arc<Keys>,
    tokens: AccessTokens,
    records: Records,
    clients: Clients,
    documents: Documents,
    provider: Provider,
    scopes: Scopes,
    effect_scopes: Option<EffectScopes>,
    cookies: Cookies,
    pages: Pages,
    rates: Rates,
    times: Times,
    trusted_proxies: usize,
}

/// How a server is set up besides its configuration.
pub struct Setup {
    /// Where state is kept. `None`: where the configuration says.
    pub store: Option<Arc<dyn SessionStore>>,
    /// How long things live.
    pub times: Times,
    /// How far documents of clients may be fetched.
    pub reach: Reach,
}

impl Default for Setup {
    fn default() -> Self {
        Self { store: None, times: Times::default(), reach: Reach::public() }
    }
}

/// A server that cannot be set up.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The root keys are of no use.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The store is of no use.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider's client is of no use.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The pages are of no use.
    #[error(transparent)]
    Pages(#[from] PageError),
    /// The configuration is another server's.
    #[error("the configuration is not the main server's: it names no client and no signing keys")]
    OtherServer,
}

impl Proxy {
    /// Sets a server up. Nothing is fetched yet. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Where something that the configuration names is of no use.
    pub fn new(configuration: Configuration, setup: Setup) -> Result<Self, SetupError> {
        let (Some(client), Some(signing_keys)) = (configuration.client, configuration.signing_keys) else {
            return Err(SetupError::OtherServer);
        };
        let keys = Arc::new(Keys::derive(&signing_keys.roots()?));
        let store = match setup.store {
            Some(store) => store,
            None => configuration.session_store.open()?,
        };
        let public_url = configuration.public_url;
        let discovery = Arc::new(Discovery::new(&configuration.issuer, ProviderHttp::new()?));
        let jwks_uri = configuration.jwks_uri.as_ref().map(super::configuration::Address::as_str);
        let provider_keys = Arc::new(ProviderKeys::new(Arc::clone(&discovery), jwks_uri)?);
        let secret: Arc<ClientSecret> = Arc::new(client.secret);
        let options = ProviderOptions {
            client_id: client.id,
            secret: Some(Arc::new(move || secret.current())),
            redirect_uri: public_url.at(CALLBACK),
            scopes: configuration.scopes,
            authorize_params: configuration.authorize_params,
            token_params: configuration.token_params,
        };
        let records = Records::new(Arc::clone(&store), Arc::clone(&keys));
        let scopes = configuration.effect_scopes.as_ref().map(EffectScopes::all).unwrap_or_default();
        let brand = configuration.branding.name.clone();
        let described = Resource::new(&public_url, ENDPOINT, public_url.as_str(), &brand, scopes.clone());
        Ok(Self(Shared(Arc::new(Inner {
            tokens: AccessTokens::new(&keys, public_url.as_str(), described.url()),
            clients: Clients::new(records.clone(), setup.times.unused_client, setup.times.client),
            documents: Documents::new(records.clone(), Fetcher::new(setup.reach)),
            provider: Provider::new(discovery, provider_keys, options),
            cookies: Cookies { plain: public_url.is_loopback() && public_url.as_str().starts_with("http:") },
            pages: Pages::new(configuration.branding)?,
            rates: Rates::new(store, configuration.rate_limits),
            issuer: configuration.issuer,
            scopes: Scopes::new(scopes),
            effect_scopes: configuration.effect_scopes,
            times: setup.times,
            trusted_proxies: configuration.trusted_proxies,
            described,
            public_url,
            keys,
            records,
        }))))
    }

    /// The endpoints.
    pub fn router(&self) -> Router {
        routes::router(&self.0)
    }

    /// The MCP endpoint's address, for which tokens are.
    pub fn resource(&self) -> &str {
        self.0.described.url()
    }

    /// Where the server is reached.
    pub fn public_url(&self) -> &PublicUrl {
        &self.0.public_url
    }

    /// Where state is kept.
    pub fn store(&self) -> &Arc<dyn SessionStore> {
        self.0.records.store()
    }

    /// The keys that were derived for this server.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.0.keys
    }

    /// Asks the provider what it says of itself, for a start that says early what is wrong.
    ///
    /// # Errors
    /// Where the provider cannot be reached, or is none.
    pub async fn warm(&self) -> Result<(), ProviderError> {
        self.0.provider.metadata().await.map(drop)
    }
}

impl Deref for Shared {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    /// Whether a `resource` (RFC 8707) is this server's endpoint. Clients differ in the slash at its end.
    fn is_our_resource(&self, resource: &str) -> bool {
        let plain = |text: &str| {
            let url = Url::parse(text).ok().filter(|url| url.fragment().is_none())?;
            Some(url.as_str().trim_end_matches('/').to_owned())
        };
        plain(resource).is_some_and(|asked| plain(self.described.url()).is_some_and(|ours| ours == asked))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({}, {:?})", self.0.public_url, self.0.records)
    }
}

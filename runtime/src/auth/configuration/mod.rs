//! Configuration of who is let in: one file, the environment and flags.
//!
//! A flag goes before the environment, and the environment before the file. [`KEYS`] is the one list of what can be
//! said; the file's keys, the variables' and the flags' names follow from it. Everything that is wrong is told at once,
//! each with its place ([`Problem`]).
//!
//! Three steps: [`Given::read`] collects what was said, [`Configuration::settle`] checks it and fills in what was not,
//! and [`Given::shown`] prints what is in force.

mod address;
mod branding;
mod fields;
mod given;
mod keys;
mod place;
mod secret_file;
mod settle;
mod shown;
mod store;
mod tree;

pub use address::{Address, PublicUrl};
pub use branding::Branding;
pub use given::{Given, Sources};
pub use keys::{DEFAULT_FILE, Form, KEYS, KeyInfo};
pub use place::{Place, Problem, Problems};
pub use secret_file::{ClientSecret, SecretFileError};
pub use settle::{Server, Where};
pub use shown::Shown;
pub use store::{SigningKeys, StoreChoice};

/// What is in force. Nothing in it is a secret that its `Debug` shows.
#[derive(Debug)]
pub struct Configuration {
    /// The identity provider, byte for byte as its tokens' `iss` has it; Auth0's ends with a slash.
    pub issuer: String,
    /// Audience of the provider's access tokens.
    pub audience: String,
    /// This server as the provider's client. `None` for the test server, which is none.
    pub client: Option<ProviderClient>,
    /// Where clients reach this server.
    pub public_url: PublicUrl,
    /// Where the provider's keys are, where that is not left to discovery.
    pub jwks_uri: Option<Address>,
    /// Scopes asked of the provider.
    pub scopes: Vec<String>,
    /// What goes to the provider's authorization endpoint besides.
    pub authorize_params: Vec<(String, String)>,
    /// What goes to the provider's token endpoint besides.
    pub token_params: Vec<(String, String)>,
    /// Root keys. The test server needs none.
    pub signing_keys: Option<SigningKeys>,
    /// Names that `Host` may have besides the public URL's and loopback.
    pub allowed_hosts: Vec<String>,
    /// Web origins that are let in besides the public URL's and loopback.
    pub allowed_origins: Vec<String>,
    /// Where sessions are kept.
    pub session_store: StoreChoice,
    /// How Kubernetes is told who calls. `None`: it is not.
    pub impersonation: Option<Impersonation>,
    /// Scopes that tools demand by their effect. `None`: they demand none.
    pub effect_scopes: Option<EffectScopes>,
    /// Name and logo on the pages.
    pub branding: Branding,
    /// Bounds on what strangers may ask.
    pub rate_limits: RateLimits,
    /// Proxies in front of this server, each of which adds an address to `X-Forwarded-For`.
    pub trusted_proxies: usize,
}

/// How this server presents itself to the provider.
#[derive(Debug)]
pub struct ProviderClient {
    /// Its identifier.
    pub id: String,
    /// Its secret.
    pub secret: ClientSecret,
}

/// How Kubernetes is told who calls (`Impersonate-User`, `Impersonate-Group`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impersonation {
    /// Claim with the person's name.
    pub user_claim: String,
    /// Claim with the person's groups, where one has them.
    pub groups_claim: Option<String>,
    /// Before every name and group, so that a provider's `system:masters` is none.
    pub prefix: String,
}

/// Scope that a tool of each effect demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectScopes {
    /// Of tools that read.
    pub read: String,
    /// Of tools that write.
    pub write: String,
    /// Of tools that destroy.
    pub destroy: String,
}

impl EffectScopes {
    /// All of them, each once, the mildest first.
    pub fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        for scope in [&self.read, &self.write, &self.destroy] {
            if !all.contains(scope) {
                all.push(scope.clone());
            }
        }
        all
    }
}

/// Bounds on requests without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Registrations of clients from one address in an hour.
    pub registrations: u64,
    /// Registrations of clients from everywhere in an hour.
    pub registrations_overall: u64,
    /// Requests to the OAuth endpoints from one address in a minute.
    pub requests: u64,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { registrations: 100, registrations_overall: 2000, requests: 300 }
    }
}

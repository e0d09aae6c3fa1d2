//! The identity provider, seen from its clients: what both servers and the command line ask of it.
//!
//! - [`Discovery`] and [`ProviderKeys`]: what the provider says of itself and the keys that it signs with,
//!   each kept for an hour, fetched once at a time, and kept further while the provider is away.
//! - [`AccessTokenVerifier`]: the provider's access tokens, as a resource server checks them (RFC 9068,
//!   section 4).
//! - [`Provider`]: the provider's client. Authorization URL, code exchange with a verified ID token,
//!   refreshing, revocation, device codes.
//!
//! RS256 is the one algorithm, whatever a token or a key says. No token, code or secret is in an error.

mod access_token;
mod client;
mod device;
mod discovery;
mod error;
mod form;
mod http;
mod id_token;
mod jwks;
mod jws;
mod kept;
mod keys;
mod metadata;
mod pkce;
mod tokens;

pub use access_token::{AccessTokenVerifier, TokenRefused, VerifiedToken};
pub use client::{AuthorizationRequest, Provider, ProviderOptions, Secret};
pub use device::{DeviceCode, Polled};
pub use discovery::Discovery;
pub use error::{ProviderError, Refusal};
pub use http::ProviderHttp;
pub use id_token::IdToken;
pub use jws::LEEWAY;
pub use kept::KeepTimes;
pub use keys::ProviderKeys;
pub use metadata::Metadata;
pub use pkce::Pkce;
pub use tokens::Tokens;

/// Whether two issuers are the same but for a slash at the end, which is written in one place and forgotten
/// in another.
fn same_issuer(a: &str, b: &str) -> bool {
    a.strip_suffix('/').unwrap_or(a) == b.strip_suffix('/').unwrap_or(b)
}

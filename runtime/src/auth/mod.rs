//! Who is let in over HTTP: the parts that the servers' ways of authentication are made of.
//!
//! - [`keys`]: root keys from a file, and the keys that are derived from them.
//! - [`store`]: state that replicas share, in memory or in Redis.
//! - [`oidc`]: the identity provider, seen from its clients.
//! - [`bearer`]: access tokens that the main server issued itself.

pub mod bearer;
pub mod keys;
pub mod oidc;
pub mod store;

mod jwt;

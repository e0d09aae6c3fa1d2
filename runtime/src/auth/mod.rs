//! Who is let in over HTTP: the parts that the servers' ways of authentication are made of.
//!
//! - [`keys`]: root keys from a file, and the keys that are derived from them.
//! - [`configuration`]: what is said in the file, the environment and flags.
//! - [`store`]: state that replicas share, in memory or in Redis.
//! - [`oidc`]: the identity provider, seen from its clients.
//! - [`oauth`]: the main server's authorization server, with its [`pages`] and what it fetches of clients
//!   ([`client_document`]).
//! - [`bearer`]: access tokens that the main server issued itself.
//! - [`resource`]: the guard before the MCP endpoint, and the test server's way of letting people in.

pub mod bearer;
pub mod client_document;
pub mod configuration;
pub mod keys;
pub mod oauth;
pub mod oidc;
pub mod pages;
pub mod resource;
pub mod store;

mod jwt;

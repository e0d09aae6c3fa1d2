//! The test server as a program: the provider's own tokens over real HTTP, nothing else, and no state.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../shared/mod.rs"]
#[allow(dead_code, reason = "the other server's suite uses what this one does not")]
mod shared;

mod server;

mod configuration;
mod keys;
mod letting_in;
mod logs;
mod people;
mod tokens;

//! The server as a program with its OAuth proxy: how it is configured, whom it lets in to what, in whose name it acts,
//! and that it says no secret.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../shared/mod.rs"]
#[allow(dead_code, reason = "the other server's suite uses what this one does not")]
mod shared;

mod client;
mod redis;
mod server;

mod audit;
mod configuration;
mod logs;
mod metrics;
mod people;
mod replicas;
mod scopes;

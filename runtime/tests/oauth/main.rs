//! The OAuth proxy over real HTTP, with a certified provider behind it: the whole way of a login, and every attack on it
//! that is known.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod browser;
mod page;
mod program;
#[path = "../session_store/redis_server.rs"]
#[allow(dead_code, reason = "the suite of the store uses what this one does not")]
mod redis_server;
#[path = "../small_tools/mod.rs"]
mod small_tools;
mod world;

mod authorizing;
mod bounds;
mod codes;
mod conformance;
mod consenting;
mod documents;
mod endpoint;
mod flow;
mod real_clients;
mod refreshing;
mod replicas;

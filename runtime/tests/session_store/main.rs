//! What every session store promises, held against the one in memory and against real Redis servers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod contract;
mod memory;
mod redis;
#[allow(dead_code, reason = "the suite of the store uses what others do not")]
mod redis_server;

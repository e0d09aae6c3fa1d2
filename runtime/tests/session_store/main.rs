//! What every session store promises, held against the one in memory and against real Redis servers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod contract;
mod memory;
mod redis;
mod redis_server;

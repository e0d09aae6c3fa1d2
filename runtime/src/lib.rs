//! What generated handlers link against.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking"))]

pub mod answer;
pub mod arguments;
pub mod audit;
pub mod auth;
pub mod budget;
pub mod call;
pub mod change;
pub mod confirm;
pub mod expression;
pub mod failure;
pub mod fields;
pub mod kind;
pub mod kubernetes;
pub mod logging;
pub mod mcp;
pub mod meta;
pub mod metrics;
pub mod registry;
pub mod render;
pub mod secret;
pub mod time;
pub mod tls;
pub mod tool;
pub mod transport;
mod undo;
pub mod vocabulary;

//! The commands of `cnpg-mcp` that need none of the compiled tools, and what they share with those that do.
//!
//! They are a crate of their own, so that an edited spec does not compile them again.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking"))]

mod browser;
pub mod call_options;
pub mod flags;
mod kept;
mod plain;
pub mod probe;
pub mod progress;
pub mod remote;
pub mod setup;
pub mod token;

use std::process::ExitCode;

use futures::future::LocalBoxFuture;

/// Exit code of a command that ended otherwise than in success.
pub const FAILED: u8 = 1;

/// A command on its way. Boxed, so that it is compiled with this crate, and not with the program.
pub type Running<'a> = LocalBoxFuture<'a, anyhow::Result<ExitCode>>;

//! `cnpg-mcp call`, `tools` and `logout` at servers somewhere else: the real servers as programs, with a real identity
//! provider behind them, and a person's browser that is played over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod asking;
mod calls;
mod dangers;
mod logins;
mod person;
mod pretender;
mod server;
#[path = "../setup/terminal.rs"]
mod terminal;
mod tokens;
mod world;

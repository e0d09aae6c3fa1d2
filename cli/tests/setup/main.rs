//! The steps of `cnpg-mcp setup`, as people run them: the binary, in a folder of its own, against a tenant that stands
//! in for Auth0 and against the sandbox, over real HTTP.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod auth0;
mod auth0_interrupted;
mod backup;
mod doctor;
mod doctor_outside;
mod folder;
mod front;
mod init;
mod prompts;
mod rbac;
mod secret;
mod tenant;
mod terminal;
mod whole;
mod world;

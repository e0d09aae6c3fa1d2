//! Fixtures shared by the test suites: a sandbox, a real server process on it, and a small MCP client.
//!
//! The server is the binary that people run, reached over HTTP as they reach it. `make test` builds it
//! before the suites run.

pub mod binary;
pub mod client;
pub mod server;
pub mod world;

/// An HTTP client. It needs the cryptography of TLS, for plain HTTP too.
#[must_use]
pub fn http() -> reqwest::Client {
    cnpg_mcp_runtime::tls::install();
    reqwest::Client::new()
}

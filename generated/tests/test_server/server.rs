//! The server, its provider, and tokens for it.

use std::process::{Command, Output};

use cnpg_mcp_provider::Provider;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::shared::mcp;
use crate::shared::program::{self, Program};

pub const AUDIENCE: &str = "https://mcp.example.com/api";

/// A server on its own sandbox, that ends with this value, and logs as much as it can.
pub struct Server {
    pub program: Program,
    /// Where it is.
    pub at: String,
    pub provider: Provider,
    _folder: tempfile::TempDir,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = program::command(env!("CARGO_BIN_EXE_cnpg-mcp-test-server"));
    command.args(arguments);
    command
}

/// Runs one to its end.
pub fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

impl Server {
    pub async fn start(more: &str) -> Self {
        Self::start_with(Provider::start().await.unwrap(), more)
    }

    /// A server with more in its configuration file.
    pub fn start_with(provider: Provider, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("oidc.yaml");
        std::fs::write(&config, format!("issuer: {}\naudience: {AUDIENCE}\n{more}", provider.issuer())).unwrap();
        let config = config.to_str().unwrap();
        let arguments =
            ["--sandbox", "--port", "0", "--log-format", "json", "--log-level", "trace", "--config", config];
        let program = Program::start(command(&arguments), &folder.path().join("said"));
        Self { at: format!("http://{}", program.listening), program, provider, _folder: folder }
    }

    /// The endpoint of MCP.
    pub fn endpoint(&self) -> String {
        format!("{}/test", self.at)
    }

    pub async fn post(&self, token: Option<&str>, message: &Value) -> Response {
        mcp::post(&self.endpoint(), token, message, "2025-11-25").send().await.unwrap()
    }

    /// What a token meets.
    pub async fn status(&self, token: &str) -> StatusCode {
        self.post(Some(token), &mcp::initialize()).await.status()
    }

    /// The answer of a tool.
    pub async fn call(&self, token: &str, tool: &str, arguments: Value) -> Value {
        let response = self.post(Some(token), &mcp::call(tool, &arguments)).await;
        assert_eq!(response.status(), StatusCode::OK);
        mcp::answered(response).await
    }

    pub async fn token(&self) -> String {
        self.provider.token(AUDIENCE).await.unwrap()
    }

    /// A token made to order, for this server unless the order says otherwise.
    pub async fn mint(&self, order: Value) -> String {
        let mut whole = json!({ "audience": AUDIENCE });
        whole.as_object_mut().unwrap().extend(order.as_object().unwrap().clone());
        self.provider.mint(whole).await.unwrap()
    }
}

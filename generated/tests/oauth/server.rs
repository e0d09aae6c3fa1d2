//! The server with its OAuth proxy, and what it is configured by.

use std::path::PathBuf;
use std::process::Command;

use cnpg_mcp_provider::{CLIENT, CLIENT_SECRET};

use crate::shared::mcp::http;
use crate::shared::program::{self, Program};

/// What the provider's tokens are for.
pub const AUDIENCE: &str = "https://mcp.example.com/api";

/// The root key of every folder.
pub const ROOT_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A folder with the configuration of a server.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new(issuer: &str) -> Self {
        Self::with(issuer, "")
    }

    /// One with more in its configuration.
    pub fn with(issuer: &str, more: &str) -> Self {
        cnpg_mcp_runtime::tls::install();
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("secret", CLIENT_SECRET);
        folder.write("keys", ROOT_KEY);
        let text = format!(
            "issuer: {issuer}\naudience: {AUDIENCE}\nclient_id: {CLIENT}\nclient_secret_file: {}\nsigning_key_file: {}\n{more}",
            folder.path("secret").display(),
            folder.path("keys").display()
        );
        folder.write("oidc.yaml", &text);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(env!("CARGO_BIN_EXE_cnpg-mcp-server"));
        command.args(["--transport", "http", "--config"]).arg(self.path("oidc.yaml")).args(arguments);
        command
    }
}

/// A server that ends with this value, and logs as much as it can.
pub struct Server {
    pub program: Program,
    /// Where clients find it.
    pub url: String,
}

impl Server {
    /// Starts one on a sandbox of its own.
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::of(folder, &[&["--sandbox", "--log-format", "json"], arguments].concat())
    }

    /// Starts one on what a kubeconfig in the folder names.
    pub fn on(folder: &Folder, kubeconfig: &str, arguments: &[&str]) -> Self {
        folder.write("kubeconfig", kubeconfig);
        let file = folder.path("kubeconfig").display().to_string();
        Self::of(folder, &[&["--kubeconfig", &file, "--log-format", "json"], arguments].concat())
    }

    /// Starts one with these arguments, at the level that says most unless they say another.
    pub fn of(folder: &Folder, arguments: &[&str]) -> Self {
        let port: &[&str] = if arguments.contains(&"--port") { &[] } else { &["--port", "0"] };
        let level: &[&str] = if arguments.contains(&"--log-level") { &[] } else { &["--log-level", "trace"] };
        let command = folder.command(&[arguments, port, level].concat());
        let program = Program::start(command, &folder.path("said"));
        let port = program.listening.rsplit(':').next().unwrap();
        Self { url: format!("http://localhost:{port}"), program }
    }

    /// Starts one that does not say where it listens.
    pub async fn quiet(folder: &Folder, arguments: &[&str], port: &str) -> Self {
        let (url, ready) = (format!("http://localhost:{port}"), format!("http://localhost:{port}/readyz"));
        let program = Program::spawn(folder.command(arguments), &folder.path("said"));
        for _ in 0..1500 {
            if http().get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Self { program, url };
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("it does not start: {}", program.said());
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The endpoint of MCP.
    pub fn mcp(&self) -> String {
        self.at("/mcp")
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

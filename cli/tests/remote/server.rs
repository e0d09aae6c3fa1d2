//! The servers, as programs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A binary of the workspace, beside the command's.
fn binary(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_cnpg-mcp")).with_file_name(name);
    assert!(path.exists(), "{} is not built; run `cargo build --workspace --bins` first", path.display());
    path
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that ends with this value.
pub struct Server {
    child: Child,
    port: u16,
    path: &'static str,
}

impl Server {
    /// The main server with its OAuth proxy, on a sandbox.
    pub async fn main(config: &Path, port: u16) -> Self {
        let mut command = Command::new(binary("cnpg-mcp-server"));
        command.args(["--transport", "http"]);
        Self::started(command, config, port, "/mcp").await
    }

    /// The test server, on a sandbox.
    pub async fn test(config: &Path, port: u16) -> Self {
        Self::started(Command::new(binary("cnpg-mcp-test-server")), config, port, "/test").await
    }

    async fn started(mut command: Command, config: &Path, port: u16, path: &'static str) -> Self {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CNPG_MCP_")) {
            command.env_remove(name);
        }
        command.args(["--sandbox", "--toolsets", "all", "--port", &port.to_string(), "--config"]).arg(config);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Self { child, port, path };
        let begun = Instant::now();
        while reqwest::get(format!("http://localhost:{port}/readyz")).await.is_err() {
            assert!(server.child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server
    }

    /// The MCP endpoint, as clients know it.
    pub fn url(&self) -> String {
        format!("http://localhost:{}{}", self.port, self.path)
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

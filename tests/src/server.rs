//! A server process, as people start it.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use cnpg_mcp_sandbox::Sandbox;
use tempfile::{NamedTempFile, TempDir};

use crate::binary;
use crate::client::Client;

/// A running `cnpg-mcp-server` over HTTP, killed when dropped.
pub struct Server {
    child: Child,
    url: String,
    folder: TempDir,
}

impl Server {
    /// Starts a server on a sandbox, with the most verbose log, and waits until it is ready.
    pub async fn start(sandbox: &Sandbox, flags: &[&str]) -> anyhow::Result<Self> {
        Self::start_with(&sandbox.kubeconfig(), flags).await
    }

    /// The same, with a kubeconfig made by hand.
    pub async fn start_with(kubeconfig_text: &str, flags: &[&str]) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, kubeconfig_text)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = std::fs::File::create(folder.path().join("stderr.log"))?;
        let child = Command::new(binary::path("cnpg-mcp-server"))
            .args(["--transport", "http", "--auth", "none", "--log-level", "trace", "--log-format", "json"])
            .args(["--port", &port.to_string()])
            .arg("--kubeconfig")
            .arg(&kubeconfig)
            .args(flags)
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut server = Self { child, url: format!("http://127.0.0.1:{port}"), folder };
        server.until_ready().await?;
        Ok(server)
    }

    /// The MCP endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}/mcp", self.url)
    }

    /// A client of this server.
    pub async fn client(&self) -> anyhow::Result<Client> {
        Client::connect(&self.endpoint()).await
    }

    /// Everything that the server wrote to its log so far.
    pub fn log(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("stderr.log"))?)
    }

    /// Resident memory, in bytes.
    pub fn resident_memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("no figure")?.parse::<u64>()? * 1024)
    }

    /// Ends the process at once, as a crash or an eviction without grace would.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    async fn until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let http = crate::http();
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}:\n{}", self.log()?);
            }
            if http.get(format!("{}/readyz", self.url)).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the server is not ready after 20 seconds:\n{}", self.log()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Writes a sandbox's kubeconfig to a file that lives as long as the result.
pub fn kubeconfig_file(sandbox: &Sandbox) -> anyhow::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(sandbox.kubeconfig().as_bytes())?;
    Ok(file)
}

/// Path as text, for command lines.
///
/// # Panics
/// Where the path is not UTF-8, which temporary files are.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

//! The servers that are measured, and what they need: a sandbox with clusters, an identity provider, a Redis.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cnpg_mcp_provider::{CLIENT, CLIENT_SECRET, Provider};
use cnpg_mcp_sandbox::{Sandbox, Seed};
use tempfile::TempDir;

use crate::login::Client;

/// What the provider's tokens are for.
const AUDIENCE: &str = "https://mcp.example.com/api";

/// Everybody who logs in here comes from one address.
const MANY: &str = "rate_limits: { registrations: 1000000, registrations_overall: 1000000, requests: 1000000 }\n";

/// A way of letting people in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The main server lets everybody in.
    None,
    /// The main server's OAuth proxy, with logins in memory.
    Memory,
    /// The same, with logins in Redis.
    Redis,
    /// The test server, with the provider's tokens.
    Test,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::None, Self::Memory, Self::Redis, Self::Test];

    pub fn title(self) -> &'static str {
        match self {
            Self::None => "nobody is asked (`--auth none`)",
            Self::Memory => "OAuth proxy, logins in memory",
            Self::Redis => "OAuth proxy, logins in Redis",
            Self::Test => "test server, the provider's tokens",
        }
    }

    /// Whether people log in at the server itself.
    pub fn logs_in(self) -> bool {
        matches!(self, Self::Memory | Self::Redis)
    }
}

/// What all servers share.
pub struct World {
    sandbox: Sandbox,
    pub provider: Arc<Provider>,
    redis: Redis,
    folder: TempDir,
    binaries: PathBuf,
}

impl World {
    /// `clusters`: how many the sandbox has; `binaries`: where the servers are.
    pub async fn start(clusters: usize, binaries: Option<&Path>) -> anyhow::Result<Self> {
        let own = std::env::current_exe()?;
        let binaries = binaries.or_else(|| own.parent()).context("this program has no folder")?.to_owned();
        let kinds = cnpg_mcp::target::kind_documents()?;
        let sandbox = Sandbox::builder().kinds(kinds).preload(Seed::clusters(clusters)).start().await?;
        let world = Self {
            sandbox,
            provider: Arc::new(Provider::start().await?),
            redis: Redis::start()?,
            folder: tempfile::tempdir()?,
            binaries,
        };
        world.write("kubeconfig", &world.sandbox.kubeconfig())?;
        world.write("secret", CLIENT_SECRET)?;
        world.write("keys", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
        let issuer = world.provider.issuer();
        world.write(
            "oidc.yaml",
            &format!(
                "issuer: {issuer}\naudience: {AUDIENCE}\nclient_id: {CLIENT}\nclient_secret_file: {}\nsigning_key_file: {}\n{MANY}",
                world.path("secret").display(),
                world.path("keys").display()
            ),
        )?;
        world.write("test.yaml", &format!("issuer: {issuer}\naudience: {AUDIENCE}\n"))?;
        Ok(world)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.path(name), text)?)
    }

    /// Starts a server, and gets what lets this program in.
    ///
    /// # Errors
    /// Where it does not become ready, with what it said.
    pub async fn serve(&self, mode: Mode) -> anyhow::Result<Served> {
        let (program, path) =
            if mode == Mode::Test { ("cnpg-mcp-test-server", "/test") } else { ("cnpg-mcp-server", "/mcp") };
        let mut command = Command::new(self.binaries.join(program));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CNPG_MCP_")) {
            command.env_remove(name);
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        command.args(["--port", &port.to_string(), "--kubeconfig"]).arg(self.path("kubeconfig"));
        match mode {
            Mode::None => command.args(["--transport", "http", "--auth", "none"]),
            Mode::Test => command.arg("--config").arg(self.path("test.yaml")),
            Mode::Memory | Mode::Redis => command.args(["--transport", "http", "--config"]).arg(self.path("oidc.yaml")),
        };
        if mode == Mode::Redis {
            command.args(["--session-store", &self.redis.url]);
        }
        let log = self.path(&format!("{program}-{port}.log"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let child = command.spawn().with_context(|| format!("`{}`", self.binaries.join(program).display()))?;
        let mut served =
            Served { mode, child, url: format!("http://localhost:{port}"), path, token: None, client: None };
        served.until_ready(&log).await?;
        match mode {
            Mode::None => {}
            Mode::Test => served.token = Some(self.provider.token(AUDIENCE).await?),
            Mode::Memory | Mode::Redis => {
                let client = Client::register(&served.url).await?;
                served.token = Some(client.log_in(&self.provider).await?);
                served.client = Some(client);
            }
        }
        Ok(served)
    }
}

/// A running server, and what lets this program in. It ends with this value.
pub struct Served {
    pub mode: Mode,
    child: Child,
    url: String,
    path: &'static str,
    pub token: Option<String>,
    pub client: Option<Client>,
}

impl Served {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The MCP endpoint.
    pub fn endpoint(&self) -> String {
        format!("{}{}", self.url, self.path)
    }

    async fn until_ready(&mut self, log: &Path) -> anyhow::Result<()> {
        let (begun, ready) = (Instant::now(), format!("{}/readyz", self.url));
        while !cnpg_mcp_tests::http().get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            let alive = self.child.try_wait()?.is_none() && begun.elapsed() < Duration::from_secs(30);
            ensure!(alive, "the server does not become ready: {}", std::fs::read_to_string(log)?);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Redis that keeps nothing on disk. It ends with this value.
struct Redis {
    child: Child,
    url: String,
}

impl Redis {
    fn start() -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
        let child = command.stdout(Stdio::null()).spawn();
        let child = child.context("`redis-server` does not start; ./tests/redis/install.sh installs it")?;
        let redis = Self { child, url: format!("redis://127.0.0.1:{port}") };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(begun.elapsed() < Duration::from_secs(10), "Redis does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

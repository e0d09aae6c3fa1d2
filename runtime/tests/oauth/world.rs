//! A provider, and replicas of the server in front of it.

use std::collections::HashMap;
use std::sync::Arc;

use cnpg_mcp_provider::{CLIENT, CLIENT_SECRET, Provider};
use cnpg_mcp_runtime::auth::client_document::Reach;
use cnpg_mcp_runtime::auth::configuration::{Configuration, Given, Server, Sources, Where};
use cnpg_mcp_runtime::auth::oauth::{Proxy, Setup, Times};
use cnpg_mcp_runtime::auth::store::{MemoryStore, SessionStore};
use cnpg_mcp_runtime::mcp::McpServer;
use cnpg_mcp_runtime::registry::Options;
use cnpg_mcp_runtime::transport::http::{Limits, Names, bind};
use tokio_util::sync::CancellationToken;

use crate::small_tools;

/// What the provider's tokens are for.
pub const AUDIENCE: &str = "https://mcp.example.com/api";

const ROOT_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n";

/// A provider, and what replicas share.
pub struct World {
    pub provider: Provider,
    folder: tempfile::TempDir,
    /// Settings of replicas that start from now on, by keys of the configuration.
    pub settings: HashMap<String, String>,
    pub times: Times,
    pub reach: Reach,
    pub store: Arc<dyn SessionStore>,
    public_url: Option<String>,
}

/// A server. It ends with this value.
pub struct Replica {
    /// Where it listens.
    pub at: String,
    /// Where clients are told that it is.
    pub public_url: String,
    pub proxy: Proxy,
    stop: CancellationToken,
}

impl World {
    pub async fn new() -> Self {
        cnpg_mcp_runtime::tls::install();
        let provider = Provider::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keys"), ROOT_KEY).unwrap();
        std::fs::write(folder.path().join("secret"), CLIENT_SECRET).unwrap();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let settings = [
            ("issuer", provider.issuer().to_owned()),
            ("audience", AUDIENCE.to_owned()),
            ("client_id", CLIENT.to_owned()),
            ("client_secret_file", file("secret")),
            ("signing_key_file", file("keys")),
            ("rate_limits.requests", "100000".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value)).into();
        let store = Arc::new(MemoryStore::new());
        Self { provider, folder, settings, times: Times::default(), reach: Reach::public(), store, public_url: None }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// A file of the folder that configurations name.
    pub fn write(&self, name: &str, content: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        file.display().to_string()
    }

    /// One more replica with the world's store. All have the public URL of the first.
    pub async fn replica(&mut self) -> Replica {
        let store = Arc::clone(&self.store);
        self.replica_on(store).await
    }

    /// One more replica with a store of its own making.
    pub async fn replica_on(&mut self, store: Arc<dyn SessionStore>) -> Replica {
        let listening = bind("127.0.0.1", 0).await.unwrap();
        let at = format!("http://{}", listening.address());
        let port = listening.address().port();
        let public_url = self.public_url.get_or_insert_with(|| format!("http://localhost:{port}")).clone();
        let mut flags = self.settings.clone();
        flags.entry("public_url".to_owned()).or_insert_with(|| public_url.clone());
        let public_url = flags["public_url"].clone();
        let sources = Sources { file: None, environment: HashMap::new(), flags };
        let listens = Where { loopback: true, port };
        let configuration = Configuration::settle(Given::read(&sources), Server::Main, listens).1.unwrap();
        let names = Names::new([], [public_url.clone()]);
        let setup = Setup { store: Some(store), times: self.times, reach: self.reach.clone() };
        let proxy = Proxy::new(configuration, setup).unwrap();
        let server = McpServer::new(small_tools::registry(Options::new(small_tools::VERSION)), &[7; 32]);
        let door = proxy.door(None);
        let stop = CancellationToken::new();
        let (stopped, resource) = (stop.clone(), proxy.resource().to_owned());
        tokio::spawn(async move {
            listening.serve_behind(&door, &server, names, Limits::default(), stopped, &resource).await;
        });
        Replica { at, public_url, proxy, stop }
    }
}

impl Replica {
    /// The address of a path at this replica.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.at)
    }

    /// The same address at this replica, whatever host it names.
    pub fn here(&self, url: &str) -> String {
        match url.strip_prefix(&self.public_url) {
            Some(path) => self.url(path),
            None => url.to_owned(),
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

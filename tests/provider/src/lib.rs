//! An identity provider for tests: the npm package `oidc-provider`, made to behave like Auth0 where Auth0
//! differs from others.
//!
//! - Its issuer ends with a slash.
//! - With `audience` it issues a JWT (RS256) for that audience; without, one that it alone can read (a
//!   five-part JWE). `resource` means nothing to it.
//! - Refresh tokens rotate, and a used one ends its whole family.
//! - Nobody has to log in: `/authorize` answers with the redirect to the client at once, in the name of
//!   the account that is switched on, and so does the page for device codes.
//!
//! `tests/provider/install.sh` installs it; `node/control.js` says what can be switched.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

/// A client with a secret, as the main server is one. Its redirect URIs are `/auth/callback` on
/// `localhost` and 127.0.0.1 with any port, and `https://mcp.example.com/auth/callback`.
pub const CLIENT: &str = "cnpg-mcp";

/// The secret of [`CLIENT`].
pub const CLIENT_SECRET: &str = "provider-client-secret-of-cnpg-mcp-0123456789";

/// A client without a secret, as the command line is one: codes (redirect URI `/callback` on `localhost`
/// and 127.0.0.1 with any port), device codes, refresh tokens.
pub const PUBLIC_CLIENT: &str = "cnpg-mcp-cli";

/// What is counted and can be made to fail: endpoints, and grant types at the token endpoint.
const EVERYTHING: [&str; 7] = ["authorize", "token", "revoke", "device", "activate", "jwks", "discovery"];

/// A running provider. It ends with this value.
#[derive(Debug)]
pub struct Provider {
    child: Child,
    issuer: String,
    http: reqwest::Client,
}

impl Provider {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// Where Node.js or the package is missing.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
        ensure!(
            folder.join("node_modules/oidc-provider").exists(),
            "the identity provider is not installed: run `make tools`"
        );
        let mut child = Command::new(node())
            .arg(folder.join("main.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("Node.js cannot be started")?;
        let stdout = child.stdout.take().context("the provider has no output")?;
        let port = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        })
        .await??;
        let port: u16 = port.trim().parse().context("the provider did not start")?;
        install_tls();
        // Node.js closes idle connections after five seconds, sometimes just when one is taken up again.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(0);
        let http = http.build()?;
        Ok(Self { child, issuer: format!("http://127.0.0.1:{port}/"), http })
    }

    /// The issuer, with a slash at its end.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Address of the token endpoint.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}oauth/token", self.issuer)
    }

    /// Changes switches (`node/state.js` lists them with their defaults).
    ///
    /// # Errors
    /// Where there is no such switch.
    pub async fn switch(&self, change: Value) -> anyhow::Result<()> {
        self.control("switches", change).await.map(drop)
    }

    /// From now on nobody logs in: the client gets `access_denied`.
    pub async fn deny(&self) -> anyhow::Result<()> {
        self.switch(json!({ "deny": { "error": "access_denied" } })).await
    }

    /// Breaks off every connection, or goes on answering.
    pub async fn away(&self, away: bool) -> anyhow::Result<()> {
        let fault = if away { json!({ "cut": true }) } else { Value::Null };
        let faults: serde_json::Map<_, _> = EVERYTHING.iter().map(|what| ((*what).to_owned(), fault.clone())).collect();
        self.switch(json!({ "faults": faults })).await
    }

    /// What is asked for under a name fails or is slow: `delay_ms`, `status`, `body`, `headers`, `cut`, and
    /// `times` for how often. Other faults end.
    pub async fn fault(&self, what: &str, fault: Value) -> anyhow::Result<()> {
        self.switch(json!({ "faults": { what: fault } })).await
    }

    /// Requests so far by what they asked for: `authorize`, `authorization_code`, `refresh_token`,
    /// `device_code`, `revoke`, `device`, `jwks`, `discovery`.
    pub async fn count(&self, what: &str) -> anyhow::Result<u64> {
        let counters: Value = self.http.get(self.address("counters")).send().await?.json().await?;
        Ok(counters[what].as_u64().unwrap_or(0))
    }

    /// Every code, token, verifier and secret of a client that its endpoints got or gave away so far.
    pub async fn secrets(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.http.get(self.address("secrets")).send().await?.json().await?)
    }

    /// New signing keys, with the old ones still in the JWKS or without. Returns the new key's id.
    pub async fn rotate(&self, keep_old: bool) -> anyhow::Result<String> {
        let rotated = self.control("rotate", json!({ "keep": keep_old })).await?;
        Ok(rotated["kid"].as_str().context("no key")?.to_owned())
    }

    /// A token as the provider issues it for an audience, to the account `alice`.
    pub async fn token(&self, audience: &str) -> anyhow::Result<String> {
        self.mint(json!({ "audience": audience })).await
    }

    /// A token made to order, however wrong; `node/mint.js` says what can be ordered.
    pub async fn mint(&self, wanted: Value) -> anyhow::Result<String> {
        let minted = self.control("mint", wanted).await?;
        Ok(minted["token"].as_str().context("no token")?.to_owned())
    }

    /// Adds a client, or changes one (metadata of RFC 7591, `client_id` and `client_secret`).
    pub async fn client(&self, metadata: Value) -> anyhow::Result<()> {
        self.control("client", metadata).await.map(drop)
    }

    /// Adds an account, or changes one; `account` holds its claims (`sub`, `email`, `name`, `groups`, others).
    pub async fn account(&self, name: &str, mut account: Value) -> anyhow::Result<()> {
        account["name"] = name.into();
        self.control("account", account).await.map(drop)
    }

    /// Goes where a browser is sent, and says where it is sent from there.
    ///
    /// # Errors
    /// Where the answer is no redirect: the provider shows an error of its own.
    pub async fn visit(&self, url: &str) -> anyhow::Result<String> {
        let answer = self.http.get(url).send().await?;
        match answer.headers().get("location") {
            Some(location) => Ok(location.to_str()?.to_owned()),
            None => bail!("the provider answers {}: {}", answer.status(), answer.text().await?),
        }
    }

    fn address(&self, name: &str) -> String {
        format!("{}control/{name}", self.issuer)
    }

    async fn control(&self, name: &str, body: Value) -> anyhow::Result<Value> {
        let answer = self.http.post(self.address(name)).json(&body).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        ensure!(status.is_success(), "{name}: {body}");
        Ok(body)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes `ring` the process's cryptography for TLS: built with the runtime, the HTTP client needs one, for plain HTTP
/// too.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The Node.js that the tests' clients need, where it is installed.
fn node() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/node/node_modules/.bin/node");
    if installed.exists() { installed } else { PathBuf::from("node") }
}

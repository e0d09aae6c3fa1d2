//! Which provider is asked for which token, and as whom.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::ArgMatches;
use cnpg_mcp_runtime::auth::oidc::{
    AccessTokenVerifier, Discovery, Provider, ProviderHttp, ProviderKeys, ProviderOptions,
};
use serde_json::Value;

/// File of `cnpg-mcp setup auth0`.
const FILE: &str = "auth0-config.json";

/// The last one is for refresh tokens.
const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What is asked for.
pub struct Asked {
    /// The provider.
    pub issuer: String,
    /// What the token is for.
    pub audience: String,
    /// The client that asks.
    pub client_id: String,
    discovery: Arc<Discovery>,
    keys: Arc<ProviderKeys>,
}

impl Asked {
    /// By flags and environment, else by the file.
    pub fn of(matches: &ArgMatches) -> anyhow::Result<Self> {
        let file = File::read(matches.get_one::<PathBuf>("auth0-config"))?;
        let find = |flag: &str, pointer: &str| -> anyhow::Result<String> {
            if let Some(said) = matches.get_one::<String>(flag) {
                return Ok(said.clone());
            }
            if let Some(found) = file.text(pointer) {
                return Ok(found);
            }
            let key = pointer.trim_start_matches('/').replace('/', ".");
            bail!("--{flag} is missing{}", file.lacks(&key));
        };
        let issuer = find("issuer", "/issuer")?;
        let audience = find("audience", "/audience")?;
        let client_id = find("client-id", "/test_client/client_id")?;
        let discovery = Arc::new(Discovery::new(&issuer, ProviderHttp::new()?));
        let keys = Arc::new(ProviderKeys::new(Arc::clone(&discovery), None)?);
        Ok(Self { issuer, audience, client_id, discovery, keys })
    }

    /// The provider's client that this command is.
    pub fn provider(&self, redirect_uri: &str) -> Provider {
        let options = ProviderOptions {
            client_id: self.client_id.clone(),
            secret: None,
            redirect_uri: redirect_uri.to_owned(),
            scopes: SCOPES.map(str::to_owned).to_vec(),
            authorize_params: vec![("audience".to_owned(), self.audience.clone())],
            token_params: Vec::new(),
        };
        Provider::new(Arc::clone(&self.discovery), Arc::clone(&self.keys), options)
    }

    /// Whether the test server would let a token in; when it expires, in seconds since 1970.
    pub async fn check(&self, token: &str) -> anyhow::Result<u64> {
        let verifier = AccessTokenVerifier::new(Arc::clone(&self.keys), &self.audience);
        let token = verifier.verify(token).await.context("the provider gave a token that is of no use here")?;
        token.claims.get("exp").and_then(Value::as_u64).context("the token has no proper claim `exp`")
    }
}

/// `auth0-config.json`, where it is there.
struct File {
    path: PathBuf,
    content: Option<Value>,
}

impl File {
    fn read(named: Option<&PathBuf>) -> anyhow::Result<Self> {
        let path = named.cloned().unwrap_or_else(|| Path::new(FILE).to_owned());
        let content = match std::fs::read(&path) {
            Ok(text) => {
                // The place only: the file holds secrets, which the error's text may quote.
                let content = serde_json::from_slice(&text).map_err(|error| {
                    anyhow::anyhow!("{}:{}:{}: this is no JSON", path.display(), error.line(), error.column())
                })?;
                Some(content)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => None,
            Err(error) => bail!("{} cannot be read: {error}", path.display()),
        };
        Ok(Self { path, content })
    }

    fn text(&self, pointer: &str) -> Option<String> {
        self.content.as_ref()?.pointer(pointer)?.as_str().map(str::to_owned)
    }

    fn lacks(&self, key: &str) -> String {
        let path = self.path.display();
        match self.content {
            Some(_) => format!(": {path} has no `{key}`; run `cnpg-mcp setup auth0`, or pass the flag"),
            None => format!(", and there is no {path} here; pass the flag, or name the file by --auth0-config"),
        }
    }
}

//! `auth0-config.json`: what was made at Auth0, with secrets. It has the keys of the original's file; whatever else is
//! in it stays there.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cnpg_mcp_runtime::secret::{KnownSecrets, SecretText};
use serde_json::{Map, Value, json};

use super::super::files::{self, AUTH0_CONFIG, Readers};
use super::super::story::{Change, Story};

/// Keys of a text, in the order in which they are written.
pub const DOMAIN: &str = "domain";
pub const ISSUER: &str = "issuer";
pub const AUDIENCE: &str = "audience";
pub const PUBLIC_URL: &str = "public_url";
pub const CONNECTION_ID: &str = "connection_id";
/// `true` once the connection is the domain's.
pub const CONNECTION_PROMOTED: &str = "connection_promoted";
/// Clients: objects with `client_id`, and `client_secret` where they have one.
pub const MANAGEMENT: &str = "management_api";
pub const SERVER: &str = "server_client";
pub const TEST: &str = "test_client";

const ORDER: [&str; 9] =
    [DOMAIN, ISSUER, AUDIENCE, PUBLIC_URL, CONNECTION_ID, CONNECTION_PROMOTED, MANAGEMENT, SERVER, TEST];

/// The file.
pub struct Config {
    path: PathBuf,
    fields: Map<String, Value>,
    /// As it was at the start; `None`: it was not there.
    before: Option<String>,
}

impl Config {
    /// Reads the file in this folder; an empty one where there is none.
    pub fn read() -> anyhow::Result<Self> {
        let path = Path::new(AUTH0_CONFIG);
        let before = files::read(path)?;
        let fields = match &before {
            None => Map::new(),
            Some(text) => fields(text).with_context(|| format!("`{AUTH0_CONFIG}` cannot be used"))?,
        };
        Ok(Self { path: path.to_owned(), fields, before })
    }

    /// Whether the file was there.
    pub fn was_there(&self) -> bool {
        self.before.is_some()
    }

    /// A text, where there is one.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Sets a key.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.fields.insert(key.to_owned(), value.into());
    }

    /// Identifier of a client.
    pub fn client_id(&self, key: &str) -> Option<&str> {
        self.fields.get(key)?["client_id"].as_str().filter(|id| !id.is_empty())
    }

    /// Secret of a client.
    pub fn client_secret(&self, key: &str) -> Option<SecretText> {
        let secret = self.fields.get(key)?["client_secret"].as_str().filter(|secret| !secret.is_empty());
        secret.map(|secret| SecretText::new(secret.to_owned()))
    }

    /// Sets a client. A secret that is not given stays, unless the client is another one.
    pub fn set_client(&mut self, key: &str, id: &str, secret: Option<&SecretText>) {
        let same = self.client_id(key) == Some(id);
        let entry = self.fields.entry(key).or_insert_with(|| json!({}));
        if !same {
            *entry = json!({});
        }
        entry["client_id"] = json!(id);
        if let Some(secret) = secret {
            entry["client_secret"] = json!(secret.expose());
        }
    }

    /// Takes a client away that is no more.
    pub fn forget_client(&mut self, key: &str) {
        self.fields.remove(key);
    }

    /// Every secret in it.
    pub fn secrets(&self) -> KnownSecrets {
        let mut known = KnownSecrets::default();
        for key in [MANAGEMENT, SERVER, TEST] {
            if let Some(secret) = self.client_secret(key) {
                known.add(secret.expose());
            }
        }
        known
    }

    /// Keeps what is known by now, so that nothing is lost where a later part fails.
    pub fn keep(&self, story: Story) -> anyhow::Result<()> {
        if story.is_dry() || files::read(&self.path)?.as_deref() == Some(&self.whole()) {
            return Ok(());
        }
        files::replace(&self.path, &self.whole(), Readers::Owner)
            .with_context(|| format!("`{}` cannot be written", self.path.display()))
    }

    /// Keeps it, and tells how it differs from the start.
    pub fn finish(&self, story: Story) -> anyhow::Result<()> {
        let text = self.whole();
        let change = match &self.before {
            None => Change::Made,
            Some(before) if *before != text || !files::is_private(&self.path)? => Change::Changed,
            Some(_) => Change::Unchanged,
        };
        if change != Change::Unchanged && !story.is_dry() {
            files::replace(&self.path, &text, Readers::Owner)
                .with_context(|| format!("`{}` cannot be written", self.path.display()))?;
        }
        story.tell(change, format_args!("`{AUTH0_CONFIG}`, which only you can read: it holds secrets"));
        Ok(())
    }

    fn whole(&self) -> String {
        let known = ORDER.iter().filter_map(|key| self.fields.get_key_value(*key));
        let others = self.fields.iter().filter(|(key, _)| !ORDER.contains(&key.as_str()));
        let fields: Map<String, Value> = known.chain(others).map(|(key, value)| (key.clone(), value.clone())).collect();
        format!("{:#}\n", Value::Object(fields))
    }
}

/// Reads the fields. Nothing of the file is in an error: it holds secrets.
fn fields(text: &str) -> anyhow::Result<Map<String, Value>> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| anyhow::anyhow!("line {}: it is no JSON ({:?})", error.line(), error.classify()))?;
    let Value::Object(fields) = value else { anyhow::bail!("it is no JSON object") };
    for key in [MANAGEMENT, SERVER, TEST] {
        let fits = fields.get(key).is_none_or(Value::is_object);
        anyhow::ensure!(fits, "`{key}` is no object with `client_id`");
    }
    Ok(fields)
}

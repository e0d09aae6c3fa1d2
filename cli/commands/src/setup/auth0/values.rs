//! `auth0-values.yaml`: the chart's values, from `auth0-config.json` and `make.env`. Values that somebody set in it stay.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use cnpg_mcp_runtime::auth::configuration::PublicUrl;
use serde_json::{Map, Value, json};

use super::super::files::{self, AUTH0_VALUES, MAKE_ENV, Readers};
use super::super::git::is_version;
use super::super::make_env::{MakeEnv, TAG};
use super::super::story::Story;
use super::config::{self, Config};

/// First line of a file of ours.
const MARK: &str = "# Values of the chart, by `cnpg-mcp setup auth0`.";

const HEADER: &str = " Running that again renews image, oidc and the host name;
# other values that you set here stay, comments do not. Nothing in here is secret.
";

/// The image of a `make.env`.
pub struct Image {
    repository: String,
    tag: String,
}

impl Image {
    /// Reads it from `make.env` in this folder.
    pub fn read() -> anyhow::Result<Self> {
        let file = MakeEnv::read(Path::new(MAKE_ENV))?;
        let missing = |what| anyhow!("`{MAKE_ENV}` has no {what}; run `cnpg-mcp setup init` first");
        let repository = file.repository().ok_or_else(|| missing("IMAGE_NAME"))?;
        let tag = file.get(TAG.name).ok_or_else(|| missing("TAG"))?.to_owned();
        Ok(Self { repository, tag })
    }
}

/// Writes the file.
pub fn write(config: &Config, image: &Image, public_url: &PublicUrl, story: Story) -> anyhow::Result<()> {
    let path = Path::new(AUTH0_VALUES);
    let there = files::read(path)?;
    let text = text(config, image, public_url, there.as_deref())?;
    files::write(path, &text, Readers::Anyone, story).map(drop)
}

fn text(config: &Config, image: &Image, public_url: &PublicUrl, there: Option<&str>) -> anyhow::Result<String> {
    let mut values = match there {
        None => Map::new(),
        Some(text) => by_hand(text)?,
    };
    let known = |key: &str| {
        config.text(key).map(str::to_owned).with_context(|| format!("`{}` has no `{key}`", files::AUTH0_CONFIG))
    };
    let client = config.client_id(config::SERVER).unwrap_or("not-made-yet").to_owned();
    let pull = if is_version(&image.tag) { "IfNotPresent" } else { "Always" };
    let host = public_url.authority().split(':').next().unwrap_or_default().to_owned();
    let mut renewed = json!({
        "image": { "repository": image.repository, "pullPolicy": pull, "tag": image.tag },
        "oidc": { "issuer": known(config::ISSUER)?, "audience": known(config::AUDIENCE)?, "clientId": client },
        "ingress": { "host": host },
    });
    // Elsewhere the chart makes it from the host.
    if public_url.as_str() != format!("https://{host}") {
        renewed["publicUrl"] = json!(public_url.as_str());
    }
    let usual = json!({
        "image": {},
        "replicaCount": 1,
        "oidc": {},
        "service": { "type": "ClusterIP", "port": 4204 },
        "ingress": { "enabled": true, "className": "nginx", "host": "", "tls": { "enabled": true } },
        "testSidecar": { "enabled": true },
    });
    let (Value::Object(renewed), Value::Object(mut all)) = (renewed, usual) else { return Ok(String::new()) };
    put(&mut all, std::mem::take(&mut values));
    put(&mut all, renewed);
    let yaml = serde_yaml::to_string(&Value::Object(all)).context("the values are no YAML")?;
    Ok(format!("{MARK}{HEADER}{}\n", yaml.trim_end()))
}

/// The values of a file. In one that is not ours the test server has an image of its own, which is another program's.
fn by_hand(text: &str) -> anyhow::Result<Map<String, Value>> {
    let wrong = || format!("`{AUTH0_VALUES}` cannot be used; mend it, or move it away");
    let value: Value = serde_yaml::from_str(text).with_context(wrong)?;
    let mut values = match value {
        Value::Object(values) => values,
        Value::Null => Map::new(),
        _ => return Err(anyhow!("it is no mapping")).with_context(wrong),
    };
    if !text.starts_with(MARK)
        && let Some(Value::Object(test)) = values.get_mut("testSidecar")
    {
        for key in ["repository", "tag", "pullPolicy"] {
            test.remove(key);
        }
    }
    Ok(values)
}

/// Sets values, key by key.
fn put(into: &mut Map<String, Value>, values: Map<String, Value>) {
    for (key, value) in values {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(there)), Value::Object(value)) => put(there, value),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

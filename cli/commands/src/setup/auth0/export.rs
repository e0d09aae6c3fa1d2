//! `cnpg-mcp setup export-auth0`: what the set-up manages at Auth0, as it is now, without secrets.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use super::super::files::{self, AUTH0_CONFIG, Readers};
use super::super::paths::segment;
use super::super::story::Story;
use super::access::{self, Access};
use super::api::Api;
use super::config::{self, Config};
use super::domain::Domain;
use super::wanted::Role;

/// File of an export where none is named.
pub const EXPORT: &str = "auth0-export.json";

/// Fields that are kept of a connection: its options may hold passwords of others.
const OF_CONNECTION: [&str; 7] =
    ["id", "name", "display_name", "strategy", "is_domain_connection", "show_as_button", "realms"];

/// Fields of a client that are secret.
const SECRET: [&str; 4] = ["client_secret", "signing_keys", "encryption_key", "client_authentication_methods"];

/// Where it goes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// File that is written, readable by you alone
    #[arg(long, value_name = "FILE", default_value = EXPORT)]
    output: PathBuf,
    #[command(flatten)]
    token: access::Token,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let story = Story::new(arguments.dry_run);
    let text = export(arguments.token).await?;
    files::write(&arguments.output, &text, Readers::Owner, story)?;
    story.next("keep it with auth0-config.json, which has the secrets; `cnpg-mcp setup auth0` makes anew what is lost at Auth0");
    Ok(ExitCode::SUCCESS)
}

/// The export as text.
pub async fn export(token: access::Token) -> anyhow::Result<String> {
    let config = Config::read()?;
    let missing = || format!("`{AUTH0_CONFIG}` does not say what is managed; run `cnpg-mcp setup auth0` first");
    let domain = Domain::parse(config.text(config::DOMAIN).with_context(missing)?)?;
    let identifier = config.text(config::AUDIENCE).with_context(missing)?;
    match access::access(token, &config, &domain, true).await? {
        Access::Api { api, .. } => Ok(format!("{:#}\n", read(&api, &config, &domain, identifier).await?)),
        Access::File(why) => bail!("{why}"),
    }
}

async fn read(api: &Api, config: &Config, domain: &Domain, identifier: &str) -> anyhow::Result<Value> {
    let resource_server = api.get(&format!("resource-servers/{}", segment(identifier))).await?;
    let (mut clients, mut grants) = (Map::new(), Vec::new());
    for role in [Role::Server, Role::Test, Role::Management] {
        let Some(id) = config.client_id(role.key()) else { continue };
        if let Some(mut client) = api.get(&format!("clients/{}", segment(id))).await? {
            if let Some(fields) = client.as_object_mut() {
                fields.retain(|name, _| !SECRET.contains(&name.as_str()));
            }
            clients.insert(role.key().to_owned(), client);
        }
        grants.extend(api.list("client-grants", "client_grants", &[("client_id", id)]).await?);
    }
    let mut connection = Value::Null;
    if let Some(id) = config.text(config::CONNECTION_ID) {
        let path = format!("connections/{}", segment(id));
        if let Some(there) = api.get(&path).await? {
            connection = there
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| OF_CONNECTION.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Map<_, _>>()
                .into();
            connection["enabled_clients"] = api.list_on(&format!("{path}/clients"), "clients", &[]).await?.into();
        }
    }
    Ok(json!({
        "domain": domain.saved(),
        "resource_server": resource_server,
        "clients": clients,
        "client_grants": grants,
        "connection": connection,
    }))
}

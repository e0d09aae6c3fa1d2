//! Brings the tenant to what is wanted, part by part. What is known is kept in the file after each part, so that a run
//! that was broken off is taken up by the next one.

use anyhow::{Context as _, bail};
use cnpg_mcp_runtime::auth::configuration::PublicUrl;
use cnpg_mcp_runtime::secret::SecretText;
use serde_json::{Map, Value};

use super::super::paths::segment;
use super::super::story::{Change, Story, note};
use super::api::{Api, enabling};
use super::config::{self, Config};
use super::difference::lacking;
use super::domain::Domain;
use super::wanted::{self, MANAGEMENT_SCOPES, Role, USUAL_CONNECTION};

/// Most clients that one request enables on a connection.
const MAX_ENABLED: usize = 50;

/// A tenant, and what is to be in it.
pub struct Tenant<'a> {
    pub api: &'a Api,
    pub story: Story,
    pub config: &'a mut Config,
    pub domain: &'a Domain,
    pub identifier: &'a str,
    pub public_url: &'a PublicUrl,
    /// Where the server was when the file was written, if elsewhere.
    pub earlier_url: Option<PublicUrl>,
    /// Name of the connection that people log in by.
    pub connection: Option<&'a str>,
    /// Make new secrets.
    pub rotate: bool,
    /// Whether the token is the management client's own, which may not change itself.
    pub as_itself: bool,
    /// All clients, once they were asked for.
    pub clients: Option<Vec<Value>>,
}

impl Tenant<'_> {
    /// All parts, one after the other.
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        self.resource_server().await?;
        let server = self.client(Role::Server).await?;
        let test = self.client(Role::Test).await?;
        self.connection([server, test].into_iter().flatten().collect()).await?;
        let management = self.client(Role::Management).await?;
        match management {
            Some(management) if !self.as_itself => self.grant(&management).await?,
            None if self.story.is_dry() => self.story.tell(Change::Made, "grant of the management client"),
            _ => {}
        }
        if self.rotate {
            self.new_secret(Role::Server).await?;
            self.new_secret(Role::Management).await?;
        }
        Ok(())
    }

    async fn resource_server(&mut self) -> anyhow::Result<()> {
        let wanted = wanted::api(self.identifier);
        let path = format!("resource-servers/{}", segment(self.identifier));
        let what = format!("API `{}`", self.identifier);
        let mut there = self.api.get(&path).await?;
        if there.is_none() {
            if self.story.is_dry() {
                self.story.tell(Change::Made, what);
                return Ok(());
            }
            match self.api.post("resource-servers", &Value::Object(wanted.clone())).await {
                Ok(_) => {
                    self.story.tell(Change::Made, what);
                    return Ok(());
                }
                // Made by somebody else in this moment.
                Err(error) if error.is_conflict() => there = self.api.get(&path).await?,
                Err(error) => return Err(error.into()),
            }
        }
        let there = there.context("Auth0 has the API and does not show it; run the same again")?;
        let id = there["id"].as_str().context("the API has no `id`")?;
        self.bring(&format!("resource-servers/{}", segment(id)), wanted, &there, &what).await
    }

    /// Makes a client, or brings it to what is wanted. `None`: it would be made, in a dry run.
    async fn client(&mut self, role: Role) -> anyhow::Result<Option<String>> {
        let wanted = wanted::client(role, self.identifier, self.public_url);
        let Some(mut there) = self.find(role).await? else {
            return self.make(role, wanted).await;
        };
        let id = there["client_id"].as_str().context("a client has no `client_id`")?.to_owned();
        self.keep_client(role, &id, &there)?;
        if self.as_itself && role == Role::Management {
            self.story.tell(Change::Unchanged, format_args!("management client `{id}`"));
            return Ok(Some(id));
        }
        let mut lacks = self.without_earlier_callback(role, &mut there);
        lacks.extend(lacking(&without_name(wanted), &there));
        self.send(&format!("clients/{}", segment(&id)), lacks, &format!("{} `{id}`", role.title())).await?;
        Ok(Some(id))
    }

    async fn make(&mut self, role: Role, wanted: Map<String, Value>) -> anyhow::Result<Option<String>> {
        if self.story.is_dry() {
            self.story.tell(Change::Made, role.title());
            return Ok(None);
        }
        let made = self.api.post("clients", &Value::Object(wanted)).await?;
        let id = made["client_id"].as_str().context("Auth0 made a client without `client_id`")?.to_owned();
        self.keep_client(role, &id, &made)?;
        self.story.tell(Change::Made, format_args!("{} `{id}`", role.title()));
        Ok(Some(id))
    }

    /// The client of a role: the one in the file, else the one with the role's marks.
    async fn find(&mut self, role: Role) -> anyhow::Result<Option<Value>> {
        if let Some(id) = self.config.client_id(role.key()).map(str::to_owned) {
            if let Some(there) = self.api.get(&format!("clients/{}", segment(&id))).await? {
                return Ok(Some(there));
            }
            note(format_args!("the {} `{id}` of the file is no more at Auth0", role.title()));
            if !self.story.is_dry() {
                self.config.forget_client(role.key());
            }
        }
        let clients = if let Some(clients) = self.clients.take() {
            clients
        } else {
            let fields = [("fields", "client_id,client_metadata"), ("include_fields", "true")];
            self.api.list("clients", "clients", &fields).await?
        };
        let marked: Vec<String> = clients
            .iter()
            .filter(|client| wanted::is_marked(client, role, self.identifier))
            .filter_map(|client| client["client_id"].as_str().map(str::to_owned))
            .collect();
        self.clients = Some(clients);
        match marked.as_slice() {
            [] => Ok(None),
            [id] => Ok(self.api.get(&format!("clients/{}", segment(id))).await?),
            _ => bail!(
                "there are several clients that are marked as the {} of `{}` ({}); delete all but one at Auth0",
                role.title(),
                self.identifier,
                marked.join(", ")
            ),
        }
    }

    /// Keeps identifier and secret. Auth0 shows secrets where they are made, and to tokens with `read:client_keys`.
    fn keep_client(&mut self, role: Role, id: &str, there: &Value) -> anyhow::Result<()> {
        let shown = there["client_secret"].as_str().filter(|secret| role.is_confidential() && !secret.is_empty());
        let shown = shown.map(|secret| SecretText::new(secret.to_owned()));
        self.config.set_client(role.key(), id, shown.as_ref());
        if role.is_confidential() && self.config.client_secret(role.key()).is_none() && !self.rotate {
            bail!(
                "the secret of the {} `{id}` is not in the file, and the token may not see it; use a token with the scope \
                 read:client_keys, or make a new secret with --recreate-client",
                role.title()
            );
        }
        self.config.keep(self.story)
    }

    /// Takes the callback of an earlier address out of a server client, where it has one.
    fn without_earlier_callback(&self, role: Role, there: &mut Value) -> Map<String, Value> {
        let mut lacks = Map::new();
        let Some(earlier) = self.earlier_url.as_ref().filter(|_| role == Role::Server) else { return lacks };
        let earlier = wanted::callback(earlier);
        if let Some(callbacks) = there["callbacks"].as_array_mut() {
            let count = callbacks.len();
            callbacks.retain(|callback| *callback != earlier);
            if callbacks.len() != count {
                lacks.insert("callbacks".to_owned(), there["callbacks"].clone());
            }
        }
        lacks
    }

    async fn connection(&mut self, clients: Vec<String>) -> anyhow::Result<()> {
        let Some(there) = self.find_connection().await? else {
            let name = self.connection.unwrap_or(USUAL_CONNECTION);
            note(format_args!(
                "there is no connection `{name}`, so nobody can log in yet; make one at Auth0 and pass --connection NAME"
            ));
            return Ok(());
        };
        let id = there["id"].as_str().context("a connection has no `id`")?.to_owned();
        let name = there["name"].as_str().unwrap_or_default().to_owned();
        let path = format!("connections/{}", segment(&id));
        let mut lacks = Map::new();
        if there["is_domain_connection"] != true {
            lacks.insert("is_domain_connection".to_owned(), Value::Bool(true));
            // A change without it resets it to the name.
            if let Some(display_name) = there.get("display_name").filter(|name| name.is_string()) {
                lacks.insert("display_name".to_owned(), display_name.clone());
            }
        }
        self.send(&path, lacks, &format!("connection `{name}`, promoted to the domain")).await?;
        let enabled = self.api.list_on(&format!("{path}/clients"), "clients", &[]).await?;
        let missing: Vec<String> =
            clients.into_iter().filter(|client| !enabled.iter().any(|one| one["client_id"] == *client)).collect();
        for part in missing.chunks(MAX_ENABLED).filter(|_| !self.story.is_dry()) {
            self.api.patch(&format!("{path}/clients"), &enabling(part)).await?;
        }
        let change = if missing.is_empty() { Change::Unchanged } else { Change::Changed };
        self.story.tell(change, format_args!("connection `{name}`, enabled for server client and test client"));
        if !self.story.is_dry() {
            self.config.set(config::CONNECTION_ID, id);
            self.config.set(config::CONNECTION_PROMOTED, true);
        }
        self.config.keep(self.story)
    }

    /// The connection that is named, else that of the file, else the usual one, else the only database.
    async fn find_connection(&self) -> anyhow::Result<Option<Value>> {
        let named = async |name: &str| -> anyhow::Result<Option<Value>> {
            Ok(self.api.list("connections", "connections", &[("name", name)]).await?.into_iter().next())
        };
        if let Some(name) = self.connection {
            let found = named(name).await?;
            return found.map(Some).with_context(|| format!("there is no connection `{name}` at Auth0"));
        }
        if let Some(id) = self.config.text(config::CONNECTION_ID)
            && let Some(there) = self.api.get(&format!("connections/{}", segment(id))).await?
        {
            return Ok(Some(there));
        }
        if let Some(usual) = named(USUAL_CONNECTION).await? {
            return Ok(Some(usual));
        }
        let mut databases = self.api.list("connections", "connections", &[("strategy", "auth0")]).await?;
        Ok(if databases.len() == 1 { databases.pop() } else { None })
    }

    /// What the management client may do.
    async fn grant(&mut self, client: &str) -> anyhow::Result<()> {
        let audience = self.domain.management();
        let what = "grant of the management client, with the least scopes for later runs";
        let query = [("client_id", client), ("audience", audience.as_str())];
        let there = self.api.list("client-grants", "client_grants", &query).await?.into_iter().next();
        let wanted = serde_json::json!({ "scope": MANAGEMENT_SCOPES });
        if let Some(there) = there {
            let id = there["id"].as_str().context("a grant has no `id`")?;
            let Value::Object(wanted) = wanted else { return Ok(()) };
            return self.bring(&format!("client-grants/{}", segment(id)), wanted, &there, what).await;
        }
        if !self.story.is_dry() {
            let body = serde_json::json!({ "client_id": client, "audience": audience, "scope": MANAGEMENT_SCOPES });
            self.api.post("client-grants", &body).await?;
        }
        self.story.tell(Change::Made, what);
        Ok(())
    }

    async fn new_secret(&mut self, role: Role) -> anyhow::Result<()> {
        let what = format!("secret of the {}", role.title());
        let Some(id) = self.config.client_id(role.key()).map(str::to_owned) else { return Ok(()) };
        if !self.story.is_dry() {
            let path = format!("clients/{}/rotate-secret", segment(&id));
            let answer = self.api.post(&path, &serde_json::json!({})).await?;
            let secret = answer["client_secret"].as_str().context("Auth0 made a secret and does not show it")?;
            self.config.set_client(role.key(), &id, Some(&SecretText::new(secret.to_owned())));
            self.config.keep(self.story)?;
        }
        self.story.tell(Change::Changed, what);
        Ok(())
    }

    /// Sends what an object lacks, and tells.
    async fn bring(&self, path: &str, wanted: Map<String, Value>, there: &Value, what: &str) -> anyhow::Result<()> {
        self.send(path, lacking(&without_name(wanted), there), what).await
    }

    async fn send(&self, path: &str, lacks: Map<String, Value>, what: &str) -> anyhow::Result<()> {
        if lacks.is_empty() {
            self.story.tell(Change::Unchanged, what);
            return Ok(());
        }
        let names: Vec<&str> = lacks.keys().map(String::as_str).collect();
        let what = format!("{what} ({})", names.join(", "));
        if !self.story.is_dry() {
            self.api.patch(path, &Value::Object(lacks)).await?;
        }
        self.story.tell(Change::Changed, what);
        Ok(())
    }
}

/// Names are for people, who may give others; identifiers cannot be changed.
fn without_name(mut wanted: Map<String, Value>) -> Map<String, Value> {
    wanted.remove("name");
    wanted.remove("identifier");
    wanted
}

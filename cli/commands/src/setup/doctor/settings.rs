//! What is set up here: the chart's values with `auth0-config.json`, or a server's own configuration.

use std::path::Path;

use anyhow::Context as _;
use cnpg_mcp_runtime::auth::configuration::{
    Address, Configuration, Given, PublicUrl, Server, SigningKeys, Sources, Where,
};
use serde_json::Value;

use super::super::auth0::config::{self, Config};
use super::super::files::{self, AUTH0_CONFIG};
use super::super::rights::Offered;
use super::report::Report;

/// Port of the main server.
const PORT: u16 = 4204;

/// Beside a server's configuration: what of the chart's values concerns its rights.
const RELEASE_FILE: &str = "release.yaml";

/// What the other checks go by.
#[derive(Debug, Default)]
pub struct Settings {
    pub issuer: Option<String>,
    pub jwks_uri: Option<String>,
    pub public_url: Option<PublicUrl>,
    pub offered: Option<Offered>,
    /// Namespaces in which the tools work; empty: that of the release.
    pub namespaces: Vec<String>,
    pub cluster_wide: bool,
    /// Whether rights on what is in no namespace were left out by intention.
    pub namespaced_alone: bool,
    /// Name of the server's account.
    pub account: String,
    pub impersonation: Option<Impersonation>,
    /// Whether the files of the Secret were looked at: they are mounted.
    pub has_secrets: bool,
}

/// As whom the server calls Kubernetes.
#[derive(Debug)]
pub struct Impersonation {
    pub users: Names,
    /// `None`: no groups are named.
    pub groups: Option<Names>,
}

/// Whose names.
#[derive(Debug)]
pub enum Names {
    /// That is not known here.
    Unknown,
    /// Anybody's.
    All,
    /// These alone.
    Listed(Vec<String>),
}

impl Names {
    fn of(listed: Vec<String>) -> Self {
        if listed.is_empty() { Self::All } else { Self::Listed(listed) }
    }
}

impl Settings {
    /// Of a server, from its file.
    pub fn of_server(file: &Path, report: &mut Report) -> Self {
        let sources = Sources { file: Some(file.to_owned()), ..Sources::of_process() };
        let listens = Where { loopback: false, port: PORT };
        let (_, settled) = Configuration::settle(Given::read(&sources), Server::Main, listens);
        match settled {
            Err(problems) => {
                let next = "mend what is named; `runtime/oidc.example.yaml` explains every key";
                report.failure(format_args!("configuration: {problems}"), next);
                Self::default()
            }
            Ok(configuration) => {
                report.ok(format_args!("configuration: `{}` is whole", file.display()));
                let has_secrets = configuration.client.is_some();
                match configuration.signing_keys.as_ref().map(SigningKeys::roots).transpose() {
                    Err(error) => {
                        report.failure(format_args!("configuration: {error}"), "run `cnpg-mcp setup secret --replace`");
                    }
                    Ok(_) if has_secrets => {
                        report.ok("configuration: the client's secret and the signing key are there");
                    }
                    Ok(_) => {}
                }
                let groups = |one: &cnpg_mcp_runtime::auth::configuration::Impersonation| one.groups_claim.is_some();
                let impersonation = configuration
                    .impersonation
                    .as_ref()
                    .map(|one| Impersonation { users: Names::Unknown, groups: groups(one).then_some(Names::Unknown) });
                let settings = Self {
                    jwks_uri: configuration.jwks_uri.map(|uri| uri.as_str().to_owned()),
                    issuer: Some(configuration.issuer),
                    public_url: Some(configuration.public_url),
                    impersonation,
                    has_secrets,
                    ..Self::default()
                };
                settings.of_release(&file.with_file_name(RELEASE_FILE), report)
            }
        }
    }

    /// Takes in what stands beside a server's configuration, where it does.
    fn of_release(self, file: &Path, report: &mut Report) -> Self {
        match read_yaml(file) {
            Ok(None) => self,
            Ok(Some(values)) => {
                let impersonation = self.impersonation.is_some().then(|| impersonation(&values)).flatten();
                Self { impersonation, ..self }.with_rights(&values)
            }
            Err(error) => {
                report.failure(format_args!("configuration: {error:#}"), "let the chart make it: `make deploy`");
                self
            }
        }
    }

    /// Takes tools and namespaces from values.
    fn with_rights(self, values: &Value) -> Self {
        let toolsets = words(values, "/toolsets");
        Self {
            offered: Some(Offered {
                toolsets: (!toolsets.is_empty()).then(|| toolsets.join(",")),
                read_only: is(values, "/readOnly"),
                disable_destructive: is(values, "/disableDestructive"),
            }),
            namespaces: words(values, "/rbac/targetNamespaces"),
            cluster_wide: is(values, "/rbac/clusterWide"),
            namespaced_alone: values.pointer("/rbac/clusterScoped") == Some(&Value::Bool(false)),
            ..self
        }
    }

    /// Of this folder.
    pub fn of_folder(values: &Path, report: &mut Report) -> Self {
        match Self::read(values, report) {
            Ok(settings) => settings,
            Err(error) => {
                report.failure(
                    format_args!("configuration: {error:#}"),
                    "run `cnpg-mcp setup auth0`, or name the chart's values by --values",
                );
                Self { account: usual_account(), ..Self::default() }
            }
        }
    }

    fn read(path: &Path, report: &mut Report) -> anyhow::Result<Self> {
        let values = read_yaml(path)?.with_context(|| format!("there is no `{}`", path.display()))?;
        let text = |pointer: &str| {
            values.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let issuer = text("/oidc/issuer").with_context(|| format!("`{}` has no oidc.issuer", path.display()))?;
        Address::parse(&issuer).map_err(|what| anyhow::anyhow!("oidc.issuer `{issuer}` {what}"))?;
        let host = text("/ingress/host").or_else(|| text("/httpRoute/hostnames/0"));
        let public_url = text("/publicUrl").or_else(|| host.map(|host| format!("https://{host}")));
        let public_url = public_url.context("the values have neither publicUrl nor a host name")?;
        let public_url =
            PublicUrl::parse(&public_url).map_err(|what| anyhow::anyhow!("the public URL `{public_url}` {what}"))?;
        report.ok(format_args!("configuration: `{}`", path.display()));
        agrees(&values, report);
        let settings = Self {
            issuer: Some(issuer),
            jwks_uri: text("/oidc/jwksUri"),
            public_url: Some(public_url),
            account: text("/serviceAccount/name").or_else(|| text("/fullnameOverride")).unwrap_or_else(usual_account),
            impersonation: impersonation(&values),
            ..Self::default()
        };
        Ok(settings.with_rights(&values))
    }
}

fn read_yaml(path: &Path) -> anyhow::Result<Option<Value>> {
    let text = files::read(path)?;
    text.map(|text| serde_yaml::from_str(&text).with_context(|| format!("`{}`", path.display()))).transpose()
}

fn is(values: &Value, pointer: &str) -> bool {
    values.pointer(pointer) == Some(&Value::Bool(true))
}

fn words(values: &Value, pointer: &str) -> Vec<String> {
    let words = values.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    words.filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn impersonation(values: &Value) -> Option<Impersonation> {
    let groups = values.pointer("/impersonation/groupsClaim").and_then(Value::as_str).unwrap_or_default();
    is(values, "/impersonation/enabled").then(|| Impersonation {
        users: Names::of(words(values, "/impersonation/users")),
        groups: (!groups.is_empty()).then(|| Names::of(words(values, "/impersonation/groups"))),
    })
}

/// Name of the chart's account.
fn usual_account() -> String {
    "cnpg-mcp-server".to_owned()
}

/// Whether values and `auth0-config.json` speak of the same client, where both are there.
fn agrees(values: &Value, report: &mut Report) {
    let again = "run `cnpg-mcp setup auth0`, which makes the values anew";
    match Config::read() {
        Ok(config) if config.was_there() => {
            let pairs = [
                ("oidc.clientId", "/oidc/clientId", config.client_id(config::SERVER)),
                ("oidc.audience", "/oidc/audience", config.text(config::AUDIENCE)),
            ];
            let differs =
                pairs.iter().find(|(_, pointer, saved)| values.pointer(pointer).and_then(Value::as_str) != *saved);
            match differs {
                Some((name, ..)) => {
                    report.failure(format_args!("configuration: {name} is not that of `{AUTH0_CONFIG}`"), again);
                }
                None => report.ok(format_args!("configuration: the values agree with `{AUTH0_CONFIG}`")),
            }
            if !files::is_private(Path::new(AUTH0_CONFIG)).unwrap_or(true) {
                let next = format!("chmod 600 {AUTH0_CONFIG}");
                report.failure(
                    format_args!("configuration: others can read `{AUTH0_CONFIG}`, which holds secrets"),
                    next,
                );
            }
        }
        // Another provider than Auth0.
        Ok(_) => {}
        Err(error) => report.failure(format_args!("configuration: {error:#}"), again),
    }
}

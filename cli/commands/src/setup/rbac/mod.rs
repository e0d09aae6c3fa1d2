//! `cnpg-mcp setup rbac`: the rights of tools for an account or a person that the chart does not know.

mod earlier;

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::cluster::{Access, Cluster};
use super::paths::segment;
use super::rights::{self, Compiled, Offered, Right};
use super::story::{Story, note};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Label of what is made here, and its value.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const MANAGER: &str = "cnpg-mcp";

/// Who gets which rights, and where.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("who").required(true))]
pub struct Arguments {
    /// A service account, as `NAME` (in the first namespace) or `NAMESPACE:NAME`
    #[arg(long, value_name = "ACCOUNT", group = "who")]
    service_account: Option<String>,
    /// A person, by the name that the API server knows; with impersonation, the prefix is part of it: `oidc:NAME`
    #[arg(long, value_name = "NAME", group = "who")]
    user: Option<String>,
    /// A group of persons, named in the same way
    #[arg(long, value_name = "NAME", group = "who")]
    group: Option<String>,
    /// Namespace in which the tools may work, once for each [default: that of the kubeconfig's context]
    #[arg(long = "namespace", value_name = "NAMESPACE", conflicts_with = "cluster_wide")]
    namespaces: Vec<String>,
    /// In all namespaces, those to come included
    #[arg(long)]
    cluster_wide: bool,
    /// Take away what earlier runs gave the same account, person or group elsewhere; without it that is told
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    offered: Offered,
    #[command(flatten)]
    access: Access,
    /// Say what would be done; the API server checks it, and keeps nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(arguments: Arguments, compiled: Compiled) -> anyhow::Result<ExitCode> {
    let story = Story::new(arguments.dry_run);
    let tools = rights::tools(&arguments.offered, compiled)?;
    ensure!(!tools.is_empty(), "no tool is offered by these flags, so there are no rights to give");
    let rights = rights::rights(&tools)?;
    let cluster = Cluster::open(&arguments.access, None).await?;
    let mut namespaces = arguments.namespaces.clone();
    if namespaces.is_empty() {
        namespaces.push(cluster.namespace().to_owned());
    }
    let subject = subject(&arguments, &namespaces[0])?;
    let name = name(&subject);

    let everywhere: Vec<&Right> = rights.iter().filter(|right| arguments.cluster_wide || !right.namespaced).collect();
    let mut wanted = Vec::new();
    if !everywhere.is_empty() {
        wanted.push(None);
        let place = Place { cluster: &cluster, name: &name, subject: &subject, namespace: None, story };
        place.put(&rights::rules(everywhere.into_iter())).await?;
    }
    for namespace in namespaces.iter().filter(|_| !arguments.cluster_wide) {
        wanted.push(Some(namespace.as_str()));
        let place = Place { cluster: &cluster, name: &name, subject: &subject, namespace: Some(namespace), story };
        place.put(&rights::rules(rights.iter().filter(|right| right.namespaced))).await?;
    }
    earlier::settle(&cluster, &name, &wanted, arguments.prune, story).await?;
    note(format_args!("{} tools can be used with these rights", tools.len()));
    story.next(format_args!("`cnpg-mcp setup doctor --as {}` looks whether they are enough", impersonated(&subject)));
    Ok(ExitCode::SUCCESS)
}

/// Where a role and its binding go.
struct Place<'a> {
    cluster: &'a Cluster,
    name: &'a str,
    subject: &'a Value,
    /// `None`: all namespaces.
    namespace: Option<&'a str>,
    story: Story,
}

impl Place<'_> {
    async fn put(&self, rules: &Value) -> anyhow::Result<()> {
        let prefix = if self.namespace.is_some() { "" } else { "Cluster" };
        let role = self.object(&format!("{prefix}Role"), &[("rules", rules.clone())]);
        let role_ref = json!({ "apiGroup": GROUP, "kind": format!("{prefix}Role"), "name": self.name });
        let fields = [("subjects", json!([self.subject])), ("roleRef", role_ref)];
        let binding = self.object(&format!("{prefix}RoleBinding"), &fields);
        for (object, plural, compared) in [(role, "roles", "rules"), (binding, "rolebindings", "subjects")] {
            let collection = match self.namespace {
                Some(namespace) => format!("/apis/{GROUP}/v1/namespaces/{}/{plural}", segment(namespace)),
                None => format!("/apis/{GROUP}/v1/cluster{plural}"),
            };
            let placed = self.cluster.place(&collection, &object, &[compared], self.story).await;
            placed.with_context(|| {
                format!(
                    "the rights of `{}` cannot be given; who gives rights must have them, or `escalate` and `bind`",
                    self.name
                )
            })?;
        }
        Ok(())
    }

    fn object(&self, kind: &str, fields: &[(&str, Value)]) -> Value {
        let labels = json!({ "app.kubernetes.io/name": "cnpg-mcp", MANAGED_BY: MANAGER });
        let mut object = json!({
            "apiVersion": format!("{GROUP}/v1"),
            "kind": kind,
            "metadata": { "name": self.name, "labels": labels },
        });
        if let Some(namespace) = self.namespace {
            object["metadata"]["namespace"] = json!(namespace);
        }
        for (field, value) in fields {
            object[*field] = value.clone();
        }
        object
    }
}

fn subject(arguments: &Arguments, namespace: &str) -> anyhow::Result<Value> {
    let named = |kind: &str, name: &str| json!({ "kind": kind, "apiGroup": GROUP, "name": name });
    let subject = match (&arguments.service_account, &arguments.user, &arguments.group) {
        (Some(account), _, _) => {
            let (namespace, name) = account.split_once(':').unwrap_or((namespace, account));
            ensure!(!namespace.is_empty(), "`{account}` is no service account; write NAMESPACE:NAME");
            json!({ "kind": "ServiceAccount", "name": name, "namespace": namespace })
        }
        (_, Some(user), _) => named("User", user),
        (_, _, Some(group)) => named("Group", group),
        _ => Value::Null,
    };
    ensure!(subject["name"].as_str().is_some_and(|name| !name.is_empty()), "the name of who gets the rights is empty");
    Ok(subject)
}

/// Name of role and binding: each account and person has its own. A `/` or `%` cannot be in one.
fn name(subject: &Value) -> String {
    let text = |field: &str| subject[field].as_str().unwrap_or_default();
    let who = match text("namespace") {
        "" => text("name").to_owned(),
        namespace => format!("{namespace}:{}", text("name")),
    };
    let mut name = format!("cnpg-mcp:{}:{who}", text("kind").to_lowercase());
    if name.contains(['/', '%']) {
        let digest = Sha256::digest(name.as_bytes());
        let hash: u32 = digest.iter().take(4).fold(0, |hash, byte| (hash << 8) | u32::from(*byte));
        name = format!("{}:{hash:08x}", name.replace(['/', '%'], "-"));
    }
    name
}

/// The name by which the API server knows it.
fn impersonated(subject: &Value) -> String {
    let text = |field: &str| subject[field].as_str().unwrap_or_default();
    match text("kind") {
        "ServiceAccount" => format!("system:serviceaccount:{}:{}", text("namespace"), text("name")),
        "User" => text("name").to_owned(),
        _ => "NAME-OF-A-MEMBER".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own() {
        let user = |user: &str| name(&json!({ "kind": "User", "name": user }));
        assert_eq!(user("oidc:a@example.com"), "cnpg-mcp:user:oidc:a@example.com");
        let account = json!({ "kind": "ServiceAccount", "namespace": "ci", "name": "bot" });
        assert_eq!(name(&account), "cnpg-mcp:serviceaccount:ci:bot");
        assert_ne!(user("a/b"), user("a-b"));
        assert_ne!(user("a/b"), user("a%b"));
        assert!(!user("https://x/%").contains(['/', '%']));
    }
}

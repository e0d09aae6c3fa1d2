//! `cnpg-mcp setup secret`: the Kubernetes Secret that the chart refers to.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use cnpg_mcp_runtime::secret::SecretText;
use http::Method;
use serde_json::{Value, json};

use super::auth0::config::{self, Config};
use super::cluster::{Access, Cluster, ClusterError};
use super::files::{self, AUTH0_CONFIG};
use super::paths::segment;
use super::secret_keys::{self as keys, CLIENT_SECRET, Data, Keys, MANAGEMENT, SIGNING_KEY};
use super::story::{Change, Story};

/// Name of the release, as the Makefile has it.
pub const RELEASE: &str = "mcp-server";

/// Where it goes, and what becomes of what is there.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "one field for each flag")]
pub struct Arguments {
    /// Namespace of the release [default: that of the kubeconfig's context]
    #[arg(long)]
    namespace: Option<String>,
    /// Name of the release; the Secret is `RELEASE-auth0-credentials`
    #[arg(long, value_name = "RELEASE", default_value = RELEASE)]
    release_name: String,
    /// Replace what differs in the Secret that is there; its signing keys stay
    #[arg(long)]
    replace: bool,
    /// Make a new signing key; the old ones go on verifying what they signed
    #[arg(long, requires = "replace")]
    rotate_keys: bool,
    /// Take the old signing keys away: what they signed is worth nothing from then on
    #[arg(long, requires = "replace", conflicts_with = "rotate_keys")]
    drop_old_keys: bool,
    /// Make the namespace too, where there is none
    #[arg(long)]
    create_namespace: bool,
    /// Put the management client in too, which no pod needs
    #[arg(long)]
    with_management: bool,
    /// File with the secret of the server's client, for a provider other than Auth0 [default: auth0-config.json has it]
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
    /// Say what would be done; the API server checks it, and keeps nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let story = Story::new(arguments.dry_run);
    let config = Config::read()?;
    let client_secret = client_secret(&arguments, &config)?;
    let mut cluster = Cluster::open(&arguments.access, None).await?;
    cluster.known = config.secrets();
    cluster.known.add(client_secret.expose());
    let namespace = arguments.namespace.clone().unwrap_or_else(|| cluster.namespace().to_owned());
    let name = name(&arguments.release_name);
    let what = format!("Secret `{name}` in `{namespace}`");
    let collection = collection(&namespace);
    let there = cluster.get(&format!("{collection}/{}", segment(&name))).await?;

    let before = there.as_ref().map(keys::data).unwrap_or_default();
    let after = wanted(&before, &client_secret, &arguments, &config)?;
    let (lines, differ) = keys::difference(&before, &after);
    let change = match (&there, differ) {
        (None, _) => Change::Made,
        (Some(_), true) => Change::Changed,
        (Some(_), false) => Change::Unchanged,
    };
    if change == Change::Changed && !arguments.replace {
        bail!("the {what} is there and differs; pass --replace:\n{}", lines.join("\n"));
    }
    let has_namespace = !arguments.create_namespace || has_namespace(&cluster, &namespace, story).await?;
    // In a dry run a namespace that would be made can take nothing.
    if has_namespace {
        write(&cluster, &collection, &name, there, &after, change, story).await?;
    }
    story.tell(change, &what);
    println!("{}", lines.join("\n"));
    story.next(match (change, arguments.rotate_keys || arguments.drop_old_keys) {
        (_, true) => {
            "restart the pods, which read signing keys when they start: `kubectl rollout restart deployment/…`"
        }
        (Change::Made, _) => "`make deploy`; `cnpg-mcp setup doctor` looks whether all fits",
        (Change::Changed, _) => "nothing: the server reads a new client secret by itself, within a minute or two",
        (Change::Unchanged | Change::Removed, _) => "nothing: all is as it should be",
    });
    Ok(ExitCode::SUCCESS)
}

/// Name of the Secret of a release.
pub fn name(release: &str) -> String {
    format!("{release}-auth0-credentials")
}

/// Path of a namespace's Secrets.
pub fn collection(namespace: &str) -> String {
    format!("/api/v1/namespaces/{}/secrets", segment(namespace))
}

fn client_secret(arguments: &Arguments, config: &Config) -> anyhow::Result<SecretText> {
    let secret = match &arguments.client_secret_file {
        Some(file) => {
            let text = files::read(file)?.with_context(|| format!("there is no file `{}`", file.display()))?;
            SecretText::new(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        None => config.client_secret(config::SERVER).with_context(|| {
            format!("`{AUTH0_CONFIG}` has no secret of the server client; run `cnpg-mcp setup auth0` first, or pass --client-secret-file")
        })?,
    };
    keys::check_client_secret(&secret)?;
    Ok(secret)
}

/// What is to be in it. Keys of others stay.
fn wanted(before: &Data, client_secret: &SecretText, arguments: &Arguments, config: &Config) -> anyhow::Result<Data> {
    let mut data = before.clone();
    let becomes = match (arguments.rotate_keys, arguments.drop_old_keys) {
        (true, _) => Keys::Rotate,
        (_, true) => Keys::DropOld,
        _ => Keys::Keep,
    };
    data.insert(CLIENT_SECRET.to_owned(), keys::encoded(client_secret));
    data.insert(SIGNING_KEY.to_owned(), keys::encoded(&keys::signing_keys(before.get(SIGNING_KEY), becomes)?));
    for key in MANAGEMENT {
        data.remove(key);
    }
    if arguments.with_management {
        let text = |text: Option<&str>| text.map(|text| SecretText::new(text.to_owned()));
        let values = [
            text(config.client_id(config::MANAGEMENT)),
            config.client_secret(config::MANAGEMENT),
            text(config.text(config::DOMAIN)),
            text(config.text(config::CONNECTION_ID)),
        ];
        for (key, value) in MANAGEMENT.into_iter().zip(values) {
            let value = value.with_context(|| {
                format!("`{AUTH0_CONFIG}` has no value for `{key}`; run `cnpg-mcp setup auth0` first")
            })?;
            data.insert(key.to_owned(), keys::encoded(&value));
        }
    }
    Ok(data)
}

/// Makes the namespace where there is none; whether it is there then.
async fn has_namespace(cluster: &Cluster, namespace: &str, story: Story) -> anyhow::Result<bool> {
    match cluster.get(&format!("/api/v1/namespaces/{}", segment(namespace))).await {
        // Who may not look at it may have rights in it.
        Ok(Some(_)) | Err(ClusterError::Refused { code: 403, .. }) => return Ok(true),
        Ok(None) => {}
        Err(error) => return Err(error.into()),
    }
    let made = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
    let sent = cluster.send(Method::POST, "/api/v1/namespaces", Some(&made), story.is_dry()).await;
    sent.with_context(|| format!("the namespace `{namespace}` cannot be made"))?;
    story.tell(Change::Made, format_args!("Namespace `{namespace}`"));
    Ok(!story.is_dry())
}

/// Makes or replaces a Secret. One that somebody changed meanwhile is not replaced: the API server compares versions.
async fn write(
    cluster: &Cluster,
    collection: &str,
    name: &str,
    there: Option<Value>,
    data: &Data,
    change: Change,
    story: Story,
) -> anyhow::Result<()> {
    match there {
        _ if change == Change::Unchanged => {}
        Some(mut secret) => {
            ensure!(secret["immutable"] != true, "the Secret `{name}` is immutable; delete it, and run this again");
            secret["data"] = json!(data);
            let path = format!("{collection}/{}", segment(name));
            cluster.send(Method::PUT, &path, Some(&secret), story.is_dry()).await?;
        }
        None => {
            cluster.send(Method::POST, collection, Some(&manifest(name, data)), story.is_dry()).await.with_context(
                || {
                    format!(
                        "the Secret `{name}` cannot be made; where its namespace is missing, pass --create-namespace"
                    )
                },
            )?;
        }
    }
    Ok(())
}

/// A Secret, whole.
pub fn manifest(name: &str, data: &Data) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": name, "labels": { "app.kubernetes.io/name": "cnpg-mcp", "app.kubernetes.io/managed-by": "cnpg-mcp" } },
        "type": "Opaque",
        "data": data,
    })
}

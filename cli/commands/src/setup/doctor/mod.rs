//! `cnpg-mcp setup doctor`: looks at the whole way, from the configuration to the public address, and changes nothing.

mod clock;
mod inside;
mod outside;
mod pod;
mod reach;
mod report;
mod settings;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cnpg_mcp_runtime::auth::configuration::DEFAULT_FILE;

use super::cluster::{Access, Cluster};
use super::files::AUTH0_VALUES;
use super::rights::{self, Compiled, Offered, Right};
use super::secret::RELEASE;
use clock::Clocks;
pub use clock::Reading;
use report::Report;
use settings::Settings;

/// Exit code where anything failed.
const FAILED: u8 = 1;

/// What is looked at.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Values of the chart
    #[arg(long, value_name = "FILE", default_value = AUTH0_VALUES)]
    values: PathBuf,
    /// Configuration of a server, in place of the values [default: /etc/mcp/oidc.yaml in a pod]
    #[arg(long, value_name = "FILE", conflicts_with = "values")]
    config: Option<PathBuf>,
    /// Namespace of the release [default: that of the kubeconfig's context]
    #[arg(long)]
    namespace: Option<String>,
    /// Name of the release
    #[arg(long, value_name = "RELEASE", default_value = RELEASE)]
    release_name: String,
    /// Whose rights are looked at, by the name that the API server knows [default: the release's account; in a pod, its own]
    #[arg(long = "as", value_name = "USER")]
    acting_as: Option<String>,
    #[command(flatten)]
    offered: Offered,
    #[command(flatten)]
    access: Access,
    /// Taken as by the other steps; this one never changes anything
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(arguments: Arguments, compiled: Compiled) -> anyhow::Result<ExitCode> {
    tracing::debug!(arguments.dry_run, "nothing is ever changed");
    let mut report = Report::default();
    let in_pod = pod::is_one();
    let default = Path::new(DEFAULT_FILE);
    let server = arguments.config.clone().or_else(|| (in_pod && default.exists()).then(|| default.to_owned()));
    let settings = match &server {
        Some(file) => Settings::of_server(file, &mut report),
        None => Settings::of_folder(&arguments.values, &mut report),
    };
    let mut clocks = Clocks::default();
    if let Some(issuer) = &settings.issuer {
        outside::provider(issuer, settings.jwks_uri.as_deref(), &mut clocks, &mut report).await;
    }
    let offered = offered(&arguments, &settings);
    let tools = rights::tools(&offered, compiled)?;
    let mut rights = rights::rights(&tools)?;
    rights.retain(|right| right.namespaced || !settings.namespaced_alone);
    if settings.offered.is_some() || arguments.offered != Offered::default() {
        report.ok(format_args!("tools: {} are offered, {offered}", tools.len()));
    } else {
        let next = "say it as the server is told: --toolsets, --read-only, --disable-destructive";
        report.warning(format_args!("tools: which are offered is not known here; what follows is of {offered}"), next);
    }
    let tools = Tools { offered, rights };
    kubernetes(&arguments, &settings, &tools, in_pod, &mut clocks, &mut report).await;
    if let Some(url) = &settings.public_url {
        outside::public_url(url, &mut clocks, &mut report).await;
    }
    clocks.report(in_pod, &mut report);
    Ok(if report.finish() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// The tools that are meant, and what they need.
struct Tools {
    offered: Offered,
    rights: Vec<Right>,
}

/// The tools of the flags, else of the values.
fn offered(arguments: &Arguments, settings: &Settings) -> Offered {
    let said = &arguments.offered;
    let values = settings.offered.clone().unwrap_or_else(|| said.clone());
    Offered {
        toolsets: said.toolsets.clone().or(values.toolsets),
        read_only: said.read_only || values.read_only,
        disable_destructive: said.disable_destructive || values.disable_destructive,
    }
}

async fn kubernetes(
    arguments: &Arguments,
    settings: &Settings,
    tools: &Tools,
    in_pod: bool,
    clocks: &mut Clocks,
    report: &mut Report,
) {
    if in_pod {
        pod::look(report);
    }
    let own = match Cluster::open(&arguments.access, None).await {
        Ok(own) => own,
        Err(error) => {
            return report.failure(
                format_args!("Kubernetes: {error:#}"),
                "name a kubeconfig by --kubeconfig, and its context by --context",
            );
        }
    };
    let Some(myself) = inside::access(&own, report).await else { return };
    clocks.kubernetes = own.clock().await;
    let namespace = arguments.namespace.clone().unwrap_or_else(|| own.namespace().to_owned());
    let account = (!in_pod && !settings.account.is_empty())
        .then(|| format!("system:serviceaccount:{namespace}:{}", settings.account));
    let acting_as = arguments.acting_as.clone().or(account);
    let (other, who) = whose(&arguments.access, acting_as.as_deref(), myself, report).await;
    let looked_at = other.as_ref().unwrap_or(&own);
    let namespaces = match (settings.cluster_wide, settings.namespaces.is_empty()) {
        (true, _) => vec![String::new()],
        (false, true) => vec![namespace.clone()],
        (false, false) => settings.namespaces.clone(),
    };
    match &settings.impersonation {
        Some(whom) if arguments.acting_as.is_none() => inside::impersonation(looked_at, &who, whom, report).await,
        _ => inside::rights(looked_at, &who, &tools.rights, &namespaces, report).await,
    }
    inside::operator(&own, &tools.rights, report).await;
    // In the pod its files were looked at, and it may see neither Secrets nor Deployments.
    if !settings.has_secrets {
        inside::credentials(&own, &namespace, &arguments.release_name, report).await;
    }
    if !in_pod && settings.offered.is_some() {
        inside::release(&own, &namespace, &arguments.release_name, &tools.offered, report).await;
    }
}

/// Access in somebody's name, and the name; oneself where that may not be.
async fn whose(
    access: &Access,
    acting_as: Option<&str>,
    myself: String,
    report: &mut Report,
) -> (Option<Cluster>, String) {
    let Some(name) = acting_as else { return (None, myself) };
    let other = match Cluster::open(access, Some(name)).await {
        Ok(other) => inside::who(&other).await.map(|_| other).map_err(|error| error.to_string()),
        Err(error) => Err(format!("{error:#}")),
    };
    match other {
        Ok(other) => (Some(other), name.to_owned()),
        Err(error) => {
            let what = format!("rights: {myself} may not look in the name of {name} ({error}); these are its own");
            report.warning(what, "look with an account that may impersonate, or run this in the pod: `kubectl exec`");
            (None, myself)
        }
    }
}

//! Hibernate or wake a PostgreSQL cluster. @generated from specs/tools/hibernate_postgres_cluster.yaml.
//!
//! Stop every instance of a cluster and keep its volumes (`hibernate: true`), or start it again (`hibernate: false`).
//! While it is hibernated nobody can connect.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Format, Grant, Literal, Meaning, Outcome, ParamInfo, Progress,
    Rule, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Cluster;

/// Parameters of `hibernate_postgres_cluster`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// True stops the cluster, false starts it again.
    pub hibernate: bool,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Wait until all instances are stopped, or ready again, and report progress meanwhile.
    pub wait: bool,
    /// How long to wait, in seconds, where `wait` is true.
    pub timeout: i64,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `hibernate_postgres_cluster`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Whether the cluster is stopped, or is to be.
    pub hibernated: bool,
    /// How many instances there should be, the primary included.
    pub instances: i64,
    /// How many of them are ready.
    pub ready_instances: i64,
    /// What the operator is doing, in words: `Cluster in healthy state` where nothing is left to do.
    pub phase: String,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "hibernate_postgres_cluster",
    title: "Hibernate or wake a PostgreSQL cluster",
    about: "Stop every instance of a cluster and keep its volumes (`hibernate: true`), or start it again (`hibernate: false`).\nWhile it is hibernated nobody can connect.",
    effect: Effect::Write,
    idempotent: true,
    toolset: "clusters",
    core: false,
    input_schema: include_str!("schemas/hibernate_postgres_cluster.input.json"),
    output_schema: include_str!("schemas/hibernate_postgres_cluster.output.json"),
    params: &[
        ParamInfo {
            name: "name",
            about: "Name of the CloudNativePG cluster.",
            rule: Rule::Text(TextRule {
                max_length: Some(50),
                format: Some(Format::Dns1035Label),
                ..TextRule::ANY
            }),
            required: true,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "hibernate",
            about: "True stops the cluster, false starts it again.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(true)),
            meaning: None,
        },
        ParamInfo {
            name: "namespace",
            about: "Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.",
            rule: Rule::Text(TextRule {
                format: Some(Format::Dns1123Label),
                ..TextRule::ANY
            }),
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "wait",
            about: "Wait until all instances are stopped, or ready again, and report progress meanwhile.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "timeout",
            about: "How long to wait, in seconds, where `wait` is true.",
            rule: Rule::Int {
                min: Some(30),
                max: Some(600),
            },
            required: false,
            secret: false,
            default: Some(Literal::Int(300)),
            meaning: None,
        },
        ParamInfo {
            name: "dry_run",
            about: "Ask the API server what would happen, and change nothing.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: Some(Meaning::DryRun),
        },
    ],
    paged_output: None,
    answers: &[
        (Some(Outcome::Unchanged), "hibernate_postgres_cluster/unchanged.md"),
        (Some(Outcome::Done), "hibernate_postgres_cluster/done.md"),
        (Some(Outcome::Planned), "hibernate_postgres_cluster/planned.md"),
        (Some(Outcome::TimedOut), "hibernate_postgres_cluster/timed_out.md"),
    ],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get", "watch", "patch"],
        },
    ],
};

/// Handler of `hibernate_postgres_cluster`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { name, hibernate, namespace, wait, timeout, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    let wanted = if hibernate { "on".to_owned() } else { "off".to_owned() };

    let before = cluster
        .metadata
        .annotations
        .get("cnpg.io/hibernation")
        .map_or("off", String::as_str)
        .to_owned();

    if before == wanted {
        call.stop(Outcome::Unchanged);
        return Ok(output(&name, hibernate, &namespace, &cluster));
    }

    call.require(
        !hibernate
            || cluster.status.as_ref().and_then(|status| status.phase.as_deref())
                == Some("Cluster in healthy state"),
        || {
            format!(
                "Cluster `{name}` is not healthy: {}. The operator hibernates a healthy cluster alone; see `get_cluster_status`.",
                cluster
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref())
                    .unwrap_or("not reported yet"),
            )
        },
    )?;

    let cluster = call
        .patch(&cluster)
        .annotation("cnpg.io/hibernation", &wanted)
        .send()
        .await?;

    let cluster = if wait {
        call.wait(&cluster)
            .until(|item| Ok(
                if hibernate {
                    item
                        .status
                        .as_ref()
                        .and_then(|status| status.ready_instances)
                        .unwrap_or(0) == 0
                } else {
                    item.status.as_ref().and_then(|status| status.ready_instances)
                        == Some(item.spec.instances)
                        && item
                            .status
                            .as_ref()
                            .and_then(|status| status.phase.as_deref())
                            == Some("Cluster in healthy state")
                },
            ))
            .progress(|item| Ok(Progress {
                done: item
                    .status
                    .as_ref()
                    .and_then(|status| status.ready_instances)
                    .unwrap_or(0),
                of: if hibernate { 0 } else { item.spec.instances },
                say: item
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref())
                    .unwrap_or("Waiting for the operator")
                    .to_owned(),
            }))
            .timeout(timeout)
            .run()
            .await?
    } else {
        cluster
    };

    Ok(output(&name, hibernate, &namespace, &cluster))
}

/// The output with what the call has reached.
fn output(name: &str, hibernate: bool, namespace: &str, cluster: &Cluster) -> Output {
    Output {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        hibernated: hibernate,
        instances: cluster.spec.instances,
        ready_instances: cluster
            .status
            .as_ref()
            .and_then(|status| status.ready_instances)
            .unwrap_or(0),
        phase: cluster
            .status
            .as_ref()
            .and_then(|status| status.phase.as_deref())
            .unwrap_or("Not reported yet")
            .to_owned(),
    }
}

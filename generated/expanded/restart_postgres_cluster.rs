//! Restart a PostgreSQL cluster. @generated from specs/tools/restart_postgres_cluster.yaml.
//!
//! Restart every instance of a cluster, replicas first and the primary last, as `kubectl cnpg restart` does.
//! Connections break when their instance restarts.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Format, Grant, Literal, Meaning, Outcome, ParamInfo, Progress,
    Rule, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Cluster;

/// Parameters of `restart_postgres_cluster`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Wait until the restart was begun and the cluster is healthy again, and report progress meanwhile.
    pub wait: bool,
    /// How long to wait, in seconds, where `wait` is true.
    pub timeout: i64,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `restart_postgres_cluster`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// When the restart was asked for.
    pub restarted_at: String,
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
    name: "restart_postgres_cluster",
    title: "Restart a PostgreSQL cluster",
    about: "Restart every instance of a cluster, replicas first and the primary last, as `kubectl cnpg restart` does.\nConnections break when their instance restarts.",
    effect: Effect::Write,
    idempotent: false,
    toolset: "clusters",
    core: false,
    input_schema: include_str!("schemas/restart_postgres_cluster.input.json"),
    output_schema: include_str!("schemas/restart_postgres_cluster.output.json"),
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
            about: "Wait until the restart was begun and the cluster is healthy again, and report progress meanwhile.",
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
        (Some(Outcome::Done), "restart_postgres_cluster/done.md"),
        (Some(Outcome::Planned), "restart_postgres_cluster/planned.md"),
        (Some(Outcome::TimedOut), "restart_postgres_cluster/timed_out.md"),
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

/// Handler of `restart_postgres_cluster`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { name, namespace, wait, timeout, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;
    let now = call.now();

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    call.require(
        cluster.metadata.annotations.get("cnpg.io/hibernation").map(String::as_str)
            != Some("on"),
        || {
            format!(
                "Cluster `{name}` is hibernated, so nothing runs. Wake it with `hibernate_postgres_cluster` and `hibernate: false`.",
            )
        },
    )?;

    if cluster.spec.instances == 1 {
        call.warn(
            format!(
                "Cluster `{name}` has one instance: the database is away while it restarts.",
            ),
        );
    }

    if cluster.spec.primary_update_strategy.as_deref() == Some("supervised") {
        call.warn(
            "The primary is updated when somebody says so (`primaryUpdateStrategy: supervised`): promote a replica, or restart it by kubectl, once the replicas are done."
                .to_owned(),
        );
    }

    let at = now;

    let cluster = call
        .patch(&cluster)
        .annotation("kubectl.kubernetes.io/restartedAt", expression::rfc3339(at, 0))
        .send()
        .await?;

    let cluster = if wait {
        call.wait(&cluster)
            .after(|item| Ok(
                item.status.as_ref().and_then(|status| status.phase.as_deref())
                    != Some("Cluster in healthy state"),
            ))
            .until(|item| Ok(
                item.status.as_ref().and_then(|status| status.phase.as_deref())
                    == Some("Cluster in healthy state")
                    && item.status.as_ref().and_then(|status| status.ready_instances)
                        == Some(item.spec.instances),
            ))
            .progress(|item| Ok(Progress {
                done: item
                    .status
                    .as_ref()
                    .and_then(|status| status.ready_instances)
                    .unwrap_or(0),
                of: item.spec.instances,
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

    Ok(Output {
        name,
        namespace,
        restarted_at: expression::rfc3339(at, 0),
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
    })
}

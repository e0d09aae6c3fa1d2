//! Scale a PostgreSQL cluster. @generated from specs/tools/scale_postgres_cluster.yaml.
//!
//! Change the number of instances of a PostgreSQL cluster, and nothing else.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Fields, Format, Grant, Literal, Meaning, Outcome, ParamInfo,
    Progress, Rule, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Cluster;

/// Parameters of `scale_postgres_cluster`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Number of PostgreSQL instances, the primary included.
    pub instances: i64,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Wait until the cluster is healthy with all instances ready, and report progress meanwhile.
    pub wait: bool,
    /// How long to wait, in seconds, where `wait` is true. Unset, 60 seconds for each instance.
    pub timeout: Option<i64>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `scale_postgres_cluster`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// How many instances there were to be before the call.
    pub instances_before: i64,
    /// Number of PostgreSQL instances, the primary included.
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
    name: "scale_postgres_cluster",
    title: "Scale a PostgreSQL cluster",
    about: "Change the number of instances of a PostgreSQL cluster, and nothing else.",
    effect: Effect::Write,
    idempotent: true,
    toolset: "clusters",
    core: true,
    input_schema: include_str!("schemas/scale_postgres_cluster.input.json"),
    output_schema: include_str!("schemas/scale_postgres_cluster.output.json"),
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
            name: "instances",
            about: "Number of PostgreSQL instances, the primary included.",
            rule: Rule::Int {
                min: Some(1),
                max: Some(10),
            },
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
            about: "Wait until the cluster is healthy with all instances ready, and report progress meanwhile.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "timeout",
            about: "How long to wait, in seconds, where `wait` is true. Unset, 60 seconds for each instance.",
            rule: Rule::Int {
                min: Some(30),
                max: Some(600),
            },
            required: false,
            secret: false,
            default: None,
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
        (Some(Outcome::Unchanged), "scale_postgres_cluster/unchanged.md"),
        (Some(Outcome::Done), "scale_postgres_cluster/done.md"),
        (Some(Outcome::Planned), "scale_postgres_cluster/planned.md"),
        (Some(Outcome::TimedOut), "scale_postgres_cluster/timed_out.md"),
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

/// Handler of `scale_postgres_cluster`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { name, instances, namespace, wait, timeout, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;
    let timeout = match timeout {
        Some(value) => value,
        None => expression::mul(60, instances)?,
    };
    call.check_param("timeout", &timeout)?;

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    let before = cluster.spec.instances;

    if before == instances {
        call.stop(Outcome::Unchanged);
        return Ok(output(&name, instances, &namespace, &cluster, before));
    }

    let cluster = call
        .patch(&cluster)
        .set(Fields::new().set("spec", Fields::new().set("instances", instances)))
        .send()
        .await?;

    let cluster = if wait {
        call.wait(&cluster)
            .until(|item| Ok(
                item.status.as_ref().and_then(|status| status.instances)
                    == Some(instances)
                    && item.status.as_ref().and_then(|status| status.ready_instances)
                        == Some(instances)
                    && item.status.as_ref().and_then(|status| status.phase.as_deref())
                        == Some("Cluster in healthy state"),
            ))
            .fail(|item| Ok(
                item
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref())
                    .is_some_and(|value| {
                        [
                            "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
                            "Cluster cannot execute instance online upgrade due to missing architecture binary",
                            "Not enough disk space",
                            "Unrecoverable",
                        ]
                            .contains(&value)
                    })
                    .then(|| {
                        item
                            .status
                            .as_ref()
                            .and_then(|status| status.phase_reason.as_deref())
                            .unwrap_or("The operator gives no reason.")
                            .to_owned()
                    }),
            ))
            .progress(|item| Ok(Progress {
                done: item
                    .status
                    .as_ref()
                    .and_then(|status| status.ready_instances)
                    .unwrap_or(0),
                of: instances,
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

    Ok(output(&name, instances, &namespace, &cluster, before))
}

/// The output with what the call has reached.
fn output(
    name: &str,
    instances: i64,
    namespace: &str,
    cluster: &Cluster,
    before: i64,
) -> Output {
    Output {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        instances_before: before,
        instances,
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

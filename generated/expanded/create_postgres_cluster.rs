//! Create a PostgreSQL cluster. @generated from specs/tools/create_postgres_cluster.yaml.
//!
//! Create a PostgreSQL cluster: one primary and, with more than one instance, replicas that take over when it fails.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    AdviceOn, Call, Effect, Failure, Fields, Format, Grant, Literal, Meaning, Outcome,
    ParamInfo, Progress, Rule, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Cluster;

/// Parameters of `create_postgres_cluster`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the new cluster.
    pub name: String,
    /// Number of PostgreSQL instances, the primary included.
    pub instances: i64,
    /// Size of the volume of each instance, as a Kubernetes quantity.
    pub storage_size: String,
    /// PostgreSQL version, as `16` or `16.4`.
    pub postgres_version: String,
    /// StorageClass of the volumes. Unset, the cluster's default one.
    pub storage_class: Option<String>,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Wait until the cluster is healthy with all instances ready, and report progress meanwhile.
    pub wait: bool,
    /// How long to wait, in seconds, where `wait` is true. Unset, 60 seconds for each instance.
    pub timeout: Option<i64>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `create_postgres_cluster`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the new cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Number of PostgreSQL instances, the primary included.
    pub instances: i64,
    /// How many of them are ready.
    pub ready_instances: i64,
    /// What the operator is doing, in words: `Cluster in healthy state` where nothing is left to do.
    pub phase: String,
    /// Container image of PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Size of the volume of each instance, as a Kubernetes quantity.
    pub storage_size: String,
    /// StorageClass of the volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// Service that leads to the primary.
    pub write_service: String,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "create_postgres_cluster",
    title: "Create a PostgreSQL cluster",
    about: "Create a PostgreSQL cluster: one primary and, with more than one instance, replicas that take over when it fails.",
    effect: Effect::Write,
    idempotent: false,
    toolset: "clusters",
    core: true,
    input_schema: include_str!("schemas/create_postgres_cluster.input.json"),
    output_schema: include_str!("schemas/create_postgres_cluster.output.json"),
    params: &[
        ParamInfo {
            name: "name",
            about: "Name of the new cluster.",
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
            required: false,
            secret: false,
            default: Some(Literal::Int(3)),
            meaning: None,
        },
        ParamInfo {
            name: "storage_size",
            about: "Size of the volume of each instance, as a Kubernetes quantity.",
            rule: Rule::Quantity,
            required: false,
            secret: false,
            default: Some(Literal::Text("1Gi")),
            meaning: None,
        },
        ParamInfo {
            name: "postgres_version",
            about: "PostgreSQL version, as `16` or `16.4`.",
            rule: Rule::Text(TextRule {
                pattern: Some("^[1-9][0-9](\\.[0-9]{1,2})?$"),
                ..TextRule::ANY
            }),
            required: false,
            secret: false,
            default: Some(Literal::Text("16")),
            meaning: None,
        },
        ParamInfo {
            name: "storage_class",
            about: "StorageClass of the volumes. Unset, the cluster's default one.",
            rule: Rule::Text(TextRule {
                format: Some(Format::Dns1123Subdomain),
                ..TextRule::ANY
            }),
            required: false,
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
        (Some(Outcome::Done), "create_postgres_cluster/done.md"),
        (Some(Outcome::TimedOut), "create_postgres_cluster/timed_out.md"),
    ],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get", "watch", "create"],
        },
    ],
};

/// Handler of `create_postgres_cluster`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params {
        name,
        instances,
        storage_size,
        postgres_version,
        storage_class,
        namespace,
        wait,
        timeout,
        ..
    } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;
    let timeout = match timeout {
        Some(value) => value,
        None => expression::mul(60, instances)?,
    };
    call.check_param("timeout", &timeout)?;
    let image_registry = call.image_registry();

    let cluster = call
        .create::<Cluster>(&namespace, &name)
        .body(
            Fields::new()
                .set(
                    "spec",
                    Fields::new()
                        .set("instances", instances)
                        .set(
                            "imageName",
                            format!("{image_registry}/postgresql:{postgres_version}"),
                        )
                        .set(
                            "storage",
                            Fields::new()
                                .set("size", &storage_size)
                                .set("storageClass", storage_class.as_deref()),
                        ),
                ),
        )
        .advice(
            AdviceOn::AlreadyExists,
            || {
                "Choose another name, or look at the existing one with `get_cluster_status`."
            },
        )
        .advice(
            AdviceOn::NotFound,
            || {
                format!(
                    "Create the namespace first (`kubectl create namespace {namespace}`), or pass another one.",
                )
            },
        )
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

    Ok(Output {
        name: name.clone(),
        namespace,
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
        image: cluster.spec.image_name,
        storage_size,
        storage_class,
        write_service: format!("{name}-rw"),
    })
}

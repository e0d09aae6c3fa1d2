//! Read the log of a PostgreSQL instance. @generated from specs/tools/get_instance_logs.yaml.
//!
//! Read the end of the log of one instance of a cluster, newest line last: at most as many lines as asked for, and no
//! more than 12,000 bytes of whole lines.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    AdviceOn, Call, Effect, Failure, Format, Grant, Literal, ParamInfo, Rule, TextRule,
    Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, Pod};

/// Parameters of `get_instance_logs`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Instance, such as `main-db-2`. Unset, the current primary.
    pub instance: Option<String>,
    /// How many lines at most.
    pub lines: i64,
    /// Only lines of so many last seconds.
    pub since_seconds: Option<i64>,
    /// The log of before the container last restarted.
    pub previous: bool,
    /// Container of the pod.
    pub container: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
}

/// Output of `get_instance_logs`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Instance, such as `main-db-2`.
    pub instance: String,
    /// Container of the pod.
    pub container: String,
    /// Lines, newest last.
    pub lines: Vec<String>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "get_instance_logs",
    title: "Read the log of a PostgreSQL instance",
    about: "Read the end of the log of one instance of a cluster, newest line last: at most as many lines as asked for, and no\nmore than 12,000 bytes of whole lines.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "diagnostics",
    core: false,
    input_schema: include_str!("schemas/get_instance_logs.input.json"),
    output_schema: include_str!("schemas/get_instance_logs.output.json"),
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
            name: "instance",
            about: "Instance, such as `main-db-2`. Unset, the current primary.",
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
            name: "lines",
            about: "How many lines at most.",
            rule: Rule::Int {
                min: Some(1),
                max: Some(1000),
            },
            required: false,
            secret: false,
            default: Some(Literal::Int(100)),
            meaning: None,
        },
        ParamInfo {
            name: "since_seconds",
            about: "Only lines of so many last seconds.",
            rule: Rule::Int {
                min: Some(1),
                max: Some(86400),
            },
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "previous",
            about: "The log of before the container last restarted.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "container",
            about: "Container of the pod.",
            rule: Rule::Text(TextRule {
                format: Some(Format::Dns1123Label),
                ..TextRule::ANY
            }),
            required: false,
            secret: false,
            default: Some(Literal::Text("postgres")),
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
    ],
    paged_output: None,
    answers: &[(None, "get_instance_logs/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "",
            resource: "pods/log",
            verbs: &["get"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get"],
        },
    ],
};

/// Handler of `get_instance_logs`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params {
        name,
        instance,
        lines,
        since_seconds,
        previous,
        container,
        namespace,
    } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    let pod_name = instance
        .as_deref()
        .or_else(|| {
            cluster.status.as_ref().and_then(|status| status.current_primary.as_deref())
        })
        .map(str::to_owned);

    let Some(pod_name) = pod_name else {
        return Err(
            Failure::refused(
                    format!(
                        "Cluster `{name}` has no primary yet. Pass `instance`; see `get_cluster_status`.",
                    ),
                )
                .parameter("instance"),
        );
    };

    call.require_param(
        "instance",
        cluster
            .status
            .as_ref()
            .map(|status| &status.instance_names)
            .is_some_and(|list| expression::contains(list, &pod_name)),
        || {
            format!(
                "Cluster `{name}` has no instance `{pod_name}`. It has: {}.",
                expression::join(
                    cluster
                        .status
                        .as_ref()
                        .map(|status| &status.instance_names)
                        .map(Vec::as_slice)
                        .unwrap_or_default(),
                    ", ",
                ),
            )
        },
    )?;

    let log = call
        .get::<Pod>(&namespace, &pod_name)
        .text("log", 12000)
        .query("container", &container)
        .query("tailLines", lines)
        .query("sinceSeconds", since_seconds)
        .query("previous", previous)
        .advice(AdviceOn::Forbidden, || "Reading logs needs `get` on pods/log.")
        .advice(
            AdviceOn::NotFound,
            || "The instance has no pod at the moment; see `get_cluster_status`.",
        )
        .required()
        .await?;

    let log_lines = expression::split(&log, "\n")
        .iter()
        .map(String::as_str)
        .filter(|&item| !item.is_empty())
        .map(str::to_owned)
        .collect::<Vec<_>>();

    Ok(Output {
        name,
        namespace,
        instance: pod_name,
        container,
        lines: log_lines,
    })
}

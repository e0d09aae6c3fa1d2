//! List backups of a PostgreSQL cluster. @generated from specs/tools/list_backups.yaml.
//!
//! List the backups of a cluster that the operator knows, with method, phase, times and errors.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Format, Grant, Literal, Meaning, ParamInfo, Rule, Scope,
    TextRule, Time, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Backup;

/// Parameters of `list_backups`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// How many items to return at most.
    pub limit: i64,
    /// The `cursor` of the answer before, to go on from there. Everything else must be as in that call.
    pub cursor: Option<String>,
}

/// Output of `list_backups`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Backups that the operator knows.
    pub backups: Vec<OutputBackups>,
}

/// `OutputBackups` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputBackups {
    /// Name.
    pub name: String,
    /// Method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Phase.
    pub phase: String,
    /// Started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// Stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Time>,
    /// Instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "list_backups",
    title: "List backups of a PostgreSQL cluster",
    about: "List the backups of a cluster that the operator knows, with method, phase, times and errors.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "backups",
    core: false,
    input_schema: include_str!("schemas/list_backups.input.json"),
    output_schema: include_str!("schemas/list_backups.output.json"),
    params: &[
        ParamInfo {
            name: "cluster_name",
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
            name: "limit",
            about: "How many items to return at most.",
            rule: Rule::Int {
                min: Some(1),
                max: Some(500),
            },
            required: false,
            secret: false,
            default: Some(Literal::Int(50)),
            meaning: Some(Meaning::Limit),
        },
        ParamInfo {
            name: "cursor",
            about: "The `cursor` of the answer before, to go on from there. Everything else must be as in that call.",
            rule: Rule::Text(TextRule {
                max_length: Some(4096),
                ..TextRule::ANY
            }),
            required: false,
            secret: false,
            default: None,
            meaning: Some(Meaning::Cursor),
        },
    ],
    paged_output: Some("backups"),
    answers: &[(None, "list_backups/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "backups",
            verbs: &["list"],
        },
    ],
};

/// Handler of `list_backups`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { cluster_name, namespace, limit, cursor } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let backups = call
        .list::<Backup>(Scope::Namespace(&namespace))
        .keep(|item| Ok(item.spec.cluster.name == cluster_name))
        .page(limit, cursor.as_deref())
        .await?;

    Ok(Output {
        cluster: cluster_name,
        namespace,
        backups: backups
            .into_iter()
            .map(|item| OutputBackups {
                name: item.metadata.name,
                method: item.spec.method,
                phase: item
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref())
                    .unwrap_or("not started")
                    .to_owned(),
                started: item.status.as_ref().and_then(|status| status.started_at),
                stopped: item.status.as_ref().and_then(|status| status.stopped_at),
                instance: item
                    .status
                    .as_ref()
                    .and_then(|status| status.instance_id.as_ref())
                    .and_then(|instance_id| instance_id.pod_name.clone()),
                destination: item
                    .status
                    .as_ref()
                    .and_then(|status| status.destination_path.clone()),
                error: item.status.as_ref().and_then(|status| status.error.clone()),
            })
            .collect::<Vec<_>>(),
    })
}

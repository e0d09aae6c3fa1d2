//! List PostgreSQL databases. @generated from specs/tools/list_postgres_databases.yaml.
//!
//! List the databases of a cluster that are managed by Database objects.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Format, Grant, Literal, Meaning, ParamInfo, Rule, Scope,
    TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Database;

/// Parameters of `list_postgres_databases`.
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

/// Output of `list_postgres_databases`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Databases that Database objects declare.
    pub databases: Vec<OutputDatabases>,
}

/// `OutputDatabases` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDatabases {
    /// Database.
    pub database: String,
    /// Object.
    pub object: String,
    /// Owner.
    pub owner: String,
    /// Ensure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ensure: Option<String>,
    /// Reclaim policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reclaim_policy: Option<String>,
    /// Applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<bool>,
    /// Message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "list_postgres_databases",
    title: "List PostgreSQL databases",
    about: "List the databases of a cluster that are managed by Database objects.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "databases",
    core: true,
    input_schema: include_str!("schemas/list_postgres_databases.input.json"),
    output_schema: include_str!("schemas/list_postgres_databases.output.json"),
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
    paged_output: Some("databases"),
    answers: &[(None, "list_postgres_databases/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "databases",
            verbs: &["list"],
        },
    ],
};

/// Handler of `list_postgres_databases`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { cluster_name, namespace, limit, cursor } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let databases = call
        .list::<Database>(Scope::Namespace(&namespace))
        .keep(|item| Ok(
            item.spec.cluster.name.as_deref() == Some(cluster_name.as_str()),
        ))
        .page(limit, cursor.as_deref())
        .await?;

    Ok(Output {
        cluster: cluster_name,
        namespace,
        databases: databases
            .into_iter()
            .map(|item| OutputDatabases {
                database: item.spec.name,
                object: item.metadata.name,
                owner: item.spec.owner,
                ensure: item.spec.ensure,
                reclaim_policy: item.spec.database_reclaim_policy,
                applied: item.status.as_ref().and_then(|status| status.applied),
                message: item.status.as_ref().and_then(|status| status.message.clone()),
            })
            .collect::<Vec<_>>(),
    })
}

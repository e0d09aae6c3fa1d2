//! Get the status of a PostgreSQL database. @generated from specs/tools/get_database_status.yaml.
//!
//! Read how one database of a cluster is declared, and what the operator made of it: applied or not and why, with its
//! schemas and extensions.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Format, Grant, ParamInfo, Rule, Scope, TextRule, Time, Tool,
    ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Database;

/// Parameters of `get_database_status`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the PostgreSQL database.
    pub database_name: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
}

/// Output of `get_database_status`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the PostgreSQL database.
    pub database: String,
    /// Name of the Database object.
    pub object: String,
    /// Role that owns it.
    pub owner: String,
    /// Whether it should exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ensure: Option<String>,
    /// What becomes of the data when the object is deleted.
    pub reclaim_policy: String,
    /// Whether PostgreSQL is as the object says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<bool>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the operator has looked at the object as it is now.
    pub up_to_date: bool,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
    /// Whether its deletion has begun.
    pub being_deleted: bool,
    /// What became of each schema.
    pub schemas: Vec<OutputSchemas>,
    /// What became of each extension.
    pub extensions: Vec<OutputSchemas>,
}

/// `OutputSchemas` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputSchemas {
    /// Name.
    pub name: String,
    /// Applied.
    pub applied: bool,
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
    name: "get_database_status",
    title: "Get the status of a PostgreSQL database",
    about: "Read how one database of a cluster is declared, and what the operator made of it: applied or not and why, with its\nschemas and extensions.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "databases",
    core: false,
    input_schema: include_str!("schemas/get_database_status.input.json"),
    output_schema: include_str!("schemas/get_database_status.output.json"),
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
            name: "database_name",
            about: "Name of the PostgreSQL database.",
            rule: Rule::Text(TextRule {
                max_length: Some(63),
                pattern: Some("^[a-z_][a-z0-9_]*$"),
                reserved_names: &["postgres", "template0", "template1"],
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
    ],
    paged_output: None,
    answers: &[(None, "get_database_status/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "databases",
            verbs: &["list"],
        },
    ],
};

/// Handler of `get_database_status`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { cluster_name, database_name, namespace } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let databases = call
        .list::<Database>(Scope::Namespace(&namespace))
        .keep(|item| Ok(
            item.spec.cluster.name.as_deref() == Some(cluster_name.as_str())
                && item.spec.name == database_name,
        ))
        .all()
        .await?;

    let database = expression::first(&databases);

    let Some(database) = database else {
        return Err(
            Failure::refused(
                    format!(
                        "No Database object manages `{database_name}` in cluster `{cluster_name}`. See `list_postgres_databases`.",
                    ),
                )
                .parameter("database_name"),
        );
    };

    if expression::length(&databases) > 1 {
        call.warn(
            format!(
                "Several Database objects manage `{database_name}`: all but one are refused by the operator.",
            ),
        );
    }

    Ok(Output {
        cluster: cluster_name,
        namespace,
        database: database_name,
        object: database.metadata.name,
        owner: database.spec.owner,
        ensure: database.spec.ensure,
        reclaim_policy: database
            .spec
            .database_reclaim_policy
            .as_deref()
            .unwrap_or("retain")
            .to_owned(),
        applied: database.status.as_ref().and_then(|status| status.applied),
        message: database.status.as_ref().and_then(|status| status.message.clone()),
        up_to_date: expression::same(
            database
                .status
                .as_ref()
                .and_then(|status| status.observed_generation)
                .as_ref(),
            database.metadata.generation.as_ref(),
        ),
        created: database.metadata.creation_timestamp,
        being_deleted: database.metadata.deletion_timestamp.is_some(),
        schemas: database
            .status
            .iter()
            .flat_map(|status| &status.schemas)
            .map(|item| OutputSchemas {
                name: item.name.clone(),
                applied: item.applied,
                message: item.message.clone(),
            })
            .collect::<Vec<_>>(),
        extensions: database
            .status
            .iter()
            .flat_map(|status| &status.extensions)
            .map(|item| OutputSchemas {
                name: item.name.clone(),
                applied: item.applied,
                message: item.message.clone(),
            })
            .collect::<Vec<_>>(),
    })
}

//! Delete a PostgreSQL database. @generated from specs/tools/delete_postgres_database.yaml.
//!
//! Delete the Database object of a database. Its reclaim policy decides about the data: `retain` keeps it
//! in PostgreSQL, `delete` drops it beyond recall and needs confirmation.

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

/// Parameters of `delete_postgres_database`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the PostgreSQL database.
    pub database_name: String,
    /// Must be true for anything to be deleted. Otherwise the answer shows what would go.
    pub confirm_deletion: bool,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `delete_postgres_database`; the runtime adds the outcome, warnings and the like.
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
    /// What becomes of the data when the object is deleted.
    pub reclaim_policy: String,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "delete_postgres_database",
    title: "Delete a PostgreSQL database",
    about: "Delete the Database object of a database. Its reclaim policy decides about the data: `retain` keeps it\nin PostgreSQL, `delete` drops it beyond recall and needs confirmation.",
    effect: Effect::Destroy,
    idempotent: false,
    toolset: "databases",
    core: true,
    input_schema: include_str!("schemas/delete_postgres_database.input.json"),
    output_schema: include_str!("schemas/delete_postgres_database.output.json"),
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
            name: "confirm_deletion",
            about: "Must be true for anything to be deleted. Otherwise the answer shows what would go.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: Some(Meaning::Confirmation),
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
    answers: &[(None, "delete_postgres_database/answer.md")],
    confirm_plan: Some("delete_database_plan.md"),
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "databases",
            verbs: &["list", "delete"],
        },
    ],
};

/// Handler of `delete_postgres_database`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { cluster_name, database_name, confirm_deletion, namespace, .. } = params;
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

    let database = databases.into_iter().next();

    let Some(database) = database else {
        return Err(
            Failure::refused(
                format!(
                    "No Database object manages `{database_name}` in cluster `{cluster_name}`. See `list_postgres_databases`.",
                ),
            ),
        );
    };

    if database.spec.database_reclaim_policy.as_deref().unwrap_or("retain") == "delete" {
        let plan = output(&cluster_name, &database_name, &namespace, &database);
        if !call.confirm(confirm_deletion, &plan, &[&database.metadata]).await? {
            return Ok(plan);
        }
    }

    call.delete(&database).send().await?;

    Ok(output(&cluster_name, &database_name, &namespace, &database))
}

/// The output with what the call has reached.
fn output(
    cluster_name: &str,
    database_name: &str,
    namespace: &str,
    database: &Database,
) -> Output {
    Output {
        cluster: cluster_name.to_owned(),
        namespace: namespace.to_owned(),
        database: database_name.to_owned(),
        object: database.metadata.name.clone(),
        reclaim_policy: database
            .spec
            .database_reclaim_policy
            .as_deref()
            .unwrap_or("retain")
            .to_owned(),
    }
}

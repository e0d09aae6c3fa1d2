//! Create a PostgreSQL database. @generated from specs/tools/create_postgres_database.yaml.
//!
//! Create a database in a PostgreSQL cluster, through a Database object that the operator reconciles.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    AdviceOn, Call, Effect, Failure, Fields, Format, Grant, Literal, Meaning, ParamInfo,
    Rule, Scope, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, Database, DatabaseRole};

/// Parameters of `create_postgres_database`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the PostgreSQL database.
    pub database_name: String,
    /// Role that will own the database.
    pub owner: String,
    /// What becomes of the data when the Database object is deleted.
    pub reclaim_policy: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `create_postgres_database`; the runtime adds the outcome, warnings and the like.
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
    /// Role that will own the database.
    pub owner: String,
    /// What becomes of the data when the Database object is deleted.
    pub reclaim_policy: String,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "create_postgres_database",
    title: "Create a PostgreSQL database",
    about: "Create a database in a PostgreSQL cluster, through a Database object that the operator reconciles.",
    effect: Effect::Write,
    idempotent: false,
    toolset: "databases",
    core: true,
    input_schema: include_str!("schemas/create_postgres_database.input.json"),
    output_schema: include_str!("schemas/create_postgres_database.output.json"),
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
            name: "owner",
            about: "Role that will own the database.",
            rule: Rule::Text(TextRule {
                max_length: Some(63),
                pattern: Some("^[a-z_][a-z0-9_]*$"),
                reserved_names: &["postgres", "streaming_replica"],
                reserved_prefixes: &["pg_", "cnpg_"],
                ..TextRule::ANY
            }),
            required: true,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "reclaim_policy",
            about: "What becomes of the data when the Database object is deleted.",
            rule: Rule::Enum(&["retain", "delete"]),
            required: false,
            secret: false,
            default: Some(Literal::Text("retain")),
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
    answers: &[(None, "create_postgres_database/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "databaseroles",
            verbs: &["list"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "databases",
            verbs: &["get", "list", "create"],
        },
    ],
};

/// Handler of `create_postgres_database`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { cluster_name, database_name, owner, reclaim_policy, namespace, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &cluster_name).required().await?;

    let databases = call
        .list::<Database>(Scope::Namespace(&namespace))
        .keep(|item| Ok(
            item.spec.cluster.name.as_deref() == Some(cluster_name.as_str())
                && item.spec.name == database_name,
        ))
        .all()
        .await?;

    let existing_object = databases.into_iter().next().map(|item| item.metadata.name);

    call.require(
        existing_object.is_none(),
        || {
            format!(
                "Database `{database_name}` is managed already, by the Database object `{}`.",
                existing_object.as_deref().unwrap_or(""),
            )
        },
    )?;

    let declarations = call
        .list::<DatabaseRole>(Scope::Namespace(&namespace))
        .missing_ok()
        .forbidden_note(|| "DatabaseRole objects could not be read.")
        .keep(|item| Ok(
            item.spec.cluster.name.as_deref() == Some(cluster_name.as_str())
                && item.spec.name == owner,
        ))
        .all()
        .await?;

    let role = cluster
        .spec
        .managed
        .iter()
        .flat_map(|managed| &managed.roles)
        .find(|item| item.name == owner && item.ensure.as_deref() != Some("absent"))
        .cloned();

    if role.is_none() && declarations.is_empty() {
        call.warn(
            format!(
                "Owner `{owner}` is not a managed role of `{cluster_name}`. If PostgreSQL does not know it either, the database is not applied until it does.",
            ),
        );
    }

    let database = call
        .create::<Database>(&namespace, &expression::object_name(&cluster_name, &database_name))
        .label("cnpg.io/cluster", &cluster_name)
        .annotation("cnpg-mcp.io/database", &database_name)
        .body(
            Fields::new()
                .set(
                    "spec",
                    Fields::new()
                        .set("name", &database_name)
                        .set("owner", &owner)
                        .set("cluster", Fields::new().set("name", &cluster_name))
                        .set("databaseReclaimPolicy", &reclaim_policy),
                ),
        )
        .advice(
            AdviceOn::AlreadyExists,
            || {
                "A Database object of that name exists for something else. Look at it with kubectl, and rename or remove it."
            },
        )
        .send()
        .await?;

    Ok(Output {
        cluster: cluster_name,
        namespace,
        database: database_name,
        object: database.metadata.name,
        owner,
        reclaim_policy,
    })
}

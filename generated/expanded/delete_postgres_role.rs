//! Delete a PostgreSQL role. @generated from specs/tools/delete_postgres_role.yaml.
//!
//! Drop a role from PostgreSQL, and delete the password Secret that this server made for it.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, FailedDelete, Failure, Fields, Format, Grant, Literal, Meaning,
    Outcome, ParamInfo, Rule, Scope, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, ClusterSpecManagedRole, DatabaseRole, Secret};

/// Parameters of `delete_postgres_role`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the PostgreSQL role.
    pub role_name: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `delete_postgres_role`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the PostgreSQL role.
    pub role: String,
    /// Names of the objects that are gone.
    pub deleted_secrets: Vec<String>,
    /// Objects that are still there.
    pub failed_secrets: Vec<FailedDelete>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "delete_postgres_role",
    title: "Delete a PostgreSQL role",
    about: "Drop a role from PostgreSQL, and delete the password Secret that this server made for it.",
    effect: Effect::Destroy,
    idempotent: true,
    toolset: "roles",
    core: true,
    input_schema: include_str!("schemas/delete_postgres_role.input.json"),
    output_schema: include_str!("schemas/delete_postgres_role.output.json"),
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
            name: "role_name",
            about: "Name of the PostgreSQL role.",
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
    answers: &[
        (Some(Outcome::Done), "delete_postgres_role/done.md"),
        (Some(Outcome::Partial), "delete_postgres_role/partial.md"),
        (Some(Outcome::Unchanged), "delete_postgres_role/unchanged.md"),
    ],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "",
            resource: "secrets",
            verbs: &["list", "delete"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get", "patch"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "databaseroles",
            verbs: &["list"],
        },
    ],
};

/// Handler of `delete_postgres_role`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { cluster_name, role_name, namespace, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &cluster_name).required().await?;

    let role = cluster
        .spec
        .managed
        .iter()
        .flat_map(|managed| &managed.roles)
        .find(|item| item.name == role_name)
        .cloned();

    let declarations = call
        .list::<DatabaseRole>(Scope::Namespace(&namespace))
        .missing_ok()
        .keep(|item| Ok(
            item.spec.cluster.name.as_deref() == Some(cluster_name.as_str())
                && item.spec.name == role_name,
        ))
        .all()
        .await?;

    let declaration = declarations.into_iter().next().map(|item| item.metadata.name);

    call.require(
        declaration.is_none(),
        || {
            format!(
                "Role `{role_name}` is declared by the DatabaseRole object `{}`. Change that object instead.",
                declaration.as_deref().unwrap_or(""),
            )
        },
    )?;

    let secrets = call
        .list::<Secret>(Scope::Namespace(&namespace))
        .label("cnpg.io/cluster", &cluster_name)
        .label("cnpg-mcp.io/role", expression::label_value(&role_name))
        .keep(|item| Ok(
            expression::ours(item) && expression::owned(item, &cluster)
                && item.metadata.annotations.get("cnpg-mcp.io/role").map(String::as_str)
                    == Some(role_name.as_str()),
        ))
        .all()
        .await?;

    if role.as_ref().is_some_and(|role| role.ensure.as_deref() != Some("absent")) {
        call.edit(&cluster)
            .element::<ClusterSpecManagedRole>(&["spec", "managed", "roles"], "name", &role_name)
            .require(
                |before| Ok(before.is_some()),
                || {
                    format!(
                        "Role `{role_name}` was taken off the cluster's list meanwhile.",
                    )
                },
            )
            .set(|_| Ok(Fields::new().set("ensure", "absent")))
            .remove(&["passwordSecret"])
            .undo_restore()
            .send()
            .await?;
    }

    let gone = call.delete_each(&secrets).await?;

    Ok(Output {
        cluster: cluster_name,
        namespace,
        role: role_name,
        deleted_secrets: gone.done,
        failed_secrets: gone.failed,
    })
}

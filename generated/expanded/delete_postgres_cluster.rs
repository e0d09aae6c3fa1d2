//! Delete a PostgreSQL cluster. @generated from specs/tools/delete_postgres_cluster.yaml.
//!
//! Delete a PostgreSQL cluster with its instances and volumes, beyond recall, and the password secrets
//! that this server made for its roles. Without confirmation it only shows what would go.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Deleted, Effect, FailedDelete, Failure, Format, Grant, Literal, Meaning,
    Outcome, ParamInfo, Rule, Scope, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, Database, Secret};

/// Parameters of `delete_postgres_cluster`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Must be true for anything to be deleted. Otherwise the answer shows what would go.
    pub confirm_deletion: bool,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `delete_postgres_cluster`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// How many instances there should be, the primary included.
    pub instances: i64,
    /// Size of the volume of each instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_size: Option<String>,
    /// Names of the roles that go with it.
    pub roles: Vec<String>,
    /// Databases that go with it, as far as Database objects declare them.
    pub databases: Vec<OutputDatabases>,
    /// Password Secrets that this server made for its roles.
    pub secrets: Vec<String>,
    /// Names of the objects that are gone.
    pub deleted_secrets: Vec<String>,
    /// Objects that are still there.
    pub failed_secrets: Vec<FailedDelete>,
}

/// `OutputDatabases` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDatabases {
    /// Database.
    pub database: String,
    /// Object.
    pub object: String,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "delete_postgres_cluster",
    title: "Delete a PostgreSQL cluster",
    about: "Delete a PostgreSQL cluster with its instances and volumes, beyond recall, and the password secrets\nthat this server made for its roles. Without confirmation it only shows what would go.",
    effect: Effect::Destroy,
    idempotent: false,
    toolset: "clusters",
    core: true,
    input_schema: include_str!("schemas/delete_postgres_cluster.input.json"),
    output_schema: include_str!("schemas/delete_postgres_cluster.output.json"),
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
    answers: &[
        (Some(Outcome::Done), "delete_postgres_cluster/done.md"),
        (Some(Outcome::Partial), "delete_postgres_cluster/partial.md"),
    ],
    confirm_plan: Some("delete_cluster_plan.md"),
    grants: &[
        Grant {
            group: "",
            resource: "secrets",
            verbs: &["list", "delete"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get", "delete"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "databases",
            verbs: &["list"],
        },
    ],
};

/// Handler of `delete_postgres_cluster`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { name, confirm_deletion, namespace, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    let secrets = call
        .list::<Secret>(Scope::Namespace(&namespace))
        .label("cnpg.io/cluster", &name)
        .label("app.kubernetes.io/managed-by", "cnpg-mcp")
        .keep(|item| Ok(expression::ours(item) && expression::owned(item, &cluster)))
        .all()
        .await?;

    let databases = call
        .list::<Database>(Scope::Namespace(&namespace))
        .keep(|item| Ok(item.spec.cluster.name.as_deref() == Some(name.as_str())))
        .all()
        .await?;

    let plan = output(&name, &namespace, &cluster, &secrets, &databases, None);
    if !call
        .confirm(
            confirm_deletion,
            &plan,
            &[&cluster.metadata]
                .into_iter()
                .chain(secrets.iter().map(|object| &object.metadata))
                .collect::<Vec<_>>(),
        )
        .await?
    {
        return Ok(plan);
    }

    call.delete(&cluster).send().await?;

    let gone = call.delete_each(&secrets).await?;

    Ok(output(&name, &namespace, &cluster, &secrets, &databases, Some(&gone)))
}

/// The output with what the call has reached.
fn output(
    name: &str,
    namespace: &str,
    cluster: &Cluster,
    secrets: &[Secret],
    databases: &[Database],
    gone: Option<&Deleted>,
) -> Output {
    Output {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        instances: cluster.spec.instances,
        storage_size: cluster
            .spec
            .storage
            .as_ref()
            .and_then(|storage| storage.size.clone()),
        roles: cluster
            .spec
            .managed
            .iter()
            .flat_map(|managed| &managed.roles)
            .map(|item| item.name.clone())
            .collect::<Vec<_>>(),
        databases: databases
            .iter()
            .map(|item| OutputDatabases {
                database: item.spec.name.clone(),
                object: item.metadata.name.clone(),
            })
            .collect::<Vec<_>>(),
        secrets: secrets
            .iter()
            .map(|item| item.metadata.name.clone())
            .collect::<Vec<_>>(),
        deleted_secrets: gone.map(|gone| gone.done.clone()).unwrap_or_default(),
        failed_secrets: gone.map(|gone| gone.failed.clone()).unwrap_or_default(),
    }
}

//! List PostgreSQL roles. @generated from specs/tools/list_postgres_roles.yaml.
//!
//! List the roles of a cluster that CloudNativePG manages, with their attributes and what the operator says of them.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Format, Grant, Literal, Meaning, ParamInfo, Rule, Scope,
    TextRule, Time, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, DatabaseRole};

/// Parameters of `list_postgres_roles`.
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

/// Output of `list_postgres_roles`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Managed roles, by name.
    pub roles: Vec<ManagedOrDeclared>,
}

/// `Managed` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct Managed {
    /// Name.
    pub name: String,
    /// Ensure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ensure: Option<String>,
    /// Login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<bool>,
    /// Superuser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superuser: Option<bool>,
    /// Inherit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    /// Createdb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createdb: Option<bool>,
    /// Createrole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createrole: Option<bool>,
    /// Replication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<bool>,
    /// Member of.
    pub member_of: Vec<String>,
    /// Connection limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    /// Valid until.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Time>,
    /// Password secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_secret: Option<String>,
    /// State.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Reasons.
    pub reasons: Vec<String>,
}

/// `Declared` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct Declared {
    /// Name.
    pub name: String,
    /// Ensure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ensure: Option<String>,
    /// Login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<bool>,
    /// Superuser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superuser: Option<bool>,
    /// Inherit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    /// Createdb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createdb: Option<bool>,
    /// Createrole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createrole: Option<bool>,
    /// Replication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<bool>,
    /// Member of.
    pub member_of: Vec<String>,
    /// Connection limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    /// Valid until.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Time>,
    /// Password secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_secret: Option<String>,
    /// State.
    pub state: String,
    /// Message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Declared in.
    pub declared_in: String,
}

/// `ManagedOrDeclared` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct ManagedOrDeclared {
    /// Name.
    pub name: String,
    /// Ensure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ensure: Option<String>,
    /// Login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<bool>,
    /// Superuser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superuser: Option<bool>,
    /// Inherit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    /// Createdb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createdb: Option<bool>,
    /// Createrole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createrole: Option<bool>,
    /// Replication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<bool>,
    /// Member of.
    pub member_of: Vec<String>,
    /// Connection limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    /// Valid until.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Time>,
    /// Password secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_secret: Option<String>,
    /// State.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Reasons.
    pub reasons: Vec<String>,
    /// Message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Declared in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_in: Option<String>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "list_postgres_roles",
    title: "List PostgreSQL roles",
    about: "List the roles of a cluster that CloudNativePG manages, with their attributes and what the operator says of them.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "roles",
    core: true,
    input_schema: include_str!("schemas/list_postgres_roles.input.json"),
    output_schema: include_str!("schemas/list_postgres_roles.output.json"),
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
    paged_output: Some("roles"),
    answers: &[(None, "list_postgres_roles/answer.md")],
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
    ],
};

/// Handler of `list_postgres_roles`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { cluster_name, namespace, limit, cursor } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &cluster_name).required().await?;

    let declarations = call
        .list::<DatabaseRole>(Scope::Namespace(&namespace))
        .missing_ok()
        .forbidden_note(|| {
            "DatabaseRole objects could not be read, so roles that they declare are missing."
        })
        .keep(|item| Ok(
            item.spec.cluster.name.as_deref() == Some(cluster_name.as_str()),
        ))
        .all()
        .await?;

    let managed = cluster
        .spec
        .managed
        .iter()
        .flat_map(|managed| &managed.roles)
        .map(|item| Managed {
            name: item.name.clone(),
            ensure: item.ensure.clone(),
            login: item.login,
            superuser: item.superuser,
            inherit: item.inherit,
            createdb: item.createdb,
            createrole: item.createrole,
            replication: item.replication,
            member_of: item.in_roles.clone(),
            connection_limit: item.connection_limit,
            valid_until: item.valid_until,
            password_secret: item
                .password_secret
                .as_ref()
                .map(|password_secret| password_secret.name.clone()),
            state: cluster
                .status
                .as_ref()
                .and_then(|status| status.managed_roles_status.as_ref())
                .map(|managed_roles_status| expression::entries(
                    &managed_roles_status.by_status,
                ))
                .unwrap_or_default()
                .into_iter()
                .find(|status| expression::contains(&status.value, &item.name))
                .map(|status| status.key),
            reasons: cluster
                .status
                .as_ref()
                .and_then(|status| status.managed_roles_status.as_ref())
                .and_then(|managed_roles_status| {
                    managed_roles_status.cannot_reconcile.get(&item.name)
                })
                .cloned()
                .unwrap_or_default(),
        })
        .collect::<Vec<_>>();

    let declared = declarations
        .into_iter()
        .map(|item| Declared {
            name: item.spec.name,
            ensure: item.spec.ensure,
            login: item.spec.login,
            superuser: item.spec.superuser,
            inherit: item.spec.inherit,
            createdb: item.spec.createdb,
            createrole: item.spec.createrole,
            replication: item.spec.replication,
            member_of: item.spec.in_roles,
            connection_limit: item.spec.connection_limit,
            valid_until: item.spec.valid_until,
            password_secret: item
                .spec
                .password_secret
                .as_ref()
                .map(|password_secret| password_secret.name.clone()),
            state: if item
                .status
                .as_ref()
                .and_then(|status| status.applied)
                .unwrap_or(false)
            {
                "reconciled".to_owned()
            } else {
                "pending-reconciliation".to_owned()
            },
            message: item.status.as_ref().and_then(|status| status.message.clone()),
            declared_in: item.metadata.name,
        })
        .collect::<Vec<_>>();

    let roles = call
        .page_by(
            expression::concat(
                managed
                    .into_iter()
                    .map(|item| ManagedOrDeclared {
                        name: item.name,
                        ensure: item.ensure,
                        login: item.login,
                        superuser: item.superuser,
                        inherit: item.inherit,
                        createdb: item.createdb,
                        createrole: item.createrole,
                        replication: item.replication,
                        member_of: item.member_of,
                        connection_limit: item.connection_limit,
                        valid_until: item.valid_until,
                        password_secret: item.password_secret,
                        state: item.state,
                        reasons: item.reasons,
                        message: None,
                        declared_in: None,
                    })
                    .collect::<Vec<_>>(),
                declared
                    .into_iter()
                    .map(|item| ManagedOrDeclared {
                        name: item.name,
                        ensure: item.ensure,
                        login: item.login,
                        superuser: item.superuser,
                        inherit: item.inherit,
                        createdb: item.createdb,
                        createrole: item.createrole,
                        replication: item.replication,
                        member_of: item.member_of,
                        connection_limit: item.connection_limit,
                        valid_until: item.valid_until,
                        password_secret: item.password_secret,
                        state: Some(item.state),
                        reasons: Vec::new(),
                        message: item.message,
                        declared_in: Some(item.declared_in),
                    })
                    .collect::<Vec<_>>(),
            ),
            limit,
            cursor.as_deref(),
            |item| item.name.clone(),
        )?;

    Ok(Output {
        cluster: cluster_name,
        namespace,
        roles,
    })
}

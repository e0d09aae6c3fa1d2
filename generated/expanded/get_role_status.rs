//! Get the status of a PostgreSQL role. @generated from specs/tools/get_role_status.yaml.
//!
//! Read how one role of a cluster is declared, and what the operator made of it: reconciled or not and why, where its
//! password comes from and whether it is in force.

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
use super::kinds::{Cluster, DatabaseRole, Secret};

/// Parameters of `get_role_status`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the PostgreSQL role.
    pub role_name: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
}

/// Output of `get_role_status`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the PostgreSQL role.
    pub role: String,
    /// DatabaseRole object that declares it. Unset, the cluster's own list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_in: Option<String>,
    /// Whether the role should exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ensure: Option<String>,
    /// May log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<bool>,
    /// Passes every permission check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superuser: Option<bool>,
    /// Has the privileges of the roles it is a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    /// May create databases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createdb: Option<bool>,
    /// May create and change roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createrole: Option<bool>,
    /// May connect for replication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<bool>,
    /// Roles that it is a member of.
    pub member_of: Vec<String>,
    /// How many connections it may have at once; -1 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    /// When its password expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Time>,
    /// What the operator made of it: `reconciled`, `pending-reconciliation`, `not-managed` or `reserved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why it cannot be reconciled.
    pub reasons: Vec<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Secret that holds its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_secret: Option<String>,
    /// Whether the role has the password that its Secret holds now.
    pub password_in_force: bool,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "get_role_status",
    title: "Get the status of a PostgreSQL role",
    about: "Read how one role of a cluster is declared, and what the operator made of it: reconciled or not and why, where its\npassword comes from and whether it is in force.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "roles",
    core: false,
    input_schema: include_str!("schemas/get_role_status.input.json"),
    output_schema: include_str!("schemas/get_role_status.output.json"),
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
    ],
    paged_output: None,
    answers: &[(None, "get_role_status/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "",
            resource: "secrets",
            verbs: &["get"],
        },
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

/// Handler of `get_role_status`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { cluster_name, role_name, namespace } = params;
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
        .forbidden_note(|| {
            "DatabaseRole objects could not be read, so a role that one declares is not found."
        })
        .keep(|item| Ok(
            item.spec.cluster.name.as_deref() == Some(cluster_name.as_str())
                && item.spec.name == role_name,
        ))
        .all()
        .await?;

    let declaration = declarations.into_iter().next();

    call.require_param(
        "role_name",
        role.is_some() || declaration.is_some(),
        || {
            format!(
                "Role `{role_name}` is not managed in `{cluster_name}`. See `list_postgres_roles`, or create it with `create_postgres_role`.",
            )
        },
    )?;

    let listed_state = cluster
        .status
        .as_ref()
        .and_then(|status| status.managed_roles_status.as_ref())
        .map(|managed_roles_status| expression::entries(&managed_roles_status.by_status))
        .unwrap_or_default()
        .into_iter()
        .find(|item| expression::contains(&item.value, &role_name))
        .map(|item| item.key);

    let declared_state = if declaration
        .as_ref()
        .and_then(|declaration| declaration.status.as_ref())
        .and_then(|status| status.applied)
        .unwrap_or(false)
    {
        "reconciled".to_owned()
    } else {
        "pending-reconciliation".to_owned()
    };

    let secret_name = role
        .as_ref()
        .and_then(|role| role.password_secret.as_ref())
        .map(|password_secret| password_secret.name.as_str())
        .or_else(|| {
            declaration
                .as_ref()
                .and_then(|declaration| declaration.spec.password_secret.as_ref())
                .map(|password_secret| password_secret.name.as_str())
        })
        .map(str::to_owned);

    let secret = if let Some(secret_name) = secret_name.as_deref() {
        call.get::<Secret>(&namespace, secret_name)
            .forbidden_note(|| {
                "The role's Secret could not be looked for (needs `get` on secrets)."
            })
            .if_present()
            .await?
    } else {
        None
    };

    let used_version = cluster
        .status
        .as_ref()
        .and_then(|status| status.managed_roles_status.as_ref())
        .and_then(|managed_roles_status| {
            managed_roles_status.password_status.get(&role_name)
        })
        .and_then(|value| value.resource_version.as_deref())
        .or_else(|| {
            declaration
                .as_ref()
                .and_then(|declaration| declaration.status.as_ref())
                .and_then(|status| status.secret_resource_version.as_deref())
        })
        .map(str::to_owned);

    if let Some(secret_name) = secret_name.as_deref() && secret.is_none() {
        call.warn(
            format!("The password Secret `{secret_name}` of the role is not there."),
        );
    }

    Ok(Output {
        cluster: cluster_name,
        namespace,
        role: role_name.clone(),
        declared_in: declaration
            .as_ref()
            .map(|declaration| declaration.metadata.name.clone()),
        ensure: role
            .as_ref()
            .and_then(|role| role.ensure.as_deref())
            .or_else(|| {
                declaration
                    .as_ref()
                    .and_then(|declaration| declaration.spec.ensure.as_deref())
            })
            .map(str::to_owned),
        login: role
            .as_ref()
            .and_then(|role| role.login)
            .or_else(|| {
                declaration.as_ref().and_then(|declaration| declaration.spec.login)
            }),
        superuser: role
            .as_ref()
            .and_then(|role| role.superuser)
            .or_else(|| {
                declaration.as_ref().and_then(|declaration| declaration.spec.superuser)
            }),
        inherit: role
            .as_ref()
            .and_then(|role| role.inherit)
            .or_else(|| {
                declaration.as_ref().and_then(|declaration| declaration.spec.inherit)
            }),
        createdb: role
            .as_ref()
            .and_then(|role| role.createdb)
            .or_else(|| {
                declaration.as_ref().and_then(|declaration| declaration.spec.createdb)
            }),
        createrole: role
            .as_ref()
            .and_then(|role| role.createrole)
            .or_else(|| {
                declaration.as_ref().and_then(|declaration| declaration.spec.createrole)
            }),
        replication: role
            .as_ref()
            .and_then(|role| role.replication)
            .or_else(|| {
                declaration.as_ref().and_then(|declaration| declaration.spec.replication)
            }),
        member_of: expression::concat(
            role.as_ref().map(|role| role.in_roles.clone()).unwrap_or_default(),
            declaration
                .as_ref()
                .map(|declaration| declaration.spec.in_roles.clone())
                .unwrap_or_default(),
        ),
        connection_limit: role
            .as_ref()
            .and_then(|role| role.connection_limit)
            .or_else(|| {
                declaration
                    .as_ref()
                    .and_then(|declaration| declaration.spec.connection_limit)
            }),
        valid_until: role
            .as_ref()
            .and_then(|role| role.valid_until)
            .or_else(|| {
                declaration.as_ref().and_then(|declaration| declaration.spec.valid_until)
            }),
        state: if role.is_some() { listed_state } else { Some(declared_state) },
        reasons: cluster
            .status
            .as_ref()
            .and_then(|status| status.managed_roles_status.as_ref())
            .and_then(|managed_roles_status| {
                managed_roles_status.cannot_reconcile.get(&role_name)
            })
            .cloned()
            .unwrap_or_default(),
        message: declaration
            .as_ref()
            .and_then(|declaration| declaration.status.as_ref())
            .and_then(|status| status.message.clone()),
        password_secret: secret_name,
        password_in_force: expression::same(
            used_version.as_deref(),
            secret
                .as_ref()
                .and_then(|secret| secret.metadata.resource_version.as_deref()),
        ),
    })
}

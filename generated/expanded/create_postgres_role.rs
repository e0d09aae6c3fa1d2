//! Create a PostgreSQL role. @generated from specs/tools/create_postgres_role.yaml.
//!
//! Create a role (user) in a PostgreSQL cluster. A password is generated and kept in a Kubernetes Secret;
//! it is never shown.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Fields, Format, Grant, Literal, Meaning, ParamInfo, Rule,
    Scope, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, ClusterSpecManagedRole, DatabaseRole, Secret};

/// Parameters of `create_postgres_role`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the PostgreSQL role.
    pub role_name: String,
    /// May log in.
    pub login: bool,
    /// Is a superuser and passes every permission check.
    pub superuser: bool,
    /// Has the privileges of the roles it is a member of.
    pub inherit: bool,
    /// May create databases.
    pub createdb: bool,
    /// May create and change roles.
    pub createrole: bool,
    /// May connect for replication.
    pub replication: bool,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `create_postgres_role`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the PostgreSQL role.
    pub role: String,
    /// What the role may do.
    pub attributes: Attributes,
    /// Secret that holds the password.
    pub password_secret: String,
}

/// Parameters that go together.
#[derive(Debug, Clone, Serialize)]
pub struct Attributes {
    /// May log in.
    pub login: bool,
    /// Is a superuser and passes every permission check.
    pub superuser: bool,
    /// Has the privileges of the roles it is a member of.
    pub inherit: bool,
    /// May create databases.
    pub createdb: bool,
    /// May create and change roles.
    pub createrole: bool,
    /// May connect for replication.
    pub replication: bool,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "create_postgres_role",
    title: "Create a PostgreSQL role",
    about: "Create a role (user) in a PostgreSQL cluster. A password is generated and kept in a Kubernetes Secret;\nit is never shown.",
    effect: Effect::Write,
    idempotent: false,
    toolset: "roles",
    core: true,
    input_schema: include_str!("schemas/create_postgres_role.input.json"),
    output_schema: include_str!("schemas/create_postgres_role.output.json"),
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
            name: "login",
            about: "May log in.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(true)),
            meaning: None,
        },
        ParamInfo {
            name: "superuser",
            about: "Is a superuser and passes every permission check.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "inherit",
            about: "Has the privileges of the roles it is a member of.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(true)),
            meaning: None,
        },
        ParamInfo {
            name: "createdb",
            about: "May create databases.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "createrole",
            about: "May create and change roles.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "replication",
            about: "May connect for replication.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
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
    answers: &[(None, "create_postgres_role/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "",
            resource: "secrets",
            verbs: &["get", "create", "patch", "delete"],
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

/// Handler of `create_postgres_role`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params {
        cluster_name,
        role_name,
        login,
        superuser,
        inherit,
        createdb,
        createrole,
        replication,
        namespace,
        ..
    } = params;
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

    call.require(
        role.as_ref().is_none_or(|role| role.ensure.as_deref() == Some("absent")),
        || {
            format!(
                "Role `{role_name}` already exists in `{cluster_name}`. Change it with `update_postgres_role`.",
            )
        },
    )?;

    let password = expression::random_password(32)?;

    let secret = call
        .create::<Secret>(
            &namespace,
            &expression::object_name(&format!("{cluster_name}-role"), &role_name),
        )
        .owner(&cluster)
        .label("cnpg.io/cluster", &cluster_name)
        .label("cnpg.io/reload", "true")
        .label("cnpg-mcp.io/role", expression::label_value(&role_name))
        .annotation("cnpg-mcp.io/role", &role_name)
        .body(
            Fields::new()
                .set("type", "kubernetes.io/basic-auth")
                .set(
                    "stringData",
                    Fields::new().set("username", &role_name).set("password", &password),
                ),
        )
        .adopt_if(
            |existing| Ok(
                expression::ours(existing) && expression::owned(existing, &cluster)
                    && existing
                        .metadata
                        .annotations
                        .get("cnpg-mcp.io/role")
                        .map(String::as_str) == Some(role_name.as_str()),
            ),
            || {
                "A Secret of that name exists already and was not made for this role by this server. Remove or rename it, then call again."
            },
        )
        .undo_delete()
        .send()
        .await?;

    call.edit(&cluster)
        .element::<ClusterSpecManagedRole>(&["spec", "managed", "roles"], "name", &role_name)
        .require(
            |before| Ok(
                before.is_none_or(|before| before.ensure.as_deref() == Some("absent")),
            ),
            || {
                format!(
                    "Role `{role_name}` already exists in `{cluster_name}`. Change it with `update_postgres_role`.",
                )
            },
        )
        .put(|_| Ok(
            Fields::new()
                .set("ensure", "present")
                .set("passwordSecret", Fields::new().set("name", &secret.metadata.name))
                .set("login", login)
                .set("superuser", superuser)
                .set("inherit", inherit)
                .set("createdb", createdb)
                .set("createrole", createrole)
                .set("replication", replication),
        ))
        .send()
        .await?;

    Ok(Output {
        cluster: cluster_name,
        namespace,
        role: role_name,
        attributes: Attributes {
            login,
            superuser,
            inherit,
            createdb,
            createrole,
            replication,
        },
        password_secret: secret.metadata.name,
    })
}

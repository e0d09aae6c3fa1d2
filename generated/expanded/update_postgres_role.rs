//! Update a PostgreSQL role. @generated from specs/tools/update_postgres_role.yaml.
//!
//! Change attributes of a role, or give it a new password. What is not passed stays as it is.
//! To change the password prefer `rotate_password`: it is generated and goes to the Secret without being seen.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Fields, Format, Grant, Literal, Meaning, Outcome, ParamInfo,
    Rule, Scope, SecretText, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, ClusterSpecManagedRole, DatabaseRole, Secret};

/// Parameters of `update_postgres_role`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the PostgreSQL role.
    pub role_name: String,
    /// May log in.
    pub login: Option<bool>,
    /// Is a superuser and passes every permission check.
    pub superuser: Option<bool>,
    /// Has the privileges of the roles it is a member of.
    pub inherit: Option<bool>,
    /// May create databases.
    pub createdb: Option<bool>,
    /// May create and change roles.
    pub createrole: Option<bool>,
    /// May connect for replication.
    pub replication: Option<bool>,
    /// Generate a new password into the role's Secret.
    pub rotate_password: bool,
    /// A password to set. The model and the transcript see it; prefer `rotate_password`.
    pub password: Option<SecretText>,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `update_postgres_role`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the PostgreSQL role.
    pub role: String,
    /// Whether the role gets another password.
    pub password_changed: bool,
    /// Secret that holds the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_secret: Option<String>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "update_postgres_role",
    title: "Update a PostgreSQL role",
    about: "Change attributes of a role, or give it a new password. What is not passed stays as it is.\nTo change the password prefer `rotate_password`: it is generated and goes to the Secret without being seen.",
    effect: Effect::Write,
    idempotent: false,
    toolset: "roles",
    core: true,
    input_schema: include_str!("schemas/update_postgres_role.input.json"),
    output_schema: include_str!("schemas/update_postgres_role.output.json"),
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
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "superuser",
            about: "Is a superuser and passes every permission check.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "inherit",
            about: "Has the privileges of the roles it is a member of.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "createdb",
            about: "May create databases.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "createrole",
            about: "May create and change roles.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "replication",
            about: "May connect for replication.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "rotate_password",
            about: "Generate a new password into the role's Secret.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "password",
            about: "A password to set. The model and the transcript see it; prefer `rotate_password`.",
            rule: Rule::Text(TextRule {
                min_length: Some(8),
                max_length: Some(256),
                ..TextRule::ANY
            }),
            required: false,
            secret: true,
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
        (Some(Outcome::Done), "update_postgres_role/done.md"),
        (Some(Outcome::Unchanged), "update_postgres_role/unchanged.md"),
    ],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "",
            resource: "secrets",
            verbs: &["get", "patch"],
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

/// Handler of `update_postgres_role`.
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
        rotate_password,
        password,
        namespace,
        ..
    } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    call.require(
        login.is_some() || superuser.is_some() || inherit.is_some() || createdb.is_some()
            || createrole.is_some() || replication.is_some() || rotate_password
            || password.is_some(),
        || {
            "Nothing to change: pass at least one of login, superuser, inherit, createdb, createrole, replication, rotate_password or password."
        },
    )?;

    call.require_param(
        "password",
        !rotate_password || password.is_none(),
        || "`password` and `rotate_password` exclude each other. Pass one of them.",
    )?;

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

    let Some(role) = role.filter(|role| role.ensure.as_deref() != Some("absent")) else {
        return Err(
            Failure::refused(
                format!(
                    "Role `{role_name}` does not exist in `{cluster_name}`. See `list_postgres_roles`, or create it with `create_postgres_role`.",
                ),
            ),
        );
    };

    let changes_password = rotate_password || password.is_some();

    call.require(
        !changes_password || !role.disable_password.unwrap_or(false),
        || {
            format!(
                "The password of role `{role_name}` is disabled (`disablePassword: true`), so none can be set.",
            )
        },
    )?;

    call.require(
        !changes_password || role.password_secret.is_some(),
        || {
            format!(
                "Role `{role_name}` has no password Secret. Name one in the cluster's `spec.managed.roles`, then change the password there.",
            )
        },
    )?;

    let secret = if changes_password {
        Some(
            call
                .get::<Secret>(
                    &namespace,
                    role
                        .password_secret
                        .as_ref()
                        .map_or("", |password_secret| password_secret.name.as_str()),
                )
                .required()
                .await?,
        )
    } else {
        None
    };

    call.require(
        !changes_password || secret.as_ref().is_some_and(expression::ours),
        || {
            format!(
                "Secret `{}` was not made by this server, so it is not changed. Set the new password there by hand.",
                role
                    .password_secret
                    .as_ref()
                    .map_or("", |password_secret| password_secret.name.as_str()),
            )
        },
    )?;

    let new_password = if let Some(password) = password {
        password
    } else {
        expression::random_password(32)?
    };

    if login.is_some() || superuser.is_some() || inherit.is_some() || createdb.is_some()
        || createrole.is_some() || replication.is_some()
    {
        call.edit(&cluster)
            .element::<ClusterSpecManagedRole>(&["spec", "managed", "roles"], "name", &role_name)
            .require(
                |before| Ok(
                    before
                        .is_some_and(|before| before.ensure.as_deref() != Some("absent")),
                ),
                || format!("Role `{role_name}` was removed meanwhile."),
            )
            .set(|_| Ok(
                Fields::new()
                    .set("login", login)
                    .set("superuser", superuser)
                    .set("inherit", inherit)
                    .set("createdb", createdb)
                    .set("createrole", createrole)
                    .set("replication", replication),
            ))
            .undo_restore()
            .send()
            .await?;
    }

    let secret = if let Some(secret) = &secret {
        Some(
            call
                .patch(secret)
                .set(
                    Fields::new()
                        .set("stringData", Fields::new().set("password", &new_password)),
                )
                .send()
                .await?,
        )
    } else {
        secret
    };

    Ok(Output {
        cluster: cluster_name,
        namespace,
        role: role_name,
        password_changed: changes_password,
        password_secret: secret.as_ref().map(|secret| secret.metadata.name.clone()),
    })
}

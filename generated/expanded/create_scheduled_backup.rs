//! Schedule backups of a PostgreSQL cluster. @generated from specs/tools/create_scheduled_backup.yaml.
//!
//! Create a schedule by which the operator backs a cluster up again and again.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::vocabulary::{
    AdviceOn, Call, Effect, Failure, Fields, Format, Grant, Literal, Meaning, ParamInfo,
    Rule, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, ScheduledBackup};

/// Parameters of `create_scheduled_backup`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the new ScheduledBackup object, such as `main-db-nightly`.
    pub schedule_name: String,
    /// Cron expression of six fields, seconds first: `0 0 2 * * *` is 02:00:00 every night. Or `@daily`, `@hourly`, `@every 6h`.
    pub schedule: String,
    /// How the backup is made: to the cluster's object store, as volume snapshots, or by a plugin. The cluster must be set up for it.
    pub method: String,
    /// Plugin that makes the backup, such as `barman-cloud.cloudnative-pg.io`. For the method `plugin` alone.
    pub plugin_name: Option<String>,
    /// Which instance it is taken from. Unset, as the cluster says (a standby where there is one).
    pub target: Option<String>,
    /// Make the first backup at once.
    pub immediate: bool,
    /// Make no backups yet.
    pub suspended: bool,
    /// What the Backup objects go away with: `none`, the schedule (`self`), or the cluster.
    pub owner_reference: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `create_scheduled_backup`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the ScheduledBackup object.
    pub scheduled_backup: String,
    /// Cron expression of six fields, seconds first: `0 0 2 * * *` is 02:00:00 every night.
    pub schedule: String,
    /// How the backup is made: to the cluster's object store, as volume snapshots, or by a plugin.
    pub method: String,
    /// Whether no backups are made yet.
    pub suspended: bool,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "create_scheduled_backup",
    title: "Schedule backups of a PostgreSQL cluster",
    about: "Create a schedule by which the operator backs a cluster up again and again.",
    effect: Effect::Write,
    idempotent: false,
    toolset: "backups",
    core: false,
    input_schema: include_str!("schemas/create_scheduled_backup.input.json"),
    output_schema: include_str!("schemas/create_scheduled_backup.output.json"),
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
            name: "schedule_name",
            about: "Name of the new ScheduledBackup object, such as `main-db-nightly`.",
            rule: Rule::Text(TextRule {
                format: Some(Format::Dns1123Subdomain),
                ..TextRule::ANY
            }),
            required: true,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "schedule",
            about: "Cron expression of six fields, seconds first: `0 0 2 * * *` is 02:00:00 every night. Or `@daily`, `@hourly`, `@every 6h`.",
            rule: Rule::Text(TextRule {
                max_length: Some(200),
                pattern: Some(
                    "^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every ([0-9]+(h|m|s))+|([0-9A-Za-z*/,?-]+ ){5}[0-9A-Za-z*/,?-]+)$",
                ),
                ..TextRule::ANY
            }),
            required: true,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "method",
            about: "How the backup is made: to the cluster's object store, as volume snapshots, or by a plugin. The cluster must be set up for it.",
            rule: Rule::Enum(&["barmanObjectStore", "volumeSnapshot", "plugin"]),
            required: false,
            secret: false,
            default: Some(Literal::Text("barmanObjectStore")),
            meaning: None,
        },
        ParamInfo {
            name: "plugin_name",
            about: "Plugin that makes the backup, such as `barman-cloud.cloudnative-pg.io`. For the method `plugin` alone.",
            rule: Rule::Text(TextRule {
                format: Some(Format::Dns1123Subdomain),
                ..TextRule::ANY
            }),
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "target",
            about: "Which instance it is taken from. Unset, as the cluster says (a standby where there is one).",
            rule: Rule::Enum(&["primary", "prefer-standby"]),
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "immediate",
            about: "Make the first backup at once.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "suspended",
            about: "Make no backups yet.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "owner_reference",
            about: "What the Backup objects go away with: `none`, the schedule (`self`), or the cluster.",
            rule: Rule::Enum(&["none", "self", "cluster"]),
            required: false,
            secret: false,
            default: Some(Literal::Text("none")),
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
    answers: &[(None, "create_scheduled_backup/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "scheduledbackups",
            verbs: &["get", "create"],
        },
    ],
};

/// Handler of `create_scheduled_backup`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params {
        cluster_name,
        schedule_name,
        schedule,
        method,
        plugin_name,
        target,
        immediate,
        suspended,
        owner_reference,
        namespace,
        ..
    } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &cluster_name).required().await?;

    call.require_param(
        "cluster_name",
        cluster.metadata.annotations.get("cnpg.io/hibernation").map(String::as_str)
            != Some("on"),
        || {
            format!(
                "Cluster `{cluster_name}` is hibernated, so there is no instance to back up. Wake it with `hibernate_postgres_cluster` and `hibernate: false`.",
            )
        },
    )?;

    call.require_param(
        "method",
        method != "barmanObjectStore"
            || cluster
                .spec
                .backup
                .as_ref()
                .and_then(|backup| backup.barman_object_store.as_ref())
                .is_some(),
        || {
            format!(
                "Cluster `{cluster_name}` has no object store (`spec.backup.barmanObjectStore`). Set one up there, or pass another `method`.",
            )
        },
    )?;

    call.require_param(
        "method",
        method != "volumeSnapshot"
            || cluster
                .spec
                .backup
                .as_ref()
                .and_then(|backup| backup.volume_snapshot.as_ref())
                .is_some(),
        || {
            format!(
                "Cluster `{cluster_name}` takes no volume snapshots (`spec.backup.volumeSnapshot`). Set them up there, or pass another `method`.",
            )
        },
    )?;

    call.require_param(
        "plugin_name",
        (method == "plugin") == plugin_name.is_some(),
        || "`plugin_name` goes together with the method `plugin`: pass both, or neither.",
    )?;

    let plugin = cluster
        .spec
        .plugins
        .into_iter()
        .find(|item| {
            Some(item.name.as_str()) == plugin_name.as_deref()
                && item.enabled.unwrap_or(true)
        })
        .map(|item| item.name);

    call.require_param(
        "plugin_name",
        method != "plugin" || plugin.is_some(),
        || {
            format!(
                "Cluster `{cluster_name}` does not use the plugin `{}` (`spec.plugins`), or it is not enabled there.",
                plugin_name.as_deref().unwrap_or(""),
            )
        },
    )?;

    let scheduled = call
        .create::<ScheduledBackup>(&namespace, &schedule_name)
        .label("cnpg.io/cluster", &cluster_name)
        .body(
            Fields::new()
                .set(
                    "spec",
                    Fields::new()
                        .set("cluster", Fields::new().set("name", &cluster_name))
                        .set("schedule", &schedule)
                        .set("method", &method)
                        .set("target", target.as_deref())
                        .set("immediate", immediate)
                        .set("suspend", suspended)
                        .set("backupOwnerReference", &owner_reference)
                        .set(
                            "pluginConfiguration",
                            if plugin_name.is_some() {
                                Some(
                                    Fields::new()
                                        .set("name", plugin_name.as_deref().unwrap_or("")),
                                )
                            } else {
                                None
                            },
                        ),
                ),
        )
        .advice(
            AdviceOn::AlreadyExists,
            || {
                "Choose another name, or delete the schedule with `delete_scheduled_backup` first."
            },
        )
        .advice(
            AdviceOn::Invalid,
            || {
                "`schedule` has six fields, seconds first: `0 0 2 * * *` is 02:00:00 every night."
            },
        )
        .send()
        .await?;

    Ok(Output {
        cluster: cluster_name,
        namespace,
        scheduled_backup: scheduled.metadata.name,
        schedule,
        method,
        suspended,
    })
}

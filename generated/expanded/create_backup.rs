//! Back up a PostgreSQL cluster. @generated from specs/tools/create_backup.yaml.
//!
//! Back up a cluster now, to where it is set up to be backed up. With `wait` it follows the backup until it is done.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::vocabulary::{
    AdviceOn, Call, Effect, Failure, Fields, Format, Grant, Literal, Meaning, Outcome,
    ParamInfo, Progress, Rule, TextRule, Time, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Backup, Cluster};

/// Parameters of `create_backup`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub cluster_name: String,
    /// Name of the new Backup object, such as `main-db-before-upgrade`.
    pub backup_name: String,
    /// How the backup is made: to the cluster's object store, as volume snapshots, or by a plugin. The cluster must be set up for it.
    pub method: String,
    /// Plugin that makes the backup, such as `barman-cloud.cloudnative-pg.io`. For the method `plugin` alone.
    pub plugin_name: Option<String>,
    /// Which instance it is taken from. Unset, as the cluster says (a standby where there is one).
    pub target: Option<String>,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Wait until the backup is done, and report progress meanwhile.
    pub wait: bool,
    /// How long to wait, in seconds, where `wait` is true.
    pub timeout: i64,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `create_backup`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the Backup object.
    pub backup: String,
    /// How the backup is made: to the cluster's object store, as volume snapshots, or by a plugin.
    pub method: String,
    /// `pending`, `started`, `running`, `finalizing`, `completed`, `failed` or `walArchivingFailing`.
    pub phase: String,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Time>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "create_backup",
    title: "Back up a PostgreSQL cluster",
    about: "Back up a cluster now, to where it is set up to be backed up. With `wait` it follows the backup until it is done.",
    effect: Effect::Write,
    idempotent: false,
    toolset: "backups",
    core: false,
    input_schema: include_str!("schemas/create_backup.input.json"),
    output_schema: include_str!("schemas/create_backup.output.json"),
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
            name: "backup_name",
            about: "Name of the new Backup object, such as `main-db-before-upgrade`.",
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
            name: "wait",
            about: "Wait until the backup is done, and report progress meanwhile.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "timeout",
            about: "How long to wait, in seconds, where `wait` is true.",
            rule: Rule::Int {
                min: Some(30),
                max: Some(600),
            },
            required: false,
            secret: false,
            default: Some(Literal::Int(300)),
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
        (Some(Outcome::Done), "create_backup/done.md"),
        (Some(Outcome::TimedOut), "create_backup/timed_out.md"),
    ],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "backups",
            verbs: &["get", "watch", "create"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get"],
        },
    ],
};

/// Handler of `create_backup`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params {
        cluster_name,
        backup_name,
        method,
        plugin_name,
        target,
        namespace,
        wait,
        timeout,
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
        .iter()
        .find(|item| {
            Some(item.name.as_str()) == plugin_name.as_deref()
                && item.enabled.unwrap_or(true)
        })
        .map(|item| item.name.clone());

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

    if cluster.status.as_ref().and_then(|status| status.ready_instances).unwrap_or(0)
        == 0
    {
        call.warn(
            format!(
                "Cluster `{cluster_name}` has no ready instance: the backup begins when there is one.",
            ),
        );
    }

    let backup = call
        .create::<Backup>(&namespace, &backup_name)
        .label("cnpg.io/cluster", &cluster_name)
        .body(
            Fields::new()
                .set(
                    "spec",
                    Fields::new()
                        .set("cluster", Fields::new().set("name", &cluster_name))
                        .set("method", &method)
                        .set("target", target.as_deref())
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
            || "Choose another name; `list_backups` shows those that are taken.",
        )
        .send()
        .await?;

    let backup = if wait {
        call.wait(&backup)
            .until(|item| Ok(
                item.status.as_ref().and_then(|status| status.phase.as_deref())
                    == Some("completed"),
            ))
            .fail(|item| Ok(
                (item.status.as_ref().and_then(|status| status.phase.as_deref())
                    == Some("failed"))
                    .then(|| {
                        item
                            .status
                            .as_ref()
                            .and_then(|status| status.error.as_deref())
                            .unwrap_or("The operator gives no reason.")
                            .to_owned()
                    }),
            ))
            .progress(|item| Ok(Progress {
                done: 0,
                of: 1,
                say: item
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref())
                    .unwrap_or("not started")
                    .to_owned(),
            }))
            .timeout(timeout)
            .run()
            .await?
    } else {
        backup
    };

    Ok(Output {
        cluster: cluster_name,
        namespace,
        backup: backup.metadata.name,
        method,
        phase: backup
            .status
            .as_ref()
            .and_then(|status| status.phase.as_deref())
            .unwrap_or("not started")
            .to_owned(),
        started: backup.status.as_ref().and_then(|status| status.started_at),
        stopped: backup.status.as_ref().and_then(|status| status.stopped_at),
    })
}

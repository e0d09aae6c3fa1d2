//! Restore a backup into a new cluster. @generated from specs/tools/restore_cluster_from_backup.yaml.
//!
//! Create a new cluster from a backup that is done, with the settings of the cluster it was made of. That one stays as it is.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    AdviceOn, Call, Effect, Failure, Fields, Format, Grant, Literal, Meaning, Outcome,
    ParamInfo, Progress, Rule, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Backup, Cluster};

/// Parameters of `restore_cluster_from_backup`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Backup to start from. It must be completed.
    pub backup_name: String,
    /// Name of the new cluster.
    pub name: String,
    /// Point in time to recover to, in UTC, as `2026-03-02T09:30:00Z`; not before the end of the backup. Unset, as far as the write-ahead log goes.
    pub target_time: Option<String>,
    /// Number of instances. Unset, as many as the cluster of the backup has.
    pub instances: Option<i64>,
    /// Size of the volume of each instance. Unset, as in the cluster of the backup; not less.
    pub storage_size: Option<String>,
    /// StorageClass of the volumes. Unset, as in the cluster of the backup.
    pub storage_class: Option<String>,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Wait until the cluster is healthy with all instances ready, and report progress meanwhile.
    pub wait: bool,
    /// How long to wait, in seconds, where `wait` is true.
    pub timeout: i64,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `restore_cluster_from_backup`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the new cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Backup to start from.
    pub backup: String,
    /// Name of the cluster.
    pub source_cluster: String,
    /// Point in time to recover to, in UTC, as `2026-03-02T09:30:00Z`; not before the end of the backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_time: Option<String>,
    /// How many instances there should be, the primary included.
    pub instances: i64,
    /// How many of them are ready.
    pub ready_instances: i64,
    /// Size of the volume of each instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_size: Option<String>,
    /// Container image of PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What the operator is doing, in words: `Cluster in healthy state` where nothing is left to do.
    pub phase: String,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "restore_cluster_from_backup",
    title: "Restore a backup into a new cluster",
    about: "Create a new cluster from a backup that is done, with the settings of the cluster it was made of. That one stays as it is.",
    effect: Effect::Write,
    idempotent: false,
    toolset: "backups",
    core: false,
    input_schema: include_str!("schemas/restore_cluster_from_backup.input.json"),
    output_schema: include_str!("schemas/restore_cluster_from_backup.output.json"),
    params: &[
        ParamInfo {
            name: "backup_name",
            about: "Backup to start from. It must be completed.",
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
            name: "name",
            about: "Name of the new cluster.",
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
            name: "target_time",
            about: "Point in time to recover to, in UTC, as `2026-03-02T09:30:00Z`; not before the end of the backup. Unset, as far as the write-ahead log goes.",
            rule: Rule::Text(TextRule {
                pattern: Some(
                    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
                ),
                ..TextRule::ANY
            }),
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "instances",
            about: "Number of instances. Unset, as many as the cluster of the backup has.",
            rule: Rule::Int {
                min: Some(1),
                max: Some(10),
            },
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "storage_size",
            about: "Size of the volume of each instance. Unset, as in the cluster of the backup; not less.",
            rule: Rule::Quantity,
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "storage_class",
            about: "StorageClass of the volumes. Unset, as in the cluster of the backup.",
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
            about: "Wait until the cluster is healthy with all instances ready, and report progress meanwhile.",
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
            default: Some(Literal::Int(600)),
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
        (Some(Outcome::Done), "restore_cluster_from_backup/done.md"),
        (Some(Outcome::TimedOut), "restore_cluster_from_backup/timed_out.md"),
    ],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "backups",
            verbs: &["get"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get", "watch", "create"],
        },
    ],
};

/// Handler of `restore_cluster_from_backup`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params {
        backup_name,
        name,
        target_time,
        instances,
        storage_size,
        storage_class,
        namespace,
        wait,
        timeout,
        ..
    } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let backup = call
        .get::<Backup>(&namespace, &backup_name)
        .advice(
            AdviceOn::NotFound,
            || "See which backups there are with `list_backups`.",
        )
        .required()
        .await?;

    call.require_param(
        "backup_name",
        backup.status.as_ref().and_then(|status| status.phase.as_deref())
            == Some("completed"),
        || {
            format!(
                "Backup `{backup_name}` is not completed ({}), so nothing can be restored from it. See `list_backups`.",
                backup
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref())
                    .unwrap_or("not started"),
            )
        },
    )?;

    call.require_param(
        "backup_name",
        backup.spec.method.as_deref() != Some("plugin"),
        || {
            format!(
                "Backup `{backup_name}` was made by a plugin, whose backups are restored through `spec.externalClusters` and `spec.bootstrap.recovery.source`, not by their object. Write such a Cluster by hand; see the documentation of the plugin.",
            )
        },
    )?;

    call.require_param(
        "target_time",
        target_time.is_none() || backup.spec.method.as_deref() != Some("volumeSnapshot"),
        || {
            format!(
                "Backup `{backup_name}` is a volume snapshot, which has no write-ahead log to recover a point in time from. Leave `target_time` out, or take a backup in an object store.",
            )
        },
    )?;

    let ended = backup.status.as_ref().and_then(|status| status.stopped_at);

    call.require_param(
        "target_time",
        !target_time
            .as_deref()
            .is_some_and(|target_time| {
                ended
                    .is_some_and(|ended| {
                        target_time < expression::rfc3339(ended, 0).as_str()
                    })
            }),
        || {
            format!(
                "`target_time` lies before the end of backup `{backup_name}`. Pass a later time, or restore an earlier backup.",
            )
        },
    )?;

    let source = call
        .get::<Cluster>(&namespace, &backup.spec.cluster.name)
        .if_present()
        .await?;

    let source_size = source
        .as_ref()
        .and_then(|source| source.spec.storage.as_ref())
        .and_then(|storage| storage.size.clone());

    call.require_param(
        "storage_size",
        storage_size.is_some() || source_size.is_some(),
        || {
            format!(
                "Cluster `{}`, which the backup is of, says no size of its volumes. Pass `storage_size`, not less than its data.",
                backup.spec.cluster.name,
            )
        },
    )?;

    call.require_param(
        "storage_size",
        !(if let Some(storage_size) = storage_size.as_deref() {
            if let Some(source_size) = source_size.as_deref() {
                expression::amount(storage_size)? < expression::amount(source_size)?
            } else {
                false
            }
        } else {
            false
        }),
        || {
            format!(
                "`storage_size` is less than that of cluster `{}`: what is in the backup may not fit. Pass as much or more.",
                backup.spec.cluster.name,
            )
        },
    )?;

    let cluster = call
        .create::<Cluster>(&namespace, &name)
        .body(
            Fields::new()
                .set(
                    "spec",
                    Fields::new()
                        .set(
                            "instances",
                            instances
                                .or_else(|| {
                                    source.as_ref().map(|source| source.spec.instances)
                                })
                                .unwrap_or(1),
                        )
                        .set(
                            "imageName",
                            source
                                .as_ref()
                                .and_then(|source| source.spec.image_name.as_deref()),
                        )
                        .set(
                            "storage",
                            Fields::new()
                                .set(
                                    "size",
                                    storage_size.as_deref().or(source_size.as_deref()),
                                )
                                .set(
                                    "storageClass",
                                    storage_class
                                        .as_deref()
                                        .or_else(|| {
                                            source
                                                .as_ref()
                                                .and_then(|source| source.spec.storage.as_ref())
                                                .and_then(|storage| storage.storage_class.as_deref())
                                        }),
                                ),
                        )
                        .set(
                            "postgresql",
                            Fields::new()
                                .set(
                                    "parameters",
                                    source
                                        .as_ref()
                                        .and_then(|source| source.spec.postgresql.as_ref())
                                        .map(|postgresql| postgresql.parameters.clone())
                                        .unwrap_or_default(),
                                ),
                        )
                        .set(
                            "bootstrap",
                            Fields::new()
                                .set(
                                    "recovery",
                                    Fields::new()
                                        .set("backup", Fields::new().set("name", &backup_name))
                                        .set(
                                            "recoveryTarget",
                                            if target_time.is_some() {
                                                Some(
                                                    Fields::new().set("targetTime", target_time.as_deref()),
                                                )
                                            } else {
                                                None
                                            },
                                        ),
                                ),
                        ),
                ),
        )
        .advice(
            AdviceOn::AlreadyExists,
            || "A restore always makes a new cluster. Choose another name.",
        )
        .send()
        .await?;

    let cluster = if wait {
        call.wait(&cluster)
            .until(|item| Ok(
                item.status.as_ref().and_then(|status| status.ready_instances)
                    == Some(item.spec.instances)
                    && item.status.as_ref().and_then(|status| status.phase.as_deref())
                        == Some("Cluster in healthy state"),
            ))
            .progress(|item| Ok(Progress {
                done: item
                    .status
                    .as_ref()
                    .and_then(|status| status.ready_instances)
                    .unwrap_or(0),
                of: item.spec.instances,
                say: item
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref())
                    .unwrap_or("Waiting for the operator")
                    .to_owned(),
            }))
            .timeout(timeout)
            .run()
            .await?
    } else {
        cluster
    };

    Ok(Output {
        name,
        namespace,
        backup: backup_name,
        source_cluster: backup.spec.cluster.name,
        target_time,
        instances: cluster.spec.instances,
        ready_instances: cluster
            .status
            .as_ref()
            .and_then(|status| status.ready_instances)
            .unwrap_or(0),
        storage_size: cluster
            .spec
            .storage
            .as_ref()
            .and_then(|storage| storage.size.clone()),
        image: cluster.spec.image_name,
        phase: cluster
            .status
            .as_ref()
            .and_then(|status| status.phase.as_deref())
            .unwrap_or("Not reported yet")
            .to_owned(),
    })
}

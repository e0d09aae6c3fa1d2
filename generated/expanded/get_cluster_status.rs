//! Get the status of a PostgreSQL cluster. @generated from specs/tools/get_cluster_status.yaml.
//!
//! Read how one PostgreSQL cluster is doing: phase, instances, primary, services, image and storage.
//! With detail_level `detailed` also each instance, conditions, PostgreSQL parameters, managed roles,
//! certificates, backups and recent warning events.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Format, Grant, Literal, ParamInfo, Rule, Scope, TextRule,
    Time, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Backup, Cluster, Event, Pod};

/// Parameters of `get_cluster_status`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// How much to tell.
    pub detail_level: String,
}

/// Output of `get_cluster_status`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the Cluster object.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// What the operator is doing, in words: `Cluster in healthy state` where nothing is left to do.
    pub phase: String,
    /// Why it is in that phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase_reason: Option<String>,
    /// How many instances there should be, the primary included.
    pub instances: i64,
    /// How many of them are ready.
    pub ready_instances: i64,
    /// Instance that is the primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_primary: Option<String>,
    /// Instance that should be the primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_primary: Option<String>,
    /// Service that leads to the primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_service: Option<String>,
    /// Service that leads to every instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_service: Option<String>,
    /// Image that the cluster runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its major version of PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres_major_version: Option<i64>,
    /// Size of the volume of each instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_size: Option<String>,
    /// StorageClass of the volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// With `detail_level: detailed` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<OutputDetails>,
}

/// `LastFailure` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct LastFailure {
    /// Name.
    pub name: String,
    /// At.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `OutputDetailsInstances` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDetailsInstances {
    /// Name.
    pub name: String,
    /// Role.
    pub role: String,
    /// Healthy.
    pub healthy: bool,
    /// Timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<i64>,
    /// Node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Pod phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_phase: Option<String>,
}

/// `OutputDetailsConditions` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDetailsConditions {
    /// Type.
    pub r#type: String,
    /// Status.
    pub status: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
}

/// `OutputDetailsPostgresqlParameters` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDetailsPostgresqlParameters {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// `OutputDetailsRolesByState` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDetailsRolesByState {
    /// State.
    pub state: String,
    /// Roles.
    pub roles: Vec<String>,
}

/// `OutputDetailsRolesNotReconciled` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDetailsRolesNotReconciled {
    /// Role.
    pub role: String,
    /// Reasons.
    pub reasons: Vec<String>,
}

/// `OutputDetailsCertificateExpiry` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDetailsCertificateExpiry {
    /// Secret.
    pub secret: String,
    /// Expires.
    pub expires: String,
}

/// `OutputDetailsWarningEvents` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDetailsWarningEvents {
    /// Reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// Last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Time>,
}

/// `OutputDetails` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputDetails {
    /// Created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
    /// Timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<i64>,
    /// Instances.
    pub instances: Vec<OutputDetailsInstances>,
    /// Conditions.
    pub conditions: Vec<OutputDetailsConditions>,
    /// Postgresql parameters.
    pub postgresql_parameters: Vec<OutputDetailsPostgresqlParameters>,
    /// Roles by state.
    pub roles_by_state: Vec<OutputDetailsRolesByState>,
    /// Roles not reconciled.
    pub roles_not_reconciled: Vec<OutputDetailsRolesNotReconciled>,
    /// Certificate expiry.
    pub certificate_expiry: Vec<OutputDetailsCertificateExpiry>,
    /// First recoverability point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_recoverability_point: Option<String>,
    /// Last successful backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_successful_backup: Option<Time>,
    /// Last failed backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failed_backup: Option<LastFailure>,
    /// Warning events.
    pub warning_events: Vec<OutputDetailsWarningEvents>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "get_cluster_status",
    title: "Get the status of a PostgreSQL cluster",
    about: "Read how one PostgreSQL cluster is doing: phase, instances, primary, services, image and storage.\nWith detail_level `detailed` also each instance, conditions, PostgreSQL parameters, managed roles,\ncertificates, backups and recent warning events.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "clusters",
    core: true,
    input_schema: include_str!("schemas/get_cluster_status.input.json"),
    output_schema: include_str!("schemas/get_cluster_status.output.json"),
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
            name: "detail_level",
            about: "How much to tell.",
            rule: Rule::Enum(&["concise", "detailed"]),
            required: false,
            secret: false,
            default: Some(Literal::Text("concise")),
            meaning: None,
        },
    ],
    paged_output: None,
    answers: &[(None, "get_cluster_status/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "",
            resource: "events",
            verbs: &["list"],
        },
        Grant {
            group: "",
            resource: "pods",
            verbs: &["list"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "backups",
            verbs: &["list"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get"],
        },
    ],
};

/// Handler of `get_cluster_status`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { name, namespace, detail_level } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    let pods = if detail_level == "detailed" {
        call.list::<Pod>(Scope::Namespace(&namespace))
            .label("cnpg.io/cluster", &name)
            .forbidden_note(|| {
                "Pods could not be read (needs `list` on pods), so restarts and nodes are missing."
            })
            .all()
            .await?
    } else {
        Vec::new()
    };

    let backups = if detail_level == "detailed" {
        call.list::<Backup>(Scope::Namespace(&namespace))
            .forbidden_note(|| {
                "Backups could not be read (needs `list` on backups.postgresql.cnpg.io)."
            })
            .keep(|item| Ok(item.spec.cluster.name == name))
            .newest(50, |item| item.metadata.creation_timestamp)
            .await?
    } else {
        Vec::new()
    };

    let last_success = backups
        .iter()
        .find(|item| {
            item.status.as_ref().and_then(|status| status.phase.as_deref())
                == Some("completed")
        })
        .and_then(|item| item.status.as_ref().and_then(|status| status.stopped_at));

    let last_failure = backups
        .into_iter()
        .find(|item| {
            item.status.as_ref().and_then(|status| status.phase.as_deref())
                == Some("failed")
        })
        .map(|item| LastFailure {
            name: item.metadata.name,
            at: item.metadata.creation_timestamp,
            error: item.status.as_ref().and_then(|status| status.error.clone()),
        });

    let events = if detail_level == "detailed" {
        call.list::<Event>(Scope::Namespace(&namespace))
            .field("involvedObject.kind", "Cluster")
            .field("involvedObject.name", &name)
            .field("type", "Warning")
            .forbidden_note(|| "Events could not be read (needs `list` on events).")
            .newest(10, |item| item.last_timestamp.or(item.event_time))
            .await?
    } else {
        Vec::new()
    };

    Ok(Output {
        name: cluster.metadata.name,
        namespace,
        phase: cluster
            .status
            .as_ref()
            .and_then(|status| status.phase.as_deref())
            .unwrap_or("Not reported yet")
            .to_owned(),
        phase_reason: cluster
            .status
            .as_ref()
            .and_then(|status| status.phase_reason.clone()),
        instances: cluster.spec.instances,
        ready_instances: cluster
            .status
            .as_ref()
            .and_then(|status| status.ready_instances)
            .unwrap_or(0),
        current_primary: cluster
            .status
            .as_ref()
            .and_then(|status| status.current_primary.clone()),
        target_primary: cluster
            .status
            .as_ref()
            .and_then(|status| status.target_primary.clone()),
        write_service: cluster
            .status
            .as_ref()
            .and_then(|status| status.write_service.clone()),
        read_service: cluster
            .status
            .as_ref()
            .and_then(|status| status.read_service.clone()),
        image: cluster
            .status
            .as_ref()
            .and_then(|status| status.image.as_deref())
            .or(cluster.spec.image_name.as_deref())
            .map(str::to_owned),
        postgres_major_version: cluster
            .status
            .as_ref()
            .and_then(|status| status.pg_data_image_info.as_ref())
            .map(|pg_data_image_info| pg_data_image_info.major_version),
        storage_size: cluster
            .spec
            .storage
            .as_ref()
            .and_then(|storage| storage.size.clone()),
        storage_class: cluster
            .spec
            .storage
            .as_ref()
            .and_then(|storage| storage.storage_class.clone()),
        details: (detail_level == "detailed")
            .then(|| OutputDetails {
                created: cluster.metadata.creation_timestamp,
                timeline: cluster.status.as_ref().and_then(|status| status.timeline_id),
                instances: cluster
                    .status
                    .iter()
                    .flat_map(|status| &status.instance_names)
                    .map(String::as_str)
                    .map(|instance| OutputDetailsInstances {
                        name: instance.to_owned(),
                        role: if Some(instance)
                            == cluster
                                .status
                                .as_ref()
                                .and_then(|status| status.current_primary.as_deref())
                        {
                            "primary".to_owned()
                        } else {
                            "replica".to_owned()
                        },
                        healthy: cluster
                            .status
                            .as_ref()
                            .and_then(|status| status.instances_status.get("healthy"))
                            .is_some_and(|list| expression::contains(list, instance)),
                        timeline: cluster
                            .status
                            .as_ref()
                            .and_then(|status| {
                                status.instances_reported_state.get(instance)
                            })
                            .and_then(|value| value.time_line_id),
                        node: pods
                            .iter()
                            .find(|item| item.metadata.name == instance)
                            .and_then(|item| {
                                item.spec.as_ref().and_then(|spec| spec.node_name.clone())
                            }),
                        pod_phase: pods
                            .iter()
                            .find(|item| item.metadata.name == instance)
                            .and_then(|item| {
                                item.status.as_ref().and_then(|status| status.phase.clone())
                            }),
                    })
                    .collect::<Vec<_>>(),
                conditions: cluster
                    .status
                    .iter()
                    .flat_map(|status| &status.conditions)
                    .map(|item| OutputDetailsConditions {
                        r#type: item.r#type.clone(),
                        status: item.status.clone(),
                        reason: item.reason.clone(),
                        message: item.message.clone(),
                    })
                    .collect::<Vec<_>>(),
                postgresql_parameters: cluster
                    .spec
                    .postgresql
                    .as_ref()
                    .map(|postgresql| expression::entries(&postgresql.parameters))
                    .unwrap_or_default()
                    .into_iter()
                    .map(|item| OutputDetailsPostgresqlParameters {
                        name: item.key,
                        value: item.value,
                    })
                    .collect::<Vec<_>>(),
                roles_by_state: cluster
                    .status
                    .as_ref()
                    .and_then(|status| status.managed_roles_status.as_ref())
                    .map(|managed_roles_status| expression::entries(
                        &managed_roles_status.by_status,
                    ))
                    .unwrap_or_default()
                    .into_iter()
                    .map(|item| OutputDetailsRolesByState {
                        state: item.key,
                        roles: item.value,
                    })
                    .collect::<Vec<_>>(),
                roles_not_reconciled: cluster
                    .status
                    .as_ref()
                    .and_then(|status| status.managed_roles_status.as_ref())
                    .map(|managed_roles_status| expression::entries(
                        &managed_roles_status.cannot_reconcile,
                    ))
                    .unwrap_or_default()
                    .into_iter()
                    .map(|item| OutputDetailsRolesNotReconciled {
                        role: item.key,
                        reasons: item.value,
                    })
                    .collect::<Vec<_>>(),
                certificate_expiry: cluster
                    .status
                    .as_ref()
                    .and_then(|status| status.certificates.as_ref())
                    .map(|certificates| expression::entries(&certificates.expirations))
                    .unwrap_or_default()
                    .into_iter()
                    .map(|item| OutputDetailsCertificateExpiry {
                        secret: item.key,
                        expires: item.value,
                    })
                    .collect::<Vec<_>>(),
                first_recoverability_point: cluster
                    .status
                    .as_ref()
                    .and_then(|status| status.first_recoverability_point.clone()),
                last_successful_backup: last_success
                    .or_else(|| {
                        cluster
                            .status
                            .as_ref()
                            .and_then(|status| {
                                status
                                    .last_successful_backup_by_method
                                    .get("barmanObjectStore")
                            })
                            .copied()
                    })
                    .or_else(|| {
                        cluster
                            .status
                            .as_ref()
                            .and_then(|status| {
                                status
                                    .last_successful_backup_by_method
                                    .get("volumeSnapshot")
                            })
                            .copied()
                    }),
                last_failed_backup: last_failure,
                warning_events: events
                    .into_iter()
                    .map(|item| OutputDetailsWarningEvents {
                        reason: item.reason,
                        message: item.message,
                        count: item.count,
                        last_seen: item.last_timestamp.or(item.event_time),
                    })
                    .collect::<Vec<_>>(),
            }),
    })
}

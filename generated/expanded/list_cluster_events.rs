//! List events of a PostgreSQL cluster. @generated from specs/tools/list_cluster_events.yaml.
//!
//! List what happened lately to a cluster, its instances, their volumes and its backups: the newest events, newest first.

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
use super::kinds::{Backup, Cluster, Event};

/// Parameters of `list_cluster_events`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Leave out what is normal.
    pub warnings_only: bool,
    /// How many events at most.
    pub count: i64,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
}

/// Output of `list_cluster_events`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Newest events, newest first.
    pub events: Vec<OutputEvents>,
}

/// `OutputEvents` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputEvents {
    /// Type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// Last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Time>,
    /// By.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "list_cluster_events",
    title: "List events of a PostgreSQL cluster",
    about: "List what happened lately to a cluster, its instances, their volumes and its backups: the newest events, newest first.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "diagnostics",
    core: false,
    input_schema: include_str!("schemas/list_cluster_events.input.json"),
    output_schema: include_str!("schemas/list_cluster_events.output.json"),
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
            name: "warnings_only",
            about: "Leave out what is normal.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: None,
        },
        ParamInfo {
            name: "count",
            about: "How many events at most.",
            rule: Rule::Int {
                min: Some(1),
                max: Some(200),
            },
            required: false,
            secret: false,
            default: Some(Literal::Int(50)),
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
    answers: &[(None, "list_cluster_events/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "",
            resource: "events",
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

/// Handler of `list_cluster_events`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { name, warnings_only, count, namespace } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    let backups = call
        .list::<Backup>(Scope::Namespace(&namespace))
        .forbidden_note(|| {
            "Backups could not be read, so events about them are missing."
        })
        .keep(|item| Ok(item.spec.cluster.name == name))
        .all()
        .await?;

    let backup_names = backups
        .into_iter()
        .map(|item| item.metadata.name)
        .collect::<Vec<_>>();

    let events = call
        .list::<Event>(Scope::Namespace(&namespace))
        .keep(|item| Ok(
            (!warnings_only || item.r#type.as_deref() == Some("Warning"))
                && ((item.involved_object.kind.as_deref() == Some("Cluster")
                    && item.involved_object.name.as_deref() == Some(name.as_str()))
                    || (item
                        .involved_object
                        .kind
                        .as_deref()
                        .is_some_and(|value| {
                            ["Pod", "PersistentVolumeClaim"].contains(&value)
                        })
                        && item
                            .involved_object
                            .name
                            .as_deref()
                            .is_some_and(|value| {
                                cluster
                                    .status
                                    .as_ref()
                                    .map(|status| &status.instance_names)
                                    .is_some_and(|list| expression::contains(list, value))
                            }))
                    || (item.involved_object.kind.as_deref() == Some("Backup")
                        && item
                            .involved_object
                            .name
                            .as_deref()
                            .is_some_and(|value| expression::contains(
                                &backup_names,
                                value,
                            )))),
        ))
        .newest(count, |item| item.last_timestamp.or(item.event_time))
        .await?;

    Ok(Output {
        name,
        namespace,
        events: events
            .into_iter()
            .map(|item| OutputEvents {
                r#type: item.r#type,
                reason: item.reason,
                message: item.message,
                kind: item.involved_object.kind,
                object: item.involved_object.name,
                count: item
                    .count
                    .or_else(|| item.series.as_ref().and_then(|series| series.count)),
                last_seen: item.last_timestamp.or(item.event_time),
                by: item
                    .source
                    .as_ref()
                    .and_then(|source| source.component.as_deref())
                    .or(item.reporting_component.as_deref())
                    .map(str::to_owned),
            })
            .collect::<Vec<_>>(),
    })
}

//! List PostgreSQL clusters. @generated from specs/tools/list_postgres_clusters.yaml.
//!
//! List the PostgreSQL clusters that CloudNativePG manages, with phase, ready instances and primary.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::vocabulary::{
    AdviceOn, Call, Effect, Failure, Format, Grant, Literal, Meaning, ParamInfo, Rule,
    Scope, TextRule, Time, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Cluster;

/// Parameters of `list_postgres_clusters`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Look into every namespace. Not together with `namespace`.
    pub all_namespaces: bool,
    /// How much to tell.
    pub detail_level: String,
    /// How many items to return at most.
    pub limit: i64,
    /// The `cursor` of the answer before, to go on from there. Everything else must be as in that call.
    pub cursor: Option<String>,
}

/// Output of `list_postgres_clusters`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Clusters of the namespace, or of all.
    pub clusters: Vec<OutputClusters>,
}

/// `GetClusterStatusOutputDetailsConditions` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct GetClusterStatusOutputDetailsConditions {
    /// Type.
    pub r#type: String,
    /// Status.
    pub status: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
}

/// `OutputClustersDetails` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputClustersDetails {
    /// Image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Postgres major version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres_major_version: Option<i64>,
    /// Storage size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_size: Option<String>,
    /// Storage class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// Created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
    /// Last successful backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_successful_backup: Option<String>,
    /// Conditions.
    pub conditions: Vec<GetClusterStatusOutputDetailsConditions>,
}

/// `OutputClusters` of the output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputClusters {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Phase.
    pub phase: String,
    /// Instances.
    pub instances: i64,
    /// Ready instances.
    pub ready_instances: i64,
    /// Current primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_primary: Option<String>,
    /// Details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<OutputClustersDetails>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "list_postgres_clusters",
    title: "List PostgreSQL clusters",
    about: "List the PostgreSQL clusters that CloudNativePG manages, with phase, ready instances and primary.",
    effect: Effect::Read,
    idempotent: true,
    toolset: "clusters",
    core: true,
    input_schema: include_str!("schemas/list_postgres_clusters.input.json"),
    output_schema: include_str!("schemas/list_postgres_clusters.output.json"),
    params: &[
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
            name: "all_namespaces",
            about: "Look into every namespace. Not together with `namespace`.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
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
    paged_output: Some("clusters"),
    answers: &[(None, "list_postgres_clusters/answer.md")],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["list"],
        },
    ],
};

/// Handler of `list_postgres_clusters`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { namespace, all_namespaces, detail_level, limit, cursor } = params;
    let namespace_given = namespace.is_some();
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    call.require_param(
        "all_namespaces",
        !all_namespaces || !namespace_given,
        || "`all_namespaces` and `namespace` contradict each other. Pass one of them.",
    )?;

    let clusters = call
        .list::<Cluster>(
            if all_namespaces {
                Scope::AllNamespaces
            } else {
                Scope::Namespace(&namespace)
            },
        )
        .advice(
            AdviceOn::Forbidden,
            || "Pass `namespace` to list one namespace that this server may read.",
        )
        .page(limit, cursor.as_deref())
        .await?;

    Ok(Output {
        clusters: clusters
            .into_iter()
            .map(|item| OutputClusters {
                name: item.metadata.name.clone(),
                namespace: item.metadata.namespace().to_owned(),
                phase: item
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref())
                    .unwrap_or("Not reported yet")
                    .to_owned(),
                instances: item.spec.instances,
                ready_instances: item
                    .status
                    .as_ref()
                    .and_then(|status| status.ready_instances)
                    .unwrap_or(0),
                current_primary: item
                    .status
                    .as_ref()
                    .and_then(|status| status.current_primary.clone()),
                details: (detail_level == "detailed")
                    .then(|| OutputClustersDetails {
                        image: item
                            .status
                            .as_ref()
                            .and_then(|status| status.image.as_deref())
                            .or(item.spec.image_name.as_deref())
                            .map(str::to_owned),
                        postgres_major_version: item
                            .status
                            .as_ref()
                            .and_then(|status| status.pg_data_image_info.as_ref())
                            .map(|pg_data_image_info| pg_data_image_info.major_version),
                        storage_size: item
                            .spec
                            .storage
                            .as_ref()
                            .and_then(|storage| storage.size.clone()),
                        storage_class: item
                            .spec
                            .storage
                            .as_ref()
                            .and_then(|storage| storage.storage_class.clone()),
                        created: item.metadata.creation_timestamp,
                        last_successful_backup: item
                            .status
                            .as_ref()
                            .and_then(|status| status.last_successful_backup.clone()),
                        conditions: item
                            .status
                            .iter()
                            .flat_map(|status| &status.conditions)
                            .map(|item| GetClusterStatusOutputDetailsConditions {
                                r#type: item.r#type.clone(),
                                status: item.status.clone(),
                                reason: item.reason.clone(),
                                message: item.message.clone(),
                            })
                            .collect::<Vec<_>>(),
                    }),
            })
            .collect::<Vec<_>>(),
    })
}

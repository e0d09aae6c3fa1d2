//! Grow the storage of a PostgreSQL cluster. @generated from specs/tools/resize_postgres_cluster.yaml.
//!
//! Make the volume of each instance larger. Volumes only grow: a smaller size is refused.

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
    Rule, Scope, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Cluster, PersistentVolumeClaim, StorageClass};

/// Parameters of `resize_postgres_cluster`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// New size of the volume of each instance, as a Kubernetes quantity.
    pub storage_size: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `resize_postgres_cluster`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Size before the call.
    pub storage_size_before: String,
    /// New size of the volume of each instance, as a Kubernetes quantity.
    pub storage_size: String,
    /// StorageClass of the volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "resize_postgres_cluster",
    title: "Grow the storage of a PostgreSQL cluster",
    about: "Make the volume of each instance larger. Volumes only grow: a smaller size is refused.",
    effect: Effect::Write,
    idempotent: true,
    toolset: "clusters",
    core: false,
    input_schema: include_str!("schemas/resize_postgres_cluster.input.json"),
    output_schema: include_str!("schemas/resize_postgres_cluster.output.json"),
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
            name: "storage_size",
            about: "New size of the volume of each instance, as a Kubernetes quantity.",
            rule: Rule::Quantity,
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
        (Some(Outcome::Unchanged), "resize_postgres_cluster/unchanged.md"),
        (Some(Outcome::Done), "resize_postgres_cluster/done.md"),
        (Some(Outcome::Planned), "resize_postgres_cluster/planned.md"),
    ],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "",
            resource: "persistentvolumeclaims",
            verbs: &["list"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get", "patch"],
        },
        Grant {
            group: "storage.k8s.io",
            resource: "storageclasses",
            verbs: &["get"],
        },
    ],
};

/// Handler of `resize_postgres_cluster`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { name, storage_size, namespace, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    let before = cluster.spec.storage.as_ref().and_then(|storage| storage.size.clone());

    let Some(before) = before else {
        return Err(
            Failure::refused(
                format!(
                    "Cluster `{name}` says no size in `spec.storage.size`; its volumes come from `spec.storage.pvcTemplate`. Change it there by kubectl.",
                ),
            ),
        );
    };

    call.require_param(
        "storage_size",
        expression::amount(&storage_size)? >= expression::amount(&before)?,
        || {
            format!(
                "Volumes only grow: cluster `{name}` has {before}, and {storage_size} is less. Pass more, or restore a backup into a new, smaller cluster.",
            )
        },
    )?;

    if expression::amount(&storage_size)? <= expression::amount(&before)? {
        call.stop(Outcome::Unchanged);
        return Ok(output(&name, &storage_size, &namespace, &before, None));
    }

    let claims = call
        .list::<PersistentVolumeClaim>(Scope::Namespace(&namespace))
        .label("cnpg.io/cluster", &name)
        .label("cnpg.io/pvcRole", "PG_DATA")
        .forbidden_note(|| {
            "PersistentVolumeClaims could not be read (needs `list` on persistentvolumeclaims), so it is not known whether the volumes can grow."
        })
        .all()
        .await?;

    let claimed_class = claims
        .into_iter()
        .find(|item| {
            item
                .spec
                .as_ref()
                .and_then(|spec| spec.storage_class_name.as_deref())
                .is_some()
        })
        .and_then(|item| {
            item
                .spec
                .as_ref()
                .and_then(|spec| spec.storage_class_name.as_deref())
                .map(|storage_class_name| storage_class_name.to_owned())
        });

    let class = if let Some(claimed_class) = claimed_class {
        Some(claimed_class)
    } else {
        cluster.spec.storage.as_ref().and_then(|storage| storage.storage_class.clone())
    };

    let storage_class = if let Some(class) = class.as_deref() {
        call.get_cluster_scoped::<StorageClass>(class)
            .forbidden_note(|| {
                "The StorageClass could not be read (needs `get` on storageclasses), so it is not known whether the volumes can grow."
            })
            .if_present()
            .await?
    } else {
        None
    };

    call.require_param(
        "storage_size",
        storage_class
            .as_ref()
            .is_none_or(|storage_class| {
                storage_class.allow_volume_expansion.unwrap_or(false)
            }),
        || {
            format!(
                "StorageClass `{}` lets no volume grow (`allowVolumeExpansion` is not true). Have it allowed there, or restore a backup into a new, larger cluster.",
                class.as_deref().unwrap_or(""),
            )
        },
    )?;

    if !cluster
        .spec
        .storage
        .as_ref()
        .and_then(|storage| storage.resize_in_use_volumes)
        .unwrap_or(true)
    {
        call.warn(
            format!(
                "Cluster `{name}` does not grow volumes in use (`resizeInUseVolumes: false`): each instance has to be made again for the new size to reach it.",
            ),
        );
    }

    call.patch(&cluster)
        .set(
            Fields::new()
                .set(
                    "spec",
                    Fields::new()
                        .set("storage", Fields::new().set("size", &storage_size)),
                ),
        )
        .send()
        .await?;

    Ok(output(&name, &storage_size, &namespace, &before, class.as_deref()))
}

/// The output with what the call has reached.
fn output(
    name: &str,
    storage_size: &str,
    namespace: &str,
    before: &str,
    class: Option<&str>,
) -> Output {
    Output {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        storage_size_before: before.to_owned(),
        storage_size: storage_size.to_owned(),
        storage_class: class.map(str::to_owned),
    }
}

//! Promote a replica to primary. @generated from specs/tools/promote_cluster_instance.yaml.
//!
//! Make another instance of a cluster its primary (switchover), as `kubectl cnpg promote` does. Connections to the
//! old primary break.

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
    Progress, Rule, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::Cluster;

/// Parameters of `promote_cluster_instance`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Instance that becomes the primary, such as `main-db-2`. It must be a healthy replica.
    pub instance: String,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Wait until it is the primary and the cluster is healthy, and report progress meanwhile.
    pub wait: bool,
    /// How long to wait, in seconds, where `wait` is true.
    pub timeout: i64,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `promote_cluster_instance`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the CloudNativePG cluster.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Instance that was the primary before the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_before: Option<String>,
    /// Instance that becomes the primary, such as `main-db-2`.
    pub target_primary: String,
    /// Instance that is the primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_primary: Option<String>,
    /// What the operator is doing, in words: `Cluster in healthy state` where nothing is left to do.
    pub phase: String,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "promote_cluster_instance",
    title: "Promote a replica to primary",
    about: "Make another instance of a cluster its primary (switchover), as `kubectl cnpg promote` does. Connections to the\nold primary break.",
    effect: Effect::Write,
    idempotent: true,
    toolset: "clusters",
    core: false,
    input_schema: include_str!("schemas/promote_cluster_instance.input.json"),
    output_schema: include_str!("schemas/promote_cluster_instance.output.json"),
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
            name: "instance",
            about: "Instance that becomes the primary, such as `main-db-2`. It must be a healthy replica.",
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
            about: "Wait until it is the primary and the cluster is healthy, and report progress meanwhile.",
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
            default: Some(Literal::Int(180)),
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
        (Some(Outcome::Unchanged), "promote_cluster_instance/unchanged.md"),
        (Some(Outcome::Done), "promote_cluster_instance/done.md"),
        (Some(Outcome::Planned), "promote_cluster_instance/planned.md"),
        (Some(Outcome::TimedOut), "promote_cluster_instance/timed_out.md"),
    ],
    confirm_plan: None,
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters",
            verbs: &["get", "watch"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "clusters/status",
            verbs: &["patch"],
        },
    ],
};

/// Handler of `promote_cluster_instance`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { name, instance, namespace, wait, timeout, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;
    let now = call.now();

    let cluster = call.get::<Cluster>(&namespace, &name).required().await?;

    let before = cluster
        .status
        .as_ref()
        .and_then(|status| status.current_primary.clone());

    call.require_param(
        "instance",
        cluster
            .status
            .as_ref()
            .map(|status| &status.instance_names)
            .is_some_and(|list| expression::contains(list, &instance)),
        || {
            format!(
                "Cluster `{name}` has no instance `{instance}`. It has: {}.",
                expression::join(
                    cluster
                        .status
                        .as_ref()
                        .map(|status| &status.instance_names)
                        .map(Vec::as_slice)
                        .unwrap_or_default(),
                    ", ",
                ),
            )
        },
    )?;

    if before.as_deref() == Some(instance.as_str())
        && cluster.status.as_ref().and_then(|status| status.target_primary.as_deref())
            == Some(instance.as_str())
    {
        call.stop(Outcome::Unchanged);
        return Ok(output(&name, &instance, &namespace, &cluster, None));
    }

    let Some(before) = before
        .filter(|before| {
            cluster.status.as_ref().and_then(|status| status.target_primary.as_deref())
                == Some(before)
        }) else {
        return Err(
            Failure::refused(
                format!(
                    "Cluster `{name}` is changing its primary already (to `{}`). Wait until that is done; see `get_cluster_status`.",
                    cluster
                        .status
                        .as_ref()
                        .and_then(|status| status.target_primary.as_deref())
                        .unwrap_or("none yet"),
                ),
            ),
        );
    };

    call.require_param(
        "instance",
        cluster
            .status
            .as_ref()
            .and_then(|status| status.instances_status.get("healthy"))
            .is_some_and(|list| expression::contains(list, &instance)),
        || {
            format!(
                "Instance `{instance}` is not healthy, so it cannot take over. Healthy are: {}.",
                expression::join(
                    cluster
                        .status
                        .as_ref()
                        .and_then(|status| status.instances_status.get("healthy"))
                        .map(Vec::as_slice)
                        .unwrap_or_default(),
                    ", ",
                ),
            )
        },
    )?;

    let at = now;

    let cluster = call
        .patch(&cluster)
        .through_status()
        .set(
            Fields::new()
                .set(
                    "status",
                    Fields::new()
                        .set("targetPrimary", &instance)
                        .set("targetPrimaryTimestamp", expression::rfc3339(at, 6))
                        .set("phase", "Switchover in progress")
                        .set("phaseReason", format!("Switching over to {instance}")),
                ),
        )
        .send()
        .await?;

    let cluster = if wait {
        call.wait(&cluster)
            .until(|item| Ok(
                item.status.as_ref().and_then(|status| status.current_primary.as_deref())
                    == Some(instance.as_str())
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

    Ok(output(&name, &instance, &namespace, &cluster, Some(before.as_str())))
}

/// The output with what the call has reached.
fn output(
    name: &str,
    instance: &str,
    namespace: &str,
    cluster: &Cluster,
    before: Option<&str>,
) -> Output {
    Output {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        primary_before: before.map(str::to_owned),
        target_primary: instance.to_owned(),
        current_primary: cluster
            .status
            .as_ref()
            .and_then(|status| status.current_primary.clone()),
        phase: cluster
            .status
            .as_ref()
            .and_then(|status| status.phase.as_deref())
            .unwrap_or("Not reported yet")
            .to_owned(),
    }
}

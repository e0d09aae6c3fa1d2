//! Delete a schedule of backups. @generated from specs/tools/delete_scheduled_backup.yaml.
//!
//! Delete a schedule of backups: no further ones are made. Backups that it made stay, unless they belong to it
//! (owner reference `self`): then they go with it, which needs confirmation.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use cnpg_mcp_runtime::expression;
use cnpg_mcp_runtime::vocabulary::{
    Call, Effect, Failure, Format, Grant, Literal, Meaning, ParamInfo, Rule, Scope,
    TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use super::kinds::{Backup, ScheduledBackup};

/// Parameters of `delete_scheduled_backup`.
#[derive(Debug, Deserialize)]
pub struct Params {
    /// Name of the ScheduledBackup object.
    pub schedule_name: String,
    /// Must be true for anything to be deleted. Otherwise the answer shows what would go.
    pub confirm_deletion: bool,
    /// Kubernetes namespace. Unset, the server's own namespace is used, else the one of the kubeconfig context, else `default`.
    pub namespace: Option<String>,
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
}

/// Output of `delete_scheduled_backup`; the runtime adds the outcome, warnings and the like.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Name of the ScheduledBackup object.
    pub scheduled_backup: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Name of the cluster.
    pub cluster: String,
    /// Cron expression of six fields, seconds first.
    pub schedule: String,
    /// Backups that the schedule made. They stay.
    pub backups: Vec<String>,
}

/// The tool, for the registry.
pub const TOOL: Tool = Tool {
    info: &INFO,
    run: |arguments, call| entry(arguments, call, run),
};

static INFO: ToolInfo = ToolInfo {
    name: "delete_scheduled_backup",
    title: "Delete a schedule of backups",
    about: "Delete a schedule of backups: no further ones are made. Backups that it made stay, unless they belong to it\n(owner reference `self`): then they go with it, which needs confirmation.",
    effect: Effect::Destroy,
    idempotent: false,
    toolset: "backups",
    core: false,
    input_schema: include_str!("schemas/delete_scheduled_backup.input.json"),
    output_schema: include_str!("schemas/delete_scheduled_backup.output.json"),
    params: &[
        ParamInfo {
            name: "schedule_name",
            about: "Name of the ScheduledBackup object.",
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
            name: "confirm_deletion",
            about: "Must be true for anything to be deleted. Otherwise the answer shows what would go.",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: Some(Literal::Bool(false)),
            meaning: Some(Meaning::Confirmation),
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
    answers: &[(None, "delete_scheduled_backup/answer.md")],
    confirm_plan: Some("delete_scheduled_backup_plan.md"),
    grants: &[
        Grant {
            group: "postgresql.cnpg.io",
            resource: "backups",
            verbs: &["list"],
        },
        Grant {
            group: "postgresql.cnpg.io",
            resource: "scheduledbackups",
            verbs: &["get", "delete"],
        },
    ],
};

/// Handler of `delete_scheduled_backup`.
pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let Params { schedule_name, confirm_deletion, namespace, .. } = params;
    let namespace = namespace.unwrap_or_else(|| call.current_namespace());
    call.check_param("namespace", &namespace)?;

    let scheduled = call
        .get::<ScheduledBackup>(&namespace, &schedule_name)
        .required()
        .await?;

    let backups = call
        .list::<Backup>(Scope::Namespace(&namespace))
        .keep(|item| Ok(
            item.spec.cluster.name == scheduled.spec.cluster.name
                && expression::owned(item, &scheduled),
        ))
        .all()
        .await?;

    if !backups.is_empty() {
        let plan = output(&namespace, &scheduled, &backups);
        if !call.confirm(confirm_deletion, &plan, &[&scheduled.metadata]).await? {
            return Ok(plan);
        }
    }

    call.delete(&scheduled).send().await?;

    Ok(output(&namespace, &scheduled, &backups))
}

/// The output with what the call has reached.
fn output(namespace: &str, scheduled: &ScheduledBackup, backups: &[Backup]) -> Output {
    Output {
        scheduled_backup: scheduled.metadata.name.clone(),
        namespace: namespace.to_owned(),
        cluster: scheduled.spec.cluster.name.clone(),
        schedule: scheduled.spec.schedule.clone(),
        backups: backups
            .iter()
            .map(|item| item.metadata.name.clone())
            .collect::<Vec<_>>(),
    }
}

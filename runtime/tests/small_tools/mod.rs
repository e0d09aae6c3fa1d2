//! Small tools, written by hand as generated code would be, for tests that need no Kubernetes.
#![allow(dead_code)]

use std::sync::Arc;

use cnpg_mcp_runtime::call::{Call, Identity, NoProgress};
use cnpg_mcp_runtime::confirm::NoPrompter;
use cnpg_mcp_runtime::failure::Failure;
use cnpg_mcp_runtime::kubernetes::{Kubernetes, KubernetesOptions};
use cnpg_mcp_runtime::registry::{CallContext, Options, Registry};
use cnpg_mcp_runtime::secret::SecretText;
use cnpg_mcp_runtime::tool::{
    Effect, Format, Grant, Literal, Meaning, ParamInfo, Rule, TextRule, Tool, ToolInfo, entry,
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Version that the servers of these tests say they have.
pub const VERSION: &str = "1.2.3";

const fn param(name: &'static str, rule: Rule) -> ParamInfo {
    ParamInfo { name, about: "A parameter.", rule, required: false, secret: false, default: None, meaning: None }
}

const fn tool(name: &'static str, effect: Effect, params: &'static [ParamInfo]) -> ToolInfo {
    ToolInfo {
        name,
        title: "A small tool",
        about: "Does something small.\n",
        effect,
        idempotent: false,
        toolset: "small",
        core: true,
        input_schema: r#"{"type":"object","properties":{},"additionalProperties":false}"#,
        output_schema: r#"{"type":"object","properties":{"outcome":{"type":"string"},"warnings":{"type":"array","items":{"type":"string"}},"truncated":{"type":"boolean"}},"required":["outcome","warnings"]}"#,
        params,
        paged_output: None,
        answers: &[(None, "answer.md")],
        confirm_plan: None,
        grants: &[Grant { group: "", resource: "secrets", verbs: &["get"] }],
    }
}

pub static PARAMS: &[ParamInfo] = &[
    ParamInfo {
        required: true,
        ..param(
            "role_name",
            Rule::Text(TextRule {
                pattern: Some("^[a-z_][a-z0-9_]*$"),
                max_length: Some(63),
                reserved_names: &["postgres"],
                reserved_prefixes: &["pg_"],
                ..TextRule::ANY
            }),
        )
    },
    param(
        "cluster_name",
        Rule::Text(TextRule { format: Some(Format::Dns1035Label), max_length: Some(50), ..TextRule::ANY }),
    ),
    param("storage_class", Rule::Text(TextRule { format: Some(Format::Dns1123Subdomain), ..TextRule::ANY })),
    ParamInfo { default: Some(Literal::Int(3)), ..param("instances", Rule::Int { min: Some(1), max: Some(10) }) },
    param("ratio", Rule::Float { min: Some(0), max: Some(1) }),
    ParamInfo { default: Some(Literal::Text("1Gi")), ..param("storage_size", Rule::Quantity) },
    ParamInfo {
        default: Some(Literal::Text("concise")),
        ..param("detail_level", Rule::Enum(&["concise", "detailed"]))
    },
    param("tags", Rule::TextList(TextRule { max_length: Some(10), ..TextRule::ANY })),
    ParamInfo {
        secret: true,
        ..param("password", Rule::Text(TextRule { min_length: Some(8), max_length: Some(256), ..TextRule::ANY }))
    },
    ParamInfo { default: Some(Literal::Bool(false)), meaning: Some(Meaning::DryRun), ..param("dry_run", Rule::Bool) },
];

#[derive(Debug, Deserialize)]
struct EchoParams {
    role_name: String,
    cluster_name: Option<String>,
    instances: i64,
    storage_size: String,
    detail_level: String,
    password: Option<SecretText>,
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct EchoOutput {
    role: String,
    cluster: Option<String>,
    instances: i64,
    storage_size: String,
    detailed: bool,
    password_given: bool,
    dry: bool,
}

async fn echo(params: EchoParams, _call: &mut Call) -> Result<EchoOutput, Failure> {
    Ok(EchoOutput {
        role: params.role_name,
        cluster: params.cluster_name,
        instances: params.instances,
        storage_size: params.storage_size,
        detailed: params.detail_level == "detailed",
        password_given: params.password.is_some(),
        dry: params.dry_run,
    })
}

/// A tool that writes nothing but says it does, with a parameter of every kind.
pub static ECHO_INFO: ToolInfo = tool("echo_role", Effect::Write, PARAMS);
pub const ECHO: Tool = Tool { info: &ECHO_INFO, run: |arguments, call| entry(arguments, call, echo) };

#[derive(Debug, Deserialize)]
struct ManyParams {
    count: usize,
}

#[derive(Debug, Serialize)]
struct ManyOutput {
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    name: String,
    text: String,
}

async fn many(params: ManyParams, _call: &mut Call) -> Result<ManyOutput, Failure> {
    let items =
        (0..params.count).map(|number| Item { name: format!("item-{number:05}"), text: "é`|<b>".repeat(5) }).collect();
    Ok(ManyOutput { items })
}

static MANY_PARAMS: &[ParamInfo] =
    &[ParamInfo { required: true, ..param("count", Rule::Int { min: Some(0), max: None }) }];
static MANY_INFO: ToolInfo = ToolInfo { answers: &[(None, "many.md")], ..tool("list_many", Effect::Read, MANY_PARAMS) };
/// A list as long as asked for.
pub const MANY: Tool = Tool { info: &MANY_INFO, run: |arguments, call| entry(arguments, call, many) };

#[derive(Debug, Deserialize)]
struct Nothing {}

#[derive(Debug, Serialize)]
struct Empty {}

async fn fails(_params: Nothing, _call: &mut Call) -> Result<Empty, Failure> {
    Err(Failure::refused("The moon is not full."))
}

static FAILS_INFO: ToolInfo = tool("fail", Effect::Destroy, &[]);
/// Always refuses.
pub const FAILS: Tool = Tool { info: &FAILS_INFO, run: |arguments, call| entry(arguments, call, fails) };

async fn panics(_params: Nothing, _call: &mut Call) -> Result<Empty, Failure> {
    panic!("a secret: hunter2-marked")
}

static PANICS_INFO: ToolInfo = tool("panic", Effect::Read, &[]);
/// Panics, with a secret in the message.
pub const PANICS: Tool = Tool { info: &PANICS_INFO, run: |arguments, call| entry(arguments, call, panics) };

async fn sleeps(_params: Nothing, _call: &mut Call) -> Result<Empty, Failure> {
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    Ok(Empty {})
}

static SLEEPS_INFO: ToolInfo = tool("sleep", Effect::Read, &[]);
/// Takes most of a second.
pub const SLEEPS: Tool = Tool { info: &SLEEPS_INFO, run: |arguments, call| entry(arguments, call, sleeps) };

/// The templates of these tools.
pub static TEMPLATES: &[(&str, &str)] = &[
    (
        "answer.md",
        "Done{% if output.role is set %}: `{{ output.role }}`, detailed: {{ output.detailed }}{% endif %}.\n",
    ),
    (
        "many.md",
        "{% for item in output.items %}\n- `{{ item.name }}`: {{ item.text }}\n{% else %}\nNothing.\n{% endfor %}\n",
    ),
];

/// A registry of these tools, on a Kubernetes that is never asked.
pub fn registry(options: Options) -> Arc<Registry> {
    let kubernetes = Arc::new(Kubernetes::new(KubernetesOptions::default()));
    Arc::new(Registry::new([ECHO, MANY, FAILS, PANICS, SLEEPS], TEMPLATES, kubernetes, options).unwrap())
}

/// A call from nobody in particular.
pub fn context() -> CallContext {
    CallContext {
        cancellation: CancellationToken::new(),
        progress: Arc::new(NoProgress),
        prompter: Arc::new(NoPrompter),
        who: Identity::default(),
    }
}

//! MCP over a pair of streams, as over standard input and output: the protocol as the SDK's own client
//! sees it.
#![allow(clippy::unwrap_used)]

mod small_tools;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cnpg_mcp_runtime::mcp::{CALL_ID_KEY, FAILURE_KEY, McpServer};
use cnpg_mcp_runtime::registry::{Options, Registry};
use cnpg_mcp_runtime::transport::stdio::serve_on;
use rmcp::model::{CallToolRequestParams, CallToolResult, ClientConfig, ErrorCode, ProtocolVersion};
use rmcp::service::{RoleClient, RunningService, ServiceError, ServiceExt as _};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Conversation {
    client: RunningService<RoleClient, ClientConfig>,
    registry: Arc<Registry>,
    stop: CancellationToken,
    server: JoinHandle<Result<(), String>>,
}

async fn converse(options: Options) -> Conversation {
    let registry = small_tools::registry(options);
    let (near, far) = tokio::io::duplex(1 << 16);
    let stop = CancellationToken::new();
    let server = {
        let (server, stop) = (McpServer::new(Arc::clone(&registry), &[7; 32]), stop.clone());
        tokio::spawn(
            async move { serve_on(server, tokio::io::split(far), stop).await.map_err(|error| error.to_string()) },
        )
    };
    let client = ClientConfig::default().serve(tokio::io::split(near)).await.unwrap();
    Conversation { client, registry, stop, server }
}

impl Conversation {
    async fn call(&self, name: &'static str, arguments: Value) -> Result<CallToolResult, ServiceError> {
        let arguments = arguments.as_object().unwrap().clone();
        self.client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments)).await
    }
}

fn text(result: &CallToolResult) -> String {
    serde_json::to_value(&result.content).unwrap()[0]["text"].as_str().unwrap().to_owned()
}

fn meta(result: &CallToolResult) -> Value {
    serde_json::to_value(&result.meta).unwrap()
}

#[tokio::test]
async fn the_server_presents_itself() {
    let conversation = converse(Options::new(small_tools::VERSION)).await;
    let info = conversation.client.peer_info().unwrap();
    let server = info.server_info.clone().unwrap();
    assert_eq!((server.name.as_str(), server.version.as_str()), ("cloudnative-pg", small_tools::VERSION));
    let instructions = info.instructions.clone().unwrap();
    assert!(instructions.contains("- small: `echo_role`, `fail`"), "{instructions}");
    assert!(instructions.contains("dry_run: true") && !instructions.contains("confirmed first"), "{instructions}");
}

#[tokio::test]
async fn tools_carry_title_schemas_and_hints() {
    let conversation = converse(Options::new("1")).await;
    let tools = conversation.client.list_all_tools().await.unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names, ["echo_role", "fail", "list_many", "panic", "sleep"]);
    let hints = |name: &str| {
        let tool = tools.iter().find(|tool| tool.name == name).unwrap();
        assert_eq!(tool.title.as_deref(), Some("A small tool"));
        assert!(tool.output_schema.is_some());
        let hints = tool.annotations.clone().unwrap();
        (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
    };
    assert_eq!(hints("echo_role"), (Some(false), Some(false), Some(false), Some(false)));
    assert_eq!(hints("list_many"), (Some(true), Some(false), Some(false), Some(false)));
    assert_eq!(hints("fail"), (Some(false), Some(true), Some(false), Some(false)));
}

#[tokio::test]
async fn an_answer_is_markdown_and_structured() {
    let conversation = converse(Options::new("1")).await;
    let result =
        conversation.call("echo_role", json!({ "role_name": "app_user", "detail_level": "detailed" })).await.unwrap();
    assert_eq!(result.is_error, Some(false));
    assert_eq!(text(&result), "Done: `app_user`, detailed: yes.");
    let structured = result.structured_content.clone().unwrap();
    assert_eq!(structured["role"], "app_user");
    assert!(structured["outcome"].is_string() && structured["warnings"].is_array());
    assert!(structured.get("cluster").is_none(), "absent is left out");
    assert!(meta(&result)[CALL_ID_KEY].is_string());
}

#[tokio::test]
async fn a_failure_is_a_tool_error_with_a_machine_form() {
    let conversation = converse(Options::new("1")).await;
    let result = conversation.call("fail", json!({})).await.unwrap();
    assert_eq!(result.is_error, Some(true));
    assert!(text(&result).contains("The moon is not full."));
    assert!(result.structured_content.is_none());
    assert_eq!(meta(&result)[FAILURE_KEY]["code"], "refused");

    let result = conversation.call("echo_role", json!({ "rolename": "x", "instances": 99 })).await.unwrap();
    assert_eq!(result.is_error, Some(true));
    assert!(["`rolename`", "`role_name`", "`instances`"].iter().all(|name| text(&result).contains(name)));
    assert_eq!(meta(&result)[FAILURE_KEY]["parameters"], json!(["rolename", "role_name", "instances"]));
}

#[tokio::test]
async fn a_panic_tells_nothing_and_the_server_lives_on() {
    let conversation = converse(Options::new("1")).await;
    let result = conversation.call("panic", json!({})).await.unwrap();
    assert_eq!(result.is_error, Some(true));
    assert!(!text(&result).contains("hunter2") && !meta(&result).to_string().contains("hunter2"));
    assert_eq!(meta(&result)[FAILURE_KEY]["code"], "internal");
    assert_eq!(conversation.call("list_many", json!({ "count": 1 })).await.unwrap().is_error, Some(false));
}

#[tokio::test]
async fn deep_and_huge_arguments_are_refused_by_name() {
    let conversation = converse(Options::new("1")).await;
    let deep = (0..500).fold(json!("x"), |inner, _| json!([inner]));
    let result = conversation.call("echo_role", json!({ "role_name": deep })).await.unwrap();
    assert!(text(&result).contains("`role_name` is a list"), "{}", text(&result));
    let result = conversation.call("echo_role", json!({ "role_name": "x".repeat(1 << 20) })).await.unwrap();
    assert!(text(&result).contains("`role_name` is too long (1048576 bytes)"), "{}", text(&result));
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error() {
    let conversation = converse(Options::new("1")).await;
    let Err(ServiceError::McpError(error)) = conversation.call("echo_roles", json!({})).await else {
        panic!("a protocol error")
    };
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
    assert!(error.message.contains("did you mean `echo_role`?"), "{}", error.message);
}

#[tokio::test]
async fn withheld_tools_are_neither_listed_nor_callable() {
    for (options, left) in [
        (Options { read_only: true, ..Options::new("1") }, vec!["list_many", "panic", "sleep"]),
        (Options { disable_destructive: true, ..Options::new("1") }, vec!["echo_role", "list_many", "panic", "sleep"]),
    ] {
        let conversation = converse(options).await;
        let tools = conversation.client.list_all_tools().await.unwrap();
        assert_eq!(tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>(), left);
        let Err(ServiceError::McpError(error)) = conversation.call("fail", json!({})).await else {
            panic!("a protocol error")
        };
        assert!(error.message.contains("not available"), "{}", error.message);
    }
}

#[tokio::test]
async fn calls_run_side_by_side() {
    let conversation = converse(Options::new("1")).await;
    let started = Instant::now();
    let (one, two, three) = tokio::join!(
        conversation.call("sleep", json!({})),
        conversation.call("sleep", json!({})),
        conversation.call("sleep", json!({}))
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert!(started.elapsed() < Duration::from_millis(1900), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_end_of_input_ends_the_server_well() {
    let conversation = converse(Options::new("1")).await;
    conversation.client.cancel().await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), conversation.server).await.unwrap().unwrap();
    assert_eq!(ended, Ok(()));
}

#[tokio::test]
async fn a_stop_lets_running_calls_end() {
    let conversation = converse(Options::new("1")).await;
    let stop = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        conversation.stop.cancel();
        tokio::time::sleep(Duration::from_millis(100)).await;
        // New calls are refused, in words that say so.
        conversation
            .registry
            .call("list_many", json!({ "count": 1 }).as_object().unwrap().clone(), small_tools::context())
            .await
            .unwrap()
    };
    let (running, refused) = tokio::join!(conversation.call("sleep", json!({})), stop);
    assert_eq!(running.unwrap().is_error, Some(false));
    assert!(refused.is_error() && refused.markdown.contains("stopping"), "{}", refused.markdown);
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), conversation.server).await.unwrap().unwrap(), Ok(()));
}

#[tokio::test]
async fn older_revisions_are_negotiated() {
    for version in [ProtocolVersion::V_2024_11_05, ProtocolVersion::V_2025_06_18, ProtocolVersion::V_2025_11_25] {
        let registry = small_tools::registry(Options::new("1"));
        let (near, far) = tokio::io::duplex(1 << 16);
        let server = McpServer::new(registry, &[7; 32]);
        tokio::spawn(async move {
            serve_on(server, tokio::io::split(far), CancellationToken::new()).await.map_err(|error| error.to_string())
        });
        let mut info = ClientConfig::default();
        info.protocol_version = version.clone();
        let client = info.serve(tokio::io::split(near)).await.unwrap();
        assert_eq!(client.peer_info().unwrap().protocol_version, version);
        assert_eq!(client.list_all_tools().await.unwrap().len(), 5);
    }
}

//! Confirmation in its three forms: a result that asks for input (2026-07-28), elicitation (older
//! revisions), and the parameter alone.
#![allow(clippy::unwrap_used)]

mod small_tools;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cnpg_mcp_runtime::call::{Call, Identity, NoProgress};
use cnpg_mcp_runtime::confirm::{Asked, Prompt, Prompter};
use cnpg_mcp_runtime::failure::Failure;
use cnpg_mcp_runtime::kubernetes::{Kubernetes, KubernetesOptions};
use cnpg_mcp_runtime::mcp::McpServer;
use cnpg_mcp_runtime::meta::ObjectMeta;
use cnpg_mcp_runtime::registry::{CallContext, Options, Registry};
use cnpg_mcp_runtime::tool::{Effect, Meaning, ParamInfo, Rule, TextRule, Tool, ToolInfo, entry};
use cnpg_mcp_runtime::transport::http::{Limits, Names, bind};
use cnpg_mcp_runtime::transport::stdio::serve_on;
use futures::future::BoxFuture;
use rmcp::ClientHandler;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult,
    ElicitationAction,
};
use rmcp::service::{RequestContext, RoleClient, ServiceExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Deserialize)]
struct Params {
    name: String,
    shelf: Option<String>,
    confirm: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Output {
    name: String,
    dropped: bool,
}

/// Which object bears the name changes with this number: it was made again meanwhile.
static GENERATION: AtomicUsize = AtomicUsize::new(0);

async fn drop_thing(params: Params, call: &mut Call) -> Result<Output, Failure> {
    let shelf = params.shelf.unwrap_or_else(|| format!("shelf-of-{}", params.name));
    call.check_param("shelf", &shelf)?;
    // Names that begin with `moving` are made again all the time.
    let generation = if params.name.starts_with("moving") { GENERATION.fetch_add(1, Ordering::Relaxed) } else { 0 };
    let mut object = ObjectMeta::default();
    object.name.clone_from(&params.name);
    object.uid = format!("uid-{generation}");
    let plan = Output { name: params.name.clone(), dropped: false };
    if !call.confirm(params.confirm.unwrap_or_default(), &plan, &[&object]).await? {
        return Ok(plan);
    }
    Ok(Output { name: params.name, dropped: true })
}

static INFO: ToolInfo = ToolInfo {
    name: "drop_thing",
    title: "Drop a thing",
    about: "Drops a thing.",
    effect: Effect::Destroy,
    idempotent: false,
    toolset: "things",
    core: true,
    input_schema: r#"{"type":"object","properties":{"name":{"type":"string"},"shelf":{"type":"string"},"confirm":{"type":"boolean"}},"required":["name"]}"#,
    output_schema: r#"{"type":"object","properties":{"outcome":{"type":"string"}}}"#,
    params: &[
        ParamInfo {
            name: "name",
            about: "",
            rule: Rule::Text(TextRule::ANY),
            required: true,
            secret: false,
            default: None,
            meaning: None,
        },
        // Its default is computed by the handler.
        ParamInfo {
            name: "shelf",
            about: "",
            rule: Rule::Text(TextRule::ANY),
            required: false,
            secret: false,
            default: None,
            meaning: None,
        },
        ParamInfo {
            name: "confirm",
            about: "",
            rule: Rule::Bool,
            required: false,
            secret: false,
            default: None,
            meaning: Some(Meaning::Confirmation),
        },
    ],
    paged_output: None,
    answers: &[(None, "done.md")],
    confirm_plan: Some("plan.md"),
    grants: &[],
};

static TEMPLATES: &[(&str, &str)] =
    &[("done.md", "Ended {{ outcome }}."), ("plan.md", "Would drop `{{ output.name }}` from `{{ shelf }}`.\n")];

fn server() -> McpServer {
    let tool = Tool { info: &INFO, run: |arguments, call| entry(arguments, call, drop_thing) };
    let kubernetes = Arc::new(Kubernetes::new(KubernetesOptions::default()));
    McpServer::new(Arc::new(Registry::new([tool], TEMPLATES, kubernetes, Options::new("1")).unwrap()), &[7; 32])
}

/// A client that shows forms, notes what they said, and answers them in one way. It asserts nothing itself:
/// a panic in here would leave the server waiting for the answer.
struct Person {
    forms: bool,
    answer: Option<Value>,
    shown: Arc<Mutex<Vec<ElicitRequestParams>>>,
}

impl Person {
    fn new(forms: bool, answer: Option<Value>) -> Self {
        Self { forms, answer, shown: Arc::default() }
    }
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        config.capabilities = if self.forms {
            ClientCapabilities::builder().enable_elicitation().build()
        } else {
            ClientCapabilities::default()
        };
        config
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let mut result = ElicitResult::new(if self.answer.is_some() {
            ElicitationAction::Accept
        } else {
            ElicitationAction::Decline
        });
        result.content.clone_from(&self.answer);
        Ok(result)
    }
}

async fn outcome_with(person: Person, arguments: Value) -> CallToolResult {
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        serve_on(server(), tokio::io::split(far), CancellationToken::new()).await.map_err(|error| error.to_string())
    });
    let (shown, forms) = (Arc::clone(&person.shown), person.forms && arguments["confirm"] != true);
    let client = person.serve(tokio::io::split(near)).await.unwrap();
    let arguments = arguments.as_object().unwrap().clone();
    let result = client.call_tool(CallToolRequestParams::new("drop_thing").with_arguments(arguments)).await.unwrap();
    let shown = shown.lock().unwrap();
    match (&shown[..], forms) {
        ([], false) => {}
        ([ElicitRequestParams::FormElicitationParams { message, .. }], true) => {
            assert_eq!(message, "Would drop `thing` from `shelf-of-thing`.");
        }
        other => panic!("one form is shown where forms can be: {other:?}"),
    }
    drop(shown);
    result
}

fn outcome(result: &CallToolResult) -> (String, bool) {
    let structured = result.structured_content.as_ref().unwrap();
    (structured["outcome"].as_str().unwrap().to_owned(), structured["dropped"].as_bool().unwrap())
}

#[tokio::test]
async fn elicitation_asks_once_and_takes_only_a_yes() {
    let name = json!({ "name": "thing" });
    let yes = outcome_with(Person::new(true, Some(json!({ "confirm": true }))), name.clone()).await;
    assert!(outcome(&yes).1);
    for answer in [None, Some(json!({ "confirm": false })), Some(json!({})), Some(json!({ "confirm": "true" }))] {
        let no = outcome_with(Person::new(true, answer), name.clone()).await;
        assert_eq!(outcome(&no), (String::from("unconfirmed"), false));
    }
}

#[tokio::test]
async fn nobody_to_ask_means_unconfirmed_with_the_plan() {
    let result = outcome_with(Person::new(false, None), json!({ "name": "thing" })).await;
    assert_eq!(outcome(&result), (String::from("unconfirmed"), false));
    assert!(serde_json::to_string(&result.content).unwrap().contains("Would drop `thing` from `shelf-of-thing`."));
    let confirmed = outcome_with(Person::new(false, None), json!({ "name": "thing", "confirm": true })).await;
    assert!(outcome(&confirmed).1);
}

/// Calls without sessions; returns the `result`.
async fn stateless(url: &str, forms: bool, arguments: Value, round: Option<(&Value, Value)>) -> Value {
    let message = answered(url, forms, arguments, round).await;
    assert!(message["error"].is_null(), "{message}");
    message["result"].clone()
}

/// Calls without sessions; returns the whole answer.
async fn answered(url: &str, forms: bool, arguments: Value, round: Option<(&Value, Value)>) -> Value {
    let mut params = json!({
        "name": "drop_thing",
        "arguments": arguments,
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": if forms { json!({ "elicitation": { "form": {} } }) } else { json!({}) },
        },
    });
    if let Some((asked, response)) = round {
        params["requestState"] = asked["requestState"].clone();
        params["inputResponses"] = json!({ "confirm": response });
    }
    cnpg_mcp_runtime::tls::install();
    let response = reqwest::Client::new()
        .post(url)
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "drop_thing")
        .body(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string())
        .send()
        .await
        .unwrap();
    let text = response.text().await.unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    serde_json::from_str(data.unwrap_or(&text)).unwrap()
}

async fn over_http() -> (String, CancellationToken) {
    let listening = bind("127.0.0.1", 0).await.unwrap();
    let (url, stop) = (listening.url(), CancellationToken::new());
    tokio::spawn(listening.serve(&server(), Names::default(), Limits::default(), stop.clone()));
    (url, stop)
}

fn accept() -> Value {
    json!({ "action": "accept", "content": { "confirm": true } })
}

#[tokio::test]
async fn input_required_then_confirmed() {
    let (url, _stop) = over_http().await;
    let name = json!({ "name": "thing" });
    let asked = stateless(&url, true, name.clone(), None).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    assert_eq!(asked["inputRequests"]["confirm"]["params"]["message"], "Would drop `thing` from `shelf-of-thing`.");
    let done = stateless(&url, true, name.clone(), Some((&asked, accept()))).await;
    assert_eq!(done["structuredContent"]["dropped"], true, "{done}");
    for response in [json!({ "action": "decline" }), json!({ "action": "accept", "content": { "confirm": false } })] {
        let declined = stateless(&url, true, name.clone(), Some((&asked, response))).await;
        assert_eq!(declined["structuredContent"]["outcome"], "unconfirmed", "{declined}");
    }
}

#[tokio::test]
async fn a_plan_sees_parameters_as_passed_and_as_computed() {
    let (url, _stop) = over_http().await;
    for (arguments, shown) in [
        (json!({ "name": "thing" }), "Would drop `thing` from `shelf-of-thing`."),
        (json!({ "name": "thing", "shelf": "attic" }), "Would drop `thing` from `attic`."),
    ] {
        let asked = stateless(&url, true, arguments.clone(), None).await;
        assert_eq!(asked["inputRequests"]["confirm"]["params"]["message"], shown, "{asked}");
        // Who cannot be asked is shown the same plan.
        let told = stateless(&url, false, arguments, None).await;
        assert!(told["content"][0]["text"].as_str().unwrap().contains(shown), "{told}");
    }
}

#[tokio::test]
async fn a_client_that_shows_no_forms_is_not_asked() {
    let (url, _stop) = over_http().await;
    let result = stateless(&url, false, json!({ "name": "thing" }), None).await;
    assert_eq!(result["structuredContent"]["outcome"], "unconfirmed", "{result}");
}

#[tokio::test]
async fn a_state_is_good_for_what_was_shown_and_nothing_else() {
    let (url, _stop) = over_http().await;
    let asked = stateless(&url, true, json!({ "name": "thing" }), None).await;
    // Other arguments, and forged states.
    let mut forged = vec![(json!({ "name": "other" }), asked.clone())];
    let sealed = asked["requestState"].as_str().unwrap();
    for state in [format!("{sealed}x"), sealed[1..].to_owned(), String::new(), "rs1.e30.AAAA".to_owned()] {
        forged.push((json!({ "name": "thing" }), json!({ "requestState": state })));
    }
    for (arguments, asked) in forged {
        let refused = answered(&url, true, arguments, Some((&asked, accept()))).await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("call the tool again without it"), "{refused}");
    }
    // What is no answer is no decision: asked again.
    for response in [json!(12345), json!(null), json!({}), json!({ "action": "perhaps" })] {
        let again = stateless(&url, true, json!({ "name": "thing" }), Some((&asked, response))).await;
        assert_eq!(again["resultType"], "input_required", "{again}");
    }
    // The object was made again under the same name: another uid than the one shown.
    let asked = stateless(&url, true, json!({ "name": "moving" }), None).await;
    let stale = stateless(&url, true, json!({ "name": "moving" }), Some((&asked, accept()))).await;
    assert_eq!(stale["structuredContent"]["outcome"], "unconfirmed", "{stale}");
    assert_eq!(stale["structuredContent"]["dropped"], false);
    assert!(stale["structuredContent"]["warnings"][0].as_str().unwrap().contains("confirmed anew"), "{stale}");
}

/// Asks, and never brings an answer.
struct Endless(Arc<tokio::sync::Notify>);

impl Prompter for Endless {
    fn prompt(&self, _prompt: Prompt) -> BoxFuture<'_, Asked> {
        self.0.notify_one();
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_is_cancelled_and_ends() {
    for cancelled_by_client in [true, false] {
        let server = server();
        let registry = Arc::clone(server.registry());
        let asked = Arc::new(tokio::sync::Notify::new());
        let cancellation = CancellationToken::new();
        let context = CallContext {
            cancellation: cancellation.clone(),
            progress: Arc::new(NoProgress),
            prompter: Arc::new(Endless(Arc::clone(&asked))),
            who: Identity::default(),
        };
        let call = tokio::spawn({
            let registry = Arc::clone(&registry);
            async move {
                registry.call("drop_thing", json!({ "name": "thing" }).as_object().unwrap().clone(), context).await
            }
        });
        asked.notified().await;
        if cancelled_by_client {
            cancellation.cancel();
            let answer = call.await.unwrap().unwrap();
            assert_eq!(answer.outcome(), "cancelled");
        } else {
            call.abort();
        }
        // No call is left that would have to be waited for or cancelled.
        let ended = tokio::time::timeout(Duration::from_secs(5), registry.stop(Duration::from_mins(1))).await;
        assert!(ended.is_ok(), "the call ended by itself");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_while_it_is_asked_confirms_nothing() {
    struct Silent;
    impl ClientHandler for Silent {
        fn get_info(&self) -> ClientConfig {
            Person::new(true, None).get_info()
        }

        async fn create_elicitation(
            &self,
            _request: ElicitRequestParams,
            _context: RequestContext<RoleClient>,
        ) -> Result<ElicitResult, ErrorData> {
            std::future::pending().await
        }
    }
    let (near, far) = tokio::io::duplex(1 << 16);
    let served = tokio::spawn(async move {
        serve_on(server(), tokio::io::split(far), CancellationToken::new()).await.map_err(|error| error.to_string())
    });
    let client = Silent.serve(tokio::io::split(near)).await.unwrap();
    let call = tokio::spawn({
        let peer = client.peer().clone();
        async move {
            peer.call_tool(
                CallToolRequestParams::new("drop_thing")
                    .with_arguments(json!({ "name": "thing" }).as_object().unwrap().clone()),
            )
            .await
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.cancel().await.unwrap();
    assert!(call.await.unwrap().is_err());
    assert_eq!(tokio::time::timeout(Duration::from_secs(15), served).await.expect("the server ends").unwrap(), Ok(()));
}

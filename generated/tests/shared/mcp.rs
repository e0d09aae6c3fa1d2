//! Messages of MCP, each in a request that stands for itself, and answers to them.

use std::sync::LazyLock;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// Keeps no connection: those of one test's runtime are of no use in another's.
static HTTP: LazyLock<Client> = LazyLock::new(|| {
    cnpg_mcp_runtime::tls::install();
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(0);
    client.user_agent("tests/1").build().unwrap()
});

/// A client that follows no redirect.
pub fn http() -> &'static Client {
    &HTTP
}

/// A request.
pub fn request(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// A call of a tool.
pub fn call(tool: &str, arguments: &Value) -> Value {
    request("tools/call", &json!({ "name": tool, "arguments": arguments }))
}

/// The beginning of a session.
pub fn initialize() -> Value {
    let client = json!({ "name": "tests", "version": "1" });
    request("initialize", &json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }))
}

/// A message to an endpoint, as a revision has it.
pub fn post(endpoint: &str, token: Option<&str>, message: &Value, revision: &str) -> RequestBuilder {
    let request = http().post(endpoint).json(message).header("mcp-protocol-version", revision);
    let request = request.header("accept", "application/json, text/event-stream");
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

/// A message of the revision without sessions (2026-07-28), to whatever endpoint.
pub fn alone(endpoint: &str, token: Option<&str>, mut message: Value) -> RequestBuilder {
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "tests", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let request = post(endpoint, token, &message, "2026-07-28");
    let request = request.header("mcp-method", message["method"].as_str().unwrap_or_default());
    match message["params"]["name"].as_str() {
        Some(name) => request.header("mcp-name", name),
        None => request,
    }
}

/// A message, whether it came as JSON or as an event.
pub fn message(body: &str) -> Value {
    let json = body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    serde_json::from_str(json.unwrap_or(body)).unwrap_or_else(|_| panic!("{body}"))
}

/// What a response holds.
pub async fn answered(response: Response) -> Value {
    message(&response.text().await.unwrap())
}

/// Whether a call did what it should, and what it said.
pub fn said(answer: &Value) -> (bool, &str) {
    let text = answer["result"]["content"][0]["text"].as_str().or_else(|| answer["error"]["message"].as_str());
    let text = text.unwrap_or_else(|| panic!("{answer}"));
    (answer["result"]["structuredContent"]["outcome"].is_string() && answer["result"]["isError"] != true, text)
}

/// The challenge of a refusal.
pub fn challenge(headers: &HeaderMap) -> &str {
    headers.get(WWW_AUTHENTICATE).unwrap_or_else(|| panic!("{headers:?}")).to_str().unwrap()
}

/// A parameter of a challenge.
pub fn challenged(headers: &HeaderMap, name: &str) -> Option<String> {
    let rest = challenge(headers).split(&format!("{name}=\"")).nth(1)?;
    Some(rest.split('"').next().unwrap_or_default().to_owned())
}

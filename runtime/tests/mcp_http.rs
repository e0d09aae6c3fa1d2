//! MCP over streamable HTTP: both lifecycles, who is let in, limits, and the pages beside it.
#![allow(clippy::unwrap_used)]

mod small_tools;

use std::sync::Arc;
use std::time::Duration;

use cnpg_mcp_runtime::mcp::McpServer;
use cnpg_mcp_runtime::registry::Options;
use cnpg_mcp_runtime::transport::http::{HttpError, Limits, Names, bind};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use rmcp::model::{CallToolRequestParams, ClientConfig};
use rmcp::service::ServiceExt as _;
use rmcp::transport::StreamableHttpClientTransport;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Server {
    url: String,
    root: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

async fn serve(limits: Limits) -> Server {
    let listening = bind("127.0.0.1", 0).await.unwrap();
    cnpg_mcp_runtime::tls::install();
    let (url, root) = (listening.url(), format!("http://{}", listening.address()));
    let server = McpServer::new(small_tools::registry(Options::new(small_tools::VERSION)), &[7; 32]);
    let stop = CancellationToken::new();
    let task = tokio::spawn(listening.serve(&server, Names::default(), limits, stop.clone()));
    Server { url, root, stop, task }
}

fn post(url: &str) -> RequestBuilder {
    Client::new()
        .post(url)
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
}

/// A request of the revision without sessions.
fn stateless(url: &str, method: &str, mut params: Value) -> RequestBuilder {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let name = params["name"].as_str().map(str::to_owned);
    let request = post(url)
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", method)
        .body(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string());
    match name {
        Some(name) => request.header("mcp-name", name),
        None => request,
    }
}

fn initialize(url: &str) -> RequestBuilder {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
    post(url).body(json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }).to_string())
}

/// The JSON-RPC message of a response, from JSON or from the last event of a stream.
async fn message(response: Response) -> Value {
    let text = response.text().await.unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    serde_json::from_str(data.unwrap_or(&text)).unwrap_or_else(|_| panic!("{text}"))
}

#[tokio::test]
async fn sessions() {
    let server = serve(Limits::default()).await;
    let client =
        ClientConfig::default().serve(StreamableHttpClientTransport::from_uri(server.url.as_str())).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap().len(), 5);
    let arguments = json!({ "role_name": "app_user" }).as_object().unwrap().clone();
    let result = client.call_tool(CallToolRequestParams::new("echo_role").with_arguments(arguments)).await.unwrap();
    assert_eq!(result.structured_content.unwrap()["role"], "app_user");
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn no_sessions() {
    let server = serve(Limits::default()).await;
    let listed = message(stateless(&server.url, "tools/list", json!({})).send().await.unwrap()).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 5, "{listed}");
    let response =
        stateless(&server.url, "tools/call", json!({ "name": "echo_role", "arguments": { "role_name": "a" } }))
            .send()
            .await
            .unwrap();
    assert!(response.headers().get("mcp-session-id").is_none());
    let called = message(response).await;
    assert_eq!(called["result"]["structuredContent"]["role"], "a", "{called}");
    let discovered = message(stateless(&server.url, "server/discover", json!({})).send().await.unwrap()).await;
    assert!(discovered["result"].to_string().contains("2026-07-28"), "{discovered}");
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused() {
    let server = serve(Limits::default()).await;
    let status = async |name: &'static str, value: &'static str, url: &str| {
        let request = Client::new().get(url).header(name, value);
        request.send().await.unwrap().status()
    };
    assert_eq!(status("host", "evil.example", &server.url).await, StatusCode::FORBIDDEN);
    assert_eq!(status("origin", "https://evil.example", &server.url).await, StatusCode::FORBIDDEN);
    assert_eq!(status("origin", "null", &server.root).await, StatusCode::FORBIDDEN);
    assert_eq!(
        status("host", "evil.example", &format!("{}/healthz", server.root)).await,
        StatusCode::OK,
        "probes come by any name"
    );
    assert_eq!(status("origin", "http://localhost:6274", &server.root).await, StatusCode::OK);
    let refused = initialize(&server.url).header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(!refused.text().await.unwrap().contains("evil"));
}

#[tokio::test]
async fn probes_and_page() {
    let server = serve(Limits::default()).await;
    for probe in ["healthz", "readyz"] {
        assert_eq!(reqwest::get(format!("{}/{probe}", server.root)).await.unwrap().status(), StatusCode::OK);
    }
    let page = reqwest::get(&server.root).await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    let html = page.text().await.unwrap();
    assert!(html.contains(&server.url) && html.contains("echo_role") && !html.contains("<script"));
    assert_eq!(reqwest::get(format!("{}/nothing", server.root)).await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn bodies_and_sessions_are_bounded() {
    let server = serve(Limits { body: 10_000, sessions: 2, ..Limits::default() }).await;
    let huge = post(&server.url).body("x".repeat(20_000)).send().await.unwrap();
    assert_eq!(huge.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for _ in 0..2 {
        let opened = initialize(&server.url).send().await.unwrap();
        assert_eq!(opened.status(), StatusCode::OK);
        assert!(opened.headers().contains_key("mcp-session-id"));
    }
    let third = initialize(&server.url).send().await.unwrap();
    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(third.headers().contains_key("retry-after"));
    let without = stateless(&server.url, "tools/list", json!({})).send().await.unwrap();
    assert_eq!(without.status(), StatusCode::OK, "clients without sessions are not in the way");
}

#[tokio::test]
async fn slow_and_broken_clients_are_let_go() {
    let limits =
        Limits { head_time: Duration::from_millis(300), body_time: Duration::from_millis(300), ..Limits::default() };
    let server = serve(limits).await;
    let address = server.root.trim_start_matches("http://").to_owned();
    let talk = async |said: &[u8]| {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer))
            .await
            .expect("the server lets go")
            .unwrap_or_default();
        answer
    };
    let head = talk(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n").await;
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 408"), "{head}");
    let body =
        talk(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{").await;
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");
    let long =
        talk(format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(100_000)).as_bytes()).await;
    assert!(long.starts_with("HTTP/1.1 431") || long.is_empty(), "{long}");
    assert_eq!(reqwest::get(&server.root).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn malformed_requests_are_no_tool_errors() {
    let server = serve(Limits::default()).await;
    let broken = post(&server.url).body("{").send().await.unwrap();
    assert!(broken.status().is_client_error());
    let unknown = message(
        stateless(&server.url, "tools/call", json!({ "name": "nothing", "arguments": {} })).send().await.unwrap(),
    )
    .await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
}

#[tokio::test]
async fn deep_arguments_are_refused_by_name() {
    let server = serve(Limits::default()).await;
    let deep = (0..500).fold(json!("x"), |inner, _| json!([inner]));
    let call = json!({ "name": "echo_role", "arguments": { "role_name": deep } });
    let answer = message(stateless(&server.url, "tools/call", call).send().await.unwrap()).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(answer["result"]["content"][0]["text"].as_str().unwrap().contains("`role_name` is a list"), "{answer}");
}

#[tokio::test]
async fn a_stop_turns_readiness_first_and_lets_calls_end() {
    let server = serve(Limits::default()).await;
    let call = {
        let url = server.url.clone();
        tokio::spawn(async move {
            message(stateless(&url, "tools/call", json!({ "name": "sleep", "arguments": {} })).send().await.unwrap())
                .await
        })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.stop.cancel();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ready = reqwest::get(format!("{}/readyz", server.root)).await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let refused = message(
        stateless(&server.url, "tools/call", json!({ "name": "list_many", "arguments": { "count": 1 } }))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(refused["result"]["isError"], true, "{refused}");
    let called = call.await.unwrap();
    assert_eq!(called["result"]["isError"], false, "{called}");
    tokio::time::timeout(Duration::from_secs(10), server.task).await.expect("the server ends").unwrap();
    assert!(reqwest::get(&server.root).await.is_err());
}

#[tokio::test]
async fn without_authentication_only_loopback_is_listened_on() {
    for host in ["0.0.0.0", "::", "192.0.2.1", "[::]", "::ffff:192.0.2.1"] {
        let refused = bind(host, 0).await.expect_err(host);
        assert!(matches!(refused, HttpError::Exposed { .. }), "{host}: {refused}");
    }
    for host in ["127.0.0.1", "localhost", "127.0.0.2"] {
        assert!(bind(host, 0).await.unwrap().address().ip().is_loopback());
    }
    let first = bind("127.0.0.1", 0).await.unwrap();
    let taken = bind("127.0.0.1", first.address().port()).await.expect_err("the port is taken");
    assert!(matches!(taken, HttpError::Bind { .. }));
}

#[tokio::test]
async fn the_registry_is_shared_by_all_connections() {
    let server = Arc::new(serve(Limits::default()).await);
    let calls = (0..20).map(|number| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let role = format!("role_{number}");
            let called = message(
                stateless(
                    &server.url,
                    "tools/call",
                    json!({ "name": "echo_role", "arguments": { "role_name": role } }),
                )
                .send()
                .await
                .unwrap(),
            )
            .await;
            assert_eq!(called["result"]["structuredContent"]["role"], role.as_str());
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

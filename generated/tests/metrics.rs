//! What Prometheus gets from a server, on a port of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cnpg_mcp_provider::Provider;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

const AUDIENCE: &str = "https://mcp.example.com/api";

struct Server {
    child: Child,
    at: String,
    metrics: String,
    http: Client,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(binary: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CNPG_MCP_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The text of a field in the first log line that has it.
async fn logged(file: &Path, fields: &[&str]) -> Vec<String> {
    let began = Instant::now();
    loop {
        let log = std::fs::read_to_string(file).unwrap();
        let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let found = |field: &&str| lines.iter().find_map(|line| line[*field].as_str().map(str::to_owned));
        if let Some(found) = fields.iter().map(found).collect::<Option<Vec<_>>>() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{log}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Server {
    async fn start(provider: &Provider, folder: &Path) -> Self {
        let (config, log) = (folder.join("oidc.yaml"), folder.join("log"));
        std::fs::write(&config, format!("issuer: {}\naudience: {AUDIENCE}\n", provider.issuer())).unwrap();
        let arguments = ["--sandbox", "--port", "0", "--metrics-port", "0", "--log-format", "json", "--config"];
        let mut command = program(env!("CARGO_BIN_EXE_cnpg-mcp-test-server"), &arguments);
        let child = command.arg(&config).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
        let places = logged(&log, &["listening", "url"]).await;
        Self { child, at: format!("http://{}", places[0]), metrics: places[1].clone(), http: Client::new() }
    }

    async fn call(&self, token: &str, tool: &str, arguments: Value) -> Response {
        let params = json!({ "name": tool, "arguments": arguments });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let request = self.http.post(format!("{}/test", self.at)).json(&message).bearer_auth(token);
        let request = request.header("accept", "application/json, text/event-stream");
        request.header("mcp-protocol-version", "2025-11-25").send().await.unwrap()
    }

    /// Every series with its value.
    async fn series(&self) -> BTreeMap<String, f64> {
        let answer = self.http.get(&self.metrics).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let text = answer.text().await.unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let split = lines.map(|line| line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}")));
        split.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_requests_and_refusals_are_counted() {
    let (provider, folder) = (Provider::start().await.unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(&provider, folder.path()).await;
    assert!(server.metrics.starts_with("http://127.0.0.1:") && server.metrics.ends_with("/metrics"));
    // The server's own port has no metrics, and the port of metrics has nothing else.
    assert_eq!(server.http.get(format!("{}/metrics", server.at)).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let elsewhere = server.metrics.replace("/metrics", "/test");
    assert_eq!(server.http.get(elsewhere).send().await.unwrap().status(), StatusCode::NOT_FOUND);

    let token = provider.token(AUDIENCE).await.unwrap();
    for _ in 0..3 {
        let listed = server.call(&token, "list_postgres_clusters", json!({})).await;
        assert_eq!(listed.status(), StatusCode::OK);
        listed.text().await.unwrap();
    }
    server.call(&token, "get_cluster_status", json!({ "name": "nowhere" })).await.text().await.unwrap();
    server.call(&token, "get_cluster_status", json!({ "name": 7 })).await.text().await.unwrap();
    assert_eq!(server.call("nonsense", "list_postgres_clusters", json!({})).await.status(), StatusCode::UNAUTHORIZED);
    let without = server.http.post(format!("{}/test", server.at)).send().await.unwrap();
    assert_eq!(without.status(), StatusCode::UNAUTHORIZED);

    let series = server.series().await;
    let value = |name: &str| series.get(name).copied().unwrap_or_else(|| panic!("{name} is not among {series:#?}"));
    let calls = |tool: &str, outcome: &str| {
        value(&format!("cnpg_mcp_tool_calls_total{{tool=\"{tool}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!(calls("list_postgres_clusters", "done"), 3.0);
    assert_eq!(calls("get_cluster_status", "not_found"), 1.0);
    assert_eq!(calls("get_cluster_status", "invalid_parameter"), 1.0);
    assert_eq!(value("cnpg_mcp_tool_call_duration_seconds_count{tool=\"list_postgres_clusters\"}"), 3.0);
    assert_eq!(value("cnpg_mcp_kubernetes_requests_total{verb=\"list\",resource=\"clusters\",status=\"200\"}"), 3.0);
    assert_eq!(value("cnpg_mcp_kubernetes_requests_total{verb=\"get\",resource=\"clusters\",status=\"404\"}"), 1.0);
    assert_eq!(value("cnpg_mcp_http_requests_total{path=\"/test\",method=\"POST\",status=\"200\"}"), 5.0);
    assert_eq!(value("cnpg_mcp_http_requests_total{path=\"/test\",method=\"POST\",status=\"401\"}"), 2.0);
    assert_eq!(value("cnpg_mcp_authentication_failures_total{reason=\"invalid_token\"}"), 1.0);
    assert_eq!(value("cnpg_mcp_authentication_failures_total{reason=\"no_token\"}"), 1.0);
    assert_eq!(value("cnpg_mcp_token_validation_duration_seconds_count"), 6.0);
    assert!(value("cnpg_mcp_provider_requests_total{status=\"200\"}") >= 2.0);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(value(&format!("cnpg_mcp_build_info{{server=\"cnpg-mcp-test-server\",version=\"{version}\"}}")), 1.0);
    assert!(value("process_resident_memory_bytes") > 1e6);

    // What strangers make up makes no new series, and nobody's name is in one.
    for index in 0..20 {
        server.http.get(format!("{}/made-up-{index}", server.at)).send().await.unwrap();
        server.call(&token, &format!("made_up_{index}"), json!({})).await.text().await.unwrap();
        let method = reqwest::Method::from_bytes(format!("MADE{index}").as_bytes()).unwrap();
        server.http.request(method, format!("{}/test", server.at)).send().await.unwrap();
    }
    let after = server.series().await;
    let new: Vec<&String> = after.keys().filter(|name| !series.contains_key(*name)).collect();
    assert!(new.iter().all(|name| name.contains("elsewhere") || name.contains("\"other\"")), "{new:#?}");
    assert!(!after.keys().any(|name| name.contains("made") || name.contains("MADE") || name.contains("person")));
}

#[test]
fn a_port_that_is_taken_or_of_no_use_is_refused() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let server = env!("CARGO_BIN_EXE_cnpg-mcp-server");
    let http = ["--transport", "http", "--auth", "none", "--sandbox", "--port", "0", "--metrics-port", &port];
    let refused = program(server, &http).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port} for metrics: Address already in use")), "{said}");
    let refused = program(server, &["--metrics-port", &port]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("--metrics-port is for --transport http"), "{said}");
}

//! The test server as a program: the provider's own tokens over real HTTP, nothing else, and no state.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use cnpg_mcp_provider::Provider;
use reqwest::header::{AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

const AUDIENCE: &str = "https://mcp.example.com/api";

/// A server on its own sandbox, that ends with this value.
struct Server {
    child: Child,
    at: String,
    provider: Provider,
    folder: tempfile::TempDir,
    http: Client,
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-test-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CNPG_MCP_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

impl Server {
    async fn start(more: &str) -> Self {
        Self::start_with(Provider::start().await.unwrap(), more).await
    }

    /// A server with more in its configuration file.
    async fn start_with(provider: Provider, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("oidc.yaml");
        std::fs::write(&config, format!("issuer: {}\naudience: {AUDIENCE}\n{more}", provider.issuer())).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let arguments = ["--sandbox", "--port", "0", "--log-format", "json", "--log-level", "trace", "--config"];
        let mut child = program(&arguments).arg(&config).stderr(log).spawn().unwrap();
        let begun = Instant::now();
        let at = loop {
            assert!(child.try_wait().unwrap().is_none(), "{}", log_of(&folder));
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", log_of(&folder));
            let log = log_of(&folder);
            let serving = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(line) = serving.into_iter().find(|line| line["listening"].is_string()) {
                break format!("http://{}", line["listening"].as_str().unwrap());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        Self { child, at, provider, folder, http: Client::builder().user_agent("tests/1").build().unwrap() }
    }

    fn log(&self) -> String {
        log_of(&self.folder)
    }

    fn audit(&self) -> Vec<Value> {
        let lines = self.log();
        let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["target"] == "audit").collect()
    }

    async fn post(&self, token: Option<&str>, message: &Value) -> Response {
        let request = self.http.post(format!("{}/test", self.at)).json(message);
        let request = request.header("accept", "application/json, text/event-stream");
        let request = request.header("mcp-protocol-version", "2025-11-25");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// The answer of a tool.
    async fn call(&self, token: &str, tool: &str, arguments: Value) -> Value {
        let response = self.post(Some(token), &call(tool, &arguments)).await;
        assert_eq!(response.status(), StatusCode::OK);
        message(&response.text().await.unwrap())
    }

    async fn token(&self) -> String {
        self.provider.token(AUDIENCE).await.unwrap()
    }

    async fn mint(&self, mut order: Value) -> String {
        order["audience"] = AUDIENCE.into();
        self.provider.mint(order).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log_of(folder: &tempfile::TempDir) -> String {
    std::fs::read_to_string(folder.path().join("log")).unwrap()
}

fn request(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

fn call(tool: &str, arguments: &Value) -> Value {
    request("tools/call", &json!({ "name": tool, "arguments": arguments }))
}

fn initialize() -> Value {
    let client = json!({ "name": "tests", "version": "1" });
    request("initialize", &json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }))
}

/// A message, whether it came as JSON or as an event.
fn message(body: &str) -> Value {
    let json = body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    serde_json::from_str(json.unwrap_or(body)).unwrap_or_else(|_| panic!("{body}"))
}

fn challenge(response: &Response) -> String {
    response.headers()[WWW_AUTHENTICATE].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_of_the_provider_lets_in_and_nothing_is_kept() {
    let server = Server::start("").await;
    let token = server.token().await;
    let response = server.post(Some(&token), &initialize()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key("mcp-session-id"), "there are no sessions");
    let result = message(&response.text().await.unwrap());
    assert_eq!(result["result"]["serverInfo"]["name"], "cloudnative-pg-test");

    // Each request stands for itself: none of these knows of the first.
    let listed = message(&server.post(Some(&token), &request("tools/list", &json!({}))).await.text().await.unwrap());
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 12);
    let answer = server.call(&token, "list_postgres_clusters", json!({})).await;
    assert_eq!(answer["result"]["structuredContent"]["outcome"], "done");

    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/mcp", 404), ("/register", 404), ("/authorize", 404)]
    {
        let response = server.http.get(format!("{}{path}", server.at)).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}

#[tokio::test]
async fn who_comes_without_a_good_token_is_told_where_to_get_one() {
    let server = Server::start("public_url: https://mcp.example.com\n").await;
    let response = server.post(None, &initialize()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let metadata_url = "https://mcp.example.com/.well-known/oauth-protected-resource/test";
    assert_eq!(
        challenge(&response),
        format!("Bearer resource_metadata=\"{metadata_url}\""),
        "no `error` without a token"
    );

    let metadata = server.http.get(format!("{}/.well-known/oauth-protected-resource/test", server.at));
    let metadata: Value = metadata.send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["resource"], "https://mcp.example.com/test");
    assert_eq!(metadata["authorization_servers"], json!([server.provider.issuer()]));

    // A token in the address or in a form is none (RFC 6750 would have it; OAuth 2.1 has not).
    let token = server.token().await;
    let url = format!("{}/test?access_token={token}", server.at);
    let response = server.http.post(url).json(&initialize()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(!challenge(&response).contains("error"));

    let twice = server.http.post(format!("{}/test", server.at)).json(&initialize());
    let twice = twice.header(AUTHORIZATION, format!("Bearer {token}")).header(AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let response = server.http.request(method.clone(), format!("{}/test", server.at)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method}");
    }
}

#[tokio::test]
async fn tokens_that_are_wrong_are_refused_and_nothing_of_them_is_repeated() {
    let server = Server::start("").await;
    let past = json!({ "claims": { "exp": 1_000_000_000 } });
    let mut seen = Vec::new();
    for (order, why) in [
        (json!({ "sign": "none" }), "not signed with RS256"),
        (json!({ "sign": "public_as_secret" }), "not signed with RS256"),
        (json!({ "sign": "foreign" }), "signature"),
        (json!({ "header": { "kid": "made-up" } }), "key that the identity provider does not have"),
        (json!({ "claims": { "aud": "https://other.example" } }), "another audience"),
        (json!({ "claims": { "iss": "https://evil.example/" } }), "another issuer"),
        (json!({ "claims": { "nbf": 4_000_000_000_u64, "exp": 4_000_003_600_u64 } }), "not valid yet"),
        (json!({ "claims": { "sub": null } }), "no proper claim 'sub'"),
        (json!({ "sign": "jwe" }), "ask the provider for a token with the 'audience' of this server"),
        (past, "expired"),
    ] {
        let token = server.mint(order.clone()).await;
        let response = server.post(Some(&token), &initialize()).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{order}");
        let challenge = challenge(&response);
        assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains(why), "{order}: {challenge}");
        assert!(challenge.contains("resource_metadata="), "{challenge}");
        let body = response.text().await.unwrap();
        assert!(!body.contains(&token) && !challenge.contains(&token));
        seen.push(token);
    }
    let good = server.token().await;
    server.call(&good, "list_postgres_clusters", json!({})).await;
    seen.push(good);
    // Everything was logged at the level that says the most.
    let log = server.log();
    assert!(log.contains("\"DEBUG\""), "the log says much");
    for token in &seen {
        let signature = token.rsplit('.').next().filter(|signature| signature.len() > 20).unwrap_or(token);
        assert!(!log.contains(token.as_str()) && !log.contains(signature));
    }
}

#[tokio::test]
async fn new_keys_work_at_once_and_made_up_ones_cost_the_provider_little() {
    let server = Server::start("").await;
    server.call(&server.token().await, "list_postgres_clusters", json!({})).await;
    let old = server.token().await;
    server.provider.rotate(false).await.unwrap();
    server.call(&server.token().await, "list_postgres_clusters", json!({})).await;
    assert_eq!(server.post(Some(&old), &initialize()).await.status(), StatusCode::UNAUTHORIZED);

    let before = server.provider.count("jwks").await.unwrap();
    let made_up = server.mint(json!({ "header": { "kid": "made-up" } })).await;
    let (_, rest) = made_up.split_once('.').unwrap();
    let tokens = (0..1000).map(|number| {
        use base64::Engine as _;
        let head = json!({ "alg": "RS256", "typ": "at+jwt", "kid": format!("made-up-{number}") }).to_string();
        format!("{}.{rest}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(head))
    });
    for token in tokens {
        assert_eq!(server.post(Some(&token), &initialize()).await.status(), StatusCode::UNAUTHORIZED);
    }
    let fetched = server.provider.count("jwks").await.unwrap() - before;
    assert!(fetched <= 5, "1,000 made-up keys cost {fetched} fetches");
    server.call(&server.token().await, "list_postgres_clusters", json!({})).await;
}

#[tokio::test]
async fn a_provider_that_is_away_is_no_matter_once_its_keys_are_known() {
    let server = Server::start("").await;
    let token = server.token().await;
    server.call(&token, "list_postgres_clusters", json!({})).await;
    server.provider.away(true).await.unwrap();
    server.call(&token, "list_postgres_clusters", json!({})).await;

    // Where they never were known it cannot be told whether a token is good: that is no 401.
    let provider = Provider::start().await.unwrap();
    let token = provider.token(AUDIENCE).await.unwrap();
    provider.away(true).await.unwrap();
    let server = Server::start_with(provider, "").await;
    let response = server.post(Some(&token), &initialize()).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    server.provider.away(false).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(server.post(Some(&token), &initialize()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn other_hosts_and_web_pages_are_not_let_in() {
    let server = Server::start("public_url: https://mcp.example.com\nallowed_hosts: [cnpg-mcp.default.svc]\n").await;
    let token = server.token().await;
    for (name, value, status) in [
        (HOST, "mcp.example.com", 200),
        (HOST, "cnpg-mcp.default.svc", 200),
        (HOST, "evil.example", 403),
        (ORIGIN, "https://mcp.example.com", 200),
        (ORIGIN, "https://evil.example", 403),
        (ORIGIN, "null", 403),
    ] {
        let request = server.http.post(format!("{}/test", server.at)).json(&initialize()).bearer_auth(&token);
        let request = request.header("accept", "application/json, text/event-stream").header(name.clone(), value);
        assert_eq!(request.send().await.unwrap().status(), status, "{name}: {value}");
    }
    let probe = server.http.get(format!("{}/healthz", server.at)).header(HOST, "10.1.2.3:3001").send().await.unwrap();
    assert_eq!(probe.status(), 200, "kubelets send the pod's address");
}

#[tokio::test]
async fn tools_demand_scopes_by_their_effect() {
    let server = Server::start("require_scopes: true\n").await;
    let reader = server.mint(json!({ "claims": { "scope": "openid cnpg:read" } })).await;
    assert_eq!(
        server.call(&reader, "list_postgres_clusters", json!({})).await["result"]["structuredContent"]["outcome"],
        "done"
    );
    let scale = json!({ "name": "main-db", "instances": 2, "dry_run": true });
    let response = server.post(Some(&reader), &call("scale_postgres_cluster", &scale)).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let said = challenge(&response);
    assert!(said.contains("error=\"insufficient_scope\""), "{said}");
    assert!(said.contains("scope=\"openid cnpg:read cnpg:write\""), "all scopes that are needed: {said}");
    let response = server.post(Some(&reader), &call("delete_postgres_cluster", &json!({ "name": "main-db" }))).await;
    assert!(challenge(&response).contains("cnpg:destroy"));

    let writer = server.mint(json!({ "claims": { "scope": "cnpg:read cnpg:write" } })).await;
    let answer = server.call(&writer, "scale_postgres_cluster", scale.clone()).await;
    assert_eq!(answer["result"]["structuredContent"]["outcome"], "planned", "{answer}");
    let nothing = server.mint(json!({ "claims": { "scope": null } })).await;
    let response = server.post(Some(&nothing), &call("list_postgres_clusters", &json!({}))).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);

    // A body that the guard reads otherwise than the SDK does gets past the status, and not past the call.
    let url = format!("{}/test", server.at);
    let arguments = scale.to_string();
    let twice = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{{"name":"scale_postgres_cluster","arguments":{arguments}}}}}"#
    );
    let request = server.http.post(url).bearer_auth(&reader).body(twice).header("content-type", "application/json");
    let request = request.header("accept", "application/json, text/event-stream");
    let response = request.send().await.unwrap();
    assert!(response.status() != StatusCode::OK || !response.text().await.unwrap().contains("planned"));
}

#[tokio::test]
async fn kubernetes_is_asked_in_the_name_of_the_person() {
    let more = "impersonate: true\nimpersonation:\n  user_claim: email\n  groups_claim: groups\n  prefix: \"corp:\"\n";
    let server = Server::start(more).await;
    let alice = server.token().await;
    // The sandbox enforces RBAC, and nobody granted the person anything.
    let answer = server.call(&alice, "list_postgres_clusters", json!({})).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let said = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(said.contains("corp:alice@example.com"), "{said}");
    assert!(said.contains("kubectl auth can-i list clusters.postgresql.cnpg.io"), "{said}");
    assert!(said.contains("`corp:alice@example.com` may not `list`"), "{said}");

    let nameless = server.mint(json!({ "claims": { "email": null } })).await;
    let response = server.post(Some(&nameless), &call("list_postgres_clusters", &json!({}))).await;
    let answer = message(&response.text().await.unwrap());
    assert!(answer["error"]["message"].as_str().unwrap().contains("no claim `email`"), "{answer}");
    let forged = server.mint(json!({ "claims": { "email": "x\r\nImpersonate-Group: system:masters" } })).await;
    let response = server.post(Some(&forged), &call("list_postgres_clusters", &json!({}))).await;
    let answer = message(&response.text().await.unwrap());
    assert!(answer["error"]["message"].as_str().unwrap().contains("control characters"), "{answer}");
}

#[tokio::test]
async fn each_write_leaves_one_line_that_says_who_did_what() {
    let server = Server::start("").await;
    let token = server.token().await;
    server.call(&token, "list_postgres_clusters", json!({})).await;
    assert!(server.audit().is_empty(), "reading leaves none");
    let role = json!({ "cluster_name": "main-db", "role_name": "ledger" });
    let answer = server.call(&token, "create_postgres_role", role).await;
    let lines = server.audit();
    let [line] = lines.as_slice() else { panic!("{answer}\n{lines:?}") };
    assert_eq!(line["subject"], "auth0|alice");
    assert_eq!(line["client"], "cnpg-mcp-cli");
    assert_eq!(line["tool"], "create_postgres_role");
    assert_eq!(line["effect"], "write");
    assert!(line["objects"].as_str().unwrap().contains("Cluster"), "{line}");
    assert!(line["arguments"].as_str().unwrap().contains("ledger"), "{line}");
    assert!(line["duration_ms"].is_u64() && line["outcome"].is_string(), "{line}");
    assert_eq!(line["call_id"], answer["result"]["_meta"]["cnpg-mcp.io/call-id"]);
    assert!(line["program"].as_str().unwrap().starts_with("tests/1"), "{line}");

    let password = "a-password-of-somebody-0123456789";
    let secret = json!({ "cluster_name": "main-db", "role_name": "ledger", "password": password });
    server.call(&token, "update_postgres_role", secret).await;
    assert_eq!(server.audit().len(), 2);
    assert!(!server.log().contains(password));
}

#[test]
fn what_is_wrong_with_the_configuration_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let config: PathBuf = folder.path().join("oidc.yaml");
    std::fs::write(&config, "issuer: https://issuer.example/\naudiense: x\n").unwrap();
    let config = config.to_str().unwrap();
    for arguments in [&["--config", config][..], &["--config", config, "--check-config"]] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(said.contains("oidc.yaml:2") && said.contains("did you mean `audience`"), "{said}");
        assert!(said.contains("audience"), "{said}");
    }
    std::fs::write(config, "issuer: https://issuer.example/\naudience: x\n").unwrap();
    let output = run(&["--config", config, "--check-config"]);
    assert!(output.status.success(), "neither a client nor keys are needed");
}

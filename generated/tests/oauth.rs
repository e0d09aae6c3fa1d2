//! The server as a program with its OAuth proxy: how it is configured, that it lets people in, and that it says no secret.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use cnpg_mcp_provider::{CLIENT, CLIENT_SECRET, Provider};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

const ROOT_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// From RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://127.0.0.1:33418/callback";
/// A client's name that would write lines of its own into a log, and colour them.
const HOSTILE: &str = "Test\r\n2026-01-01T00:00:00Z  INFO forged: a person logged in\u{1b}[31m";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(issuer: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::write(folder.path("secret"), CLIENT_SECRET).unwrap();
        std::fs::write(folder.path("keys"), ROOT_KEY).unwrap();
        let text = format!(
            "issuer: {issuer}\naudience: https://mcp.example.com/api\nclient_id: {CLIENT}\nclient_secret_file: {}\nsigning_key_file: {}\n",
            folder.path("secret").display(),
            folder.path("keys").display()
        );
        std::fs::write(folder.path("oidc.yaml"), text).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn server(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-server"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CNPG_MCP_")) {
            command.env_remove(name);
        }
        command.args(["--transport", "http", "--config"]).arg(self.path("oidc.yaml")).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// A server on the sandbox that ends with this value.
struct Server {
    child: Child,
    url: String,
    /// Kept open: the server may have more to say.
    _output: BufReader<ChildStdout>,
}

impl Server {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let log = std::fs::File::create(folder.path("log")).unwrap();
        let mut command = folder.server(&["--sandbox", "--print-client-config", "--log-level", "trace"]);
        let mut child = command.args(arguments).stderr(log).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed.contains("inspector") {
            let read = output.read_line(&mut printed).unwrap();
            assert!(read > 0, "{printed}{}", std::fs::read_to_string(folder.path("log")).unwrap());
        }
        let url = printed.split_whitespace().find(|word| word.starts_with("http://localhost:")).unwrap();
        Self { child, url: url.trim_end_matches("/mcp").to_owned(), _output: output }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn http() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn location(response: &Response) -> String {
    response.headers().get(LOCATION).unwrap_or_else(|| panic!("{response:?}")).to_str().unwrap().to_owned()
}

fn parameter(url: &str, name: &str) -> String {
    let url = reqwest::Url::parse(url).unwrap();
    url.query_pairs().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{url}")).1.into_owned()
}

/// Cookies of a response, to be sent back.
fn cookies(response: &Response) -> Vec<String> {
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

/// Logs in, and gives the tokens with everything secret that was seen on the way.
async fn log_in(server: &Server, provider: &Provider) -> (Value, Vec<String>) {
    let metadata = json!({ "client_name": HOSTILE, "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_post" });
    let registered = http().post(format!("{}/register", server.url)).json(&metadata).send().await.unwrap();
    assert_eq!(registered.status(), StatusCode::CREATED);
    let registered: Value = registered.json().await.unwrap();
    let (id, secret) = (registered["client_id"].as_str().unwrap(), registered["client_secret"].as_str().unwrap());
    let asks = [
        ("response_type", "code"),
        ("client_id", id),
        ("redirect_uri", REDIRECT),
        ("state", "state-of-the-client-0123456789"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let link = reqwest::Url::parse_with_params(&format!("{}/authorize", server.url), asks).unwrap();
    let sent = http().get(link).send().await.unwrap();
    let mut jar = cookies(&sent);
    let page = http().get(location(&sent)).header(COOKIE, jar.join("; ")).send().await.unwrap().text().await.unwrap();
    let field = |name: &str| {
        let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{page}"));
        rest.split('"').next().unwrap().to_owned()
    };
    let (transaction, token) = (field("transaction"), field("form_token"));
    let form = [("transaction", transaction.as_str()), ("form_token", &token), ("decision", "allow")];
    let request = http().post(format!("{}/consent", server.url)).header(COOKIE, jar.join("; ")).form(&form);
    let approved = request.send().await.unwrap();
    jar.extend(cookies(&approved));
    let to_provider = location(&approved);
    let back = provider.visit(&to_provider).await.unwrap();
    let returned = http().get(&back).header(COOKIE, jar.join("; ")).send().await.unwrap();
    let code = parameter(&location(&returned), "code");
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("client_secret", secret),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let issued = http().post(format!("{}/token", server.url)).form(&form).send().await.unwrap();
    assert_eq!(issued.status(), StatusCode::OK);
    let issued: Value = issued.json().await.unwrap();
    let form_of_refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", id),
        ("client_secret", secret),
        ("refresh_token", issued["refresh_token"].as_str().unwrap()),
    ];
    let refreshed = http().post(format!("{}/token", server.url)).form(&form_of_refresh).send().await.unwrap();
    let refreshed: Value = refreshed.json().await.unwrap();
    let mut secrets: Vec<String> = jar.iter().map(|cookie| cookie.split_once('=').unwrap().1.to_owned()).collect();
    for tokens in [&issued, &refreshed] {
        secrets.extend(["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned()));
    }
    let seen = [secret, &transaction, &token, &code, VERIFIER, CLIENT_SECRET, ROOT_KEY];
    secrets.extend(seen.into_iter().map(str::to_owned));
    secrets.extend(["state", "nonce", "code_challenge"].map(|name| parameter(&to_provider, name)));
    secrets.push(parameter(&back, "code"));
    (refreshed, secrets)
}

#[tokio::test]
async fn people_log_in_and_no_secret_is_logged_at_the_level_that_logs_most() {
    cnpg_mcp_runtime::tls::install();
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let server = Server::start(&folder, &["--port", "0"]);
    let (tokens, secrets) = log_in(&server, &provider).await;
    let access = tokens["access_token"].as_str().unwrap();
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } });
    let ask = |token: &str| {
        let request = http().post(format!("{}/mcp", server.url)).bearer_auth(token).body(call.to_string());
        request.header("accept", "application/json, text/event-stream").header("content-type", "application/json")
    };
    assert_eq!(ask(access).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask(&format!("{access}x")).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for hostile in
        ["/authorize?client_id=x%0D%0Aforged%1B", "/auth/callback?state=%0Aforged", "/mcp?%0Aforged%1B", "/%0Aforged"]
    {
        http().get(format!("{}{hostile}", server.url)).header("user-agent", "forged").send().await.unwrap();
    }
    let ready = http().get(format!("{}/readyz", server.url)).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    drop(server);
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    assert!(log.contains("a person logged in") && log.contains("auth0|alice"), "{log}");
    assert!(!log.contains('\u{1b}') && !log.contains('\r'), "{log}");
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01") || line.starts_with("forged")), "{log}");
    // Parts of secrets too: a session's name is in tokens of both kinds.
    for secret in secrets.iter().flat_map(|secret| secret.split('.')).filter(|part| part.len() >= 16) {
        assert!(!log.contains(secret), "{secret}: {}", log.lines().find(|line| line.contains(secret)).unwrap());
    }
}

#[tokio::test]
async fn a_provider_that_was_asked_without_an_audience_is_told_in_the_log() {
    cnpg_mcp_runtime::tls::install();
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let server =
        Server::start(&folder, &["--port", "0", "--authorize-params", "ui_locales=en", "--token-params", "x=y"]);
    log_in(&server, &provider).await;
    drop(server);
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    assert!(log.contains("the provider was asked without an audience"), "{log}");
}

/// A Redis that ends with this value.
struct Redis(Child, String);

impl Redis {
    fn start() -> Self {
        let port = free_port();
        let mut redis = Command::new("redis-server");
        redis.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
        let child = redis.stdout(Stdio::null()).spawn().unwrap_or_else(|error| {
            panic!("`redis-server` does not start ({error}); ./tests/redis/install.sh installs it");
        });
        Self(child, format!("redis://127.0.0.1:{port}"))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[tokio::test]
async fn with_redis_a_restart_logs_nobody_out() {
    cnpg_mcp_runtime::tls::install();
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let (redis, port) = (Redis::start(), free_port());
    let arguments = ["--session-store", &redis.1, "--port", &port];
    let server = Server::start(&folder, &arguments);
    let (tokens, _) = log_in(&server, &provider).await;
    drop(server);
    let server = Server::start(&folder, &arguments);
    let call = http().get(format!("{}/mcp", server.url)).bearer_auth(tokens["access_token"].as_str().unwrap());
    let status = call.header("accept", "text/event-stream").send().await.unwrap().status();
    assert_ne!(status, StatusCode::UNAUTHORIZED);
}

/// A call of the revision without sessions.
async fn listed(client: &Client, url: &str, access: &str) -> reqwest::Result<StatusCode> {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "load", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } });
    let request = client.post(format!("{url}/mcp")).bearer_auth(access).json(&call);
    let request = request.header("accept", "application/json, text/event-stream");
    let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/list");
    let answer = request.send().await?;
    let status = answer.status();
    answer.bytes().await?;
    Ok(status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_killed_in_mid_load_logs_nobody_out() {
    cnpg_mcp_runtime::tls::install();
    let provider = Provider::start().await.unwrap();
    let folders = [Folder::new(provider.issuer()), Folder::new(provider.issuer())];
    let (redis, ports) = (Redis::start(), [free_port(), free_port()]);
    let public_url = format!("http://localhost:{}", ports[0]);
    let [mut first, mut second] = [0, 1].map(|index| {
        let arguments = ["--session-store", &redis.1, "--port", &ports[index], "--public-url", &public_url];
        Server::start(&folders[index], &arguments)
    });
    second.url = format!("http://localhost:{}", ports[1]);
    let (tokens, _) = log_in(&first, &provider).await;
    let urls = [first.url.clone(), second.url.clone()];
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let clients = (0..8).map(|client| {
        let (http, urls, access) = (http(), urls.clone(), access.clone());
        tokio::spawn(async move {
            let mut moved = 0;
            for call in 0..100 {
                // A load balancer goes to the other replica where one does not answer.
                let turn = (client + call) % 2;
                let status = if let Ok(status) = listed(&http, &urls[turn], &access).await {
                    status
                } else {
                    moved += 1;
                    listed(&http, &urls[1 - turn], &access).await.unwrap()
                };
                assert_eq!(status, StatusCode::OK, "nobody is asked to log in again");
            }
            moved
        })
    });
    let clients: Vec<_> = clients.collect();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    first.child.kill().unwrap();
    let mut moved = 0;
    for client in clients {
        moved += client.await.unwrap();
    }
    assert!(moved > 0, "it was killed in the middle");
}

#[test]
fn the_configuration_is_checked_and_shown_without_secrets() {
    let folder = Folder::new("https://issuer.example/");
    let mut command =
        folder.server(&["--check-config", "--host", "0.0.0.0", "--public-url", "https://mcp.example.com"]);
    let Output { status, stdout, stderr } =
        command.env("CNPG_MCP_SESSION_STORE", "redis://:hunter2@redis:6379").output().unwrap();
    let (shown, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{said}");
    assert!(shown.contains("public_url: \"https://mcp.example.com\"  # --public-url"), "{shown}");
    assert!(shown.contains("oidc.yaml:1:9"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains(CLIENT_SECRET) && !shown.contains(ROOT_KEY), "{shown}");
}

#[test]
fn what_is_wrong_stops_the_start_with_its_place() {
    let folder = Folder::new("https://issuer.example/");
    let text = std::fs::read_to_string(folder.path("oidc.yaml")).unwrap().replace("audience", "audiense");
    let text = text.lines().filter(|line| !line.starts_with("signing")).collect::<Vec<_>>().join("\n");
    std::fs::write(folder.path("oidc.yaml"), text).unwrap();
    for arguments in [&["--host", "0.0.0.0", "--port", "0"][..], &["--host", "0.0.0.0", "--check-config"]] {
        let mut child = folder.server(arguments).spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
        for problem in [
            "oidc.yaml:2:1: `audiense` is not known (did you mean `audience`?)",
            "`audience` is missing",
            "`public_url` is missing",
            "`signing_key_file` is missing",
        ] {
            assert!(said.contains(problem), "{problem}: {said}");
        }
    }
}

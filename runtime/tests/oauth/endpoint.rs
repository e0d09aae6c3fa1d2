//! The MCP endpoint behind the guard: who gets in, and into whose session.

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::browser::http;
use crate::program::Program;
use crate::world::{Replica, World};

async fn begun() -> (World, Replica, Program) {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    (world, replica, program)
}

fn post(replica: &Replica, message: &Value) -> RequestBuilder {
    http()
        .post(replica.url("/mcp"))
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .body(message.to_string())
}

/// A request of the revision without sessions.
pub fn list(replica: &Replica) -> RequestBuilder {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } });
    post(replica, &message).header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/list")
}

/// Opens a session of the revisions that have them.
pub async fn open(replica: &Replica, token: &str) -> String {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
    let message = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
    let opened = post(replica, &message).bearer_auth(token).send().await.unwrap();
    assert_eq!(opened.status(), StatusCode::OK);
    let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let accepted = in_session(replica, &session, &initialized).bearer_auth(token).send().await.unwrap();
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    session
}

pub fn in_session(replica: &Replica, session: &str, message: &Value) -> RequestBuilder {
    post(replica, message).header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25")
}

pub fn ping() -> Value {
    json!({ "jsonrpc": "2.0", "id": 9, "method": "ping" })
}

fn challenge(response: &Response) -> String {
    response.headers()["www-authenticate"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_good_token_gets_in_and_nothing_else_does() {
    let (world, replica, program) = begun().await;
    let metadata = format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"", replica.public_url);
    let without = list(&replica).send().await.unwrap();
    assert_eq!(without.status(), StatusCode::UNAUTHORIZED);
    assert!(challenge(&without).contains(&metadata) && !challenge(&without).contains("error"), "{without:?}");
    let (access, refresh) = program.log_in(&world, &replica).await;
    let mut listed = list(&replica).bearer_auth(&access).send().await.unwrap();
    assert_eq!(listed.status(), StatusCode::OK);
    assert!(listed.chunk().await.unwrap().is_some());
    let [header, claims, tag] = access.split('.').collect::<Vec<_>>()[..] else { panic!("{access}") };
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    let of_the_provider = world.provider.token(replica.proxy.resource()).await.unwrap();
    for (what, token) in [
        ("a refresh token", refresh.as_str()),
        ("no signature", &format!("{header}.{claims}.")),
        ("no algorithm", &format!("{none}.{claims}.")),
        ("no algorithm, with a signature", &format!("{none}.{claims}.{tag}")),
        ("the provider's", &of_the_provider),
        ("five parts", &format!("{access}.x.y")),
        ("another tag", &format!("{header}.{claims}.{}", tag.chars().rev().collect::<String>())),
        ("quotes", "a\"b, error=\"x"),
        ("long", &"x".repeat(20_000)),
    ] {
        let refused = list(&replica).bearer_auth(token).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{what}");
        let challenge = challenge(&refused);
        assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains(&metadata), "{what}: {challenge}");
        assert!(!challenge.contains(token), "{what}");
    }
    let in_query = http().get(replica.url(&format!("/mcp?access_token={access}"))).send().await.unwrap();
    assert_eq!(in_query.status(), StatusCode::UNAUTHORIZED);
    assert!(!challenge(&in_query).contains("error"), "a token in the address is none");
    let twice = list(&replica).header("authorization", format!("Bearer {access}")).bearer_auth(&access);
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    program.revoke(&replica, &refresh).await;
    let revoked = list(&replica).bearer_auth(&access).send().await.unwrap();
    assert!(challenge(&revoked).contains("invalid_token"));
}

#[tokio::test]
async fn the_resource_says_who_issues_its_tokens() {
    let (_world, replica, _) = begun().await;
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        let metadata: Value = http().get(replica.url(path)).send().await.unwrap().json().await.unwrap();
        assert_eq!(metadata["resource"], format!("{}/mcp", replica.public_url));
        assert_eq!(metadata["authorization_servers"], json!([replica.public_url]));
    }
}

#[tokio::test]
async fn a_session_is_there_for_who_opened_it_alone() {
    let (world, replica, program) = begun().await;
    let (alice, refresh) = program.log_in(&world, &replica).await;
    let (alice_elsewhere, _) = Program::register(&replica).await.log_in(&world, &replica).await;
    world.provider.switch(json!({ "account": "bob" })).await.unwrap();
    let (bob, _) = program.log_in(&world, &replica).await;
    let session = open(&replica, &alice).await;
    for (who, token) in [("another person", &bob), ("another program", &alice_elsewhere)] {
        let posted = in_session(&replica, &session, &ping()).bearer_auth(token).send().await.unwrap();
        assert_eq!(posted.status(), StatusCode::NOT_FOUND, "{who}");
        for request in [http().get(replica.url("/mcp")), http().delete(replica.url("/mcp"))] {
            let request = request.header("mcp-session-id", &session).header("accept", "text/event-stream");
            assert_eq!(request.bearer_auth(token).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{who}");
        }
    }
    let two = in_session(&replica, &session, &ping()).header("mcp-session-id", "x").bearer_auth(&alice);
    assert_eq!(two.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    // A token that was refreshed is the same owner's.
    let refreshed = program.refresh(&replica, &refresh).await.text("access_token");
    let own = in_session(&replica, &session, &ping()).bearer_auth(&refreshed).send().await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
    let ended = http().delete(replica.url("/mcp")).header("mcp-session-id", &session).bearer_auth(&alice);
    assert!(ended.send().await.unwrap().status().is_success());
    let over = in_session(&replica, &session, &ping()).bearer_auth(&alice).send().await.unwrap();
    assert_eq!(over.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_owner_has_so_many_sessions_and_no_more() {
    let (world, replica, program) = begun().await;
    let (alice, _) = program.log_in(&world, &replica).await;
    let mut sessions = Vec::new();
    for _ in 0..34 {
        sessions.push(open(&replica, &alice).await);
    }
    let mut answers = Vec::new();
    for session in &sessions {
        let answer = in_session(&replica, session, &ping()).bearer_auth(&alice).send().await.unwrap();
        answers.push(answer.status().as_u16());
    }
    assert_eq!(answers[..2], [404, 404], "those that were opened first are over");
    assert!(answers[2..].iter().all(|status| *status == 200), "{answers:?}");
}

#[tokio::test]
async fn after_a_change_of_root_keys_old_tokens_are_good_and_new_ones_are_new() {
    let (mut world, before, program) = begun().await;
    let (access, refresh) = program.log_in(&world, &before).await;
    world.write("keys", "YW5vdGhlciByb290IGtleSBvZiAzMiBieXRlcyBsb25n\nMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n");
    let between = world.replica().await;
    assert!(between.proxy.caller(&access).await.is_ok());
    let refreshed = program.refresh(&between, &refresh).await;
    assert_eq!(refreshed.status, StatusCode::OK);
    let new = refreshed.text("access_token");
    assert!(between.proxy.caller(&new).await.is_ok());
    assert!(before.proxy.caller(&new).await.is_err(), "the new key issues");
    world.write("keys", "YW5vdGhlciByb290IGtleSBvZiAzMiBieXRlcyBsb25n\n");
    let after = world.replica().await;
    assert!(after.proxy.caller(&access).await.is_err(), "the old key is gone");
}

#[tokio::test]
async fn pages_of_other_sites_do_not_reach_the_endpoint_with_a_token_either() {
    let (world, replica, program) = begun().await;
    let (access, _) = program.log_in(&world, &replica).await;
    let foreign = list(&replica).bearer_auth(&access).header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let renamed = list(&replica).bearer_auth(&access).header("host", "evil.example").send().await.unwrap();
    assert_eq!(renamed.status(), StatusCode::FORBIDDEN);
    let own = list(&replica).bearer_auth(&access).header("origin", &replica.public_url).send().await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
}

#[tokio::test]
async fn pages_that_are_let_in_may_read_answers() {
    let (_world, replica, _) = begun().await;
    for path in ["/mcp", "/register", "/.well-known/oauth-authorization-server"] {
        let asked = http().request(reqwest::Method::OPTIONS, replica.url(path));
        let asked = asked.header("origin", "http://localhost:6274").header("access-control-request-method", "POST");
        let told =
            asked.header("access-control-request-headers", "authorization, mcp-protocol-version").send().await.unwrap();
        assert!(told.status().is_success(), "{path}: {}", told.status());
        assert_eq!(told.headers()["access-control-allow-origin"], "http://localhost:6274", "{path}");
        assert!(told.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"), "{path}");
        assert!(!told.headers().contains_key("access-control-allow-credentials"), "{path}");
    }
    let without = list(&replica).header("origin", "http://localhost:6274").send().await.unwrap();
    assert_eq!(without.status(), StatusCode::UNAUTHORIZED);
    assert!(without.headers()["access-control-expose-headers"].to_str().unwrap().contains("www-authenticate"));
    let foreign =
        http().request(reqwest::Method::OPTIONS, replica.url("/mcp")).header("origin", "https://evil.example");
    let foreign = foreign.header("access-control-request-method", "POST").send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));
}

/// Requests that a proxy in front could take for one and this server for two (RFC 9112, section 11.2).
#[tokio::test]
async fn requests_of_two_meanings_are_refused() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (_world, replica, _) = begun().await;
    let sent = async |head: &str, body: &str| {
        let mut stream = tokio::net::TcpStream::connect(replica.at.trim_start_matches("http://")).await.unwrap();
        let request = format!("POST /token HTTP/1.1\r\nHost: localhost\r\n{head}\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
        assert!(read.is_ok(), "the connection is closed: {head:?}: {answer}");
        answer
    };
    let hidden = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for head in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 0\r\n folded: x\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Content-Length: 0\nContent-Length: 5\r\n",
        "Connection: close\r\nHost: evil.example\r\n",
    ] {
        let answer = sent(head, hidden).await;
        let status = if head.contains("Host") { "HTTP/1.1 403" } else { "HTTP/1.1 400" };
        assert!(answer.starts_with(status) && !answer.contains("200 OK"), "{head:?}: {answer}");
    }
    // Where both lengths are given the chunks count, and what comes behind them is not read (section 6.1).
    for head in
        ["Content-Length: 45\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 45\r\n"]
    {
        let answer = sent(head, &format!("0\r\n\r\n{hidden}")).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head:?}: {answer}");
        assert!(answer.starts_with("HTTP/1.1 400") && !answer.contains("200 OK"), "{head:?}: {answer}");
    }
}

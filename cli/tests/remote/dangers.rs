//! Servers that would like a token which is not theirs, or a login where it does not belong.

use serde_json::{Value, json};

use crate::pretender::{Answer, Pretender};
use crate::world::{World, refused, said};

const LIST: &[&str] = &["call", "list_postgres_clusters"];

fn json(path: &'static str, status: u16, body: &Value) -> Answer {
    Answer { path, status, header: ("content-type", "application/json".to_owned()), body: body.to_string() }
}

/// A server that wants a login, and says this of itself and of who gives tokens for it.
async fn wanting_a_login(resource: &Value, authorization_server: &Value) -> Pretender {
    let challenge = "Bearer resource_metadata=\"$URL/.well-known/oauth-protected-resource/mcp\"".to_owned();
    Pretender::start(vec![
        Answer { path: "/mcp", status: 401, header: ("www-authenticate", challenge), body: String::new() },
        json("/.well-known/oauth-protected-resource/mcp", 200, resource),
        json("/.well-known/oauth-authorization-server", 200, authorization_server),
    ])
    .await
}

/// The metadata of an authorization server at the pretender's address, but for some fields.
fn metadata(other: &Value) -> Value {
    let mut metadata = json!({
        "issuer": "$URL",
        "authorization_endpoint": "$URL/authorize",
        "token_endpoint": "$URL/token",
        "registration_endpoint": "$URL/register",
        "code_challenge_methods_supported": ["S256"],
    });
    for (name, value) in other.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_nowhere_else() {
    let world = World::new("").await;
    let other = Pretender::start(Vec::new()).await;
    for status in [301, 302, 307, 308] {
        let header = ("location", other.endpoint());
        let server = Pretender::start(vec![Answer { path: "/mcp", status, header, body: String::new() }]).await;
        let arguments = [LIST, &["--token", "token-0123456789"]].concat();
        let said = refused(&world.alone(&server.endpoint(), &arguments).await);
        assert!(said.contains("no MCP server") && !said.contains("token-0123456789"), "{status}: {said}");
        assert!(server.seen().iter().any(|request| request.contains("token-0123456789")));
    }
    assert!(other.seen().is_empty(), "{:?}", other.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_is_not_the_servers_own_is_not_used() {
    let world = World::new("").await;
    let ours = json!({ "resource": "$URL/mcp", "authorization_servers": ["$URL"] });
    let banks = json!({ "resource": "https://bank.example/mcp", "authorization_servers": ["$URL"] });
    let cases = [
        (&banks, json!({}), "describes another server, https://bank.example/mcp"),
        (&ours, json!({ "issuer": "https://honest.example" }), "https://honest.example"),
        (
            &ours,
            json!({ "authorization_endpoint": "http://plain.example/authorize" }),
            "not safe: `http://plain.example",
        ),
        (&ours, json!({ "authorization_endpoint": "javascript:alert(1)" }), "not safe"),
        (&ours, json!({ "registration_endpoint": "http://plain.example/register" }), "is not encrypted"),
        (&ours, json!({ "code_challenge_methods_supported": ["plain"] }), "PKCE with S256"),
        (&ours, json!({ "registration_endpoint": null }), "lets nobody register"),
    ];
    for (resource, other, expected) in cases {
        let server = wanting_a_login(resource, &metadata(&other)).await;
        let refusal = refused(&world.alone(&server.endpoint(), LIST).await);
        assert!(refusal.contains(expected), "{expected}: {refusal}");
        assert!(!server.seen().iter().any(|request| request.contains("/register")), "{:?}", server.seen());
        assert!(world.kept_files().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_writes_nothing_but_text_to_the_terminal() {
    let world = World::new("").await;
    let error = json!({ "jsonrpc": "2.0", "id": 0, "error": { "code": -32000, "message": "a\u{1b}[2Jb" } });
    let server = Pretender::start(vec![json("/mcp", 400, &error)]).await;
    let output = world.alone(&server.endpoint(), LIST).await;
    assert!(!said(&output).contains('\u{1b}'), "{}", said(&output));
    refused(&output);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_said_at_any_level() {
    let world = World::new("").await;
    let server = world.main_server().await;
    let (url, list) = (server.url(), [LIST, &["--log-level", "trace"]].concat());
    let mut everything = String::new();
    let mut secrets = Vec::new();
    let mut remember = |world: &World| {
        let kept: Value = world.kept();
        let tokens = &kept["credentials"]["token_response"];
        secrets.extend(["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned()));
    };
    let (output, _) = world.with_person(&url, &list).await;
    everything.push_str(&said(&output));
    remember(&world);
    world.change_kept(|kept| kept["credentials"]["token_received_at"] = 1.into());
    everything.push_str(&said(&world.alone(&url, &list).await));
    remember(&world);
    everything.push_str(&said(&world.alone(&url, &["logout"]).await));
    assert_eq!(secrets.len(), 4);
    for secret in secrets {
        assert!(!everything.contains(&secret));
        // A signature is a secret by itself.
        assert!(!everything.contains(secret.rsplit('.').next().unwrap()));
    }
}

//! Scopes that tools demand by their effect: shown, granted, demanded, and asked for once more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cnpg_mcp_provider::Provider;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::client::{Browser, Client, VERIFIER, access, called, parameter};
use crate::server::{Folder, Server};
use crate::shared::mcp;

const DEMANDING: &str = "require_scopes: true\n";

/// What the consent page says of each scope.
const SHOWN: [(&str, &str); 3] = [
    ("cnpg:read", "Look at database clusters"),
    ("cnpg:write", "Create and change them"),
    ("cnpg:destroy", "Delete them, and the data in them"),
];

struct World {
    provider: Provider,
    server: Server,
    client: Client,
    _folder: Folder,
}

impl World {
    async fn start(more: &str) -> Self {
        let provider = Provider::start().await.unwrap();
        let folder = Folder::with(provider.issuer(), more);
        let server = Server::start(&folder, &[]);
        let client = Client::register(&server).await;
        Self { provider, server, client, _folder: folder }
    }

    /// Logs in, after the consent page has shown these scopes and no other. Gives what `/token` answers.
    async fn granted(&self, asked: Option<&str>, shown: &[&str]) -> Value {
        let mut browser = Browser::new(&self.client.seen);
        let page = browser.asked(&self.client.link(&self.server, asked)).await;
        for (scope, text) in SHOWN {
            assert_eq!(page.body.contains(text), shown.contains(&scope), "{scope}: {}", page.body);
        }
        let back = browser.allow(&self.server, &self.provider, &page).await;
        let issued = self.client.redeem(&self.server, &parameter(&back, "code").unwrap(), VERIFIER).await.json();
        assert_eq!(issued["scope"], shown.join(" "), "{issued}");
        assert_eq!(claims(access(&issued))["scope"], shown.join(" "), "the token has what was shown");
        issued
    }

    /// Status and headers of what a call meets.
    async fn refused(&self, token: &str, tool: &str, arguments: &Value) -> (StatusCode, HeaderMap) {
        let response = mcp::alone(&self.server.mcp(), Some(token), mcp::call(tool, arguments)).send().await.unwrap();
        (response.status(), response.headers().clone())
    }

    /// The scopes that a call is refused for the lack of.
    async fn lacking(&self, token: &str, tool: &str, arguments: &Value) -> String {
        let (status, headers) = self.refused(token, tool, arguments).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{tool}");
        assert_eq!(mcp::challenged(&headers, "error").as_deref(), Some("insufficient_scope"), "{headers:?}");
        let metadata = self.server.at("/.well-known/oauth-protected-resource/mcp");
        assert_eq!(mcp::challenged(&headers, "resource_metadata"), Some(metadata));
        let description = mcp::challenged(&headers, "error_description").unwrap();
        assert!(description.contains(tool), "{description}");
        mcp::challenged(&headers, "scope").unwrap()
    }
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn scaled(dry_run: bool) -> Value {
    json!({ "name": "main-db", "instances": 2, "dry_run": dry_run })
}

fn deleted() -> Value {
    json!({ "name": "main-db", "dry_run": true })
}

/// What a client does with a challenge: it asks for the scopes that it names, and has then lost none (RFC 6750, section
/// 3.1; MCP, authorization, "Scope challenge handling").
#[tokio::test]
async fn who_may_read_is_told_what_a_write_needs_and_gets_it_by_logging_in_again() {
    let world = World::start(DEMANDING).await;
    let reader = world.granted(Some("cnpg:read"), &["cnpg:read"]).await;
    let answer = called(&world.server, access(&reader), "list_postgres_clusters", &json!({})).await;
    assert!(mcp::said(&answer).0, "{answer}");
    assert!(world.server.program.audit().is_empty());

    let needed = world.lacking(access(&reader), "scale_postgres_cluster", &scaled(false)).await;
    assert_eq!(needed, "cnpg:read cnpg:write", "what it has, and what it needs besides");
    let writer = world.granted(Some(&needed), &["cnpg:read", "cnpg:write"]).await;
    for (tool, arguments) in [("list_postgres_clusters", json!({})), ("scale_postgres_cluster", scaled(false))] {
        let answer = called(&world.server, access(&writer), tool, &arguments).await;
        assert!(mcp::said(&answer).0, "{answer}");
    }

    let needed = world.lacking(access(&writer), "delete_postgres_cluster", &deleted()).await;
    assert_eq!(needed, "cnpg:read cnpg:write cnpg:destroy");
    let destroyer = world.granted(Some(&needed), &["cnpg:read", "cnpg:write", "cnpg:destroy"]).await;
    let answer = called(&world.server, access(&destroyer), "delete_postgres_cluster", &deleted()).await;
    assert!(mcp::said(&answer).0, "{answer}");
    assert_eq!(
        world.lacking(access(&reader), "scale_postgres_cluster", &scaled(true)).await,
        "cnpg:read cnpg:write",
        "the first token has not grown"
    );
}

#[tokio::test]
async fn a_client_gets_what_was_shown_and_cannot_add_to_it() {
    let world = World::start(DEMANDING).await;
    let everything = ["cnpg:read", "cnpg:write", "cnpg:destroy"];
    for asked in [None, Some("openid profile"), Some("cnpg:destroy cnpg:write cnpg:read offline_access")] {
        world.granted(asked, &everything).await;
    }
    world.granted(Some("cnpg:write admin cnpg:*"), &["cnpg:write"]).await;

    // Fields that ask for more, wherever there is a form.
    let (server, client) = (&world.server, &world.client);
    let more = [("scope", "cnpg:read cnpg:destroy")];
    let mut browser = Browser::new(&client.seen);
    let page = browser.asked(&client.link(server, Some("cnpg:read"))).await;
    let sent = browser.decide(server, &page, "allow", &more).await;
    assert!(
        !parameter(sent.location(), "scope").unwrap().contains("cnpg"),
        "the provider is not asked for this server's scopes: {sent:?}"
    );
    let back = world.provider.visit(sent.location()).await.unwrap();
    let code = parameter(browser.get(&format!("{back}&scope=cnpg:destroy")).await.location(), "code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", crate::client::REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let issued = client.form(server, "/token", &[&fields[..], &more].concat()).await.json();
    assert_eq!(issued["scope"], "cnpg:read");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", issued["refresh_token"].as_str().unwrap())];
    let wider = client.form(server, "/token", &[&fields[..], &more].concat()).await;
    assert_eq!(wider.error(), (400, "invalid_scope".to_owned()));
    let refreshed = client.form(server, "/token", &fields).await.json();
    assert_eq!(refreshed["scope"], "cnpg:read", "and the family lives on");
}

/// The guard reads what a message calls before the SDK does. Where they could read different things, nothing is done.
#[tokio::test]
async fn no_message_gets_past_its_scope() {
    let world = World::start(DEMANDING).await;
    let reader = world.granted(Some("cnpg:read"), &["cnpg:read"]).await;
    let token = access(&reader);
    let write = mcp::call("scale_postgres_cluster", &scaled(false)).to_string();
    let read = mcp::call("list_postgres_clusters", &json!({})).to_string();
    let bodies = [
        write.replacen("\"method\"", "\"method\":\"tools/list\",\"method\"", 1),
        write.replacen("\"tools/call\"", "\"tools\\/call\"", 1),
        write.replacen("scale_postgres_cluster", "list_postgres_clusters\",\"name\":\"scale_postgres_cluster", 1),
        write.replacen("scale_postgres_cluster", "scale_postgres_cluste\\u0072", 1),
        write.replacen("\"jsonrpc\"", " \"id\":7,\"jsonrpc\"", 1),
        format!("\u{feff}{write}"),
        format!("[{write}]"),
        format!("[{read},{write}]"),
        format!("{read}{write}"),
    ];
    let initialized =
        mcp::post(&world.server.mcp(), Some(token), &mcp::initialize(), "2025-11-25").send().await.unwrap();
    let session = initialized.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    for body in &bodies {
        // In a session, without one, and where a header names another tool.
        for named in [None, Some("list_postgres_clusters")] {
            let request = mcp::http().post(world.server.mcp()).bearer_auth(token).body(body.clone());
            let request = request.header("content-type", "application/json");
            let request = request.header("accept", "application/json, text/event-stream");
            let request = match named {
                None => request.header("mcp-session-id", &session).header("mcp-protocol-version", "2025-11-25"),
                Some(name) => request.header("mcp-method", "tools/call").header("mcp-name", name),
            };
            let answer = request.send().await.unwrap().text().await.unwrap();
            assert!(!answer.contains("outcome"), "{body}: {answer}");
        }
    }
    assert!(world.server.program.audit().is_empty(), "{:?}", world.server.program.audit());
}

#[tokio::test]
async fn the_names_of_scopes_are_the_administrators() {
    let names = "effect_scopes: { read: db.see, write: db.change, destroy: db.drop }\n";
    let world = World::start(&format!("{DEMANDING}{names}")).await;
    let metadata = mcp::http().get(world.server.at("/.well-known/oauth-protected-resource/mcp"));
    let metadata: Value = metadata.send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["scopes_supported"], json!(["db.see", "db.change", "db.drop"]));
    let without = mcp::post(&world.server.mcp(), None, &mcp::initialize(), "2025-11-25").send().await.unwrap();
    assert_eq!(mcp::challenged(without.headers(), "scope").as_deref(), Some("db.see db.change db.drop"));
    let issued = world.client.log_in(&world.server, &world.provider, Some("db.see cnpg:destroy")).await;
    assert_eq!(issued["scope"], "db.see");
    let needed = world.lacking(access(&issued), "delete_postgres_cluster", &deleted()).await;
    assert_eq!(needed, "db.see db.drop");
}

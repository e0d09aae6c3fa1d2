//! What the server says, at the level that says most: everything but secrets.

use cnpg_mcp_provider::{CLIENT_SECRET, Provider};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Browser, Client, STATE, Shows, VERIFIER, access, called, parameter};
use crate::redis::{IN_ADDRESS, PASSWORD, Redis};
use crate::server::{Folder, ROOT_KEY, Server};
use crate::shared::mcp::{self, http, initialize};
use crate::shared::seen::Seen;

/// A client's name that would write lines of its own into a log, and colour them.
const HOSTILE: &str = "Test\r\n2026-01-01T00:00:00Z  INFO forged: a person logged in\u{1b}[31m";

/// What the provider says where it fails: it quotes what it was sent.
const QUOTES: &str = "not good: {code} {code_verifier} {client_secret} {refresh_token}";

/// A client's secret that the provider does not know.
const ROTATED: &str = "rotated-Zq83hfkw0-client-secret-of-tomorrow";

#[tokio::test]
async fn nobody_writes_lines_of_their_own() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let server = Server::of(&folder, &["--sandbox", "--log-format", "text"]);
    let client = Client::register_as(&server, HOSTILE, Shows::InForm, &Seen::default()).await;
    let tokens = client.log_in(&server, &provider, None).await;
    let forged = mcp::post(&server.mcp(), Some(access(&tokens)), &initialize(), "2025-11-25");
    assert_eq!(forged.send().await.unwrap().status(), StatusCode::OK);
    let role = json!({ "cluster_name": "main-db\nforged", "role_name": "x\u{1b}[31m", "forged\r\nforged": "forged" });
    called(&server, access(&tokens), "create_postgres_role", &role).await;
    for hostile in
        ["/authorize?client_id=x%0D%0Aforged%1B", "/auth/callback?state=%0Aforged", "/mcp?%0Aforged%1B", "/%0Aforged"]
    {
        http().get(server.at(hostile)).header("user-agent", "forged").send().await.unwrap();
    }
    let said = server.program.said();
    assert!(said.contains("a person logged in") && said.contains("auth0|alice"), "{said}");
    assert!(!said.contains('\u{1b}') && !said.contains('\r'), "{said}");
    assert!(!said.lines().any(|line| line.starts_with("2026-01-01") || line.starts_with("forged")), "{said}");
}

#[tokio::test]
async fn a_provider_that_was_asked_without_an_audience_is_told_in_the_log() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let server = Server::start(&folder, &["--authorize-params", "ui_locales=en", "--token-params", "x=y"]);
    Client::register(&server).await.log_in(&server, &provider, None).await;
    assert!(server.program.said().contains("the provider was asked without an audience"));
}

/// Logins that end well and in every other way.
async fn logins(server: &Server, provider: &Provider, client: &Client) {
    let mut browser = Browser::new(&client.seen);
    let page = browser.asked(&client.link(server, None)).await;
    let transaction = page.field("transaction");
    let forged = [("transaction", transaction.as_str()), ("form_token", "a-made-up-form-token"), ("decision", "allow")];
    assert_eq!(browser.send(http().post(server.at("/consent")).form(&forged)).await.status, StatusCode::FORBIDDEN);
    let approved = browser.decide(server, &page, "allow", &[]).await;
    assert_eq!(browser.decide(server, &page, "allow", &[]).await.status, StatusCode::BAD_REQUEST);
    let back = provider.visit(approved.location()).await.unwrap();
    client.seen.address(&back);
    assert_eq!(Browser::new(&client.seen).get(&back).await.status, StatusCode::FORBIDDEN);
    let returned = browser.get(&back).await.location().to_owned();
    assert!(browser.get(&back).await.status.is_client_error(), "a replayed answer");

    let code = parameter(&returned, "code").unwrap();
    let wrong = "wrong-verifier-0123456789-0123456789-0123456789";
    client.seen.add("verifier", wrong);
    assert_eq!(client.redeem(server, &code, wrong).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(client.redeem(server, &code, VERIFIER).await.error(), (400, "invalid_grant".to_owned()));
    let in_address = format!("/token?code={code}&client_secret={CLIENT_SECRET}&code_verifier={VERIFIER}");
    http().get(server.at(&in_address)).send().await.unwrap();
    http().post(server.at(&in_address)).send().await.unwrap();

    let code = client.code(server, provider, None).await;
    assert_eq!(client.redeem(server, &code, VERIFIER).await.status, StatusCode::OK);
    assert_eq!(client.redeem(server, &code, VERIFIER).await.status, StatusCode::BAD_REQUEST, "a replay");

    let page = browser.asked(&client.link(server, None)).await;
    assert!(browser.decide(server, &page, "deny", &[]).await.location().contains("access_denied"));
}

/// What a provider does that is not well, or away, or asked with a wrong secret.
async fn faults(server: &Server, provider: &Provider, client: &Client, folder: &Folder) {
    let refusal = json!({ "error": "invalid_grant", "error_description": QUOTES });
    let tokens = json!({ "access_token": QUOTES, "id_token": QUOTES, "token_type": "Bearer" });
    let faults = [
        json!({ "status": 400, "body": refusal.to_string() }),
        json!({ "status": 400, "body": json!({ "error": QUOTES }).to_string() }),
        json!({ "status": 200, "body": tokens.to_string() }),
        json!({ "status": 200, "body": json!({ "access_token": "{code}", "expires_in": ["{code}"] }).to_string() }),
        json!({ "status": 500, "body": QUOTES }),
        json!({ "cut": true }),
    ];
    let mut browser = Browser::new(&client.seen);
    for fault in faults {
        provider.fault("authorization_code", fault.clone()).await.unwrap();
        let page = browser.asked(&client.link(server, None)).await;
        let back = browser.allow(server, provider, &page).await;
        assert!(parameter(&back, "error").is_some(), "{fault}: {back}");
    }
    provider.switch(json!({ "faults": {}, "deny": { "error": "server_error", "description": QUOTES } })).await.unwrap();
    let page = browser.asked(&client.link(server, None)).await;
    browser.allow(server, provider, &page).await;
    provider.switch(json!({ "deny": null })).await.unwrap();
    folder.write("secret", ROTATED);
    let page = browser.asked(&client.link(server, None)).await;
    assert!(parameter(&browser.allow(server, provider, &page).await, "error").is_some());
    folder.write("secret", CLIENT_SECRET);
}

/// Sessions that the provider's token has to be refreshed for, in vain.
async fn refreshes_in_vain(server: &Server, provider: &Provider, client: &Client) {
    for fault in [
        json!({ "cut": true }),
        json!({ "status": 400, "body": json!({ "error": "invalid_grant", "error_description": QUOTES }).to_string() }),
    ] {
        provider.switch(json!({ "access_token": 2 })).await.unwrap();
        let tokens = client.log_in(server, provider, None).await;
        tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
        provider.switch(json!({ "access_token": 3600, "faults": { "refresh_token": fault } })).await.unwrap();
        let listing = mcp::request("tools/list", &json!({}));
        let refused = mcp::alone(&server.mcp(), Some(access(&tokens)), listing).send().await.unwrap();
        assert!(matches!(refused.status().as_u16(), 401 | 503), "{refused:?}");
        provider.switch(json!({ "faults": {} })).await.unwrap();
    }
}

/// Requests with tokens that are none, and with good ones in the wrong places.
async fn bad_tokens(server: &Server, provider: &Provider, tokens: &Value, seen: &Seen) {
    let good = access(tokens);
    let of_the_provider = provider.token(crate::server::AUDIENCE).await.unwrap();
    let encrypted = provider.mint(json!({ "audience": "x", "sign": "jwe" })).await.unwrap();
    for (what, token) in [("the provider's token", &of_the_provider), ("a JWE", &encrypted)] {
        seen.add(what, token);
    }
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for token in [refresh, &of_the_provider, &encrypted, &format!("{good}x"), &good[1..]] {
        let refused = mcp::post(&server.mcp(), Some(token), &initialize(), "2025-11-25").send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
    for address in [format!("/mcp?access_token={good}"), format!("/mcp/{good}"), format!("/{refresh}?x={good}#x")] {
        let refused = http().post(server.at(&address)).json(&initialize()).send().await.unwrap();
        assert!(refused.status().is_client_error(), "{refused:?}");
    }
    for (name, value) in [("authorization", format!("Basic {good}")), ("cookie", format!("token={good}"))] {
        http().post(server.mcp()).header(name, value).json(&initialize()).send().await.unwrap();
    }
    // Where a session, a protocol or a host is expected.
    for name in ["mcp-session-id", "mcp-protocol-version", "last-event-id", "origin", "host", "user-agent"] {
        let request = mcp::post(&server.mcp(), Some(good), &initialize(), "2025-11-25");
        request.header(name, refresh).send().await.unwrap();
    }
}

/// Passwords in arguments, in their place and elsewhere.
async fn passwords(server: &Server, token: &str, seen: &Seen) {
    let passwords = ["pW-one-9f8e7d6c5b4a", "pW-two/8e7d6c+5b4a3z", "pW-three\"7d6c\\5b4a3", "pW-four-6c5b4a392817"];
    for password in passwords {
        seen.add("password", password);
    }
    let [one, two, three, four] = passwords;
    let role = |more: Value| {
        let mut role = json!({ "cluster_name": "main-db", "role_name": "ledger" });
        role.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        role
    };
    called(server, token, "create_postgres_role", &role(json!({}))).await;
    for (tool, arguments) in [
        ("update_postgres_role", role(json!({ "password": one }))),
        ("update_postgres_role", role(json!({ "password": two, "dry_run": true }))),
        ("update_postgres_role", role(json!({ "password": two, "namespace": two }))),
        ("update_postgres_role", role(json!({ "pasword": three }))),
        ("update_postgres_role", role(json!({ "password": [four] }))),
        ("update_postgres_role", role(json!({ "password": "short", "rotate_password": true }))),
        ("update_postgres_role", json!({ "cluster_name": "nowhere", "role_name": "ledger", "password": four })),
    ] {
        called(server, token, tool, &arguments).await;
    }
}

/// A password that a tool made, read where it was put.
async fn generated_password(sandbox: &str, seen: &Seen) {
    let secrets: Value =
        http().get(format!("{sandbox}/api/v1/namespaces/default/secrets")).send().await.unwrap().json().await.unwrap();
    for secret in secrets["items"].as_array().unwrap() {
        if let Some(password) = secret["data"]["password"].as_str() {
            use base64::Engine as _;
            let plain = base64::engine::general_purpose::STANDARD.decode(password).unwrap();
            seen.add("generated password", &String::from_utf8(plain).unwrap());
        }
    }
}

#[tokio::test]
async fn no_secret_is_said_whatever_happens() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let mut redis = Redis::start();
    let server = Server::start(&folder, &["--session-store", &redis.url]);
    let seen = Seen::default();
    for (what, secret) in [
        ("client secret at the provider", CLIENT_SECRET),
        ("client secret at the provider", ROTATED),
        ("root key", ROOT_KEY),
        ("password of Redis", PASSWORD),
        ("password of Redis", IN_ADDRESS),
        ("state of a client", STATE),
    ] {
        seen.add(what, secret);
    }
    let mut tokens = Value::Null;
    for shows in [Shows::Nothing, Shows::InForm, Shows::InHeader] {
        let client = Client::register_as(&server, "Test client", shows, &seen).await;
        logins(&server, &provider, &client).await;
        let first = client.log_in(&server, &provider, None).await;
        let refresh = first["refresh_token"].as_str().unwrap();
        if shows != Shows::Nothing {
            let wrong = "wrong-secret-of-a-client-5c4d3e2f1a";
            seen.add("wrong client secret", wrong);
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
            assert_eq!(client.form_with(&server, "/token", &fields, wrong).await.status, StatusCode::UNAUTHORIZED);
        }
        let second = client.refresh(&server, refresh).await;
        assert_eq!(second.status, StatusCode::OK, "{second:?}");
        assert_eq!(client.refresh(&server, refresh).await.status, StatusCode::BAD_REQUEST, "a replay");
        for token in [access(&first), "made-up-token-0123456789", access(&second.json())] {
            client.revoke(&server, token).await;
        }
        tokens = client.log_in(&server, &provider, None).await;
        bad_tokens(&server, &provider, &tokens, &seen).await;
    }
    let client = Client::register_as(&server, "Test client", Shows::InForm, &seen).await;
    faults(&server, &provider, &client, &folder).await;
    refreshes_in_vain(&server, &provider, &client).await;
    passwords(&server, access(&tokens), &seen).await;
    let said = server.program.said();
    let serving = said.lines().find(|line| line.contains("serving MCP")).unwrap();
    let sandbox = serde_json::from_str::<Value>(serving).unwrap()["sandbox"].as_str().unwrap().to_owned();
    generated_password(&sandbox, &seen).await;
    redis.stop();
    let listing = mcp::request("tools/list", &json!({}));
    let refused = mcp::alone(&server.mcp(), Some(access(&tokens)), listing).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        client.refresh(&server, tokens["refresh_token"].as_str().unwrap()).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );

    for secret in provider.secrets().await.unwrap() {
        seen.add("a secret at the provider", &secret);
    }
    // The test proves nothing where it saw nothing.
    for (what, least) in [
        ("access_token", 10),
        ("refresh_token", 10),
        ("client_secret", 3),
        ("code", 12),
        ("cookie", 20),
        ("form token", 10),
        ("generated password", 2),
        ("a secret at the provider", 30),
    ] {
        assert!(seen.count(what) >= least, "{what}: {}", seen.count(what));
    }
    let said = server.program.said();
    assert!(said.contains("refused: invalid_grant (not good: <secret> <secret>"), "the provider's words are repeated");
    assert!(said.contains("\"DEBUG\"") && said.contains("a person logged in"), "the log says much");
    assert!(server.program.audit().len() >= 8, "and the audit lines are in it");
    assert_eq!(seen.told_by(&said), None, "of {} secrets", seen.len());
}

#[tokio::test]
async fn a_store_that_lets_nobody_in_is_told_without_its_password() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let redis = Redis::start();
    let seen = Seen::default();
    for wrong in ["wr0ng/of+Redis?zZ8~q", "wr0ng%2Fof%2BRedis%3FzZ8~q", PASSWORD, IN_ADDRESS] {
        seen.add("password of Redis", wrong);
    }
    let url = redis.url.replace(IN_ADDRESS, "wr0ng%2Fof%2BRedis%3FzZ8~q");
    let server = Server::start(&folder, &["--session-store", &url]);
    let link = server.at("/authorize?client_id=x");
    assert_eq!(http().get(link).send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let said = server.program.said();
    assert!(said.contains("until the session store is there nobody is let in"), "{said}");
    assert_eq!(seen.told_by(&said), None);
}

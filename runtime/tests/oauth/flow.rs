//! A login from beginning to end.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Browser, http, parameter};
use crate::program::Program;
use crate::world::World;

#[tokio::test]
async fn a_person_logs_in_and_the_client_gets_tokens_that_let_it_in() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    let browser = Browser::default();

    let sent = browser.get(&replica.here(&program.link(&replica))).await;
    assert_eq!(sent.status, StatusCode::FOUND);
    assert!(sent.location().starts_with(&format!("{}/consent?transaction=", replica.public_url)), "{sent:?}");
    let page = browser.get(&replica.here(sent.location())).await;
    assert_eq!(page.status, StatusCode::OK);
    for said in ["Claude", "claude.ai", "127.0.0.1", "Nobody has checked it"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(page.cookies().is_empty(), "only approval ties a browser to a transaction: {page:?}");

    let approved = browser.decide(&replica, &page, "allow").await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{approved:?}");
    assert!(approved.cookies().iter().any(|cookie| cookie.starts_with("__Host-cnpg-mcp-login-")));
    let to_provider = approved.location();
    assert!(to_provider.starts_with(&format!("{}authorize?", world.provider.issuer())), "{to_provider}");
    assert_eq!(parameter(to_provider, "audience").as_deref(), Some(crate::world::AUDIENCE));
    assert_eq!(parameter(to_provider, "code_challenge_method").as_deref(), Some("S256"));
    assert_ne!(parameter(to_provider, "code_challenge"), Some(program.challenge()), "a verifier of its own");
    assert_eq!(parameter(to_provider, "resource"), None, "the client's resource is not the provider's business");

    let back = world.provider.visit(to_provider).await.unwrap();
    let returned = browser.get(&replica.here(&back)).await;
    assert_eq!(returned.status, StatusCode::SEE_OTHER, "{returned:?}");
    let location = returned.location();
    assert!(location.starts_with(&format!("{}?", program.redirect)), "{location}");
    assert_eq!(parameter(location, "state").as_deref(), Some("state of the client"));
    assert_eq!(parameter(location, "iss").as_deref(), Some(replica.public_url.as_str()));
    assert_eq!(browser.values().len(), 2, "the login's cookies are gone, the browser's name (twice on loopback) stays");

    let issued = program.redeem(&replica, &parameter(location, "code").unwrap()).await;
    assert_eq!(issued.status, StatusCode::OK, "{issued:?}");
    assert_eq!((&issued.body["token_type"], &issued.body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let access = issued.text("access_token");
    let caller = replica.proxy.caller(&access).await.unwrap();
    assert_eq!((caller.subject.as_str(), caller.client.as_str()), ("auth0|alice", program.id.as_str()));
    assert_eq!(caller.claims["email"], "alice@example.com");

    let refreshed = program.refresh(&replica, &issued.text("refresh_token")).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    assert!(replica.proxy.caller(&refreshed.text("access_token")).await.is_ok());

    let revoked = program.revoke(&replica, &refreshed.text("refresh_token")).await;
    assert_eq!(revoked.status, StatusCode::OK);
    for token in [access, refreshed.text("access_token")] {
        assert!(replica.proxy.caller(&token).await.is_err());
    }
    assert_eq!(program.refresh(&replica, &refreshed.text("refresh_token")).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn metadata_says_what_there_is_with_one_issuer_string() {
    let mut world = World::new().await;
    world.set("require_scopes", "true");
    let replica = world.replica().await;
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/mcp"] {
        let metadata: Value = http().get(replica.url(path)).send().await.unwrap().json().await.unwrap();
        assert_eq!(metadata["issuer"], replica.public_url.as_str());
        assert_eq!(metadata["authorization_endpoint"], format!("{}/authorize", replica.public_url));
        assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(metadata["scopes_supported"], json!(["cnpg:read", "cnpg:write", "cnpg:destroy"]));
        for flag in ["authorization_response_iss_parameter_supported", "client_id_metadata_document_supported"] {
            assert_eq!(metadata[flag], true);
        }
    }
}

#[tokio::test]
async fn a_person_who_denies_is_never_sent_to_the_provider() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    let browser = Browser::default();
    let page = browser.asked(&replica, &program.link(&replica)).await;
    let denied = browser.decide(&replica, &page, "deny").await;
    assert!(denied.location().starts_with(&program.redirect), "{denied:?}");
    assert_eq!(parameter(denied.location(), "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(denied.location(), "iss").as_deref(), Some(replica.public_url.as_str()));
    assert_eq!(world.provider.count("authorize").await.unwrap(), 0);
}

#[tokio::test]
async fn a_denial_and_a_fault_of_the_provider_reach_the_client_in_the_servers_words() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    world
        .provider
        .switch(json!({ "deny": { "error": "access_denied", "description": "x\r\nSet-Cookie: y=z" } }))
        .await
        .unwrap();
    let back = Browser::default().log_in(&world, &[&replica], &program.link(&replica)).await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert!(!back.contains("Cookie"), "{back}");
    world.provider.switch(json!({ "deny": { "error": "login_required" } })).await.unwrap();
    let back = Browser::default().log_in(&world, &[&replica], &program.link(&replica)).await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("server_error"));
    world.provider.switch(json!({ "deny": null })).await.unwrap();
    world.provider.fault("authorization_code", json!({ "status": 500 })).await.unwrap();
    let back = Browser::default().log_in(&world, &[&replica], &program.link(&replica)).await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("temporarily_unavailable"));
}

#[tokio::test]
async fn clients_with_a_secret_must_show_it() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    for method in ["client_secret_post", "client_secret_basic"] {
        let redirect = "https://app.example/cb";
        let metadata = json!({ "redirect_uris": [redirect], "token_endpoint_auth_method": method });
        let registered = crate::program::register(&replica, &metadata).await;
        let (id, secret) = (registered.text("client_id"), registered.text("client_secret"));
        let verifier = "v".repeat(43);
        let program = Program { id: id.clone(), redirect: redirect.to_owned(), verifier };
        let code = program.code(&world, &[&replica]).await;
        assert_eq!(program.redeem(&replica, &code).await.error(), (401, "invalid_client"));
        let mut fields = program.redeems(&code);
        if method == "client_secret_post" {
            fields.push(("client_secret", "wrong"));
            assert_eq!(crate::program::post(&replica.url("/token"), &fields).await.error(), (401, "invalid_client"));
            fields.pop();
            fields.push(("client_secret", &secret));
            assert_eq!(crate::program::post(&replica.url("/token"), &fields).await.status, StatusCode::OK);
        } else {
            let request = |secret: &str| http().post(replica.url("/token")).basic_auth(&id, Some(secret)).form(&fields);
            let refused = request("wrong").send().await.unwrap();
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
            assert!(refused.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"));
            assert_eq!(request(&secret).send().await.unwrap().status(), StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn a_changed_client_secret_is_used_without_a_restart() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    world.write("secret", "not the secret");
    let back = Browser::default().log_in(&world, &[&replica], &program.link(&replica)).await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("server_error"));
    world.write("secret", cnpg_mcp_provider::CLIENT_SECRET);
    let back = Browser::default().log_in(&world, &[&replica], &program.link(&replica)).await;
    assert!(parameter(&back, "code").is_some(), "{back}");
}

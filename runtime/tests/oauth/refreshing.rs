//! Refresh tokens rotate, and one that comes again ends the family; the provider's token is refreshed with care.

use std::sync::Arc;
use std::time::Duration;

use cnpg_mcp_provider::{CLIENT, CLIENT_SECRET};
use cnpg_mcp_runtime::auth::oauth::NotLetIn;
use reqwest::StatusCode;
use serde_json::json;

use crate::program::{Program, post};
use crate::world::World;

#[tokio::test]
async fn a_used_refresh_token_ends_the_family_and_the_providers_tokens_too() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    let (access, first) = program.log_in(&world, &replica).await;
    let second = program.refresh(&replica, &first).await;
    assert_ne!(second.text("refresh_token"), first);
    let third = program.refresh(&replica, &second.text("refresh_token")).await;
    assert_eq!(third.status, StatusCode::OK);
    assert_eq!(program.refresh(&replica, &first).await.error(), (400, "invalid_grant"), "a replay");
    for answer in [&second, &third] {
        assert_eq!(program.refresh(&replica, &answer.text("refresh_token")).await.error(), (400, "invalid_grant"));
        assert!(replica.proxy.caller(&answer.text("access_token")).await.is_err());
    }
    assert!(replica.proxy.caller(&access).await.is_err());
    worthless_at_the_provider(&world).await;
}

/// Waits until the provider was asked to revoke.
pub async fn revoked_at_the_provider(world: &World) {
    for _ in 0..100 {
        if world.provider.count("revoke").await.unwrap() >= 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the provider's tokens were not revoked");
}

/// What the provider gave to a session that ended is worth nothing there. Nobody else may have logged in.
async fn worthless_at_the_provider(world: &World) {
    revoked_at_the_provider(world).await;
    let seen = world.provider.secrets().await.unwrap();
    assert!(seen.len() >= 4, "a code, an access, an ID and a refresh token: {}", seen.len());
    for token in seen {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        let shown = [("client_id", CLIENT), ("client_secret", CLIENT_SECRET)];
        let answer = post(&world.provider.token_endpoint(), &[fields, shown].concat()).await;
        assert_eq!(answer.error(), (400, "invalid_grant"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twelve_refreshes_at_once_at_most_one_wins() {
    let mut world = World::new().await;
    let replica = Arc::new(world.replica().await);
    let program = Program::register(&replica).await;
    let (_, token) = program.log_in(&world, &replica).await;
    let tasks = (0..12).map(|_| {
        let (replica, program, token) = (Arc::clone(&replica), program.clone(), token.clone());
        tokio::spawn(async move { program.refresh(&replica, &token).await })
    });
    let answers = futures::future::join_all(tasks.collect::<Vec<_>>()).await;
    let won = answers.iter().filter(|answer| answer.as_ref().unwrap().status == StatusCode::OK).count();
    assert!(won <= 1, "{answers:?}");
    for answer in answers.into_iter().map(Result::unwrap).filter(|answer| answer.status == StatusCode::OK) {
        assert!(replica.proxy.caller(&answer.text("access_token")).await.is_err(), "the others were replays");
    }
}

#[tokio::test]
async fn what_is_refused_for_what_it_asks_uses_nothing_up() {
    let mut world = World::new().await;
    world.set("require_scopes", "true");
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    let mut asks = program.asks(&replica);
    asks.push(("scope", "cnpg:read cnpg:write openid".to_owned()));
    let link = crate::program::link(&replica, &asks);
    let back = crate::browser::Browser::default().log_in(&world, &[&replica], &link).await;
    let issued = program.redeem(&replica, &crate::browser::parameter(&back, "code").unwrap()).await;
    assert_eq!(issued.text("scope"), "cnpg:read cnpg:write");
    let token = issued.text("refresh_token");
    let ask = async |name: &'static str, value: &str| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", program.id.as_str()),
            ("refresh_token", &token),
            (name, value),
        ];
        post(&replica.url("/token"), &fields).await
    };
    assert_eq!(ask("scope", "cnpg:read cnpg:destroy").await.error(), (400, "invalid_scope"));
    assert_eq!(ask("resource", "https://other.example/mcp").await.error(), (400, "invalid_target"));
    let narrowed = ask("scope", "openid cnpg:read").await;
    assert_eq!(narrowed.text("scope"), "cnpg:read");
    assert_eq!(replica.proxy.caller(&narrowed.text("access_token")).await.unwrap().scopes, ["cnpg:read"]);
    let whole = program.refresh(&replica, &narrowed.text("refresh_token")).await;
    assert_eq!(whole.text("scope"), "cnpg:read cnpg:write", "what was granted stays granted");
}

#[tokio::test]
async fn tokens_of_one_client_are_worth_nothing_to_another() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let (program, other) = (Program::register(&replica).await, Program::register(&replica).await);
    let (access, token) = program.log_in(&world, &replica).await;
    assert_eq!(other.revoke(&replica, &token).await.error(), (400, "invalid_grant"));
    assert_eq!(other.revoke(&replica, &access).await.error(), (400, "invalid_grant"));
    assert!(replica.proxy.caller(&access).await.is_ok(), "another cannot revoke it");
    assert_eq!(other.refresh(&replica, &token).await.error(), (400, "invalid_grant"));
    assert!(replica.proxy.caller(&access).await.is_err(), "who shows another's refresh token has stolen it");
    assert_eq!(program.refresh(&replica, &token).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn revocation_works_with_either_token_and_is_quiet_about_strangers() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    for made_up in ["", "x", "cnpg-rt1.a.0.b", "a.b.c"] {
        let answer = program.revoke(&replica, made_up).await;
        let expected = if made_up.is_empty() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        assert_eq!(answer.status, expected, "{made_up}");
    }
    let (access, token) = program.log_in(&world, &replica).await;
    assert_eq!(post(&replica.url("/revoke"), &[("token", &token)]).await.error(), (401, "invalid_client"));
    assert_eq!(program.revoke(&replica, &access).await.status, StatusCode::OK);
    assert_eq!(replica.proxy.caller(&access).await, Err(NotLetIn::Ended));
    assert_eq!(program.refresh(&replica, &token).await.error(), (400, "invalid_grant"));
    worthless_at_the_provider(&world).await;
}

#[tokio::test]
async fn a_session_that_the_provider_ended_is_over() {
    let mut world = World::new().await;
    world.provider.switch(json!({ "access_token": 31 })).await.unwrap();
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    let (access, token) = program.log_in(&world, &replica).await;
    assert!(replica.proxy.caller(&access).await.is_ok());
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let refusal = json!({ "status": 400, "body": "{\"error\":\"invalid_grant\"}" });
    world.provider.fault("refresh_token", refusal).await.unwrap();
    assert_eq!(replica.proxy.caller(&access).await, Err(NotLetIn::Ended));
    world.provider.switch(json!({ "faults": {} })).await.unwrap();
    assert_eq!(replica.proxy.caller(&access).await, Err(NotLetIn::Ended), "it does not come back");
    assert_eq!(program.refresh(&replica, &token).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn while_the_provider_is_away_valid_tokens_are_good_and_others_wait() {
    let mut world = World::new().await;
    world.provider.switch(json!({ "access_token": 2 })).await.unwrap();
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    let (access, token) = program.log_in(&world, &replica).await;
    world.provider.away(true).await.unwrap();
    assert!(replica.proxy.caller(&access).await.is_ok(), "the provider's token is still valid");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(matches!(replica.proxy.caller(&access).await, Err(NotLetIn::Unavailable(_))));
    let answer = program.refresh(&replica, &token).await;
    assert_eq!(answer.error(), (503, "temporarily_unavailable"));
    world.provider.switch(json!({ "faults": {}, "access_token": 3600 })).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert!(replica.proxy.caller(&access).await.is_ok(), "and nobody has to log in again");
    assert_eq!(program.refresh(&replica, &token).await.status, StatusCode::OK);
}

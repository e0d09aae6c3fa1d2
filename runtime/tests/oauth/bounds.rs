//! What strangers may take up: registrations, requests, bodies, memory.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use cnpg_mcp_runtime::auth::store::MemoryStore;
use reqwest::StatusCode;
use serde_json::json;
use tower::ServiceExt as _;

use crate::browser::{Browser, http};
use crate::program::{Program, register};
use crate::world::World;

fn metadata() -> serde_json::Value {
    json!({ "client_name": "Claude", "redirect_uris": ["https://claude.ai/cb"], "token_endpoint_auth_method": "none" })
}

#[tokio::test]
async fn registrations_are_counted_by_all_replicas_together() {
    let mut world = World::new().await;
    world.set("rate_limits.registrations", "5");
    let replicas = [world.replica().await, world.replica().await];
    for index in 0..5 {
        assert_eq!(register(&replicas[index % 2], &metadata()).await.status, StatusCode::CREATED);
    }
    for replica in &replicas {
        // A made-up address in front changes nothing while no proxy is trusted.
        let request = http().post(replica.url("/register")).header("x-forwarded-for", "192.0.2.7").json(&metadata());
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=3601).contains(&seconds), "{seconds}");
    }
    let malformed = register(&replicas[0], &json!({ "redirect_uris": ["ftp://x"] })).await;
    assert_eq!(malformed.error(), (400, "invalid_redirect_uri"), "what is malformed is not counted");
}

#[tokio::test]
async fn behind_a_proxy_everyone_has_a_limit_of_their_own() {
    let mut world = World::new().await;
    world.set("rate_limits.registrations", "1");
    world.set("rate_limits.registrations_overall", "3");
    world.set("trusted_proxies", "1");
    let replica = world.replica().await;
    let status = async |forwarded: &str| {
        let request = http().post(replica.url("/register")).header("x-forwarded-for", forwarded).json(&metadata());
        request.send().await.unwrap().status()
    };
    assert_eq!(status("192.0.2.1").await, StatusCode::CREATED);
    assert_eq!(status("192.0.2.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        status("192.0.2.9, 192.0.2.1").await,
        StatusCode::TOO_MANY_REQUESTS,
        "only the last was told by the proxy"
    );
    assert_eq!(status("192.0.2.2").await, StatusCode::CREATED);
    assert_eq!(status("2001:db8::1").await, StatusCode::CREATED);
    assert_eq!(status("192.0.2.3").await, StatusCode::TOO_MANY_REQUESTS, "too many in all");
}

#[tokio::test]
async fn requests_are_counted_and_pages_say_so_too() {
    let mut world = World::new().await;
    world.set("rate_limits.requests", "3");
    let replica = world.replica().await;
    for _ in 0..3 {
        assert_eq!(http().post(replica.url("/token")).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    }
    let refused = http().post(replica.url("/token")).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    let page = Browser::default().get(&replica.url("/authorize")).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.body.contains("Too many requests") && page.headers.contains_key("retry-after"));
    let metadata = http().get(replica.url("/.well-known/oauth-authorization-server")).send().await.unwrap();
    assert_eq!(metadata.status(), StatusCode::OK, "what costs nothing is not counted");
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let large = json!({ "client_name": "x".repeat(1 << 20), "redirect_uris": ["https://claude.ai/cb"] });
    assert_eq!(register(&replica, &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let code = "x".repeat(1 << 20);
    for path in ["/token", "/revoke", "/consent"] {
        let request = http().post(replica.url(path)).form(&[("code", &code)]);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    let long = Browser::default().get(&replica.url(&format!("/authorize?state={}", "x".repeat(60_000)))).await;
    assert!(long.status.is_client_error(), "{}", long.status);
}

/// A flood fills the space of clients once and then pushes out clients that never logged anybody in. The space here
/// holds 500, so that the flood is forty times as long as it is wide; each registration after the first 500 goes the same
/// way as the last, so a million would take longer and no more memory.
#[tokio::test]
async fn a_flood_of_registrations_takes_bounded_memory_and_ends_no_session() {
    let mut world = World::new().await;
    world.set("rate_limits.registrations", "1000000");
    world.set("rate_limits.registrations_overall", "1000000");
    world.set("rate_limits.requests", "1000000");
    let store = Arc::new(MemoryStore::bounded(500, 8 << 20));
    let replica = world.replica_on(store.clone()).await;
    let program = Program::register(&replica).await;
    let (access, refresh) = program.log_in(&world, &replica).await;
    let router = replica.proxy.router();
    let body = metadata().to_string();
    let flood = async |count: usize| {
        for _ in 0..count {
            let request = Request::post("/register").body(Body::from(body.clone())).unwrap();
            assert_eq!(router.clone().oneshot(request).await.unwrap().status(), StatusCode::CREATED);
        }
    };
    flood(2_000).await;
    let (entries, memory) = (store.len(), resident());
    flood(18_000).await;
    assert!(store.len() <= entries + 5, "{} after {entries}", store.len());
    let grown = resident().saturating_sub(memory);
    assert!(grown < 16 << 20, "{grown} bytes more");
    assert!(replica.proxy.caller(&access).await.is_ok());
    assert_eq!(program.refresh(&replica, &refresh).await.status, StatusCode::OK, "a client that was used stays");
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

#[tokio::test]
async fn a_client_that_is_never_used_is_forgotten_and_a_used_one_is_not() {
    let mut world = World::new().await;
    world.times.unused_client = std::time::Duration::from_millis(1500);
    let replica = world.replica().await;
    let (used, unused) = (Program::register(&replica).await, Program::register(&replica).await);
    used.log_in(&world, &replica).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(Browser::default().get(&replica.here(&used.link(&replica))).await.status, StatusCode::FOUND);
    assert_eq!(Browser::default().get(&replica.here(&unused.link(&replica))).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(unused.redeem(&replica, "x").await.error(), (401, "invalid_client"));
}

#[tokio::test]
async fn foreign_hosts_and_origins_do_not_reach_the_endpoints() {
    let mut world = World::new().await;
    let replica = world.replica().await;
    for path in ["/authorize", "/.well-known/oauth-authorization-server", "/consent", "/auth/callback"] {
        let status = async |name: &'static str, value: &'static str| {
            http().get(replica.url(path)).header(name, value).send().await.unwrap().status()
        };
        assert_eq!(status("host", "evil.example").await, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(status("origin", "https://evil.example").await, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(status("origin", "null").await, StatusCode::FORBIDDEN, "{path}");
    }
    let form = http().post(replica.url("/token")).header("origin", "null").form(&[("grant_type", "x")]);
    assert_eq!(form.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

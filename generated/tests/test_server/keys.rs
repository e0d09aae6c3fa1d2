//! Keys that change, made-up names of keys, and a provider that is slow, broken or away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cnpg_mcp_provider::Provider;
use reqwest::StatusCode;
use serde_json::json;

use crate::server::{AUDIENCE, Server};
use crate::shared::mcp::initialize;

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
    let server = Server::start_with(provider, "");
    let response = server.post(Some(&token), &initialize()).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    server.provider.away(false).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(server.post(Some(&token), &initialize()).await.status(), StatusCode::OK);
}

/// Names of keys that are made up, each another.
async fn made_up(server: &Server, count: usize) -> Vec<String> {
    use base64::Engine as _;
    let template = server.mint(json!({ "sign": "foreign" })).await;
    let (_, rest) = template.split_once('.').unwrap();
    let head = |number: usize| json!({ "alg": "RS256", "typ": "at+jwt", "kid": format!("made-up-{number}") });
    let encode = |head: serde_json::Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(head.to_string());
    (0..count).map(|number| format!("{}.{rest}", encode(head(number)))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_made_up_keys_stops_nobody() {
    let server = Arc::new(Server::start("").await);
    let good = server.token().await;
    assert_eq!(server.status(&good).await, StatusCode::OK);
    let (fetched, discovered) = (server.provider.count("jwks").await.unwrap(), 1);
    let flood = made_up(&server, 1000).await;
    let floods = flood.chunks(100).map(<[String]>::to_vec).map(|tokens| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            for token in tokens {
                assert_eq!(server.status(&token).await, StatusCode::UNAUTHORIZED);
            }
        })
    });
    let floods: Vec<_> = floods.collect();
    for _ in 0..20 {
        assert_eq!(server.status(&good).await, StatusCode::OK, "in the middle of it");
    }
    for flood in floods {
        flood.await.unwrap();
    }
    let fetched = server.provider.count("jwks").await.unwrap() - fetched;
    assert!((1..=5).contains(&fetched), "1,000 made-up keys cost {fetched} fetches");
    assert_eq!(server.provider.count("discovery").await.unwrap(), discovered);
}

#[tokio::test]
async fn a_rotation_is_noticed_by_the_first_token_and_an_old_key_lives_as_long_as_it_is_there() {
    let server = Server::start("").await;
    let first = server.token().await;
    assert_eq!(server.status(&first).await, StatusCode::OK);
    for keep in [true, true, false] {
        let before = server.provider.count("jwks").await.unwrap();
        server.provider.rotate(keep).await.unwrap();
        let new = server.token().await;
        assert_eq!(server.status(&new).await, StatusCode::OK, "at once");
        assert_eq!(server.status(&new).await, StatusCode::OK);
        assert_eq!(server.provider.count("jwks").await.unwrap(), before + 1, "one fetch for a rotation");
        let expected = if keep { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(server.status(&first).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_provider_is_asked_once_and_keeps_nobody_whose_key_is_known() {
    // The start asks for the keys, in vain, so that the first tokens have to.
    let provider = Provider::start().await.unwrap();
    provider.fault("jwks", json!({ "status": 500 })).await.unwrap();
    let server = Arc::new(Server::start_with(provider, ""));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    server.provider.fault("jwks", json!({ "delay_ms": 1500 })).await.unwrap();
    let (good, before) = (server.token().await, server.provider.count("jwks").await.unwrap());
    let many = (0..30).map(|_| {
        let (server, token) = (Arc::clone(&server), good.clone());
        tokio::spawn(async move { server.status(&token).await })
    });
    for status in many.collect::<Vec<_>>() {
        assert_eq!(status.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(server.provider.count("jwks").await.unwrap(), before + 1);

    // One that names an unknown key waits for the provider, the others do not wait for it.
    server.provider.fault("jwks", json!({ "delay_ms": 5000 })).await.unwrap();
    let unknown = made_up(&server, 1).await.remove(0);
    let (waiting, token) = (Arc::clone(&server), unknown);
    let waits = tokio::spawn(async move { waiting.status(&token).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    for _ in 0..10 {
        assert_eq!(server.status(&good).await, StatusCode::OK);
    }
    assert!(begun.elapsed() < Duration::from_secs(3) && !waits.is_finished(), "{:?}", begun.elapsed());
    assert_eq!(waits.await.unwrap(), StatusCode::UNAUTHORIZED);
}

/// Whether a token is good cannot be told without keys: that is no 401, after which a client would throw it away.
#[tokio::test]
async fn a_provider_that_answers_nonsense_makes_nobody_a_liar() {
    let nonsense = [
        json!({ "status": 500 }),
        json!({ "status": 404 }),
        json!({ "status": 302, "headers": { "location": "https://evil.example/jwks" } }),
        json!({ "status": 200, "body": "<html>" }),
        json!({ "status": 200, "body": "{\"keys\":[]}" }),
        json!({ "status": 200, "body": "x".repeat(600 << 10) }),
        json!({ "cut": true }),
    ];
    let provider = Provider::start().await.unwrap();
    provider.fault("jwks", nonsense[0].clone()).await.unwrap();
    let server = Server::start_with(provider, "");
    let token = server.token().await;
    for fault in nonsense {
        server.provider.fault("jwks", fault.clone()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1050)).await;
        let response = server.post(Some(&token), &initialize()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{fault}");
        assert!(response.headers().contains_key("retry-after") && !response.headers().contains_key("www-authenticate"));
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["error"], "temporarily_unavailable");
        assert!(!body.to_string().contains("evil"), "the provider's words stay in the log: {body}");
    }
    server.provider.switch(json!({ "faults": {} })).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert_eq!(server.status(&token).await, StatusCode::OK, "no restart is needed");
}

/// A provider that takes a request and never answers is given up.
#[tokio::test]
async fn a_provider_that_hangs_is_given_up() {
    let provider = Provider::start().await.unwrap();
    provider.fault("jwks", json!({ "delay_ms": 60_000 })).await.unwrap();
    let token = provider.token(AUDIENCE).await.unwrap();
    let server = Server::start_with(provider, "");
    let begun = Instant::now();
    assert_eq!(server.status(&token).await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

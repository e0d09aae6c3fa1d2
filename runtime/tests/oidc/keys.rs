//! Keys that change, made-up names of keys, and a provider that is away.

use std::sync::Arc;
use std::time::Duration;

use cnpg_mcp_provider::Provider as Fixture;
use cnpg_mcp_runtime::auth::oidc::{AccessTokenVerifier, KeepTimes, ProviderKeys, TokenRefused};
use serde_json::json;

use super::{AUDIENCE, discovery, keys, verifier};

#[tokio::test]
async fn new_keys_work_at_once_and_old_ones_as_long_as_the_provider_has_them() {
    let fixture = Fixture::start().await.unwrap();
    let verifier = verifier(&fixture);
    let first = fixture.token(AUDIENCE).await.unwrap();
    assert!(verifier.verify(&first).await.is_ok());
    fixture.rotate(true).await.unwrap();
    let second = fixture.token(AUDIENCE).await.unwrap();
    assert!(verifier.verify(&second).await.is_ok());
    assert!(verifier.verify(&first).await.is_ok());
    fixture.rotate(false).await.unwrap();
    let third = fixture.token(AUDIENCE).await.unwrap();
    assert!(verifier.verify(&third).await.is_ok());
    assert_eq!(verifier.verify(&second).await, Err(TokenRefused::UnknownKey));
    assert!(fixture.count("jwks").await.unwrap() <= 4);
    assert_eq!(fixture.count("discovery").await.unwrap(), 1);
}

#[tokio::test]
async fn made_up_names_of_keys_cost_a_handful_of_fetches() {
    let fixture = Fixture::start().await.unwrap();
    let verifier = Arc::new(verifier(&fixture));
    let good = fixture.token(AUDIENCE).await.unwrap();
    let template = fixture.mint(json!({ "audience": AUDIENCE, "sign": "foreign" })).await.unwrap();
    let rest = template.split_once('.').unwrap().1.to_owned();
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..1000 {
        use base64::Engine as _;
        let header = json!({ "alg": "RS256", "kid": format!("made-up-{index}") }).to_string();
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
        let (verifier, token) = (Arc::clone(&verifier), format!("{header}.{rest}"));
        tasks.spawn(async move { verifier.verify(&token).await });
    }
    for refused in tasks.join_all().await {
        assert_eq!(refused, Err(TokenRefused::UnknownKey));
    }
    let fetches = fixture.count("jwks").await.unwrap();
    assert!((2..=5).contains(&fetches), "{fetches}");
    assert!(verifier.verify(&good).await.is_ok(), "whoever has a good token notices nothing");
}

#[tokio::test]
async fn many_first_tokens_cause_one_fetch() {
    let fixture = Fixture::start().await.unwrap();
    fixture.fault("jwks", json!({ "delay_ms": 200 })).await.unwrap();
    let verifier = verifier(&fixture);
    let token = fixture.token(AUDIENCE).await.unwrap();
    let answers = futures::future::join_all((0..100).map(|_| verifier.verify(&token))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(fixture.count("jwks").await.unwrap(), 1);
}

#[tokio::test]
async fn keys_are_kept_while_the_provider_is_away() {
    let fixture = Fixture::start().await.unwrap();
    let times = KeepTimes { fresh: Duration::ZERO, retry: Duration::ZERO, ..KeepTimes::default() };
    let keys = ProviderKeys::with_times(discovery(fixture.issuer()), None, times).unwrap();
    let verifier = AccessTokenVerifier::new(Arc::new(keys), AUDIENCE);
    let known = fixture.token(AUDIENCE).await.unwrap();
    assert!(verifier.verify(&known).await.is_ok());
    fixture.away(true).await.unwrap();
    for _ in 0..3 {
        assert!(verifier.verify(&known).await.is_ok());
    }
    fixture.rotate(true).await.unwrap();
    let unknown = fixture.token(AUDIENCE).await.unwrap();
    let refused = verifier.verify(&unknown).await.unwrap_err();
    assert!(matches!(&refused, TokenRefused::Unavailable(error) if error.is_away()), "{refused:?}");
    fixture.away(false).await.unwrap();
    assert!(verifier.verify(&unknown).await.is_ok());
}

#[tokio::test]
async fn without_any_keys_nobody_is_called_a_liar() {
    let fixture = Fixture::start().await.unwrap();
    let token = fixture.token(AUDIENCE).await.unwrap();
    for fault in [
        json!({ "cut": true }),
        json!({ "status": 503 }),
        json!({ "status": 302, "headers": { "location": "https://evil.example/" } }),
        json!({ "status": 200, "body": "<html>" }),
        json!({ "status": 200, "body": "{\"keys\":[]}" }),
        json!({ "status": 200, "body": "x".repeat(600 << 10) }),
    ] {
        fixture.fault("jwks", fault.clone()).await.unwrap();
        let refused = verifier(&fixture).verify(&token).await.unwrap_err();
        assert!(matches!(refused, TokenRefused::Unavailable(_)), "{fault}: {refused:?}");
    }
}

#[tokio::test]
async fn keys_are_found_without_discovery_too() {
    let fixture = Fixture::start().await.unwrap();
    let token = fixture.token(AUDIENCE).await.unwrap();
    fixture.fault("discovery", json!({ "status": 404 })).await.unwrap();
    assert!(verifier(&fixture).verify(&token).await.is_ok());
    let issuer = fixture.issuer();
    let uri = format!("{issuer}.well-known/jwks.json");
    let configured = ProviderKeys::new(discovery(issuer), Some(&uri)).unwrap();
    let asked = fixture.count("discovery").await.unwrap();
    assert!(AccessTokenVerifier::new(Arc::new(configured), AUDIENCE).verify(&token).await.is_ok());
    assert_eq!(fixture.count("discovery").await.unwrap(), asked, "nobody is asked what was configured");
    assert!(ProviderKeys::new(discovery("https://provider.example/"), Some("http://provider.example/keys")).is_err());

    // A document that speaks for somebody else is not gone around.
    fixture.switch(json!({ "faults": {}, "discovery": { "issuer": "https://evil.example/" } })).await.unwrap();
    let error = keys(&fixture).warm().await.unwrap_err().to_string();
    assert!(error.contains("another issuer, `https://evil.example/`"), "{error}");
}

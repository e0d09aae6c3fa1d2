//! The provider does what the other suites rely on.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cnpg_mcp_provider::{CLIENT, CLIENT_SECRET, PUBLIC_CLIENT, Provider};
use serde_json::{Value, json};

const AUDIENCE: &str = "https://mcp.example.com/mcp";
const REDIRECT: &str = "http://localhost:1234/auth/callback";
/// From RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn authorize(provider: &Provider, more: &str) -> String {
    format!(
        "{}authorize?client_id={CLIENT}&response_type=code&redirect_uri={REDIRECT}&state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256&scope=openid+offline_access+cnpg:read{more}",
        provider.issuer()
    )
}

async fn token(provider: &Provider, client: &str, fields: &[(&str, &str)]) -> Value {
    let secret = if client == CLIENT { &[("client_secret", CLIENT_SECRET)][..] } else { &[] };
    let own = [("client_id", client)];
    let form: Vec<String> =
        own.iter().chain(secret).chain(fields).map(|(name, value)| format!("{name}={value}")).collect();
    let request = reqwest::Client::new().post(provider.token_endpoint());
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.join("&"));
    request.send().await.unwrap().json().await.unwrap()
}

async fn logged_in(provider: &Provider, more: &str) -> Value {
    let back = provider.visit(&authorize(provider, more)).await.unwrap();
    assert!(back.starts_with(REDIRECT) && back.contains("state=s"), "{back}");
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let grant = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
    token(provider, CLIENT, &[&grant[..], &[("redirect_uri", REDIRECT)]].concat()).await
}

fn part(token: &str, index: usize) -> Value {
    let part = URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap();
    serde_json::from_slice(&part).unwrap()
}

#[tokio::test]
async fn tokens_are_for_the_audience_and_opaque_without_one() {
    let provider = Provider::start().await.unwrap();
    let with = logged_in(&provider, &format!("&audience={AUDIENCE}&resource=https://other.example")).await;
    let access = with["access_token"].as_str().unwrap();
    assert_eq!(part(access, 0)["alg"], "RS256");
    let claims = part(access, 1);
    assert_eq!(claims["aud"], json!([AUDIENCE, format!("{}userinfo", provider.issuer())]));
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!(provider.issuer()), &json!("auth0|alice")));
    assert_eq!(claims["groups"], json!(["dba", "team-a"]));
    assert_eq!(part(with["id_token"].as_str().unwrap(), 1)["nonce"], "n");
    let without = logged_in(&provider, "&resource=https://mcp.example.com/mcp").await;
    let opaque = without["access_token"].as_str().unwrap();
    assert_eq!((opaque.split('.').count(), &part(opaque, 0)["alg"]), (5, &json!("dir")));
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_used_one_ends_the_family() {
    let provider = Provider::start().await.unwrap();
    let first = logged_in(&provider, &format!("&audience={AUDIENCE}")).await;
    let refresh = async |from: &Value| {
        let used = from["refresh_token"].as_str().unwrap();
        token(&provider, CLIENT, &[("grant_type", "refresh_token"), ("refresh_token", used)]).await
    };
    let second = refresh(&first).await;
    assert_eq!(part(second["access_token"].as_str().unwrap(), 1)["scope"], "openid offline_access cnpg:read");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(refresh(&first).await["error"], "invalid_grant");
    assert_eq!(refresh(&second).await["error"], "invalid_grant", "the whole family has ended");
    assert_eq!(provider.count("refresh_token").await.unwrap(), 3);
}

#[tokio::test]
async fn devices_are_let_in_by_a_page() {
    let provider = Provider::start().await.unwrap();
    let http = reqwest::Client::new();
    let body = format!("client_id={PUBLIC_CLIENT}&scope=openid&audience={AUDIENCE}");
    let request = http.post(format!("{}oauth/device/code", provider.issuer())).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let asked: Value = request.send().await.unwrap().json().await.unwrap();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let poll = async || {
        let code = asked["device_code"].as_str().unwrap();
        token(&provider, PUBLIC_CLIENT, &[("grant_type", grant), ("device_code", code)]).await
    };
    assert_eq!(poll().await["error"], "authorization_pending");
    let page = http.get(asked["verification_uri_complete"].as_str().unwrap()).send().await.unwrap();
    assert!(page.status().is_success());
    assert_eq!(part(poll().await["access_token"].as_str().unwrap(), 1)["sub"], "auth0|alice");
}

#[tokio::test]
async fn it_denies_fails_and_changes_keys_when_told() {
    let provider = Provider::start().await.unwrap();
    provider.deny().await.unwrap();
    let back = provider.visit(&authorize(&provider, "")).await.unwrap();
    assert!(back.starts_with(REDIRECT) && back.contains("error=access_denied"), "{back}");

    let keys = async || {
        let keys = reqwest::get(format!("{}.well-known/jwks.json", provider.issuer())).await?;
        let keys: Value = keys.json().await?;
        Ok::<_, reqwest::Error>(keys["keys"].as_array().unwrap().len())
    };
    provider.rotate(true).await.unwrap();
    assert_eq!(keys().await.unwrap(), 2);
    provider.rotate(false).await.unwrap();
    assert_eq!(keys().await.unwrap(), 1);
    provider.away(true).await.unwrap();
    assert!(keys().await.is_err());
    provider.away(false).await.unwrap();
    assert_eq!(keys().await.unwrap(), 1);
    assert_eq!(provider.count("jwks").await.unwrap(), 4);
    assert!(provider.switch(json!({ "no_such_switch": 1 })).await.is_err());
}

//! Tokens that are wrong, each made by the provider itself, over HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cnpg_mcp_provider::PUBLIC_CLIENT;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{AUDIENCE, Server};
use crate::shared::mcp::{challenge, challenged, http, initialize, post};

/// A secret that stands in the JWKS for everyone to read.
const SHARED: &str = "a-secret-that-stands-in-the-jwks";

/// Refused with these words, and nothing of the token in them.
async fn refused(server: &Server, token: &str, why: &str, what: &str) {
    let response = server.post(Some(token), &initialize()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{what}");
    let headers = response.headers().clone();
    assert_eq!(challenged(&headers, "error").as_deref(), Some("invalid_token"), "{what}: {headers:?}");
    let description = challenged(&headers, "error_description").unwrap();
    assert!(description.contains(why), "{what}: {description}");
    let metadata = challenged(&headers, "resource_metadata").unwrap();
    assert!(metadata.ends_with("/.well-known/oauth-protected-resource/test"), "{metadata}");
    assert!(!response.headers().contains_key("mcp-session-id"));
    let told = format!("{}{}", challenge(&headers), response.text().await.unwrap());
    for part in token.split('.').filter(|part| part.len() > 12) {
        assert!(!told.contains(&part[..12]), "{what}: {told}");
    }
}

#[tokio::test]
async fn signatures_that_are_none_are_refused() {
    let server = Server::start("").await;
    let key =
        json!({ "kty": "oct", "kid": "shared", "k": URL_SAFE_NO_PAD.encode(SHARED), "alg": "HS256", "use": "sig" });
    let named_rs256 =
        json!({ "kty": "oct", "kid": "as-rsa", "k": URL_SAFE_NO_PAD.encode(SHARED), "alg": "RS256", "use": "sig" });
    let bare = json!({ "kty": "oct", "kid": "bare", "k": URL_SAFE_NO_PAD.encode(SHARED) });
    server.provider.switch(json!({ "extra_keys": [key, named_rs256, bare] })).await.unwrap();
    let with_shared = |header: Value| json!({ "sign": "secret", "secret": SHARED, "header": header });
    for (order, why) in [
        (json!({ "sign": "none" }), "not signed with RS256"),
        (json!({ "sign": "none", "header": { "alg": "nOnE" } }), "not signed with RS256"),
        (json!({ "sign": "none", "header": { "alg": "RS256" } }), "signature"),
        (json!({ "sign": "public_as_secret" }), "not signed with RS256"),
        (json!({ "sign": "public_as_secret", "header": { "alg": "RS256" } }), "signature"),
        (json!({ "sign": "foreign" }), "signature"),
        (json!({ "sign": "RS384" }), "not signed with RS256"),
        (json!({ "sign": "PS256" }), "not signed with RS256"),
        (with_shared(json!({ "kid": "shared" })), "not signed with RS256"),
        (with_shared(json!({ "kid": "shared", "alg": "RS256" })), "key that the identity provider does not have"),
        (with_shared(json!({ "kid": "as-rsa", "alg": "RS256" })), "key that the identity provider does not have"),
        (with_shared(json!({ "kid": "bare", "alg": "RS256" })), "key that the identity provider does not have"),
        (json!({ "header": { "kid": "made-up" } }), "key that the identity provider does not have"),
        (json!({ "header": { "kid": null } }), "does not name the key"),
        (json!({ "header": { "crit": ["exp"] } }), "no signed JWT"),
        (json!({ "header": { "typ": "logout+jwt" } }), "no access token"),
        (json!({ "sign": "jwe" }), "ask the provider for a token with the 'audience' of this server"),
    ] {
        let token = server.mint(order.clone()).await;
        refused(&server, &token, why, &order.to_string()).await;
    }
    // Keys that a token brings with it are nobody's.
    let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(SHARED) });
    for header in [
        json!({ "jwk": jwk }),
        json!({ "jku": "https://evil.example/jwks" }),
        json!({ "x5u": "https://evil.example/x" }),
    ] {
        let token = server.mint(json!({ "sign": "foreign", "header": header })).await;
        refused(&server, &token, "signature", &header.to_string()).await;
    }
    assert_eq!(server.status(&server.token().await).await, StatusCode::OK, "beside an `oct` key a good one is good");
    let warned = server.program.said();
    assert!(warned.contains("encrypted token (JWE): it asked the provider without an audience"), "{warned}");
}

#[tokio::test]
async fn claims_that_are_missing_or_wrong_are_refused() {
    let server = Server::start("").await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (claims, why) in [
        (json!({ "exp": null }), "no proper claim 'exp'"),
        (json!({ "exp": "tomorrow" }), "no proper claim 'exp'"),
        (json!({ "exp": now - 60 }), "expired"),
        (json!({ "exp": 1_000_000_000 }), "expired"),
        (json!({ "iss": null }), "no proper claim 'iss'"),
        (json!({ "iss": "https://evil.example/" }), "another issuer"),
        (json!({ "iss": [server.provider.issuer()] }), "no proper claim 'iss'"),
        (json!({ "iss": format!("{}x", server.provider.issuer()) }), "another issuer"),
        (json!({ "aud": null }), "no proper claim 'aud'"),
        (json!({ "aud": [] }), "another audience"),
        (json!({ "aud": "https://other.example" }), "another audience"),
        (json!({ "aud": format!("{AUDIENCE}/") }), "another audience"),
        (json!({ "aud": format!("{}userinfo", server.provider.issuer()) }), "another audience"),
        (json!({ "nbf": now + 120 }), "not valid yet"),
        (json!({ "sub": null }), "no proper claim 'sub'"),
        (json!({ "sub": "" }), "no proper claim 'sub'"),
        (json!({ "sub": 7 }), "no proper claim 'sub'"),
    ] {
        let token = server.mint(json!({ "claims": claims })).await;
        refused(&server, &token, why, &claims.to_string()).await;
    }
    let server_of_another = Server::start("").await;
    refused(
        &server_of_another,
        &server.token().await,
        "key that the identity provider does not have",
        "another provider's",
    )
    .await;
}

/// Both tokens of one login, as the provider gives them to `cnpg-mcp token`.
async fn log_in(server: &Server) -> Value {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let asks = [
        ("response_type", "code"),
        ("client_id", PUBLIC_CLIENT),
        ("redirect_uri", "http://127.0.0.1/callback"),
        ("scope", "openid profile email offline_access cnpg:read"),
        ("audience", AUDIENCE),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let link = reqwest::Url::parse_with_params(&format!("{}authorize", server.provider.issuer()), asks).unwrap();
    let back = reqwest::Url::parse(&server.provider.visit(link.as_str()).await.unwrap()).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", PUBLIC_CLIENT),
        ("redirect_uri", "http://127.0.0.1/callback"),
        ("code", &code),
        ("code_verifier", verifier),
    ];
    http().post(server.provider.token_endpoint()).form(&form).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn of_a_login_the_access_token_alone_lets_in() {
    let server = Server::start("").await;
    let tokens = log_in(&server).await;
    let token = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
    assert_eq!(server.status(&token("access_token")).await, StatusCode::OK);
    refused(&server, &token("id_token"), "another audience", "an ID token").await;
    refused(&server, &token("refresh_token"), "no signed JWT", "a refresh token").await;
    // An ID token whose client is named as the API is, which no provider should let anybody do.
    let claims = json!({ "aud": PUBLIC_CLIENT, "azp": PUBLIC_CLIENT, "nonce": "n" });
    let token = server.mint(json!({ "claims": claims, "header": { "typ": "JWT" } })).await;
    refused(&server, &token, "another audience", "an ID token").await;
}

#[tokio::test]
async fn texts_that_are_no_tokens_are_refused_unread() {
    let server = Server::start("").await;
    let good = server.token().await;
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let mut other: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    other["sub"] = json!("auth0|mallory");
    let other = URL_SAFE_NO_PAD.encode(other.to_string());
    for text in [
        "opaque",
        "a.b.c",
        "..",
        &format!("{good}."),
        &format!("{head}.{claims}"),
        &format!("{head}..{signature}"),
        &format!("{head}.{other}.{signature}"),
        &format!("{head}.{claims}.{}", "A".repeat(342)),
        &format!("{good}{}", "A".repeat(10_000)),
    ] {
        let response = server.post(Some(text), &initialize()).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{}", &text[..text.len().min(60)]);
        assert_eq!(challenged(response.headers(), "error").as_deref(), Some("invalid_token"));
    }
    assert_eq!(server.provider.count("jwks").await.unwrap(), 1, "what is no token is nobody's key");
}

/// One way to show a token, and no other (OAuth 2.1, section 5.1.1).
#[tokio::test]
async fn a_good_token_in_the_wrong_place_is_none() {
    let server = Server::start("").await;
    let token = server.token().await;
    let bare = || post(&server.endpoint(), None, &initialize(), "2025-11-25");
    let in_address = http().post(format!("{}?access_token={token}", server.endpoint())).json(&initialize());
    let in_form = http().post(server.endpoint()).form(&[("access_token", &token)]);
    for (what, request) in [
        ("the address", in_address),
        ("a form", in_form),
        ("a cookie", bare().header("cookie", format!("access_token={token}"))),
        ("another header", bare().header("x-access-token", &token)),
        ("another scheme", bare().header("authorization", format!("Basic {token}"))),
        ("no scheme", bare().header("authorization", &token)),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(challenged(response.headers(), "error"), None, "no token came: {what}");
    }
}

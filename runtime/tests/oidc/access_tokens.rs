//! Attacks with access tokens, each made by the provider itself.

use std::time::{SystemTime, UNIX_EPOCH};

use cnpg_mcp_provider::Provider as Fixture;
use cnpg_mcp_runtime::auth::oidc::{AccessTokenVerifier, TokenRefused};
use serde_json::{Value, json};

use super::{AUDIENCE, discovery, keys, verifier};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn a_good_token_says_who_and_for_what() {
    let fixture = Fixture::start().await.unwrap();
    let verifier = verifier(&fixture);
    let token = verifier.verify(&fixture.token(AUDIENCE).await.unwrap()).await.unwrap();
    assert_eq!((token.subject.as_str(), token.client.as_deref()), ("auth0|alice", Some("cnpg-mcp-cli")));
    assert_eq!(token.scopes, ["openid", "cnpg:read", "cnpg:write", "cnpg:destroy"]);
    assert_eq!(token.claims["groups"], json!(["dba", "team-a"]));
    for (change, scopes) in [
        (json!({ "aud": AUDIENCE, "scope": "  a   b " }), &["a", "b"][..]),
        (json!({ "scope": null, "scp": ["a", "b"] }), &["a", "b"]),
        (json!({ "scope": null }), &[]),
        (json!({ "nbf": now() + 10, "exp": now() - 10 }), &["openid", "cnpg:read", "cnpg:write", "cnpg:destroy"]),
    ] {
        let minted = fixture.mint(json!({ "audience": AUDIENCE, "claims": change })).await.unwrap();
        assert_eq!(verifier.verify(&minted).await.unwrap().scopes, scopes, "{change}");
    }
    let minted =
        json!({ "audience": AUDIENCE, "claims": { "azp": null, "client_id": "other" }, "header": { "typ": null } });
    let token = verifier.verify(&fixture.mint(minted).await.unwrap()).await.unwrap();
    assert_eq!(token.client.as_deref(), Some("other"));
}

#[tokio::test]
async fn a_slash_at_the_end_of_the_issuer_is_no_difference() {
    let fixture = Fixture::start().await.unwrap();
    let token = fixture.token(AUDIENCE).await.unwrap();
    let bare = fixture.issuer().trim_end_matches('/');
    for issuer in [bare, fixture.issuer()] {
        let keys = cnpg_mcp_runtime::auth::oidc::ProviderKeys::new(discovery(issuer), None).unwrap();
        let verifier = AccessTokenVerifier::new(keys.into(), AUDIENCE);
        assert!(verifier.verify(&token).await.is_ok(), "{issuer}");
    }
    let audience = format!("{AUDIENCE}/");
    let other = AccessTokenVerifier::new(keys(&fixture), &audience);
    assert_eq!(other.verify(&token).await, Err(TokenRefused::Audience), "an audience is compared as it is");
}

#[tokio::test]
async fn tokens_that_are_wrong_are_refused() {
    let fixture = Fixture::start().await.unwrap();
    let verifier = verifier(&fixture);
    let oct = json!({ "kty": "oct", "kid": "shared", "k": "c2VjcmV0LXRoYXQtZXZlcnlib2R5LWhhcw", "alg": "HS256", "use": "sig" });
    fixture.switch(json!({ "extra_keys": [oct] })).await.unwrap();
    let claims = |claims: Value| json!({ "claims": claims });
    let header = |header: Value| json!({ "header": header });
    let sign = |sign: &str| json!({ "sign": sign });
    let shared = "secret-that-everybody-has";
    for (wanted, refused) in [
        (sign("none"), TokenRefused::Algorithm),
        (json!({ "sign": "none", "header": { "alg": "None" } }), TokenRefused::Algorithm),
        (json!({ "sign": "none", "header": { "alg": "RS256" } }), TokenRefused::Signature),
        (sign("public_as_secret"), TokenRefused::Algorithm),
        (json!({ "sign": "public_as_secret", "header": { "alg": "RS256" } }), TokenRefused::Signature),
        (json!({ "sign": "secret", "secret": shared, "header": { "kid": "shared" } }), TokenRefused::Algorithm),
        (
            json!({ "sign": "secret", "secret": shared, "header": { "kid": "shared", "alg": "RS256" } }),
            TokenRefused::UnknownKey,
        ),
        (sign("RS384"), TokenRefused::Algorithm),
        (sign("RS512"), TokenRefused::Algorithm),
        (sign("PS256"), TokenRefused::Algorithm),
        (sign("foreign"), TokenRefused::Signature),
        (sign("jwe"), TokenRefused::Encrypted),
        (header(json!({ "kid": null })), TokenRefused::NoKey),
        (header(json!({ "kid": "" })), TokenRefused::NoKey),
        (header(json!({ "kid": "k".repeat(300) })), TokenRefused::NoKey),
        (header(json!({ "kid": "../../etc/passwd" })), TokenRefused::UnknownKey),
        (header(json!({ "typ": "logout+jwt" })), TokenRefused::Kind),
        (header(json!({ "crit": ["exp"] })), TokenRefused::Malformed),
        (claims(json!({ "iss": "https://evil.example/" })), TokenRefused::Issuer),
        (claims(json!({ "iss": format!("{}/", fixture.issuer()) })), TokenRefused::Issuer),
        (claims(json!({ "iss": [fixture.issuer()] })), TokenRefused::Claim("iss")),
        (claims(json!({ "aud": "https://other.example" })), TokenRefused::Audience),
        (claims(json!({ "aud": [] })), TokenRefused::Audience),
        (claims(json!({ "exp": now() - 40 })), TokenRefused::Expired),
        (claims(json!({ "exp": "tomorrow" })), TokenRefused::Claim("exp")),
        (claims(json!({ "nbf": now() + 60 })), TokenRefused::NotYetValid),
        (claims(json!({ "nbf": "tomorrow" })), TokenRefused::Claim("nbf")),
        (claims(json!({ "exp": null })), TokenRefused::Claim("exp")),
        (claims(json!({ "iss": null })), TokenRefused::Claim("iss")),
        (claims(json!({ "aud": null })), TokenRefused::Claim("aud")),
        (claims(json!({ "sub": null })), TokenRefused::Claim("sub")),
        (claims(json!({ "sub": "" })), TokenRefused::Claim("sub")),
        (claims(json!({ "sub": 7 })), TokenRefused::Claim("sub")),
    ] {
        let mut order = json!({ "audience": AUDIENCE });
        for (name, value) in wanted.as_object().unwrap() {
            order[name] = value.clone();
        }
        let token = fixture.mint(order).await.unwrap();
        assert_eq!(verifier.verify(&token).await, Err(refused), "{wanted}");
    }
    assert!(verifier.verify(&fixture.token(AUDIENCE).await.unwrap()).await.is_ok());
}

#[tokio::test]
async fn texts_that_are_no_tokens_are_refused_unread() {
    let fixture = Fixture::start().await.unwrap();
    let verifier = verifier(&fixture);
    let good = fixture.token(AUDIENCE).await.unwrap();
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    for text in [
        String::new(),
        "opaque".to_owned(),
        "a.b".to_owned(),
        "a.b.c".to_owned(),
        "..".to_owned(),
        format!("{good}."),
        format!(".{good}"),
        format!("{good} "),
        format!("{head}.{claims}"),
        format!("{head}..{signature}"),
        "x".repeat(1 << 20),
        format!("{good}{}", "A".repeat(20_000)),
    ] {
        let refused = verifier.verify(&text).await.unwrap_err();
        assert!(
            matches!(refused, TokenRefused::Malformed | TokenRefused::Signature),
            "{}: {refused:?}",
            &text[..text.len().min(60)]
        );
        assert!(!refused.to_string().contains(head));
    }
    let tampered = format!("{head}.{}A.{signature}", &claims[..claims.len() - 1]);
    assert!(verifier.verify(&tampered).await.is_err());
    assert_eq!(verifier.verify(&format!("{head}.{claims}.{}", "A".repeat(342))).await, Err(TokenRefused::Signature));
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let fixture = Fixture::start().await.unwrap();
    // What an ID token of a client holds: the client is its audience.
    let token =
        fixture.mint(json!({ "audience": AUDIENCE, "claims": { "aud": "cnpg-mcp" }, "header": { "typ": null } }));
    assert_eq!(verifier(&fixture).verify(&token.await.unwrap()).await, Err(TokenRefused::Audience));
}

//! Attacks on the main server's own access tokens.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cnpg_mcp_runtime::auth::bearer::{AccessTokens, Grant, NotIssued, Refused};
use cnpg_mcp_runtime::auth::keys::{Keys, RootKeys};
use ring::hmac;
use serde_json::{Value, json};

const ISSUER: &str = "https://mcp.example.com";
const RESOURCE: &str = "https://mcp.example.com/mcp";
const HOUR: Duration = Duration::from_hours(1);

fn keys(roots: &[u8]) -> Keys {
    let lines: Vec<String> =
        roots.iter().map(|root| STANDARD.encode(format!("{root:3}: a root key of the tests, long enough"))).collect();
    Keys::derive(&RootKeys::parse(&lines.join("\n"), Path::new("keys")).unwrap())
}

fn tokens(roots: &[u8]) -> AccessTokens {
    AccessTokens::new(&keys(roots), ISSUER, RESOURCE)
}

fn grant() -> Grant {
    Grant {
        subject: "auth0|alice".to_owned(),
        client: "client-1".to_owned(),
        scopes: vec!["cnpg:read".to_owned(), "cnpg:write".to_owned()],
        session: "session-1".to_owned(),
    }
}

fn issue(tokens: &AccessTokens) -> String {
    tokens.issue(&grant(), HOUR).unwrap().expose().to_owned()
}

fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

/// A token with this header and these claims, signed by the server's own key: what only the server can do.
fn signed(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &*keys(&[1]).signing()[0].secret);
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
    format!("{message}.{tag}")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_token_says_who_and_for_what() {
    let tokens = tokens(&[1]);
    let token = issue(&tokens);
    let claims = tokens.verify(&token).unwrap();
    assert_eq!(
        (claims.sub.as_str(), claims.client_id.as_str(), claims.sid.as_str()),
        ("auth0|alice", "client-1", "session-1")
    );
    assert_eq!(claims.scopes().collect::<Vec<_>>(), ["cnpg:read", "cnpg:write"]);
    assert_eq!((claims.iss.as_str(), claims.aud.as_str(), claims.exp - claims.iat), (ISSUER, RESOURCE, 3600));
    let header = part(&token, 0);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("HS256"), &json!("at+jwt")));
    assert_ne!(claims.jti, tokens.verify(&issue(&tokens)).unwrap().jti);
    assert!(!format!("{claims:?} {tokens:?}").contains("session-1"));
    // The helper signs as the server does, or the attacks below would prove nothing.
    assert!(tokens.verify(&signed(&header, &part(&token, 1))).is_ok());
}

#[test]
fn no_other_algorithm_type_or_key_name_is_accepted() {
    let tokens = tokens(&[1]);
    let token = issue(&tokens);
    let (header, claims) = (part(&token, 0), part(&token, 1));
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("HS384")),
        ("alg", json!("HS512")),
        ("alg", json!("RS256")),
        ("alg", json!("ES256")),
        ("alg", Value::Null),
        ("typ", json!("JWT")),
        ("typ", json!("refresh+jwt")),
        ("typ", Value::Null),
        ("kid", json!("0000000000000000")),
        ("kid", json!("../../dev/null")),
        ("kid", Value::Null),
    ] {
        let mut changed = header.clone();
        changed[name] = value.clone();
        assert_eq!(tokens.verify(&signed(&changed, &claims)), Err(Refused::Invalid), "{name}: {value}");
    }
    let unsigned = token.rsplit_once('.').unwrap().0;
    for other in [format!("{unsigned}."), unsigned.to_owned(), format!("{unsigned}.AAAA")] {
        assert_eq!(tokens.verify(&other), Err(Refused::Invalid));
    }
}

#[test]
fn every_claim_is_needed_and_has_to_be_right() {
    let tokens = tokens(&[1]);
    let token = issue(&tokens);
    let (header, claims) = (part(&token, 0), part(&token, 1));
    for name in claims.as_object().unwrap().keys() {
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(tokens.verify(&signed(&header, &without)), Err(Refused::Invalid), "without {name}");
    }
    for (name, value, refused) in [
        ("iss", json!("https://mcp.example.com/"), Refused::Invalid),
        ("iss", json!("https://evil.example"), Refused::Invalid),
        ("aud", json!("https://mcp.example.com"), Refused::Invalid),
        ("aud", json!("https://mcp.example.com/mcp/"), Refused::Invalid),
        ("aud", json!([RESOURCE, "https://evil.example"]), Refused::Invalid),
        ("exp", json!(now() - 60), Refused::Expired),
        ("exp", json!("never"), Refused::Invalid),
        ("nbf", json!(now() + 60), Refused::Invalid),
        ("token_use", json!("refresh"), Refused::Invalid),
        ("token_use", json!("id"), Refused::Invalid),
        ("sub", json!(7), Refused::Invalid),
    ] {
        let mut changed = claims.clone();
        changed[name] = value.clone();
        assert_eq!(tokens.verify(&signed(&header, &changed)), Err(refused), "{name}: {value}");
    }
}

#[test]
fn a_changed_token_and_text_that_is_none_are_refused() {
    let tokens = tokens(&[1]);
    let token = issue(&tokens);
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut claims = part(&token, 1);
    claims["sub"] = json!("auth0|mallory");
    parts[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    assert_eq!(tokens.verify(&parts.join(".")), Err(Refused::Invalid));
    // Five parts are a JWE.
    for text in ["", ".", "..", "a.b.c", "....", &format!("{token}.a.b"), &format!(" {token}"), &"a.b.".repeat(100_000)]
    {
        assert_eq!(tokens.verify(text), Err(Refused::Invalid));
    }
    let long = format!("{}.{}.a", "A".repeat(9000), "A".repeat(10));
    assert_eq!(tokens.verify(&long), Err(Refused::Invalid));
}

#[test]
fn keys_rotate_without_logging_anybody_out() {
    let (before, between, after) = (tokens(&[1]), tokens(&[2, 1]), tokens(&[2]));
    let old = issue(&before);
    assert!(between.verify(&old).is_ok());
    assert_eq!(after.verify(&old), Err(Refused::Invalid));
    let new = issue(&between);
    assert!(after.verify(&new).is_ok());
    assert_eq!(before.verify(&new), Err(Refused::Invalid));
}

#[test]
fn scopes_cannot_be_smuggled_in() {
    let tokens = tokens(&[1]);
    for scope in ["cnpg:read cnpg:destroy", ""] {
        let grant = Grant { scopes: vec![scope.to_owned()], ..grant() };
        assert_eq!(tokens.issue(&grant, HOUR).unwrap_err(), NotIssued);
    }
}

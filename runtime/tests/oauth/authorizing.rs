//! What clients ask for at `/authorize`: nobody is sent anywhere that the client did not register.

use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Browser, parameter};
use crate::program::{Program, link, register};
use crate::world::{Replica, World};

async fn begun(redirect: &str) -> (World, Replica, Program) {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register_with(&replica, "Claude", redirect).await;
    (world, replica, program)
}

/// Parameters with one changed, or left out.
fn changed(program: &Program, replica: &Replica, name: &'static str, value: Option<&str>) -> String {
    let mut asks = program.asks(replica);
    asks.retain(|(found, _)| *found != name);
    asks.extend(value.map(|value| (name, value.to_owned())));
    replica.here(&link(replica, &asks))
}

#[tokio::test]
async fn redirects_lead_to_registered_addresses_alone() {
    let (_world, replica, program) = begun("https://app.example/cb").await;
    for uri in [
        "https://evil.example/cb",
        "https://app.example/cb/",
        "https://app.example/cb?x=y",
        "https://app.example/cb#x",
        "https://app.example/cb/../cb",
        "https://app.example/%63b",
        "https://app.example/CB",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "https://app.example@evil.example/cb",
        "https://app.example\\@evil.example/cb",
        "https://app.example%2f@evil.example/cb",
        "https://evil.example/?https://app.example/cb",
        "https://app.example.evil.example/cb",
        "http://app.example/cb",
        "//app.example/cb",
        "/cb",
        "https:app.example/cb",
        "javascript:alert(1)//https://app.example/cb",
        "data:text/html,x",
        "https://app.example/cb\r\nLocation: https://evil.example",
        " https://app.example/cb",
        "",
    ] {
        let answer = Browser::default().get(&changed(&program, &replica, "redirect_uri", Some(uri))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
        assert!(answer.headers.get("location").is_none(), "{uri}");
        assert!(!answer.body.contains("evil"), "the page repeats nothing: {uri}");
    }
    let missing = Browser::default().get(&changed(&program, &replica, "redirect_uri", None)).await;
    assert_eq!(missing.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn on_loopback_the_port_may_vary_and_nothing_else() {
    let (_world, replica, program) = begun("http://127.0.0.1:33418/callback").await;
    let status =
        async |uri: &str| Browser::default().get(&changed(&program, &replica, "redirect_uri", Some(uri))).await.status;
    for good in ["http://127.0.0.1:33418/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1/callback"] {
        assert_eq!(status(good).await, StatusCode::FOUND, "{good}");
    }
    for bad in [
        "http://localhost:33418/callback",
        "http://127.0.0.2:33418/callback",
        "http://127.0.0.1:33418/other",
        "http://127.0.0.1:33418@evil.example/callback",
    ] {
        assert_eq!(status(bad).await, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_told_to_the_client_with_its_state() {
    let (_world, replica, program) = begun("https://app.example/cb?tenant=1").await;
    for (name, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("code id_token"), "unsupported_response_type"),
        ("response_type", None, "invalid_request"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("response_mode", Some("form_post"), "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("too-short"), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("resource", Some("https://other.example/mcp"), "invalid_target"),
        ("resource", Some("https://localhost.evil.example/mcp"), "invalid_target"),
        ("request", Some("eyJ"), "request_not_supported"),
        ("request_uri", Some("https://evil.example"), "request_uri_not_supported"),
    ] {
        let answer = Browser::default().get(&changed(&program, &replica, name, value)).await;
        let location = answer.location();
        assert!(location.starts_with("https://app.example/cb?tenant=1&error="), "{name} {value:?}: {location}");
        assert_eq!(parameter(location, "error").as_deref(), Some(error), "{name} {value:?}");
        assert_eq!(parameter(location, "state").as_deref(), Some("state of the client"));
        assert_eq!(parameter(location, "iss").as_deref(), Some(replica.public_url.as_str()));
    }
}

#[tokio::test]
async fn a_state_comes_back_as_it_went_and_breaks_nothing() {
    let (_world, replica, program) = begun("https://app.example/cb").await;
    for state in ["a&error=x#y", "\r\nSet-Cookie: a=b", "é\u{0}☃", &"x".repeat(4096)] {
        let browser = Browser::default();
        let page = browser.asked(&replica, &changed(&program, &replica, "state", Some(state))).await;
        let denied = browser.decide(&replica, &page, "deny").await;
        assert_eq!(parameter(denied.location(), "state").as_deref(), Some(state));
        assert!(denied.headers.get("set-cookie").is_none());
    }
    let long = Browser::default().get(&changed(&program, &replica, "state", Some(&"x".repeat(5000)))).await;
    assert_eq!(long.status, StatusCode::BAD_REQUEST);
    let none = Browser::default().asked(&replica, &changed(&program, &replica, "state", None)).await;
    assert_eq!(none.status, StatusCode::OK);
}

#[tokio::test]
async fn the_resource_is_ours_with_and_without_a_slash_and_may_be_left_out() {
    let (_world, replica, program) = begun("https://app.example/cb").await;
    let ours = replica.proxy.resource().to_owned();
    for resource in
        [Some(ours.as_str()), Some(&format!("{ours}/")), Some(&ours.replace("localhost", "LOCALHOST")), None]
    {
        let answer = Browser::default().get(&changed(&program, &replica, "resource", resource)).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{resource:?}");
        assert!(answer.location().contains("/consent?"), "{resource:?}");
    }
    let two = format!("{}&resource=https://other.example/", changed(&program, &replica, "resource", Some(&ours)));
    assert_eq!(parameter(Browser::default().get(&two).await.location(), "error").as_deref(), Some("invalid_target"));
}

#[tokio::test]
async fn unknown_clients_and_repeated_parameters_get_a_page() {
    let (_world, replica, program) = begun("https://app.example/cb").await;
    for id in ["nobody", "", &"x".repeat(5000), "https://localhost/client.json", "https://169.254.169.254/x"] {
        let answer = Browser::default().get(&changed(&program, &replica, "client_id", Some(id))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{id}");
    }
    let twice = format!("{}&redirect_uri=https://evil.example/", changed(&program, &replica, "x", None));
    assert_eq!(Browser::default().get(&twice).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_cannot_be_registered_is_told() {
    let (_world, replica, _) = begun("https://app.example/cb").await;
    let uris = |uris: serde_json::Value| json!({ "redirect_uris": uris });
    let mut method = uris(json!(["https://app.example/cb"]));
    method["token_endpoint_auth_method"] = json!("private_key_jwt");
    let mut types = uris(json!(["https://app.example/cb"]));
    types["response_types"] = json!(["token"]);
    let mut grants = uris(json!(["https://app.example/cb"]));
    grants["grant_types"] = json!(["client_credentials"]);
    let mut name = uris(json!(["https://app.example/cb"]));
    name["client_name"] = json!("x".repeat(2000));
    for (metadata, error) in [
        (json!({}), "invalid_redirect_uri"),
        (uris(json!([])), "invalid_redirect_uri"),
        (uris(json!(vec!["https://app.example/cb"; 11])), "invalid_redirect_uri"),
        (uris(json!(["http://app.example/cb"])), "invalid_redirect_uri"),
        (uris(json!(["javascript:alert(1)"])), "invalid_redirect_uri"),
        (uris(json!(["https://user@app.example/cb"])), "invalid_redirect_uri"),
        (uris(json!(["https://app.example/cb", "https://app.example/cb#x"])), "invalid_redirect_uri"),
        (uris(json!("https://app.example/cb")), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
        (json!("x"), "invalid_client_metadata"),
        (method, "invalid_client_metadata"),
        (types, "invalid_client_metadata"),
        (grants, "invalid_client_metadata"),
        (name, "invalid_client_metadata"),
    ] {
        assert_eq!(register(&replica, &metadata).await.error(), (400, error), "{metadata}");
    }
}

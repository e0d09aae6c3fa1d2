//! Who is let in, and what the others are told.

use reqwest::header::{AUTHORIZATION, HOST, ORIGIN};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::Server;
use crate::shared::mcp::{answered, challenge, http, initialize, message, request};

#[tokio::test]
async fn a_token_of_the_provider_lets_in_and_nothing_is_kept() {
    let server = Server::start("").await;
    let token = server.token().await;
    let response = server.post(Some(&token), &initialize()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key("mcp-session-id"), "there are no sessions");
    let result = answered(response).await;
    assert_eq!(result["result"]["serverInfo"]["name"], "cloudnative-pg-test");

    // Each request stands for itself: none of these knows of the first.
    let listed = message(&server.post(Some(&token), &request("tools/list", &json!({}))).await.text().await.unwrap());
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 12);
    let answer = server.call(&token, "list_postgres_clusters", json!({})).await;
    assert_eq!(answer["result"]["structuredContent"]["outcome"], "done");

    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/mcp", 404), ("/register", 404), ("/authorize", 404)]
    {
        let response = http().get(format!("{}{path}", server.at)).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}

#[tokio::test]
async fn who_comes_without_a_good_token_is_told_where_to_get_one() {
    let server = Server::start("public_url: https://mcp.example.com\n").await;
    let response = server.post(None, &initialize()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let metadata_url = "https://mcp.example.com/.well-known/oauth-protected-resource/test";
    assert_eq!(
        challenge(response.headers()),
        format!("Bearer resource_metadata=\"{metadata_url}\""),
        "no `error` without a token"
    );

    let metadata = http().get(format!("{}/.well-known/oauth-protected-resource/test", server.at));
    let metadata: Value = metadata.send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["resource"], "https://mcp.example.com/test");
    assert_eq!(metadata["authorization_servers"], json!([server.provider.issuer()]));

    // A token in the address or in a form is none (RFC 6750 would have it; OAuth 2.1 has not).
    let token = server.token().await;
    let url = format!("{}/test?access_token={token}", server.at);
    let response = http().post(url).json(&initialize()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(!challenge(response.headers()).contains("error"));

    let twice = http().post(server.endpoint()).json(&initialize());
    let twice = twice.header(AUTHORIZATION, format!("Bearer {token}")).header(AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let response = http().request(method.clone(), server.endpoint()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method}");
    }
}

#[tokio::test]
async fn other_hosts_and_web_pages_are_not_let_in() {
    let server = Server::start("public_url: https://mcp.example.com\nallowed_hosts: [cnpg-mcp.default.svc]\n").await;
    let token = server.token().await;
    for (name, value, status) in [
        (HOST, "mcp.example.com", 200),
        (HOST, "cnpg-mcp.default.svc", 200),
        (HOST, "evil.example", 403),
        (ORIGIN, "https://mcp.example.com", 200),
        (ORIGIN, "https://evil.example", 403),
        (ORIGIN, "null", 403),
    ] {
        let request = http().post(server.endpoint()).json(&initialize()).bearer_auth(&token);
        let request = request.header("accept", "application/json, text/event-stream").header(name.clone(), value);
        assert_eq!(request.send().await.unwrap().status(), status, "{name}: {value}");
    }
    let probe = http().get(format!("{}/healthz", server.at)).header(HOST, "10.1.2.3:3001").send().await.unwrap();
    assert_eq!(probe.status(), 200, "kubelets send the pod's address");
}

//! The rules that the stand-in holds requests to, over HTTP: what the set-up leans on must be enforced here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::time::Duration;

use cnpg_mcp_auth0::{ALL_SCOPES, Auth0};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// A tenant, and whoever asks it.
struct Asking {
    auth0: Auth0,
    http: Client,
    token: String,
}

impl Asking {
    async fn begin() -> Self {
        cnpg_mcp_runtime::tls::install();
        let auth0 = Auth0::start().await.unwrap();
        let token = auth0.token();
        Self { auth0, http: Client::new(), token }
    }

    async fn send(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Response {
        let mut request = self.http.request(method, format!("{}/api/v2/{path}", self.auth0.url())).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    /// Status and answer.
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        answered(self.send(method, path, &self.token, body).await).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask(Method::PATCH, path, Some(body)).await
    }
}

async fn answered(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

#[track_caller]
fn refused(answer: &(u16, Value), status: u16, code: &str) {
    assert_eq!((answer.0, answer.1["errorCode"].as_str().unwrap_or_default()), (status, code), "{}", answer.1);
    assert_eq!(answer.1["statusCode"], status);
    assert!(answer.1["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", answer.1);
}

#[tokio::test]
async fn each_endpoint_asks_for_its_scope() {
    let asking = Asking::begin().await;
    let body = json!({ "name": "a" });
    for (method, path, scope) in [
        (Method::GET, "resource-servers", "read:resource_servers"),
        (Method::POST, "resource-servers", "create:resource_servers"),
        (Method::PATCH, "resource-servers/api_system", "update:resource_servers"),
        (Method::GET, "clients", "read:clients"),
        (Method::POST, "clients", "create:clients"),
        (Method::PATCH, "clients/x", "update:clients"),
        (Method::POST, "clients/x/rotate-secret", "update:client_keys"),
        (Method::GET, "client-grants", "read:client_grants"),
        (Method::POST, "client-grants", "create:client_grants"),
        (Method::PATCH, "client-grants/x", "update:client_grants"),
        (Method::GET, "connections", "read:connections"),
        (Method::PATCH, "connections/con_default", "update:connections"),
        (Method::GET, "connections/con_default/clients", "read:connections"),
        (Method::PATCH, "connections/con_default/clients", "update:connections"),
    ] {
        let body = (method != Method::GET).then_some(&body);
        let all_others: Vec<&str> = ALL_SCOPES.iter().copied().filter(|one| *one != scope).collect();
        let before = asking.auth0.state();
        let lacking = asking.send(method.clone(), path, &asking.auth0.token_with(&all_others), body).await;
        let answer = answered(lacking).await;
        refused(&answer, 403, "insufficient_scope");
        assert_eq!(answer.1["message"], format!("Insufficient scope, expected any of: {scope}"));
        assert_eq!(asking.auth0.state(), before);
        // With it alone the scope is not what is wrong.
        let with = answered(asking.send(method, path, &asking.auth0.token_with(&[scope]), body).await).await;
        assert_ne!(with.0, 403, "{path}: {}", with.1);
    }
    let (status, answer) = answered(asking.send(Method::GET, "clients", "mgmt-token-nobody's", None).await).await;
    assert_eq!((status, &answer["errorCode"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn identifiers_and_grants_are_unique_and_names_of_clients_are_not() {
    let asking = Asking::begin().await;
    let api = json!({ "identifier": "https://a.example/mcp", "name": "A", "scopes": [{ "value": "read" }] });
    assert_eq!(asking.post("resource-servers", &api).await.0, 201);
    let again = json!({ "identifier": "https://a.example/mcp", "name": "Another" });
    refused(&asking.post("resource-servers", &again).await, 409, "conflict");
    // It is found by its identifier too.
    assert_eq!(asking.get("resource-servers/https%3A%2F%2Fa.example%2Fmcp").await.1["name"], "A");

    let (_, first) = asking.post("clients", &json!({ "name": "Same" })).await;
    let (status, second) = asking.post("clients", &json!({ "name": "Same" })).await;
    assert_eq!(status, 201);
    assert_ne!(first["client_id"], second["client_id"]);

    let grant = json!({ "client_id": first["client_id"], "audience": "https://a.example/mcp", "scope": ["read"] });
    assert_eq!(asking.post("client-grants", &grant).await.0, 201);
    refused(&asking.post("client-grants", &grant).await, 409, "conflict");
    let unknown = json!({ "client_id": second["client_id"], "audience": "https://a.example/mcp", "scope": ["write"] });
    refused(&asking.post("client-grants", &unknown).await, 400, "invalid_body");
    let nowhere = json!({ "client_id": second["client_id"], "audience": "https://b.example", "scope": [] });
    refused(&asking.post("client-grants", &nowhere).await, 404, "inexistent");
}

#[tokio::test]
async fn fields_that_an_endpoint_does_not_take_are_refused() {
    let asking = Asking::begin().await;
    let (_, client) = asking.post("clients", &json!({ "name": "A" })).await;
    let client = format!("clients/{}", client["client_id"].as_str().unwrap());
    let before = asking.auth0.state();
    for (method, path, body) in [
        (Method::POST, "clients", json!({ "name": "B", "callback": [] })),
        (Method::POST, "clients", json!({ "name": "B", "client_id": "mine" })),
        (Method::POST, "clients", json!({ "description": "without a name" })),
        (Method::PATCH, client.as_str(), json!({ "client_secret": "mine" })),
        (Method::PATCH, &client, json!({})),
        (Method::PATCH, &client, json!([])),
        (Method::PATCH, &client, json!({ "app_type": "desktop" })),
        (Method::PATCH, &client, json!({ "callbacks": ["not an address"] })),
        (Method::PATCH, &client, json!({ "client_metadata": { "long": "x".repeat(256) } })),
        (Method::POST, "resource-servers", json!({ "identifier": "x", "signing_secret": "mine" })),
        (Method::POST, "resource-servers", json!({ "name": "without an identifier" })),
        (
            Method::POST,
            "resource-servers",
            json!({ "identifier": "x", "scopes": [{ "value": "a" }, { "value": "a" }] }),
        ),
        (Method::POST, "resource-servers", json!({ "identifier": "x", "signing_alg": "none" })),
        // Neither can be changed.
        (Method::PATCH, "resource-servers/api_system", json!({ "identifier": "other" })),
        (Method::PATCH, "resource-servers/api_system", json!({ "name": "other" })),
        (Method::PATCH, "connections/con_default", json!({ "enabled_clients": [] })),
        (Method::PATCH, "connections/con_default", json!({ "name": "other" })),
        (Method::PATCH, "connections/con_default/clients", json!([])),
    ] {
        let answer = asking.ask(method, path, Some(&body)).await;
        refused(&answer, 400, "invalid_body");
        assert_eq!(asking.auth0.state(), before, "{path}: {body}");
    }
    let many: Vec<Value> = (0..51).map(|_| json!({ "client_id": "x", "status": true })).collect();
    let answer = asking.ask(Method::PATCH, "connections/con_default/clients", Some(&json!(many))).await;
    refused(&answer, 400, "invalid_body");
}

#[tokio::test]
async fn a_connection_that_is_changed_without_its_display_name_loses_that() {
    let asking = Asking::begin().await;
    let (_, before) = asking.get("connections/con_default").await;
    assert_eq!((&before["display_name"], before.get("clients")), (&json!("Company login"), None));
    let (_, after) = asking.patch("connections/con_default", &json!({ "is_domain_connection": true })).await;
    assert_eq!(after["display_name"], after["name"]);
    // Options hold secrets of other providers: they have a scope of their own.
    let token = asking.auth0.token_with(&["update:connections"]);
    let body = json!({ "options": {} });
    let answer = asking.send(Method::PATCH, "connections/con_default", &token, Some(&body)).await;
    refused(&answered(answer).await, 403, "insufficient_scope");
}

#[tokio::test]
async fn secrets_are_shown_where_they_are_made_and_to_a_scope_of_their_own() {
    let asking = Asking::begin().await;
    let token = asking.auth0.token_with(&["create:clients", "read:clients", "update:clients", "update:client_keys"]);
    let body = json!({ "name": "A" });
    let (_, made) = answered(asking.send(Method::POST, "clients", &token, Some(&body)).await).await;
    let (id, secret) = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let path = format!("clients/{id}");
    for (method, path, body) in [
        (Method::GET, "clients", None),
        (Method::GET, path.as_str(), None),
        (Method::PATCH, &path, Some(&json!({ "name": "B" }))),
    ] {
        let text = asking.send(method, path, &token, body).await.text().await.unwrap();
        assert!(text.contains(id) && !text.contains(secret), "{text}");
    }
    assert_eq!(asking.get(&path).await.1["client_secret"], secret);
    let (_, rotated) =
        answered(asking.send(Method::POST, &format!("{path}/rotate-secret"), &token, Some(&json!({}))).await).await;
    assert_ne!(rotated["client_secret"], secret);
    assert_eq!(asking.get(&path).await.1["client_secret"], rotated["client_secret"]);
}

#[tokio::test]
async fn lists_come_in_pages_and_numbered_ones_end_at_a_thousand() {
    let asking = Asking::begin().await;
    asking.auth0.crowd(1205, 120);
    let count = |answer: &Value, list: &str| answer[list].as_array().map_or(0, Vec::len);
    // The size where none is said, and the most.
    assert_eq!(asking.get("clients").await.1.as_array().unwrap().len(), 50);
    refused(&asking.get("clients?per_page=101").await, 400, "invalid_query_string");
    refused(&asking.get("clients?per_page=0").await, 400, "invalid_query_string");
    refused(&asking.get("clients?page=first").await, 400, "invalid_query_string");
    let (_, page) = asking.get("clients?per_page=100&page=9&include_totals=true").await;
    assert_eq!((&page["start"], &page["total"], count(&page, "clients")), (&json!(900), &json!(1205), 100));
    refused(&asking.get("clients?per_page=100&page=10").await, 400, "invalid_query_string");
    refused(&asking.get("clients?page=0&take=100").await, 400, "invalid_query_string");

    // Behind that, by checkpoints: each object once.
    for (list, path, total) in [("clients", "clients", 1205), ("connections", "connections", 121)] {
        let (mut seen, mut from) = (std::collections::BTreeSet::new(), String::new());
        loop {
            // More than the most is the most.
            let (_, part) = asking.get(&format!("{path}?take=150{from}")).await;
            assert!(count(&part, list) <= 100);
            for one in part[list].as_array().unwrap() {
                let id = ["client_id", "id"].iter().find_map(|field| one[*field].as_str()).unwrap();
                assert!(seen.insert(id.to_owned()));
            }
            match part["next"].as_str() {
                Some(next) => from = format!("&from={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), total);
    }
    let (_, named) = asking.get("connections?name=enterprise-7&include_totals=true").await;
    assert_eq!((&named["total"], &named["connections"][0]["name"]), (&json!(1), &json!("enterprise-7")));
    let (_, fields) = asking.get("clients?per_page=1&fields=client_id&include_fields=true").await;
    assert_eq!(fields[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["client_id"]);
}

#[tokio::test]
async fn a_rate_limit_says_when_it_ends_and_does_nothing() {
    let asking = Asking::begin().await;
    for ahead in [0, -3600] {
        asking.auth0.set_clock(ahead);
        asking.auth0.limit(Some(3));
        let before = asking.auth0.state();
        let mut refusal = None;
        // Within two seconds, one of which is cut, some are too many.
        for _ in 0..12 {
            let response = asking.send(Method::PATCH, "clients/x", &asking.token, Some(&json!({ "name": "B" }))).await;
            if response.status() == 429 {
                refusal = Some(response);
                break;
            }
        }
        let refusal = refusal.unwrap();
        let header = |name: &str| refusal.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-ratelimit-remaining"), "0");
        let (reset, date): (i64, _) = (header("x-ratelimit-reset").parse().unwrap(), header("date"));
        // By the tenant's own clock, which its `Date` says.
        let now = rfc2822::parse(&date).unwrap().timestamp().as_second();
        assert!((now..=now + 1).contains(&reset), "{reset} {date}");
        assert!((Timestamp::now().as_second() + ahead - now).abs() <= 2, "{date}");
        refused(&answered(refusal).await, 429, "too_many_requests");
        assert_eq!(asking.auth0.state(), before);
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(asking.get("clients").await.0, 200);
        asking.auth0.limit(None);
    }
    assert!(asking.auth0.refused() >= 2);
}

#[tokio::test]
async fn a_client_gets_a_token_with_what_it_was_granted() {
    let asking = Asking::begin().await;
    let audience = format!("{}/api/v2/", asking.auth0.url());
    let body = json!({ "name": "M", "app_type": "non_interactive", "grant_types": ["client_credentials"] });
    let (_, client) = asking.post("clients", &body).await;
    let token = async |secret: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client["client_id"].as_str().unwrap()),
            ("client_secret", secret),
            ("audience", &audience),
        ];
        let body: String =
            reqwest::Url::parse_with_params("http://x", form).unwrap().query().unwrap_or_default().to_owned();
        let request = asking.http.post(format!("{}/oauth/token", asking.auth0.url())).body(body);
        answered(request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()).await
    };
    let secret = client["client_secret"].as_str().unwrap();
    assert_eq!(token(secret).await.0, 403, "without a grant");
    let grant = json!({ "client_id": client["client_id"], "audience": audience, "scope": ["read:clients"] });
    assert_eq!(asking.post("client-grants", &grant).await.0, 201);
    assert_eq!(token("another").await.0, 401);
    let (status, answer) = token(secret).await;
    assert_eq!((status, &answer["scope"]), (200, &json!("read:clients")));
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(asking.send(Method::GET, "clients", token, None).await.status(), 200);
    assert_eq!(asking.send(Method::GET, "connections", token, None).await.status(), 403);
}

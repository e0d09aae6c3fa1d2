//! What Prometheus gets from a server, on a port of its own.

use std::collections::BTreeMap;

use cnpg_mcp_provider::Provider;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, access, called};
use crate::server::{Folder, Server};
use crate::shared::mcp::{self, http};

/// Every series with its value.
type Series = BTreeMap<String, f64>;

/// Where a server says that its metrics are.
fn place(server: &Server) -> String {
    let said = server.program.said();
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = lines.into_iter().find(|line| line["message"] == "metrics are offered");
    line.unwrap_or_else(|| panic!("{said}"))["url"].as_str().unwrap().to_owned()
}

async fn series(place: &str) -> Series {
    let answer = http().get(place).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let split = lines.map(|line| line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}")));
    split.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// A count; it is compared as text, since it is a whole number.
fn count(series: &Series, name: &str) -> String {
    series.get(name).unwrap_or_else(|| panic!("{name} is not among {series:#?}")).to_string()
}

#[tokio::test]
async fn calls_requests_logins_and_refusals_are_counted() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let server = Server::start(&folder, &["--metrics-port", "0"]);
    let place = place(&server);
    assert!(place.starts_with("http://127.0.0.1:") && place.ends_with("/metrics"), "{place}");
    // The server's own port has no metrics, and theirs has nothing else.
    for elsewhere in [format!("{}/metrics", server.url), place.replace("/metrics", "/mcp")] {
        assert_eq!(http().get(elsewhere).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }

    let client = Client::register(&server).await;
    let token = client.log_in(&server, &provider, None).await;
    let token = access(&token);
    for (tool, arguments) in [
        ("list_postgres_clusters", json!({})),
        ("list_postgres_clusters", json!({})),
        ("get_cluster_status", json!({ "name": "nowhere" })),
        ("get_cluster_status", json!({ "name": 7 })),
    ] {
        called(&server, token, tool, &arguments).await;
    }
    let endpoint = server.mcp();
    for token in [None, Some("nonsense")] {
        let refused = mcp::post(&endpoint, token, &mcp::initialize(), "2025-11-25").send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }

    let counted = series(&place).await;
    for (name, expected) in [
        ("tool_calls_total{tool=\"list_postgres_clusters\",outcome=\"done\"}", "2"),
        ("tool_calls_total{tool=\"get_cluster_status\",outcome=\"not_found\"}", "1"),
        ("tool_calls_total{tool=\"get_cluster_status\",outcome=\"invalid_parameter\"}", "1"),
        ("tool_call_duration_seconds_count{tool=\"list_postgres_clusters\"}", "2"),
        ("kubernetes_requests_total{verb=\"list\",resource=\"clusters\",status=\"200\"}", "2"),
        ("kubernetes_requests_total{verb=\"get\",resource=\"clusters\",status=\"404\"}", "1"),
        ("http_requests_total{path=\"/mcp\",method=\"POST\",status=\"200\"}", "4"),
        ("http_requests_total{path=\"/mcp\",method=\"POST\",status=\"401\"}", "2"),
        ("http_requests_total{path=\"/token\",method=\"POST\",status=\"200\"}", "1"),
        ("authentication_failures_total{reason=\"no_token\"}", "1"),
        ("authentication_failures_total{reason=\"invalid_token\"}", "1"),
        ("token_validation_duration_seconds_count", "5"),
        ("logins_total{outcome=\"ok\"}", "1"),
        (concat!("build_info{server=\"cnpg-mcp-server\",version=\"", env!("CARGO_PKG_VERSION"), "\"}"), "1"),
    ] {
        assert_eq!(count(&counted, &format!("cnpg_mcp_{name}")), expected, "{name}");
    }
    assert!(counted["cnpg_mcp_provider_requests_total{status=\"200\"}"] >= 3.0);
    assert!(counted["process_resident_memory_bytes"] > 1e6);

    // What strangers make up makes no new series, and nobody's name is in one.
    for index in 0..20 {
        http().get(format!("{}/made-up-{index}", server.url)).send().await.unwrap();
        let method = Method::from_bytes(format!("MADE{index}").as_bytes()).unwrap();
        http().request(method, &endpoint).send().await.unwrap();
        mcp::alone(&endpoint, Some(token), mcp::call(&format!("made_up_{index}"), &json!({}))).send().await.unwrap();
    }
    let after = series(&place).await;
    let new = after.keys().filter(|name| !counted.contains_key(*name));
    let new: Vec<&String> = new.filter(|name| !name.contains("elsewhere") && !name.contains("\"other\"")).collect();
    assert!(new.len() <= 1, "one status of unknown tools at most: {new:#?}");
    assert!(!after.keys().any(|name| name.contains("made") || name.contains("MADE") || name.contains("auth0|")));
}

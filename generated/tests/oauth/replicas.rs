//! Restarts and crashes, with state in Redis.

use cnpg_mcp_provider::Provider;
use reqwest::StatusCode;

use crate::client::{Client, access};
use crate::redis::Redis;
use crate::server::{Folder, Server, free_port};
use crate::shared::mcp;

/// A call of the revision without sessions.
async fn listed(endpoint: &str, token: &str) -> reqwest::Result<StatusCode> {
    let listing = mcp::request("tools/list", &serde_json::json!({}));
    let answer = mcp::alone(endpoint, Some(token), listing).send().await?;
    let status = answer.status();
    answer.bytes().await?;
    Ok(status)
}

#[tokio::test]
async fn with_redis_a_restart_logs_nobody_out() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let (redis, port) = (Redis::start(), free_port());
    let arguments = ["--session-store", &redis.url, "--port", &port];
    let server = Server::start(&folder, &arguments);
    let client = Client::register(&server).await;
    let tokens = client.log_in(&server, &provider, None).await;
    let begun = client.code(&server, &provider, None).await;
    drop(server);
    let server = Server::start(&folder, &arguments);
    assert_eq!(listed(&server.mcp(), access(&tokens)).await.unwrap(), StatusCode::OK);
    let refreshed = client.refresh(&server, tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    assert_eq!(listed(&server.mcp(), access(&refreshed.json())).await.unwrap(), StatusCode::OK);
    let finished = client.redeem(&server, &begun, crate::client::VERIFIER).await;
    assert_eq!(finished.status, StatusCode::OK, "a login that was under way goes on: {finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_killed_in_mid_load_logs_nobody_out() {
    let provider = Provider::start().await.unwrap();
    let folders = [Folder::new(provider.issuer()), Folder::new(provider.issuer())];
    let (redis, ports) = (Redis::start(), [free_port(), free_port()]);
    let public_url = format!("http://localhost:{}", ports[0]);
    let [mut first, second] = [0, 1].map(|index| {
        let arguments = ["--session-store", &redis.url, "--port", &ports[index], "--public-url", &public_url];
        let arguments = [&arguments[..], &["--log-level", "info"]].concat();
        Server::start(&folders[index], &arguments)
    });
    let tokens = Client::register(&first).await.log_in(&first, &provider, None).await;
    let endpoints = [first.mcp(), second.mcp()];
    let clients = (0..8).map(|client| {
        let (endpoints, token) = (endpoints.clone(), access(&tokens).to_owned());
        tokio::spawn(async move {
            let mut moved = 0;
            for call in 0..100 {
                // A load balancer goes to the other replica where one does not answer.
                let turn = (client + call) % 2;
                let status = if let Ok(status) = listed(&endpoints[turn], &token).await {
                    status
                } else {
                    moved += 1;
                    listed(&endpoints[1 - turn], &token).await.unwrap()
                };
                assert_eq!(status, StatusCode::OK, "nobody is asked to log in again");
            }
            moved
        })
    });
    let clients: Vec<_> = clients.collect();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    first.program.kill();
    let mut moved = 0;
    for client in clients {
        moved += client.await.unwrap();
    }
    assert!(moved > 0, "it was killed in the middle");
}

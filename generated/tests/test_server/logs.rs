//! What the server says, at the level that says most: everything but secrets.

use reqwest::StatusCode;
use serde_json::json;

use crate::server::Server;
use crate::shared::mcp::{http, initialize, post};
use crate::shared::seen::Seen;

#[tokio::test]
async fn no_secret_is_said_whatever_happens() {
    let server = Server::start("require_scopes: true\n").await;
    let seen = Seen::default();
    let good = server.token().await;
    let mut tokens = vec![good.clone()];
    for order in [
        json!({ "sign": "none" }),
        json!({ "sign": "public_as_secret" }),
        json!({ "sign": "foreign" }),
        json!({ "sign": "jwe" }),
        json!({ "header": { "kid": "made-up" } }),
        json!({ "claims": { "exp": 1_000_000_000 } }),
        json!({ "claims": { "aud": "https://other.example" } }),
        json!({ "claims": { "iss": "https://evil.example/" } }),
        json!({ "claims": { "nbf": 4_000_000_000_u64, "exp": 4_000_003_600_u64 } }),
        json!({ "claims": { "sub": null } }),
        json!({ "claims": { "scope": "openid" } }),
    ] {
        tokens.push(server.mint(order).await);
    }
    tokens.push("opaque-token-0123456789-abcdefghij".to_owned());
    tokens.push(format!("{}x", server.mint(json!({ "claims": { "jti": "an-id-of-a-token-0123456789" } })).await));
    for token in &tokens {
        seen.add("token", token);
        server.status(token).await;
        for address in [format!("{}?access_token={token}", server.endpoint()), format!("{}/{token}", server.at)] {
            http().post(address).json(&initialize()).send().await.unwrap();
        }
        http().post(server.endpoint()).form(&[("access_token", token)]).send().await.unwrap();
        for name in ["cookie", "x-access-token", "mcp-session-id", "last-event-id", "user-agent", "origin", "host"] {
            post(&server.endpoint(), Some(token), &initialize(), "2025-11-25")
                .header(name, token)
                .send()
                .await
                .unwrap();
        }
    }

    let passwords = ["pW-one-9f8e7d6c5b4a", "pW-two/8e7d6c+5b4a3z", "pW-three\"7d6c\\5b4a3"];
    for (password, name) in passwords.iter().zip(["password", "password", "pasword"]) {
        seen.add("password", password);
        let mut role = json!({ "cluster_name": "main-db", "role_name": "ledger" });
        server.call(&good, "create_postgres_role", role.clone()).await;
        role[name] = json!(password);
        server.call(&good, "update_postgres_role", role).await;
    }

    server.provider.rotate(true).await.unwrap();
    server.provider.away(true).await.unwrap();
    let new = server.token().await;
    seen.add("token", &new);
    assert_ne!(server.status(&new).await, StatusCode::OK);
    assert_eq!(server.status(&good).await, StatusCode::OK);

    let said = server.program.said();
    assert!(said.contains("\"DEBUG\"") && said.contains("a request was not let in"), "the log says much: {said}");
    assert_eq!(server.program.audit().len(), 6);
    assert!(seen.len() > 15);
    assert_eq!(seen.told_by(&said), None);
}

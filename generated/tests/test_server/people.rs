//! What people may do, in whose name, and what is written down of it.

use reqwest::StatusCode;
use serde_json::json;

use crate::server::Server;
use crate::shared::mcp::{answered, call, challenge, http};

#[tokio::test]
async fn tools_demand_scopes_by_their_effect() {
    let server = Server::start("require_scopes: true\n").await;
    let reader = server.mint(json!({ "claims": { "scope": "openid cnpg:read" } })).await;
    assert_eq!(
        server.call(&reader, "list_postgres_clusters", json!({})).await["result"]["structuredContent"]["outcome"],
        "done"
    );
    let scale = json!({ "name": "main-db", "instances": 2, "dry_run": true });
    let response = server.post(Some(&reader), &call("scale_postgres_cluster", &scale)).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let said = challenge(response.headers());
    assert!(said.contains("error=\"insufficient_scope\""), "{said}");
    assert!(said.contains("scope=\"openid cnpg:read cnpg:write\""), "all scopes that are needed: {said}");
    let response = server.post(Some(&reader), &call("delete_postgres_cluster", &json!({ "name": "main-db" }))).await;
    assert!(challenge(response.headers()).contains("cnpg:destroy"));

    let writer = server.mint(json!({ "claims": { "scope": "cnpg:read cnpg:write" } })).await;
    let answer = server.call(&writer, "scale_postgres_cluster", scale.clone()).await;
    assert_eq!(answer["result"]["structuredContent"]["outcome"], "planned", "{answer}");
    let nothing = server.mint(json!({ "claims": { "scope": null } })).await;
    let response = server.post(Some(&nothing), &call("list_postgres_clusters", &json!({}))).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);

    // A body that the guard reads otherwise than the SDK does gets past the status, and not past the call.
    let url = server.endpoint();
    let arguments = scale.to_string();
    let twice = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{{"name":"scale_postgres_cluster","arguments":{arguments}}}}}"#
    );
    let request = http().post(url).bearer_auth(&reader).body(twice).header("content-type", "application/json");
    let request = request.header("accept", "application/json, text/event-stream");
    let response = request.send().await.unwrap();
    assert!(response.status() != StatusCode::OK || !response.text().await.unwrap().contains("planned"));
}

#[tokio::test]
async fn kubernetes_is_asked_in_the_name_of_the_person() {
    let more = "impersonate: true\nimpersonation:\n  user_claim: email\n  groups_claim: groups\n  prefix: \"corp:\"\n";
    let server = Server::start(more).await;
    let alice = server.token().await;
    // The sandbox enforces RBAC, and nobody granted the person anything.
    let answer = server.call(&alice, "list_postgres_clusters", json!({})).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let said = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(said.contains("corp:alice@example.com"), "{said}");
    assert!(said.contains("kubectl auth can-i list clusters.postgresql.cnpg.io"), "{said}");
    assert!(said.contains("`corp:alice@example.com` may not `list`"), "{said}");

    let nameless = server.mint(json!({ "claims": { "email": null } })).await;
    let response = server.post(Some(&nameless), &call("list_postgres_clusters", &json!({}))).await;
    let answer = answered(response).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("no claim `email`"), "{answer}");
    let forged = server.mint(json!({ "claims": { "email": "x\r\nImpersonate-Group: system:masters" } })).await;
    let response = server.post(Some(&forged), &call("list_postgres_clusters", &json!({}))).await;
    let answer = answered(response).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("control characters"), "{answer}");
}

#[tokio::test]
async fn each_write_leaves_one_line_that_says_who_did_what() {
    let server = Server::start("").await;
    let token = server.token().await;
    server.call(&token, "list_postgres_clusters", json!({})).await;
    assert!(server.program.audit().is_empty(), "reading leaves none");
    let role = json!({ "cluster_name": "main-db", "role_name": "ledger" });
    let answer = server.call(&token, "create_postgres_role", role).await;
    let lines = server.program.audit();
    let [line] = lines.as_slice() else { panic!("{answer}\n{lines:?}") };
    assert_eq!(line["subject"], "auth0|alice");
    assert_eq!(line["client"], "cnpg-mcp-cli");
    assert_eq!(line["tool"], "create_postgres_role");
    assert_eq!(line["effect"], "write");
    assert!(line["objects"].as_str().unwrap().contains("Cluster"), "{line}");
    assert!(line["arguments"].as_str().unwrap().contains("ledger"), "{line}");
    assert!(line["duration_ms"].is_u64() && line["outcome"].is_string(), "{line}");
    assert_eq!(line["call_id"], answer["result"]["_meta"]["cnpg-mcp.io/call-id"]);
    assert!(line["program"].as_str().unwrap().starts_with("tests/1"), "{line}");

    let password = "a-password-of-somebody-0123456789";
    let secret = json!({ "cluster_name": "main-db", "role_name": "ledger", "password": password });
    server.call(&token, "update_postgres_role", secret).await;
    assert_eq!(server.program.audit().len(), 2);
    assert!(!server.program.said().contains(password));
}

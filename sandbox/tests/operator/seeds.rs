//! What a sandbox begins with.

use cnpg_mcp_sandbox::clock::Clock;
use cnpg_mcp_sandbox::seed::Seed;
use serde_json::{Value, json};

use crate::fixture::{builder, cnpg, core, is_healthy, started};

#[tokio::test]
async fn the_demo_is_settled_and_whole() {
    let ground = started(builder().preload(Seed::demo())).await;
    let main = ground.get(&cnpg("clusters/main-db")).await;
    assert!(is_healthy(&main));
    assert_eq!(
        main["status"]["managedRolesStatus"]["byStatus"]["reconciled"],
        json!(["billing", "migrations", "reporting"])
    );
    assert!(main["status"]["firstRecoverabilityPoint"].is_string());
    assert_eq!(ground.names(&core("pods")).await, ["main-db-1", "main-db-2", "main-db-3"]);
    for database in ground.get(&cnpg("databases")).await["items"].as_array().unwrap() {
        assert_eq!(database["status"]["applied"], true, "{database}");
    }
    let role = ground.get(&cnpg("databaseroles/main-db-auditor")).await;
    assert_eq!(role["status"]["applied"], true);
    let warnings = ground.get(&format!("{}?fieldSelector=type%3DWarning", core("events"))).await;
    assert!(!warnings["items"].as_array().unwrap().is_empty());
    let other = ground.get("/apis/postgresql.cnpg.io/v1/namespaces/data/clusters/analytics").await;
    assert!(is_healthy(&other));
    assert_eq!(other["status"]["pgDataImageInfo"]["majorVersion"], 16);
    let contents = ground.sandbox.operator().postgres().contents("default", "main-db").unwrap();
    assert!(contents.databases.contains_key("orders") && contents.has_role("auditor"));

    // The operator finds nothing left to do.
    let versions = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["metadata"]["resourceVersion"].to_string()).collect()
    };
    let before = versions(&ground.get(&cnpg("clusters")).await);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(versions(&ground.get(&cnpg("clusters")).await), before);
}

#[tokio::test]
async fn the_same_seed_makes_the_same_demo() {
    let at = "2026-03-01T12:00:00Z".parse().unwrap();
    let mut made = Vec::new();
    for _ in 0..2 {
        let ground = started(builder().preload(Seed::demo()).clock(Clock::fixed(at)).seed(42)).await;
        made.push(ground.sandbox.snapshot());
    }
    assert_eq!(made[0], made[1], "two sandboxes of one seed differ");
}

#[tokio::test]
async fn bare_clusters_come_to_life_when_changed() {
    let ground = started(builder().preload(Seed::clusters(200))).await;
    let all = "/apis/postgresql.cnpg.io/v1/clusters";
    assert_eq!(ground.get(all).await["items"].as_array().unwrap().len(), 200);
    assert!(ground.get("/api/v1/pods").await["items"].as_array().unwrap().is_empty());
    let path = "/apis/postgresql.cnpg.io/v1/namespaces/load-3/clusters/pg-00003";
    assert!(is_healthy(&ground.get(path).await));
    ground.patch(path, json!({"spec": {"instances": 2}})).await;
    ground.until(path, |cluster| is_healthy(cluster) && cluster["status"]["instances"] == 2).await;
    assert_eq!(ground.names("/api/v1/pods").await, ["pg-00003-1", "pg-00003-2"]);
    ground.patch(path, json!({"spec": {"managed": {"roles": [{"name": "u1"}]}}})).await;
    let done = json!(["u1"]);
    ground.until(path, |cluster| cluster["status"]["managedRolesStatus"]["byStatus"]["reconciled"] == done).await;
}

#[tokio::test]
async fn many_clusters_come_to_life_at_once() {
    let ground = started(builder().preload(Seed::clusters(300))).await;
    let path =
        |number: usize| format!("/apis/postgresql.cnpg.io/v1/namespaces/load-{}/clusters/pg-{number:05}", number % 10);
    let numbers: Vec<usize> = (0..300).step_by(12).collect();
    let (ground, path) = (&ground, &path);
    let grow = |number: usize| async move { ground.patch(&path(number), json!({"spec": {"instances": 3}})).await };
    futures::future::join_all(numbers.iter().copied().map(grow)).await;
    for number in numbers {
        ground.until(&path(number), |cluster| is_healthy(cluster) && cluster["status"]["instances"] == 3).await;
    }
    assert_eq!(ground.get("/api/v1/pods").await["items"].as_array().unwrap().len(), 75);
}

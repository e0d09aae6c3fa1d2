//! `Database` objects.

use serde_json::{Value, json};

use crate::fixture::{Ground, cluster, cnpg, ground};

fn database(name: &str, owner: &str, policy: &str) -> Value {
    json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": {"name": name, "namespace": "default"},
        "spec": {"name": name, "owner": owner, "cluster": {"name": "pg1"}, "databaseReclaimPolicy": policy},
    })
}

fn path(name: &str) -> String {
    cnpg(&format!("databases/{name}"))
}

fn exists(ground: &Ground, name: &str) -> bool {
    ground.sandbox.operator().postgres().contents("default", "pg1").unwrap().databases.contains_key(name)
}

fn is_applied(database: &Value) -> bool {
    database["status"]["applied"] == true
}

#[tokio::test]
async fn applied_with_finalizer_and_generation() {
    let ground = ground().await;
    // It may come before its cluster.
    ground.create(&cnpg("databases"), database("early", "app", "retain")).await;
    ground.healthy(cluster("pg1", 1)).await;
    let applied = ground.until(&path("early"), is_applied).await;
    assert_eq!(applied["metadata"]["finalizers"], json!(["cnpg.io/deleteDatabase"]));
    assert_eq!(applied["status"]["observedGeneration"], 1);
    assert!(exists(&ground, "early"));

    ground.patch(&path("early"), json!({"spec": {"extensions": [{"name": "pgcrypto"}]}})).await;
    let again = ground.until(&path("early"), |database| database["status"]["observedGeneration"] == 2).await;
    assert_eq!(again["status"]["extensions"], json!([{"name": "pgcrypto", "applied": true}]));

    ground.patch(&path("early"), json!({"spec": {"ensure": "absent"}})).await;
    ground.until(&path("early"), |database| database["status"]["observedGeneration"] == 3).await;
    assert!(!exists(&ground, "early"));
}

#[tokio::test]
async fn the_reclaim_policy_decides_about_the_data() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    for (name, policy) in [("kept", "retain"), ("dropped", "delete")] {
        ground.create(&cnpg("databases"), database(name, "app", policy)).await;
        ground.until(&path(name), is_applied).await;
        assert_eq!(ground.delete(&path(name)).await, 200);
        ground.gone(&path(name)).await;
    }
    assert!(exists(&ground, "kept") && !exists(&ground, "dropped"));
}

#[tokio::test]
async fn a_missing_owner_is_waited_for() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    ground.create(&cnpg("databases"), database("d1", "later", "retain")).await;
    let failed = ground.until(&path("d1"), |database| database["status"]["applied"] == false).await;
    assert!(failed["status"]["message"].as_str().unwrap().contains("role \"later\" does not exist"));
    assert!(!exists(&ground, "d1"));
    ground.patch(&cnpg("clusters/pg1"), json!({"spec": {"managed": {"roles": [{"name": "later"}]}}})).await;
    let applied = ground.until(&path("d1"), is_applied).await;
    assert_eq!(applied["status"]["message"], Value::Null);
}

#[tokio::test]
async fn one_database_has_one_object() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    ground.create(&cnpg("databases"), database("d1", "app", "retain")).await;
    ground.until(&path("d1"), is_applied).await;
    let mut second = database("d1", "app", "retain");
    second["metadata"]["name"] = json!("d1-again");
    ground.create(&cnpg("databases"), second).await;
    let refused = ground.until(&path("d1-again"), |database| database["status"]["applied"] == false).await;
    assert_eq!(refused["status"]["message"], "database \"d1\" is already managed by Database object \"d1\"");
}

#[tokio::test]
async fn annotations_make_it_fail_and_hold_it() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    let mut object = database("d1", "app", "retain");
    object["metadata"]["annotations"] = json!({
        "sandbox.cnpg-mcp/database-not-applied": "out of space", "sandbox.cnpg-mcp/finalizer-holds": "true",
    });
    ground.create(&cnpg("databases"), object).await;
    ground.until(&path("d1"), |database| database["status"]["message"] == "out of space").await;
    ground
        .until(&path("d1"), |database| database["metadata"]["finalizers"].to_string().contains("sandbox.cnpg-mcp/hold"))
        .await;
    assert_eq!(ground.delete(&path("d1")).await, 200);
    let hold = json!(["sandbox.cnpg-mcp/hold"]);
    ground.until(&path("d1"), |database| database["metadata"]["finalizers"] == hold).await;
    ground.patch(&path("d1"), json!({"metadata": {"annotations": null}})).await;
    ground.gone(&path("d1")).await;
}

#[tokio::test]
async fn objects_of_a_deleted_cluster_say_so_and_can_go() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    ground.create(&cnpg("databases"), database("d1", "app", "delete")).await;
    ground.until(&path("d1"), is_applied).await;
    ground.delete(&cnpg("clusters/pg1")).await;
    let said = "cluster resource has been deleted, skipping reconciliation";
    let left = ground.until(&path("d1"), |database| database["status"]["message"] == said).await;
    assert_eq!(left["status"]["applied"], false);
    ground.until(&path("d1"), |database| database["metadata"]["finalizers"].is_null()).await;
    ground.delete(&path("d1")).await;
    ground.gone(&path("d1")).await;
}

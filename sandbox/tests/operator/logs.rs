//! What instances write: the log of their pods.

use cnpg_mcp_sandbox::clock::Clock;
use cnpg_mcp_sandbox::seed::Seed;
use serde_json::{Value, json};

use crate::fixture::{Ground, builder, cluster, cnpg, core, ground, is_healthy, started};

const PG1: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters/pg1";

async fn log_of(ground: &Ground, pod: &str, query: &str) -> (u16, String) {
    let path = format!("{}/{pod}/log?{query}", core("pods"));
    let answer = ground.client.get(ground.url(&path)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn log(ground: &Ground, query: &str) -> (u16, String) {
    log_of(ground, "pg1-1", query).await
}

/// What PostgreSQL wrote there.
async fn records(ground: &Ground, pod: &str) -> Vec<String> {
    let (_, text) = log_of(ground, pod, "").await;
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|line| line["record"]["message"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_log_is_cut_as_it_is_asked_for() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    let (code, all) = log(&ground, "").await;
    assert_eq!(code, 200);
    let lines: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["logging_pod"] == "pg1-1"));
    let last = lines.last().unwrap();
    assert_eq!(last["record"]["message"], "database system is ready to accept connections");
    assert_eq!(last["logger"], "postgres");

    let (_, tail) = log(&ground, "container=postgres&tailLines=2").await;
    assert_eq!(tail.lines().collect::<Vec<_>>(), all.lines().collect::<Vec<_>>()[lines.len() - 2..]);
    // As the kubelet does it: the first bytes of those lines.
    let (_, bytes) = log(&ground, "tailLines=2&limitBytes=10").await;
    assert_eq!(bytes, tail[..10]);
    assert!(log(&ground, "timestamps=true").await.1.lines().all(|line| line.starts_with("20")));
    assert_eq!(log(&ground, "sinceTime=2100-01-01T00:00:00Z").await.1, "");

    for (query, code, wanted) in [
        ("container=sidecar", 400, "container sidecar is not valid for pod pg1-1"),
        ("previous=true", 400, "previous terminated container \\\"postgres\\\" in pod \\\"pg1-1\\\" not found"),
        ("tailLines=-1", 422, "must be greater than or equal to 0"),
        ("tailLines=many", 400, "parsing"),
        ("sinceSeconds=1&sinceTime=2100-01-01T00:00:00Z", 422, "at most one of"),
        ("follow=true", 501, "following a log"),
    ] {
        let (found, text) = log(&ground, query).await;
        assert!(found == code && text.contains(wanted), "{query}: {found} {text}");
    }
    let (missing, _) = ground.look(&format!("{}/pg9-1/log", core("pods"))).await;
    assert_eq!(missing, 404);
}

#[tokio::test]
async fn a_container_that_has_not_started_has_no_log() {
    let quiet = builder().operator(cnpg_mcp_sandbox::operator::OperatorConfig::off());
    let ground = started(quiet).await;
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pg1-1"},
        "spec": {"nodeName": "n1", "containers": [{"name": "postgres"}, {"name": "metrics"}]},
    });
    ground.create(&core("pods"), pod).await;
    for (query, wanted) in [
        ("", "a container name must be specified for pod pg1-1, choose one of: [postgres metrics]"),
        (
            "container=postgres",
            "container \\\"postgres\\\" in pod \\\"pg1-1\\\" is waiting to start: ContainerCreating",
        ),
    ] {
        let (code, text) = log(&ground, query).await;
        assert!(code == 400 && text.contains(wanted), "{query}: {code} {text}");
    }
}

#[tokio::test]
async fn a_switchover_stands_in_the_logs_of_both() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 2)).await;
    ground.patch(&format!("{PG1}/status"), json!({"status": {"targetPrimary": "pg1-2"}})).await;
    ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["currentPrimary"] == "pg1-2").await;
    let heir = records(&ground, "pg1-2").await;
    let at = |records: &[String], wanted: &str| records.iter().position(|there| there == wanted).unwrap();
    assert!(at(&heir, "entering standby mode") < at(&heir, "received promote request"));
    assert!(at(&heir, "received promote request") < at(&heir, "selected new timeline ID: 2"));
    let old = records(&ground, "pg1-1").await;
    assert!(at(&old, "received fast shutdown request") < at(&old, "database system is shut down"));
    assert!(at(&old, "database system is shut down") < at(&old, "entering standby mode"));
    assert!(old.iter().any(|line| line.ends_with("on timeline 2")), "{old:?}");
}

#[tokio::test]
async fn statements_are_logged_where_it_is_asked_for_and_passwords_never() {
    let ground = ground().await;
    ground.secret("s1", "u1", "hidden-secret").await;
    let roles = json!([{"name": "u1", "login": true, "passwordSecret": {"name": "s1"}}, {"name": "u2", "login": true}]);
    for (name, level) in [("pg1", "ddl"), ("pg2", "none")] {
        let mut object = cluster(name, 1);
        object["spec"]["postgresql"] = json!({"parameters": {"log_statement": level}});
        object["spec"]["managed"] = json!({"roles": roles});
        ground.healthy(object).await;
        let done = json!(["u1", "u2"]);
        let path = format!("{}/{name}", cnpg("clusters"));
        ground.until(&path, |cluster| cluster["status"]["managedRolesStatus"]["byStatus"]["reconciled"] == done).await;
        let database = json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": {"name": format!("{name}-d")},
            "spec": {"name": "d", "owner": "u2", "cluster": {"name": name}},
        });
        ground.create(&cnpg("databases"), database).await;
        let path = format!("{}/{name}-d", cnpg("databases"));
        ground.until(&path, |database| database["status"]["applied"] == true).await;
    }
    let logged: Vec<String> =
        records(&ground, "pg1-1").await.into_iter().filter(|line| line.starts_with("statement")).collect();
    assert!(logged[0].starts_with("statement: CREATE ROLE \"u2\" ") && logged[0].contains(" LOGIN "), "{logged:?}");
    assert_eq!(logged[1..], ["statement: CREATE DATABASE \"d\" OWNER \"u2\""]);
    assert!(records(&ground, "pg2-1").await.iter().all(|line| !line.starts_with("statement")));
    assert!(!log(&ground, "").await.1.contains("hidden-secret"));
}

#[tokio::test]
async fn a_preloaded_instance_has_a_log_and_checkpoints_since_its_start() {
    let at = "2026-03-01T12:00:00Z".parse().unwrap();
    let ground = started(builder().preload(Seed::demo()).clock(Clock::fixed(at))).await;
    assert!(records(&ground, "main-db-2").await.contains(&"entering standby mode".to_owned()));
    let started = |at: &str| json!([{"name": "postgres", "state": {"running": {"startedAt": at}}}]);
    for (pod, kind) in [("main-db-1", "checkpoint"), ("main-db-2", "restartpoint")] {
        let status = json!({"status": {"containerStatuses": started("2026-03-01T11:49:00Z")}});
        ground.patch(&format!("{}/{pod}/status", core("pods")), status).await;
        let (_, text) = log_of(&ground, pod, "sinceSeconds=600").await;
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let message = format!("{kind} starting: time");
        let points: Vec<&Value> =
            lines.iter().filter(|line| line["record"]["message"] == *message).map(|line| &line["ts"]).collect();
        assert_eq!(points, ["2026-03-01T11:54:00Z", "2026-03-01T11:59:00Z"], "{pod}");
    }
}

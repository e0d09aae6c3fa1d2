//! What can be made to go wrong between a client and the sandbox, and what is recorded of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod fixture;

use std::time::{Duration, Instant};

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_sandbox::operator::OperatorConfig;
use serde_json::{Value, json};

use fixture::{Ground, builder, cluster, cnpg, core, started};

async fn quiet() -> Ground {
    started(builder().operator(OperatorConfig::off())).await
}

fn note(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}})
}

#[tokio::test]
async fn a_status_is_answered_and_nothing_done() {
    let ground = quiet().await;
    let rule = Rule::once(
        Match::on("create", "configmaps"),
        Action::Status { code: 429, reason: Some("TooManyRequests".to_owned()), message: None, retry_after: Some(3) },
    );
    let id = ground.sandbox.faults().add(rule);
    let answer = ground.client.post(ground.url(&core("configmaps"))).json(&note("a")).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "3");
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["kind"], &body["reason"]), (&json!("Status"), &json!("TooManyRequests")));
    assert_eq!(body["details"]["retryAfterSeconds"], 3);
    assert_eq!(ground.look(&core("configmaps/a")).await.0, 404);
    // Once means once.
    ground.create(&core("configmaps"), note("a")).await;
    assert_eq!(ground.sandbox.faults().matched(id), Some(2));
}

#[tokio::test]
async fn rules_strike_the_nth_of_what_they_match() {
    let ground = quiet().await;
    let action = Action::Status { code: 503, reason: None, message: Some("busy".to_owned()), retry_after: None };
    ground.sandbox.faults().add(Rule::once(Match::on("create", "configmaps"), action.clone()).after(1));
    ground.sandbox.faults().add(Rule::new(Match::on("get", "configmaps").named("b"), action));
    let statuses = [
        ground.post(&core("configmaps"), &note("a")).await.0,
        ground.post(&core("configmaps"), &note("b")).await.0,
        ground.post(&core("configmaps"), &note("b")).await.0,
        ground.look(&core("configmaps/a")).await.0,
        ground.look(&core("configmaps/b")).await.0,
    ];
    assert_eq!(statuses, [201, 503, 201, 200, 503]);
    ground.sandbox.faults().clear();
    ground.get(&core("configmaps/b")).await;
}

#[tokio::test]
async fn connections_drop_before_and_after_the_commit() {
    let ground = quiet().await;
    for (name, action, is_there) in [("before", Action::DropBefore, false), ("after", Action::DropAfter, true)] {
        ground.sandbox.faults().add(Rule::once(Match::on("create", "configmaps"), action));
        let answer = ground.client.post(ground.url(&core("configmaps"))).json(&note(name)).send().await;
        assert!(answer.is_err(), "{name}: no answer may arrive");
        let status = ground.look(&core(&format!("configmaps/{name}"))).await.0;
        assert_eq!(status == 200, is_there, "{name}");
    }
    let records = ground.sandbox.recorder().records();
    let dropped = records.iter().filter(|record| record.status.is_none() && record.request.verb == "create").count();
    assert_eq!(dropped, 2);
}

#[tokio::test]
async fn answers_break_off() {
    let ground = quiet().await;
    ground.create(&core("configmaps"), note("a")).await;
    ground.sandbox.faults().add(Rule::once(Match::on("get", "configmaps"), Action::Truncate { bytes: 20 }));
    let answer = ground.client.get(ground.url(&core("configmaps/a"))).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err(), "the body must be seen to be broken");

    let html = Action::Raw { code: 502, content_type: "text/html".to_owned(), body: "<h1>Bad Gateway</h1>".to_owned() };
    ground.sandbox.faults().add(Rule::once(Match::on("get", "configmaps"), html));
    let answer = ground.client.get(ground.url(&core("configmaps/a"))).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (502, "<h1>Bad Gateway</h1>"));

    ground.sandbox.faults().add(Rule::once(Match::on("watch", "configmaps"), Action::Cut { millis: 50 }));
    let path = format!("{}?watch=1&timeoutSeconds=10", core("configmaps"));
    let begun = Instant::now();
    let answer = ground.client.get(ground.url(&path)).send().await.unwrap();
    assert!(answer.bytes().await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn delays_delay() {
    let ground = quiet().await;
    ground.sandbox.faults().add(Rule::once(Match::on("list", "configmaps"), Action::Delay { millis: 120 }));
    let begun = Instant::now();
    ground.get(&core("configmaps")).await;
    assert!(begun.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn webhooks_can_be_down_for_what_has_webhooks() {
    let ground = quiet().await;
    ground.create(&cnpg("clusters"), cluster("old", 1)).await;
    let id = ground.sandbox.faults().webhooks_down();
    let (status, body) = ground.post(&cnpg("clusters"), &cluster("new", 1)).await;
    assert_eq!((status, &body["reason"]), (500, &json!("InternalError")));
    assert!(body["message"].as_str().unwrap().contains("failed calling webhook \"mcluster.cnpg.io\""));
    let role = json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "DatabaseRole", "metadata": {"name": "r"},
        "spec": {"name": "r", "cluster": {"name": "old"}},
    });
    ground.create(&cnpg("databaseroles"), role).await;
    ground.create(&core("configmaps"), note("a")).await;
    ground.patch(&cnpg("clusters/old/status"), json!({"status": {"phase": "x"}})).await;
    assert_eq!(ground.delete(&cnpg("clusters/old")).await, 200);
    ground.sandbox.faults().remove(id);
    ground.create(&cnpg("clusters"), cluster("new", 1)).await;
}

#[tokio::test]
async fn gates_step_through_interleavings() {
    let ground = quiet().await;
    let gate = ground.sandbox.faults().hold(Match::on("create", "configmaps"));
    let post = |name: &str| {
        let request = ground.client.post(ground.url(&core("configmaps"))).json(&note(name));
        tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
    };
    let first = post("a");
    gate.reached(1).await;
    let second = post("a");
    gate.reached(2).await;
    assert_eq!(ground.look(&core("configmaps/a")).await.0, 404);
    gate.release(1);
    // Which came first is known: they wait in a row.
    assert_eq!(first.await.unwrap(), 201);
    assert_eq!(gate.held(), 1);
    drop(gate);
    assert_eq!(second.await.unwrap(), 409);

    let gate = ground.sandbox.faults().hold_answers(Match::on("create", "configmaps"));
    let third = post("b");
    gate.reached(1).await;
    ground.get(&core("configmaps/b")).await;
    gate.release(1);
    assert_eq!(third.await.unwrap(), 201);
}

#[tokio::test]
async fn other_processes_control_it_by_http() {
    let ground = quiet().await;
    let rules = json!([
        {"match": {"verb": "list", "resource": "secrets"}, "times": 1,
         "action": {"do": "status", "code": 403, "reason": "Forbidden"}},
        {"match": {"verb": "get"}, "action": {"do": "hold", "gate": "g"}},
    ]);
    let (status, ids) = ground.post("/sandbox/faults", &rules).await;
    assert_eq!((status, ids["ids"].as_array().unwrap().len()), (201, 2));
    assert_eq!(ground.look(&core("secrets")).await.0, 403);
    assert_eq!(ground.look(&core("secrets")).await.0, 200);
    let request = ground.client.get(ground.url(&core("secrets/none")));
    let held = tokio::spawn(async move { request.send().await.unwrap().status().as_u16() });
    ground.until("/sandbox/faults", |state| state["held"]["g"] == 1).await;
    assert_eq!(ground.post("/sandbox/gates/g/release/1", &json!(null)).await.0, 204);
    assert_eq!(held.await.unwrap(), 404);
    assert_eq!(ground.post("/sandbox/faults", &json!({"action": {"do": "what"}})).await.0, 400);
    assert_eq!(ground.delete("/sandbox/faults").await, 204);
    assert_eq!(ground.get("/sandbox/faults").await["rules"], json!([]));

    let before = ground.get("/sandbox/snapshot").await;
    let dry = format!("{}?dryRun=All", core("configmaps"));
    assert_eq!(ground.post(&dry, &note("dry")).await.0, 201);
    assert_eq!(ground.get("/sandbox/snapshot").await, before);
}

#[tokio::test]
async fn tools_are_recorded_with_what_they_used() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let ground = started(builder().operator(OperatorConfig::off()).record_to(file.path().to_owned())).await;
    let agent = "cnpg-mcp/0.1.0 (list_postgres_clusters)";
    for path in [cnpg("clusters"), cnpg("clusters/pg1")] {
        ground.client.get(ground.url(&path)).header("user-agent", agent).send().await.unwrap();
    }
    ground.get(&core("pods")).await;
    let by_tool = ground.sandbox.recorder().by_tool();
    let used: Vec<_> = by_tool["list_postgres_clusters"].iter().map(|(g, r, v)| format!("{g} {r} {v}")).collect();
    assert_eq!(used, ["postgresql.cnpg.io clusters get", "postgresql.cnpg.io clusters list"]);
    assert_eq!(by_tool.len(), 1);
    let lines = std::fs::read_to_string(file.path()).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["verb"], &first["status"], &first["user_agent"]), (&json!("list"), &json!(200), &json!(agent)));
    assert_eq!(lines.lines().count(), 3);
    assert_eq!(ground.get("/sandbox/recorded").await["byTool"].as_object().unwrap().len(), 1);
}

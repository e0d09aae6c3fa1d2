//! Status of one role or database, events, logs.

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_tests::world::World;
use serde_json::json;

#[tokio::test]
async fn the_status_of_a_role_in_the_clusters_list_and_in_an_object_of_its_own() -> anyhow::Result<()> {
    let world = World::start().await?;
    let of = |role: &str| json!({ "cluster_name": "main-db", "role_name": role });
    let listed = world.done("get_role_status", of("reporting")).await?;
    assert_eq!((&listed.output["state"], &listed.output["login"]), (&json!("reconciled"), &json!(true)));
    assert_eq!(listed.output["password_secret"], "main-db-reporting");
    assert_eq!(listed.output["password_in_force"], true);
    let declared = world.done("get_role_status", of("auditor")).await?;
    assert_eq!(declared.output["declared_in"], "main-db-auditor", "{}", declared.text);
    let missing = world.fails("get_role_status", of("nobody")).await?;
    assert!(missing.text.contains("list_postgres_roles"), "{}", missing.text);
    Ok(())
}

#[tokio::test]
async fn a_role_without_its_secret_is_told() -> anyhow::Result<()> {
    let world = World::start().await?;
    world.kubernetes("DELETE", "/api/v1/namespaces/default/secrets/main-db-reporting", None).await?;
    let answer = world.done("get_role_status", json!({ "cluster_name": "main-db", "role_name": "reporting" })).await?;
    assert!(answer.text.contains("is not there"), "{}", answer.text);
    assert_eq!(answer.output["password_in_force"], false);
    Ok(())
}

#[tokio::test]
async fn the_status_of_a_database() -> anyhow::Result<()> {
    let world = World::start().await?;
    let of = |database: &str| json!({ "cluster_name": "main-db", "database_name": database });
    let orders = world.done("get_database_status", of("orders")).await?;
    assert_eq!(orders.output["applied"], true, "{}", orders.text);
    assert_eq!(orders.output["object"], "main-db-orders");
    assert_eq!(orders.output["being_deleted"], false);
    let missing = world.fails("get_database_status", of("nothing")).await?;
    assert!(missing.text.contains("list_postgres_databases"), "{}", missing.text);
    Ok(())
}

#[tokio::test]
async fn events_are_those_of_the_cluster_newest_first() -> anyhow::Result<()> {
    let world = World::start().await?;
    let event = |name: &str, kind: &str, object: &str, level: &str, at: &str| {
        json!({
            "apiVersion": "v1", "kind": "Event", "metadata": { "name": name },
            "involvedObject": { "kind": kind, "name": object, "namespace": "default" },
            "type": level, "reason": name, "message": "It happened.", "lastTimestamp": at,
        })
    };
    let events = [
        event("older", "Pod", "main-db-1", "Normal", "2100-01-01T00:00:00Z"),
        event("newer", "Cluster", "main-db", "Warning", "2100-01-02T00:00:00Z"),
        event("foreign", "Cluster", "other", "Warning", "2100-01-03T00:00:00Z"),
        event("neighbour", "Pod", "main-db-extra-1", "Warning", "2100-01-03T00:00:00Z"),
        event("copied", "Backup", "main-db-nightly", "Normal", "2100-01-01T12:00:00Z"),
    ];
    for event in events {
        world.kubernetes("POST", "/api/v1/namespaces/default/events", Some(event)).await?;
    }
    let reasons = |answer: &cnpg_mcp_tests::client::Answer| -> Vec<String> {
        let events = answer.output["events"].as_array().cloned().unwrap_or_default();
        events.iter().filter_map(|event| event["reason"].as_str().map(str::to_owned)).collect()
    };
    let all = world.done("list_cluster_events", json!({ "name": "main-db" })).await?;
    let all = reasons(&all);
    assert_eq!(all[..3], ["newer", "copied", "older"], "{all:?}");
    assert!(!all.iter().any(|reason| reason == "foreign" || reason == "neighbour"), "{all:?}");
    let warnings = json!({ "name": "main-db", "warnings_only": true, "count": 1 });
    assert_eq!(reasons(&world.done("list_cluster_events", warnings).await?), ["newer"]);
    let none = world.fails("list_cluster_events", json!({ "name": "nothing" })).await?;
    assert!(none.text.contains("was not found"), "{}", none.text);
    Ok(())
}

/// What the containers of the cluster's first instance write, from here on alone.
fn log(world: &World, text: &str) {
    world.sandbox.operator().clear_log("default", "main-db-1");
    assert!(world.sandbox.operator().write_log("default", "main-db-1", text));
}

#[tokio::test]
async fn the_log_of_an_instance_says_what_it_went_through() -> anyhow::Result<()> {
    let world = World::start().await?;
    let lines_of = |answer: &cnpg_mcp_tests::client::Answer| -> Vec<String> {
        let lines = answer.output["lines"].as_array().cloned().unwrap_or_default();
        lines.iter().filter_map(|line| line.as_str().map(str::to_owned)).collect()
    };
    let primary = world.done("get_instance_logs", json!({ "name": "main-db" })).await?;
    let said = "database system is ready to accept connections";
    assert!(lines_of(&primary).iter().any(|line| line.contains(said)), "{}", primary.text);
    let promoted = json!({ "name": "main-db", "instance": "main-db-2", "wait": true });
    world.done("promote_cluster_instance", promoted).await?;
    let heir = world.done("get_instance_logs", json!({ "name": "main-db" })).await?;
    assert_eq!(heir.output["instance"], "main-db-2", "the primary unless another is asked for");
    assert!(lines_of(&heir).iter().any(|line| line.contains("received promote request")), "{}", heir.text);
    let last = world.done("get_instance_logs", json!({ "name": "main-db", "lines": 2 })).await?;
    let all = lines_of(&heir);
    assert_eq!(lines_of(&last), all[all.len() - 2..]);
    Ok(())
}

#[tokio::test]
async fn the_end_of_a_log_newest_last_and_bounded() -> anyhow::Result<()> {
    let world = World::start().await?;
    log(&world, "zero\none\ntwo\n\nthree\n");
    let answer = world.done("get_instance_logs", json!({ "name": "main-db", "lines": 4 })).await?;
    assert_eq!(answer.output["lines"], json!(["one", "two", "three"]), "an empty line is left out");
    assert_eq!(answer.output["instance"], "main-db-1", "the primary unless another is asked for");

    // Lines that JSON writes twice as long, and many: the newest stay.
    let line = |number: usize| format!("{{\"level\":\"info\",\"msg\":\"{number}\"}}{}", "\"".repeat(200));
    log(&world, &(0..1_500).map(|number| line(number) + "\n").collect::<String>());
    let answer = world.done("get_instance_logs", json!({ "name": "main-db", "lines": 1000 })).await?;
    let lines = answer.output["lines"].as_array().cloned().unwrap_or_default();
    assert!(lines.len() > 10 && lines.len() < 1_000, "{}", lines.len());
    assert_eq!(lines.last(), Some(&json!(line(1_499))), "the newest is last");
    assert_eq!(lines.first(), Some(&json!(line(1_500 - lines.len()))), "lines are whole, and none is left out");
    assert!(answer.output.to_string().chars().count() <= 25_000);
    assert_eq!(answer.output["truncated"], false, "the answer's own bound was not needed");

    log(&world, "");
    let answer = world.done("get_instance_logs", json!({ "name": "main-db" })).await?;
    assert!(answer.text.contains("no such lines"), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn a_log_is_asked_for_as_the_parameters_say() -> anyhow::Result<()> {
    let world = World::start().await?;
    let missing = world.fails("get_instance_logs", json!({ "name": "main-db", "instance": "analytics-1" })).await?;
    assert!(missing.text.contains("no instance `analytics-1`"), "{}", missing.text);
    let before = world.fails("get_instance_logs", json!({ "name": "main-db", "previous": true })).await?;
    assert!(before.text.contains("previous terminated container"), "{}", before.text);
    let sidecar = world.fails("get_instance_logs", json!({ "name": "main-db", "container": "metrics" })).await?;
    assert!(sidecar.text.contains("container metrics is not valid"), "{}", sidecar.text);
    log(&world, "now\n");
    let since = world.done("get_instance_logs", json!({ "name": "main-db", "since_seconds": 60 })).await?;
    assert_eq!(since.output["lines"], json!(["now"]));

    let log = Match { subresource: Some("log".to_owned()), ..Match::on("get", "pods") };
    let refusal = Action::Status { code: 403, reason: Some("Forbidden".into()), message: None, retry_after: None };
    world.sandbox.faults().add(Rule::new(log.named("main-db-2"), refusal));
    let arguments = json!({ "name": "main-db", "instance": "main-db-2", "since_seconds": 60, "previous": true });
    let answer = world.fails("get_instance_logs", arguments).await?;
    assert!(answer.text.contains("pods/log"), "{}", answer.text);
    Ok(())
}

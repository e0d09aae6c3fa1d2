//! The rights that are generated for a tool are those that it uses: no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_tests::world::World;
use serde_json::{Value, json};

type Rights = BTreeSet<(String, String, String)>;

fn granted() -> BTreeMap<String, Rights> {
    let grants = |tool: &cnpg_mcp_runtime::tool::Tool| {
        let each = tool.info.grants.iter().flat_map(|grant| {
            grant.verbs.iter().map(|verb| (grant.group.to_owned(), grant.resource.to_owned(), (*verb).to_owned()))
        });
        (tool.info.name.to_owned(), each.collect())
    };
    cnpg_mcp::tools().iter().map(grants).collect()
}

/// The tools beside the core, each through every branch that asks something of the API.
async fn second_group(world: &World) -> anyhow::Result<()> {
    let cluster = |extra: Value| {
        let mut arguments = json!({ "name": "main-db" });
        for (key, value) in extra.as_object().into_iter().flatten() {
            arguments[key] = value.clone();
        }
        arguments
    };
    let calls = [
        ("list_cluster_events", cluster(json!({}))),
        ("get_instance_logs", cluster(json!({}))),
        ("get_role_status", json!({ "cluster_name": "main-db", "role_name": "reporting" })),
        ("get_database_status", json!({ "cluster_name": "main-db", "database_name": "orders" })),
        ("list_backups", json!({ "cluster_name": "main-db" })),
        ("create_backup", json!({ "cluster_name": "main-db", "backup_name": "by-hand", "wait": true })),
        (
            "create_scheduled_backup",
            json!({ "cluster_name": "main-db", "schedule_name": "nightly", "schedule": "0 0 2 * * *" }),
        ),
        ("delete_scheduled_backup", json!({ "schedule_name": "nightly" })),
        (
            "restore_cluster_from_backup",
            json!({ "backup_name": "main-db-nightly", "name": "restored", "instances": 1, "wait": true, "timeout": 30 }),
        ),
        ("resize_postgres_cluster", cluster(json!({ "storage_size": "40Gi" }))),
    ];
    for (tool, arguments) in calls {
        world.done(tool, arguments).await?;
    }
    world.settled().await;
    // Each on a cluster of its own, at once: they wait.
    let promoted = cluster(json!({ "instance": "main-db-2", "wait": true, "timeout": 30 }));
    let (promoted, restarted, hibernated) = futures::join!(
        world.done("promote_cluster_instance", promoted),
        world.done("restart_postgres_cluster", json!({ "name": "restored", "wait": true, "timeout": 30 })),
        world.done(
            "hibernate_postgres_cluster",
            json!({ "name": "analytics", "namespace": "data", "wait": true, "timeout": 30 })
        ),
    );
    promoted.and(restarted).and(hibernated)?;
    Ok(())
}

/// Plays every tool through every branch that asks something of the API: what is used is what is granted.
#[tokio::test(flavor = "multi_thread")]
async fn used_is_granted_and_granted_is_used() -> anyhow::Result<()> {
    let world = World::start().await?;
    let role = |name: &str| json!({ "cluster_name": "main-db", "role_name": name });
    let with = |mut base: Value, key: &str, value: Value| {
        base[key] = value;
        base
    };
    let detailed = json!({ "name": "main-db", "detail_level": "detailed" });
    let calls = vec![
        ("list_postgres_clusters", json!({ "all_namespaces": true })),
        ("get_cluster_status", detailed),
        ("create_postgres_cluster", json!({ "name": "orders", "instances": 1, "wait": true })),
        ("scale_postgres_cluster", json!({ "name": "orders", "instances": 2, "wait": true })),
        ("create_postgres_role", role("app_user")),
        ("list_postgres_roles", json!({ "cluster_name": "main-db" })),
        ("update_postgres_role", with(role("app_user"), "createdb", json!(true))),
        ("update_postgres_role", with(role("app_user"), "rotate_password", json!(true))),
        (
            "create_postgres_database",
            json!({ "cluster_name": "main-db", "database_name": "my_db", "owner": "app_user" }),
        ),
        ("list_postgres_databases", json!({ "cluster_name": "main-db" })),
        ("delete_postgres_database", json!({ "cluster_name": "main-db", "database_name": "my_db" })),
        ("delete_postgres_role", role("app_user")),
        ("create_postgres_role", role("stays")),
        ("delete_postgres_cluster", json!({ "name": "main-db", "confirm_deletion": true })),
    ];
    let faults = world.sandbox.faults();
    // A later step that fails makes the earlier one be undone: that needs rights too.
    let refusal = Action::Status { code: 403, reason: Some("Forbidden".into()), message: None, retry_after: None };
    let fault = faults.add(Rule::new(Match::on("patch", "clusters"), refusal.clone()));
    world.fails("create_postgres_role", role("undone")).await?;
    faults.remove(fault);
    // What a killed call left behind is taken over.
    let fault = faults.add(Rule::new(Match::on("delete", "secrets"), refusal.clone()));
    let also = faults.add(Rule::new(Match::on("patch", "clusters"), refusal));
    world.fails("create_postgres_role", role("orphan")).await?;
    faults.remove(fault);
    faults.remove(also);
    world.done("create_postgres_role", role("orphan")).await?;
    // Where the answer to a create is lost, what happened is read.
    for resource in ["clusters", "databases", "backups", "scheduledbackups"] {
        let drops = if resource == "clusters" { 2 } else { 1 };
        let lost = Rule { times: Some(drops), ..Rule::new(Match::on("create", resource), Action::DropAfter) };
        faults.add(lost);
    }
    second_group(&world).await?;
    for (tool, arguments) in calls {
        world.done(tool, arguments).await?;
    }

    let used: BTreeMap<String, Rights> = world.sandbox.recorder().by_tool();
    let mut complaints = Vec::new();
    for (tool, granted) in granted() {
        let used = used.get(&tool).cloned().unwrap_or_default();
        for (group, resource, verb) in used.difference(&granted) {
            complaints.push(format!("{tool} uses {verb} on {resource}.{group}, which it is not granted"));
        }
        for (group, resource, verb) in granted.difference(&used) {
            complaints.push(format!("{tool} is granted {verb} on {resource}.{group}, which it does not use"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

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
    for resource in ["clusters", "databases"] {
        faults.add(Rule::once(Match::on("create", resource), Action::DropAfter));
    }
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

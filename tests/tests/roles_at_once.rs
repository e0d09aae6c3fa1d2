//! Many roles on one cluster at once, and what is left when a write fails.

use std::collections::BTreeSet;

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_tests::world::World;
use futures::future::join_all;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_roles_at_once_lose_none_and_leave_no_orphan() -> anyhow::Result<()> {
    let world = World::start().await?;
    let before = world.managed_roles("default", "main-db").await?.len();
    let secrets_before = world.role_secrets("default").await?;
    let calls = (0..50).map(|index| {
        world.done("create_postgres_role", json!({ "cluster_name": "main-db", "role_name": format!("worker_{index}") }))
    });
    let mut secrets = BTreeSet::new();
    for answer in join_all(calls).await {
        let answer = answer?;
        assert_eq!(answer.outcome(), "done");
        secrets.insert(answer.output["password_secret"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(secrets.len(), 50, "each role has a Secret of its own");
    let roles = world.managed_roles("default", "main-db").await?;
    assert_eq!(roles.len(), before + 50);
    let named: BTreeSet<_> = roles.iter().filter_map(|role| role["passwordSecret"]["name"].as_str()).collect();
    let made: BTreeSet<_> = world.role_secrets("default").await?.difference(&secrets_before).cloned().collect();
    assert_eq!(made, secrets, "no Secret but those of the roles");
    assert!(made.iter().all(|secret| named.contains(secret.as_str())), "every Secret is a role's");
    Ok(())
}

#[tokio::test]
async fn a_refused_cluster_patch_leaves_no_secret() -> anyhow::Result<()> {
    let world = World::start().await?;
    let before = world.role_secrets("default").await?;
    world.sandbox.faults().add(Rule::new(
        Match::on("patch", "clusters"),
        Action::Status {
            code: 403,
            reason: Some("Forbidden".into()),
            message: Some("clusters is forbidden: User \"nobody\" cannot patch resource".into()),
            retry_after: None,
        },
    ));
    let answer =
        world.fails("create_postgres_role", json!({ "cluster_name": "main-db", "role_name": "app_user" })).await?;
    assert!(answer.text.contains("kubectl auth can-i"), "{}", answer.text);
    assert_eq!(world.role_secrets("default").await?, before);
    assert!(world.managed_roles("default", "main-db").await?.iter().all(|role| role["name"] != "app_user"));
    Ok(())
}

#[tokio::test]
async fn underscores_are_fine_and_two_names_never_meet() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut secrets = BTreeSet::new();
    for role in ["app_user", "app__user", "appuser", "_app", "app_"] {
        let answer =
            world.done("create_postgres_role", json!({ "cluster_name": "main-db", "role_name": role })).await?;
        secrets.insert(answer.output["password_secret"].to_string());
    }
    assert_eq!(secrets.len(), 5);
    let mut objects = BTreeSet::new();
    for database in ["my_db", "my__db", "mydb"] {
        let arguments = json!({ "cluster_name": "main-db", "database_name": database, "owner": "app_user" });
        let answer = world.done("create_postgres_database", arguments).await?;
        objects.insert(answer.output["object"].to_string());
    }
    assert_eq!(objects.len(), 3);
    Ok(())
}

//! Backups, their schedules, and what is restored from them.

use cnpg_mcp_tests::world::World;
use serde_json::{Value, json};

const API: &str = "/apis/postgresql.cnpg.io/v1/namespaces";

fn backup(cluster: &str, name: &str) -> Value {
    json!({ "cluster_name": cluster, "backup_name": name })
}

fn with(mut arguments: Value, more: Value) -> Value {
    if let (Some(all), Value::Object(more)) = (arguments.as_object_mut(), more) {
        all.extend(more);
    }
    arguments
}

async fn refuses(world: &World, tool: &str, arguments: Value, words: &[&str]) -> anyhow::Result<()> {
    let before = world.settled().await;
    let answer = world.fails(tool, arguments).await?;
    for word in words {
        assert!(answer.text.contains(word), "no `{word}` in: {}", answer.text);
    }
    assert_eq!(world.settled().await, before, "{tool}: a refused call changed something");
    Ok(())
}

async fn plans(world: &World, tool: &str, arguments: Value) -> anyhow::Result<()> {
    let before = world.settled().await;
    let answer = world.done(tool, with(arguments, json!({ "dry_run": true }))).await?;
    assert_eq!(answer.outcome(), "planned", "{}", answer.text);
    assert_eq!(world.settled().await, before, "{tool}: a dry run changed something");
    Ok(())
}

#[tokio::test]
async fn a_backup_is_made_followed_and_listed() -> anyhow::Result<()> {
    let world = World::start().await?;
    plans(&world, "create_backup", backup("main-db", "by-hand")).await?;
    let made = world.done("create_backup", with(backup("main-db", "by-hand"), json!({ "wait": true }))).await?;
    assert_eq!((made.outcome(), &made.output["phase"]), ("done", &json!("completed")), "{}", made.text);
    let listed = world.done("list_backups", json!({ "cluster_name": "main-db" })).await?;
    let names: Vec<_> = listed.output["backups"].as_array().into_iter().flatten().map(|one| &one["name"]).collect();
    assert_eq!(names, ["by-hand", "main-db-nightly"]);
    let again = world.fails("create_backup", backup("main-db", "by-hand")).await?;
    assert!(again.text.contains("Choose another name"), "{}", again.text);
    let none = world.done("list_backups", json!({ "cluster_name": "analytics", "namespace": "data" })).await?;
    assert!(none.text.contains("has no backups"), "{}", none.text);
    Ok(())
}

#[tokio::test]
async fn a_backup_needs_a_place_to_go_to() -> anyhow::Result<()> {
    let world = World::start().await?;
    let elsewhere = with(backup("analytics", "a"), json!({ "namespace": "data" }));
    refuses(&world, "create_backup", elsewhere, &["no object store"]).await?;
    let main = |more: Value| with(backup("main-db", "a"), more);
    refuses(&world, "create_backup", main(json!({ "method": "volumeSnapshot" })), &["no volume snapshots"]).await?;
    refuses(&world, "create_backup", main(json!({ "method": "plugin" })), &["`plugin_name` goes together"]).await?;
    let plugin = json!({ "method": "plugin", "plugin_name": "barman-cloud.cloudnative-pg.io" });
    refuses(&world, "create_backup", main(plugin), &["does not use the plugin"]).await?;
    let hibernated = json!({ "metadata": { "annotations": { "cnpg.io/hibernation": "on" } } });
    world.kubernetes("PATCH", &format!("{API}/default/clusters/main-db"), Some(hibernated)).await?;
    let answer = world.fails("create_backup", backup("main-db", "a")).await?;
    assert!(answer.text.contains("hibernated"), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn the_plugin_of_a_backup_is_named_in_its_object() -> anyhow::Result<()> {
    let world = World::start().await?;
    let plugins = json!({ "spec": { "plugins": [{ "name": "barman-cloud.cloudnative-pg.io" }] } });
    world.kubernetes("PATCH", &format!("{API}/default/clusters/main-db"), Some(plugins)).await?;
    let arguments = json!({ "method": "plugin", "plugin_name": "barman-cloud.cloudnative-pg.io", "target": "primary" });
    world.done("create_backup", with(backup("main-db", "by-plugin"), arguments)).await?;
    let (_, made) = world.kubernetes("GET", &format!("{API}/default/backups/by-plugin"), None).await?;
    assert_eq!(made["spec"]["pluginConfiguration"]["name"], "barman-cloud.cloudnative-pg.io");
    assert_eq!(made["spec"]["target"], "primary");
    let restore = json!({ "backup_name": "by-plugin", "name": "restored" });
    world.settled().await;
    let answer = world.fails("restore_cluster_from_backup", restore).await?;
    assert!(answer.text.contains("plugin") || answer.text.contains("not completed"), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn a_schedule_is_made_and_deleted() -> anyhow::Result<()> {
    let world = World::start().await?;
    let nightly = json!({ "cluster_name": "main-db", "schedule_name": "nightly", "schedule": "0 0 2 * * *" });
    let five = with(nightly.clone(), json!({ "schedule": "0 2 * * *" }));
    refuses(&world, "create_scheduled_backup", five, &["schedule"]).await?;
    plans(&world, "create_scheduled_backup", nightly.clone()).await?;
    world.done("create_scheduled_backup", with(nightly, json!({ "suspended": true }))).await?;
    let path = format!("{API}/default/scheduledbackups");
    let (_, made) = world.kubernetes("GET", &format!("{path}/nightly"), None).await?;
    assert_eq!(made["spec"]["schedule"], "0 0 2 * * *");
    assert_eq!((&made["spec"]["suspend"], &made["spec"]["backupOwnerReference"]), (&json!(true), &json!("none")));

    plans(&world, "delete_scheduled_backup", json!({ "schedule_name": "nightly" })).await?;
    world.done("delete_scheduled_backup", json!({ "schedule_name": "nightly" })).await?;
    assert!(!world.names(&path).await?.contains("nightly"));
    let gone = world.fails("delete_scheduled_backup", json!({ "schedule_name": "nightly" })).await?;
    assert!(gone.text.contains("was not found"), "{}", gone.text);
    Ok(())
}

/// Backups that belong to their schedule go with it: that is confirmed first.
#[tokio::test]
async fn backups_that_go_with_their_schedule_are_shown_first() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = json!({
        "cluster_name": "main-db", "schedule_name": "own", "schedule": "@daily", "owner_reference": "self", "suspended": true,
    });
    world.done("create_scheduled_backup", own).await?;
    let path = format!("{API}/default/scheduledbackups");
    let (_, schedule) = world.kubernetes("GET", &format!("{path}/own"), None).await?;
    let owned = json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup",
        "metadata": { "name": "own-1", "ownerReferences": [{
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup", "name": "own",
            "uid": schedule["metadata"]["uid"], "controller": true,
        }] },
        "spec": { "cluster": { "name": "main-db" } },
    });
    world.kubernetes("POST", &format!("{API}/default/backups"), Some(owned)).await?;
    world.settled().await;
    let asked = world.done("delete_scheduled_backup", json!({ "schedule_name": "own" })).await?;
    assert_eq!(asked.outcome(), "unconfirmed");
    assert!(asked.text.contains("own-1"), "{}", asked.text);
    assert!(world.names(&path).await?.contains("own"));
    let sure = json!({ "schedule_name": "own", "confirm_deletion": true });
    assert_eq!(world.done("delete_scheduled_backup", sure).await?.outcome(), "done");
    assert!(!world.names(&path).await?.contains("own"));
    Ok(())
}

#[tokio::test]
async fn a_backup_is_restored_into_a_new_cluster() -> anyhow::Result<()> {
    let world = World::start().await?;
    let restore = |more: Value| with(json!({ "backup_name": "main-db-nightly", "name": "restored" }), more);
    plans(&world, "restore_cluster_from_backup", restore(json!({}))).await?;
    refuses(&world, "restore_cluster_from_backup", restore(json!({ "storage_size": "19Gi" })), &["storage_size"])
        .await?;
    let early = restore(json!({ "target_time": "2001-01-01T00:00:00Z" }));
    refuses(&world, "restore_cluster_from_backup", early, &["before the end of backup"]).await?;
    let existing = restore(json!({ "name": "main-db" }));
    refuses(&world, "restore_cluster_from_backup", existing, &["Choose another name"]).await?;

    let late = restore(json!({ "instances": 1, "target_time": "2100-01-01T00:00:00Z" }));
    let answer = world.done("restore_cluster_from_backup", late).await?;
    assert_eq!(answer.outcome(), "done");
    let (_, made) = world.kubernetes("GET", &format!("{API}/default/clusters/restored"), None).await?;
    let recovery = &made["spec"]["bootstrap"]["recovery"];
    assert_eq!(recovery["backup"]["name"], "main-db-nightly");
    assert_eq!(recovery["recoveryTarget"]["targetTime"], "2100-01-01T00:00:00Z");
    assert_eq!(
        made["spec"]["storage"],
        json!({ "size": "20Gi", "storageClass": "standard", "resizeInUseVolumes": true })
    );
    assert_eq!(made["spec"]["imageName"], "ghcr.io/cloudnative-pg/postgresql:17.5");
    assert_eq!(made["spec"]["postgresql"]["parameters"]["max_connections"], "200");
    assert_eq!(made["spec"]["instances"], 1);

    let plain = json!({ "backup_name": "main-db-nightly", "name": "plain" });
    world.done("restore_cluster_from_backup", plain).await?;
    let (_, made) = world.kubernetes("GET", &format!("{API}/default/clusters/plain"), None).await?;
    assert_eq!(made["spec"]["bootstrap"]["recovery"]["recoveryTarget"], Value::Null);
    assert_eq!(made["spec"]["instances"], 3);
    Ok(())
}

/// The new cluster comes to life with what was in the backup.
#[tokio::test]
async fn a_restore_is_waited_for() -> anyhow::Result<()> {
    let world = World::start().await?;
    let taken = with(backup("main-db", "by-hand"), json!({ "wait": true }));
    world.done("create_backup", taken).await?;
    let restore = json!({
        "backup_name": "by-hand", "name": "restored", "instances": 2, "wait": true, "timeout": 30,
    });
    let answer = world.done("restore_cluster_from_backup", restore).await?;
    assert_eq!(answer.output["ready_instances"], 2, "{}", answer.text);
    let postgres = world.sandbox.operator().postgres();
    let databases = |cluster: &str| -> Vec<String> {
        let contents = postgres.contents("default", cluster);
        contents.map(|contents| contents.databases.keys().cloned().collect()).unwrap_or_default()
    };
    assert!(databases("main-db").contains(&"orders".to_owned()));
    assert_eq!(databases("restored"), databases("main-db"));
    Ok(())
}

/// A schedule that begins at once has its first backup, which belongs to whom it says.
#[tokio::test]
async fn a_schedule_makes_its_first_backup_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let arguments = json!({
        "cluster_name": "main-db", "schedule_name": "hourly", "schedule": "@hourly", "immediate": true,
        "owner_reference": "self",
    });
    world.done("create_scheduled_backup", arguments).await?;
    world.settled().await;
    let listed = world.done("list_backups", json!({ "cluster_name": "main-db" })).await?;
    let made = listed.output["backups"].as_array().into_iter().flatten();
    let made: Vec<_> =
        made.filter(|one| one["name"].as_str().is_some_and(|name| name.starts_with("hourly-"))).collect();
    assert_eq!(made.len(), 1, "{}", listed.text);
    assert_eq!(made[0]["phase"], "completed");
    let asked = world.done("delete_scheduled_backup", json!({ "schedule_name": "hourly" })).await?;
    assert_eq!(asked.outcome(), "unconfirmed", "its backup would go with it: {}", asked.text);
    Ok(())
}

#[tokio::test]
async fn nothing_is_restored_from_a_backup_that_is_not_done() -> anyhow::Result<()> {
    let world = World::start().await?;
    let failed = json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup", "metadata": { "name": "failing" },
        "spec": { "cluster": { "name": "analytics" } },
    });
    world.kubernetes("POST", &format!("{API}/data/backups"), Some(failed)).await?;
    world.settled().await;
    let arguments = json!({ "backup_name": "failing", "name": "restored", "namespace": "data" });
    refuses(&world, "restore_cluster_from_backup", arguments, &["not completed", "failed"]).await?;
    let missing = world.fails("restore_cluster_from_backup", json!({ "backup_name": "none", "name": "a" })).await?;
    assert!(missing.text.contains("list_backups"), "{}", missing.text);
    Ok(())
}

//! Clusters made from backups.

use serde_json::{Value, json};

use crate::backups::{backup, kept};
use crate::fixture::{Ground, cluster, cnpg, core, ground, is_healthy};

fn path(cluster: &str) -> String {
    format!("{}/{cluster}", cnpg("clusters"))
}

/// A cluster of one instance that is to be made as `recovery` says.
fn made_from(name: &str, recovery: &Value) -> Value {
    let mut object = cluster(name, 1);
    object["spec"]["bootstrap"] = json!({"recovery": recovery});
    object
}

fn write(ground: &Ground, database: &str) {
    ground.sandbox.operator().postgres().with("default", "pg1", |contents| {
        contents.write_database(database, "app");
    });
}

fn databases(ground: &Ground, cluster: &str) -> Vec<String> {
    let contents = ground.sandbox.operator().postgres().contents("default", cluster).unwrap();
    let own = contents.databases.into_keys().filter(|name| name.starts_with('d'));
    own.collect()
}

#[tokio::test]
async fn a_cluster_is_made_from_a_backup_once_that_is_completed() {
    let ground = ground().await;
    ground.healthy(kept("pg1")).await;
    let mut copy = cluster("copy", 1);
    copy["spec"]["bootstrap"] = json!({"recovery": {"backup": {"name": "first"}}});
    ground.create(&cnpg("clusters"), copy).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let path = format!("{}/copy", cnpg("clusters"));
    assert_eq!(ground.get(&path).await["status"]["instances"], Value::Null, "there is no backup to begin with");

    ground.sandbox.operator().postgres().with("default", "pg1", |contents| {
        contents.write_database("ledger", "app");
    });
    ground.create(&cnpg("backups"), backup("first", "pg1", "primary")).await;
    let done =
        ground.until(&format!("{}/first", cnpg("backups")), |backup| backup["status"]["phase"] == "completed").await;
    assert_eq!(done["status"]["instanceID"]["podName"], "pg1-1");
    ground.until(&path, is_healthy).await;
    let contents = ground.sandbox.operator().postgres().contents("default", "copy").unwrap();
    assert!(contents.databases.contains_key("ledger"));
    let password = |name: &str| ground.sandbox.operator().postgres().password("default", name, "app");
    assert!(password("copy").is_some() && password("copy") != password("pg1"), "it has a password of its own");
    let missing = ("ErrorNoBackup".to_owned(), "Backup object \"default/first\" is missing".to_owned());
    let created = ("CreatingInstance".to_owned(), "Primary instance (from backup)".to_owned());
    let events = ground.events("copy").await;
    assert_eq!(events.iter().filter(|event| **event == missing).count(), 1, "{events:?}");
    assert!(events.contains(&created), "{events:?}");
}

#[tokio::test]
async fn a_recovery_goes_to_the_end_of_the_log_or_to_its_target() {
    let ground = ground().await;
    ground.healthy(kept("pg1")).await;
    write(&ground, "d1");
    ground.create(&cnpg("backups"), backup("base", "pg1", "")).await;
    let base = ground.completed("base").await;
    // Times are of whole seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let target = ground.sandbox.store().clock().now();
    write(&ground, "d2");

    let from = |more: Value| {
        let mut recovery = json!({"backup": {"name": "base"}});
        recovery.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        recovery
    };
    ground.healthy(made_from("newest", &from(json!({})))).await;
    assert_eq!(databases(&ground, "newest"), ["d1", "d2"]);
    let at = json!({"recoveryTarget": {"targetTime": target.to_string()}});
    let done = ground.healthy(made_from("then", &from(at))).await;
    assert_eq!(databases(&ground, "then"), ["d1"]);
    assert_eq!(done["status"]["timelineID"], 2);

    // The cluster goes, what is in its object store stays.
    ground.delete(&path("pg1")).await;
    ground.gone(&path("pg1")).await;
    let mut object = made_from("elsewhere", &json!({"source": "pg1"}));
    let store = json!({"destinationPath": "s3://somewhere"});
    object["spec"]["externalClusters"] = json!([{"name": "pg1", "barmanObjectStore": store}]);
    ground.healthy(object).await;
    assert_eq!(databases(&ground, "elsewhere"), ["d1", "d2"]);
    assert_eq!(base["status"]["serverName"], "pg1");
}

#[tokio::test]
async fn a_recovery_that_cannot_be_leaves_its_failed_job() {
    let ground = ground().await;
    ground.healthy(kept("pg1")).await;
    ground.create(&cnpg("backups"), backup("base", "pg1", "")).await;
    ground.completed("base").await;
    let base = json!({"backup": {"name": "base"}});
    let at = |time: &str| json!({"backup": {"name": "base"}, "recoveryTarget": {"targetTime": time}});
    let mut small = made_from("small", &base);
    small["spec"]["storage"]["size"] = json!("512Mi");
    let mut nowhere = made_from("nowhere", &json!({"source": "lost"}));
    let store = json!({"destinationPath": "s3://elsewhere"});
    nowhere["spec"]["externalClusters"] = json!([{"name": "lost", "barmanObjectStore": store}]);
    for (object, words) in [
        (small, "No space left on device"),
        (nowhere, "no target backup found"),
        (
            made_from("early", &at("2001-01-01T00:00:00Z")),
            "requested recovery stop point is before consistent recovery point",
        ),
        (
            made_from("late", &at("2100-01-01 00:00:00+00")),
            "recovery ended before configured recovery target was reached",
        ),
        (made_from("never", &at("soon")), "invalid value for parameter"),
    ] {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        ground.create(&cnpg("clusters"), object).await;
        let job = format!("/apis/batch/v1/namespaces/default/jobs/{name}-1-full-recovery");
        let failed = ground.until(&job, |job| job["status"]["conditions"][0]["type"] == "Failed").await;
        assert_eq!(failed["status"]["conditions"][0]["reason"], "BackoffLimitExceeded");
        let message = format!(
            "Job {name}-1-full-recovery (role: full-recovery, instance: {name}-1) failed: BackoffLimitExceeded"
        );
        ground.until(&core("events"), |list| list.to_string().contains(&message)).await;
        let waiting = ground.get(&path(&name)).await;
        assert_eq!(
            (&waiting["status"]["phase"], &waiting["status"]["readyInstances"]),
            (&json!("Setting up primary"), &Value::Null)
        );
        let jobs = format!("{}?labelSelector=job-name%3D{name}-1-full-recovery", core("pods"));
        let pod = ground.names(&jobs).await.remove(0);
        let log = ground.client.get(ground.url(&format!("{}/{pod}/log", core("pods")))).send().await.unwrap();
        let log = log.text().await.unwrap();
        assert!(log.contains(words) && log.contains("\"level\":\"error\""), "{name}: {log}");
    }
}

//! Backups, and their schedules.

use serde_json::{Value, json};

use crate::fixture::{builder, cluster, cnpg, core, ground, started};

/// A cluster of two instances whose backups go somewhere.
pub fn kept(name: &str) -> Value {
    let mut object = cluster(name, 2);
    object["spec"]["backup"] = json!({"barmanObjectStore": {"destinationPath": "s3://somewhere"}});
    object
}

/// A backup of a cluster; from whichever instance where `target` is empty.
pub fn backup(name: &str, of: &str, target: &str) -> Value {
    let mut object = json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup", "metadata": {"name": name},
        "spec": {"cluster": {"name": of}, "method": "barmanObjectStore"},
    });
    if !target.is_empty() {
        object["spec"]["target"] = json!(target);
    }
    object
}

#[tokio::test]
async fn a_backup_goes_through_its_phases_and_says_what_it_is() {
    let ground = ground().await;
    let mut object = kept("pg1");
    object["spec"]["imageName"] = json!("ghcr.io/cloudnative-pg/postgresql:17.5");
    let credentials = json!({"accessKeyId": {"name": "s3", "key": "id"}});
    object["spec"]["backup"]["barmanObjectStore"]["s3Credentials"] = credentials.clone();
    ground.healthy(object).await;
    // A replica is preferred unless the primary is asked for.
    let created = ground.create(&cnpg("backups"), backup("b1", "pg1", "")).await;
    let done = ground.completed("b1").await;
    let status = &done["status"];
    assert_eq!(status["instanceID"]["podName"], "pg1-2");
    assert_eq!((&status["method"], &status["majorVersion"]), (&json!("barmanObjectStore"), &json!(17)));
    assert_eq!((&status["destinationPath"], &status["serverName"]), (&json!("s3://somewhere"), &json!("pg1")));
    assert_eq!(status["s3Credentials"], credentials);
    for key in ["startedAt", "stoppedAt", "backupId", "backupName"] {
        assert!(status[key].is_string(), "{key}: {status}");
    }
    let text = |key: &str| status[key].as_str().unwrap().to_owned();
    assert!(text("beginWal").starts_with("00000001") && text("beginWal").len() == 24, "{status}");
    assert!(text("beginLSN").starts_with("0/") && text("beginLSN") != text("endLSN"), "{status}");
    let phases: Vec<String> = ground.phases(&created).await.into_iter().map(|(phase, _)| phase).collect();
    assert_eq!(phases, ["started", "running", "completed"]);
    let said = [
        ("Starting", "Starting backup for cluster pg1"),
        ("Starting", "Backup started"),
        ("Completed", "Backup completed"),
    ];
    assert_eq!(ground.events("b1").await, said.map(|(reason, message)| (reason.to_owned(), message.to_owned())));

    ground.create(&cnpg("backups"), backup("b2", "pg1", "primary")).await;
    assert_eq!(ground.completed("b2").await["status"]["instanceID"]["podName"], "pg1-1");
    let cluster = ground.get(&format!("{}/pg1", cnpg("clusters"))).await;
    assert!(
        cluster["status"]["lastSuccessfulBackup"].as_str() >= cluster["status"]["firstRecoverabilityPoint"].as_str()
    );
    assert!(cluster["status"]["lastSuccessfulBackupByMethod"]["barmanObjectStore"].is_string());
}

#[tokio::test]
async fn a_backup_that_cannot_be_made_fails_with_the_operators_words() {
    let quiet = builder().admission(cnpg_mcp_sandbox::AdmissionMode::Crds);
    let ground = started(quiet).await;
    ground.healthy(cluster("bare", 1)).await;
    let mut other = cluster("other", 1);
    other["spec"]["backup"] = json!({"target": "primary"});
    ground.healthy(other).await;
    ground.healthy(kept("pg1")).await;
    let mut asleep = kept("asleep");
    asleep["metadata"]["annotations"] = json!({"cnpg.io/hibernation": "on"});
    ground.create(&cnpg("clusters"), asleep).await;
    for (name, of, method, reason, words) in [
        (
            "a",
            "bare",
            "barmanObjectStore",
            "ClusterHasBackupConfigured",
            "cannot proceed with the backup as the cluster has no backup section",
        ),
        (
            "b",
            "other",
            "barmanObjectStore",
            "ClusterHasNoBarmanSection",
            "no barmanObjectStore section defined on the target cluster",
        ),
        (
            "c",
            "pg1",
            "volumeSnapshot",
            "ClusterHasNoVolumeSnapshotCRD",
            "cannot proceed with the backup as the Kubernetes cluster has no VolumeSnapshot support",
        ),
        (
            "d",
            "pg1",
            "plugin",
            "ClusterHasNoBackupExecutorPlugin",
            "cannot proceed with the backup as the cluster has no plugin configured",
        ),
        ("e", "asleep", "barmanObjectStore", "ClusterIsHibernated", "cannot backup a hibernated cluster"),
    ] {
        let mut object = backup(name, of, "");
        object["spec"]["method"] = json!(method);
        ground.create(&cnpg("backups"), object).await;
        let path = format!("{}/{name}", cnpg("backups"));
        let failed = ground.until(&path, |backup| backup["status"]["phase"] == "failed").await;
        assert_eq!(failed["status"]["error"], words);
        assert_eq!(ground.events(name).await, [(reason.to_owned(), words.to_owned())]);
    }
    let path = format!("{}/other", cnpg("clusters"));
    let noted = ground.until(&path, |cluster| cluster["status"]["lastFailedBackup"].is_string()).await;
    let conditions = noted["status"]["conditions"].as_array().unwrap();
    let last = conditions.iter().find(|condition| condition["type"] == "LastBackupSucceeded").unwrap();
    assert_eq!((&last["status"], &last["reason"]), (&json!("False"), &json!("LastBackupFailed")));
}

#[tokio::test]
async fn a_backup_waits_for_its_cluster_and_for_its_turn() {
    let ground = ground().await;
    for name in ["b1", "b2", "b3"] {
        ground.create(&cnpg("backups"), backup(name, "pg1", "")).await;
    }
    let path = format!("{}/b1", cnpg("backups"));
    ground.until(&path, |backup| backup["status"]["phase"] == "pending").await;
    let message = "Unknown cluster pg1, will retry in 30 seconds";
    assert_eq!(ground.events("b1").await, [("FindingCluster".to_owned(), message.to_owned())]);
    ground.healthy(kept("pg1")).await;
    let mut done = Vec::new();
    for name in ["b1", "b2", "b3"] {
        let status = ground.completed(name).await["status"].clone();
        done.push((status["startedAt"].clone(), status["stoppedAt"].clone()));
    }
    for pair in done.windows(2) {
        assert!(pair[0].1.as_str() <= pair[1].0.as_str(), "one at a time: {done:?}");
    }
}

#[tokio::test]
async fn a_backup_fails_when_its_instance_goes() {
    let slow = builder().operator(cnpg_mcp_sandbox::operator::OperatorConfig { enabled: true, speed: 0.1 });
    let ground = started(slow).await;
    ground.healthy(kept("pg1")).await;
    ground.create(&cnpg("backups"), backup("b1", "pg1", "")).await;
    let path = format!("{}/b1", cnpg("backups"));
    ground.until(&path, |backup| backup["status"]["phase"] == "running").await;
    assert_eq!(ground.delete(&format!("{}/pg1-2", core("pods"))).await, 200);
    let failed = ground.until(&path, |backup| backup["status"]["phase"] == "failed").await;
    let words = "while ensuring target pod is healthy: target pod pg1-2 is not healthy for backup in cluster pg1";
    assert_eq!(failed["status"]["error"], words);
}

#[tokio::test]
async fn a_schedule_makes_backups_when_their_time_has_come() {
    let ground = ground().await;
    ground.healthy(kept("pg1")).await;
    let schedule = |name: &str, spec: Value| {
        let mut object = json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup", "metadata": {"name": name},
            "spec": {"cluster": {"name": "pg1"}, "method": "barmanObjectStore"},
        });
        for (key, value) in spec.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        object
    };
    let schedules = cnpg("scheduledbackups");
    // Yearly and at once; each second; asleep.
    let yearly = json!({"schedule": "@yearly", "immediate": true, "backupOwnerReference": "self"});
    ground.create(&schedules, schedule("yearly", yearly)).await;
    ground.create(&schedules, schedule("often", json!({"schedule": "* * * * * *"}))).await;
    ground.create(&schedules, schedule("asleep", json!({"schedule": "* * * * * *", "suspend": true}))).await;
    let often = ground.until(&format!("{schedules}/often"), |one| !one["status"]["lastScheduleTime"].is_null()).await;
    assert!(often["status"]["nextScheduleTime"].is_string());
    let made = ground.names(&cnpg("backups")).await;
    assert_eq!(made.iter().filter(|name| name.starts_with("yearly-")).count(), 1, "{made:?}");
    assert!(made.iter().any(|name| name.starts_with("often-20")), "{made:?}");
    assert!(!made.iter().any(|name| name.starts_with("asleep")), "{made:?}");

    // What is owned goes with its schedule, and nothing else does.
    let own = made.iter().find(|name| name.starts_with("yearly-")).unwrap();
    let owner = ground.get(&format!("{}/{own}", cnpg("backups"))).await["metadata"]["ownerReferences"][0].clone();
    assert_eq!((&owner["kind"], &owner["name"]), (&json!("ScheduledBackup"), &json!("yearly")));
    ground.delete(&format!("{schedules}/often")).await;
    ground.delete(&format!("{schedules}/yearly")).await;
    ground.gone(&format!("{}/{own}", cnpg("backups"))).await;
    assert!(ground.names(&cnpg("backups")).await.iter().any(|name| name.starts_with("often-")));
    let events = ground.events("yearly").await;
    assert!(events[0].1.starts_with("Scheduled immediate backup now: 20"), "{events:?}");
    assert!(events[1].1.starts_with("Next backup scheduled by 20"), "{events:?}");
    assert!(ground.events("often").await[0].1.starts_with("Scheduled first backup by 20"));
    assert_eq!(ground.events("asleep").await, []);
}

#[tokio::test]
async fn a_schedule_names_backups_after_their_time_and_leaves_those_of_others_alone() {
    let at = "2026-03-01T12:00:00Z".parse().unwrap();
    let ground = started(builder().clock(cnpg_mcp_sandbox::clock::Clock::fixed(at))).await;
    ground.healthy(kept("pg1")).await;
    let schedule = |name: &str, owner: &str| {
        json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup", "metadata": {"name": name},
            "spec": {"cluster": {"name": "pg1"}, "schedule": "0 30 14 * * mon", "immediate": true, "backupOwnerReference": owner},
        })
    };
    let schedules = cnpg("scheduledbackups");
    ground.create(&schedules, schedule("weekly", "cluster")).await;
    let done = ground.completed("weekly-20260301120000").await;
    let labels = &done["metadata"]["labels"];
    assert_eq!(
        (&labels["cnpg.io/scheduled-backup"], &labels["cnpg.io/immediateBackup"], &labels["cnpg.io/cluster"]),
        (&json!("weekly"), &json!("true"), &json!("pg1"))
    );
    assert_eq!(done["metadata"]["ownerReferences"][0]["kind"], "Cluster");
    let noted = ground.get(&format!("{schedules}/weekly")).await["status"].clone();
    let now = json!("2026-03-01T12:00:00Z");
    assert_eq!((&noted["lastCheckTime"], &noted["lastScheduleTime"]), (&now, &now));
    assert_eq!(noted["nextScheduleTime"], "2026-03-02T14:30:00Z");

    ground.create(&cnpg("backups"), backup("mine-20260301120000", "pg1", "")).await;
    ground.create(&schedules, schedule("mine", "none")).await;
    let noted = ground.until(&format!("{schedules}/mine"), |one| one["status"]["nextScheduleTime"].is_string()).await;
    assert_eq!(noted["status"]["lastScheduleTime"], Value::Null);
    let reasons: Vec<String> = ground.events("mine").await.into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(reasons, ["BackupSchedule", "BackupAdoptionRefused"]);
}

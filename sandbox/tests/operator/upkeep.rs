//! What people ask of a cluster that runs: another primary, a restart, sleep, backups, their restore, its log.

use serde_json::{Value, json};

use crate::fixture::{Ground, cluster, cnpg, core, ground, is_healthy};

const PG1: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters/pg1";

fn pod(name: &str) -> String {
    format!("{}/{name}", core("pods"))
}

fn condition(cluster: &Value, kind: &str) -> Value {
    let list = cluster["status"]["conditions"].as_array().into_iter().flatten();
    list.into_iter().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}

async fn log(ground: &Ground, query: &str) -> (u16, String) {
    let answer = ground.client.get(ground.url(&format!("{}/log?{query}", pod("pg1-1")))).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_status_says_who_is_to_be_the_primary() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 3)).await;
    let status =
        json!({"targetPrimary": "pg1-3", "phase": "Switchover in progress", "phaseReason": "Switching over to pg1-3"});
    let asked = ground.patch(&format!("{PG1}/status"), json!({"status": status})).await;
    assert_eq!(asked["status"]["targetPrimary"], "pg1-3");
    let done = ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["currentPrimary"] == "pg1-3").await;
    assert_eq!(done["status"]["timelineID"], 2);
    assert_eq!(done["status"]["instancesReportedState"]["pg1-3"]["isPrimary"], true);
    assert_eq!(ground.get(&pod("pg1-1")).await["metadata"]["labels"]["cnpg.io/instanceRole"], "replica");
    assert_eq!(ground.get(&pod("pg1-3")).await["metadata"]["labels"]["cnpg.io/instanceRole"], "primary");
}

#[tokio::test]
async fn a_restart_takes_replicas_first_and_the_primary_in_its_place() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 2)).await;
    let before = ground.get(&pod("pg1-2")).await["metadata"]["uid"].clone();
    let primary = ground.get(&pod("pg1-1")).await["metadata"]["uid"].clone();
    let at = "2026-01-31T12:00:00Z";
    let wanted = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": at}}});
    ground.patch(PG1, wanted).await;
    let restarted = |pod: &Value| pod["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] == at;
    ground.until(&pod("pg1-1"), restarted).await;
    let replica = ground.get(&pod("pg1-2")).await;
    assert!(restarted(&replica) && replica["metadata"]["uid"] != before);
    let after = ground.until(PG1, is_healthy).await;
    assert_eq!(after["status"]["currentPrimary"], "pg1-1");
    assert_eq!(ground.get(&pod("pg1-1")).await["metadata"]["uid"], primary, "the primary restarts in its pod");
    let events = ground.get(&core("events")).await.to_string();
    assert!(events.contains("because: cluster has been explicitly restarted via annotation"));
}

#[tokio::test]
async fn a_restart_switches_over_or_waits_for_its_user_where_the_cluster_says_so() {
    let at = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-31T12:00:00Z"}}});
    let ground = ground().await;
    let mut object = cluster("pg1", 2);
    object["spec"]["primaryUpdateMethod"] = json!("switchover");
    ground.healthy(object).await;
    ground.patch(PG1, at.clone()).await;
    ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["currentPrimary"] == "pg1-2").await;

    let mut object = cluster("pg2", 2);
    object["spec"]["primaryUpdateStrategy"] = json!("supervised");
    ground.healthy(object).await;
    let pg2 = format!("{}/pg2", cnpg("clusters"));
    ground.patch(&pg2, at).await;
    let waiting = ground.until(&pg2, |cluster| cluster["status"]["phase"] == "Waiting for user action").await;
    assert_eq!(waiting["status"]["currentPrimary"], "pg2-1");
    ground.patch(&format!("{pg2}/status"), json!({"status": {"targetPrimary": "pg2-2"}})).await;
    ground.until(&pg2, |cluster| is_healthy(cluster) && cluster["status"]["currentPrimary"] == "pg2-2").await;
}

#[tokio::test]
async fn a_hibernated_cluster_keeps_its_volumes_and_wakes_with_its_primary() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 2)).await;
    ground.patch(&format!("{PG1}/status"), json!({"status": {"targetPrimary": "pg1-2"}})).await;
    ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["currentPrimary"] == "pg1-2").await;
    let hibernation = |value: &str| json!({"metadata": {"annotations": {"cnpg.io/hibernation": value}}});
    ground.patch(PG1, hibernation("on")).await;
    let asleep = ground.until(PG1, |cluster| condition(cluster, "cnpg.io/hibernation")["reason"] == "Hibernated").await;
    assert_eq!(condition(&asleep, "cnpg.io/hibernation")["status"], "True");
    assert_eq!(asleep["status"]["readyInstances"], Value::Null);
    assert_eq!(ground.names(&core("pods")).await, [""; 0]);
    assert_eq!(ground.names(&core("persistentvolumeclaims")).await, ["pg1-1", "pg1-2"]);

    ground.patch(PG1, hibernation("off")).await;
    let awake = ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["readyInstances"] == 2).await;
    assert_eq!(awake["status"]["currentPrimary"], "pg1-2", "nobody takes over from a primary that wakes");
    assert_eq!(condition(&awake, "cnpg.io/hibernation"), Value::Null);
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
    let (missing, _) = ground.look(&format!("{}/log", pod("pg9-1"))).await;
    assert_eq!(missing, 404);
}

fn kept(name: &str) -> Value {
    let mut object = cluster(name, 2);
    object["spec"]["backup"] = json!({"barmanObjectStore": {"destinationPath": "s3://somewhere"}});
    object
}

fn backup(name: &str, of: &str, target: &str) -> Value {
    json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup", "metadata": {"name": name},
        "spec": {"cluster": {"name": of}, "method": "barmanObjectStore", "target": target},
    })
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
    let events = ground.get(&core("events")).await.to_string();
    assert!(events.contains("Primary instance (from backup)"));
}

#[tokio::test]
async fn a_backup_prefers_a_standby_where_it_is_told_to() {
    let ground = ground().await;
    ground.healthy(kept("pg1")).await;
    ground.create(&cnpg("backups"), backup("standby", "pg1", "prefer-standby")).await;
    let path = format!("{}/standby", cnpg("backups"));
    let done = ground.until(&path, |backup| backup["status"]["phase"] == "completed").await;
    assert_eq!(done["status"]["instanceID"]["podName"], "pg1-2");
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
}

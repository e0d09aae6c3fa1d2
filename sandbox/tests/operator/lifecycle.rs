//! The way of a cluster, from nothing to healthy and onwards.

use serde_json::{Value, json};

use crate::fixture::{builder, cluster, cnpg, core, ground, is_healthy, started};

const PG1: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters/pg1";

/// The phases that a watch shows, without repeats.
fn phases(events: &str) -> Vec<String> {
    let mut phases: Vec<String> = events
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|event| event["object"]["status"]["phase"].as_str().map(str::to_owned))
        .collect();
    phases.dedup();
    phases
}

#[tokio::test]
async fn three_instances_come_one_after_another() {
    let ground = ground().await;
    let created = ground.create(&cnpg("clusters"), cluster("pg1", 3)).await;
    let since = created["metadata"]["resourceVersion"].as_str().unwrap();
    let healthy = ground.until(PG1, is_healthy).await;
    let watch = format!("{}?watch=1&timeoutSeconds=1&resourceVersion={since}", cnpg("clusters"));
    let events = ground.client.get(ground.url(&watch)).send().await.unwrap().text().await.unwrap();
    let waiting = "Waiting for the instances to become active";
    let creating = "Creating a new replica";
    assert_eq!(
        phases(&events),
        ["Setting up primary", waiting, creating, waiting, creating, waiting, "Cluster in healthy state"]
    );

    let status = &healthy["status"];
    assert_eq!(status["instances"], 3);
    assert_eq!(status["currentPrimary"], "pg1-1");
    assert_eq!(status["targetPrimary"], "pg1-1");
    assert_eq!(status["instancesStatus"]["healthy"], json!(["pg1-1", "pg1-2", "pg1-3"]));
    assert_eq!(status["instancesReportedState"]["pg1-1"]["isPrimary"], true);
    assert_eq!(status["instancesReportedState"]["pg1-3"]["timeLineID"], 1);
    assert_eq!(status["writeService"], "pg1-rw");
    assert_eq!(status["pgDataImageInfo"]["majorVersion"], 18);
    assert_eq!(status["phaseReason"], Value::Null);
    let condition = |kind: &str| {
        let list = status["conditions"].as_array().unwrap();
        list.iter().find(|condition| condition["type"] == kind).unwrap()["status"].clone()
    };
    for kind in ["Initialized", "ConsistentSystemID", "Ready", "ContinuousArchiving"] {
        assert_eq!(condition(kind), "True", "{kind}");
    }
    assert!(status["certificates"]["expirations"]["pg1-server"].is_string());

    assert_eq!(ground.names(&core("pods")).await, ["pg1-1", "pg1-2", "pg1-3"]);
    assert_eq!(ground.names(&core("persistentvolumeclaims")).await, ["pg1-1", "pg1-2", "pg1-3"]);
    assert_eq!(ground.names(&core("services")).await, ["pg1-r", "pg1-ro", "pg1-rw"]);
    assert_eq!(ground.names(&core("secrets")).await, ["pg1-app", "pg1-ca", "pg1-replication", "pg1-server"]);
    assert_eq!(ground.names("/apis/batch/v1/namespaces/default/jobs").await, [""; 0]);
    let primaries = format!("{}?labelSelector=cnpg.io%2Fcluster%3Dpg1,cnpg.io%2FinstanceRole%3Dprimary", core("pods"));
    assert_eq!(ground.names(&primaries).await, ["pg1-1"]);
    let list = ground.get(&core("events")).await;
    let about_cluster: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["involvedObject"]["kind"] == "Cluster")
        .map(|event| &event["reason"])
        .collect();
    // The order that was recorded.
    let budget = "CreatingPodDisruptionBudget";
    assert_eq!(about_cluster[..5], [budget, budget, "CreatingServiceAccount", "CreatingRole", "CreatingInstance"]);
    let events = list.to_string();
    for text in ["Primary instance (initdb)", "Creating instance pg1-2", "Creating PodDisruptionBudget pg1-primary"] {
        assert!(events.contains(text), "no event says {text}");
    }
}

#[tokio::test]
async fn scaling_changes_replicas_and_never_the_primary() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    ground.patch(PG1, json!({"spec": {"instances": 3}})).await;
    ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["instances"] == 3).await;

    // The first primary goes: another takes over, and scaling down then spares that one.
    assert_eq!(ground.delete(&format!("{}/pg1-1", core("pods"))).await, 200);
    let failed_over =
        ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["currentPrimary"] == "pg1-2").await;
    assert_eq!(failed_over["status"]["timelineID"], 2);
    ground.until(&format!("{}/pg1-1", core("pods")), |pod| pod["metadata"]["labels"]["role"] == "replica").await;

    ground.patch(PG1, json!({"spec": {"instances": 1}})).await;
    let small = ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["instances"] == 1).await;
    assert_eq!(small["status"]["instanceNames"], json!(["pg1-2"]));
    assert_eq!(ground.names(&core("pods")).await, ["pg1-2"]);
    assert_eq!(ground.names(&core("persistentvolumeclaims")).await, ["pg1-2"]);
    let events = ground.get(&core("events")).await.to_string();
    assert!(events.contains("Scaling down - removing instance: pg1-3"));
}

#[tokio::test]
async fn another_image_and_more_storage_arrive_at_the_instances() {
    let ground = ground().await;
    let mut object = cluster("pg1", 2);
    object["spec"]["imageName"] = json!("ghcr.io/cloudnative-pg/postgresql:17.4");
    ground.healthy(object).await;
    let wanted = "ghcr.io/cloudnative-pg/postgresql:17.5";
    ground.patch(PG1, json!({"spec": {"imageName": wanted, "storage": {"size": "2Gi"}}})).await;
    ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["image"] == wanted).await;
    let pod = ground.get(&format!("{}/pg1-2", core("pods"))).await;
    assert_eq!(pod["spec"]["containers"][0]["image"], wanted);
    let claim = format!("{}/pg1-1", core("persistentvolumeclaims"));
    ground.until(&claim, |claim| claim["spec"]["resources"]["requests"]["storage"] == "2Gi").await;
}

#[tokio::test]
async fn a_deleted_cluster_takes_its_objects_along_and_nothing_else() {
    let ground = ground().await;
    let healthy = ground.healthy(cluster("pg1", 2)).await;
    let uid = healthy["metadata"]["uid"].clone();
    for (name, owners) in [
        ("of-ours", json!([{"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": "pg1", "uid": uid}])),
        ("foreign", json!([])),
    ] {
        let metadata = json!({"name": name, "labels": {"cnpg.io/cluster": "pg1"}, "ownerReferences": owners});
        ground.create(&core("secrets"), json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})).await;
    }
    assert_eq!(ground.delete(PG1).await, 200);
    ground.gone(PG1).await;
    for path in [core("pods/pg1-1"), core("services/pg1-rw"), core("secrets/pg1-app"), core("secrets/of-ours")] {
        ground.gone(&path).await;
    }
    assert_eq!(ground.names(&core("secrets")).await, ["foreign"]);
    assert_eq!(ground.names(&core("persistentvolumeclaims")).await, [""; 0]);
    assert!(ground.sandbox.operator().postgres().contents("default", "pg1").is_none());

    // The same name again is another cluster.
    let again = ground.healthy(cluster("pg1", 1)).await;
    assert_ne!(again["metadata"]["uid"], uid);
}

#[tokio::test]
async fn a_phase_can_stick() {
    let ground = ground().await;
    let mut object = cluster("pg1", 2);
    object["metadata"]["annotations"] = json!({"sandbox.cnpg-mcp/stuck-phase": "Creating a new replica"});
    ground.create(&cnpg("clusters"), object).await;
    ground.until(PG1, |cluster| cluster["status"]["phase"] == "Creating a new replica").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let stuck = ground.get(PG1).await;
    assert_eq!(stuck["status"]["phase"], "Creating a new replica");
    assert_eq!(stuck["status"]["readyInstances"], 1);
    ground.patch(PG1, json!({"metadata": {"annotations": null}})).await;
    ground.until(PG1, is_healthy).await;

    // A phase that the way does not lead through.
    let unrecoverable = "Cluster is unrecoverable and needs manual intervention";
    ground.patch(PG1, json!({"metadata": {"annotations": {"sandbox.cnpg-mcp/stuck-phase": unrecoverable}}})).await;
    ground.until(PG1, |cluster| cluster["status"]["phase"] == unrecoverable).await;
}

#[tokio::test]
async fn a_pod_can_stay_unready() {
    let ground = ground().await;
    let mut object = cluster("pg1", 2);
    object["metadata"]["annotations"] = json!({"sandbox.cnpg-mcp/pod-never-ready": "2"});
    ground.create(&cnpg("clusters"), object).await;
    let failed = json!(["pg1-2"]);
    ground.until(PG1, |cluster| cluster["status"]["instancesStatus"]["failed"] == failed).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let waiting = ground.get(PG1).await;
    assert_eq!(waiting["status"]["phase"], "Waiting for the instances to become active");
    assert_eq!(waiting["status"]["readyInstances"], 1);
    assert_eq!(waiting["status"]["instances"], 2);
    let warnings =
        ground.get(&format!("{}?fieldSelector=involvedObject.name%3Dpg1-2,type%3DWarning", core("events"))).await;
    assert_eq!(warnings["items"][0]["reason"], "Unhealthy");
    // It can still be scaled down.
    ground.patch(PG1, json!({"spec": {"instances": 1}})).await;
    ground.until(PG1, is_healthy).await;
}

#[tokio::test]
async fn backups_succeed_where_there_is_a_place_for_them() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    let mut kept = cluster("pg2", 1);
    kept["spec"]["backup"] = json!({"barmanObjectStore": {"destinationPath": "s3://somewhere"}});
    ground.healthy(kept).await;
    for name in ["pg1", "pg2"] {
        ground
            .create(
                &cnpg("backups"),
                json!({
                    "apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup", "metadata": {"name": name},
                    "spec": {"cluster": {"name": name}, "method": "barmanObjectStore"},
                }),
            )
            .await;
    }
    let failed = ground.until(&cnpg("backups/pg1"), |backup| backup["status"]["phase"] == "failed").await;
    assert!(failed["status"]["error"].as_str().unwrap().contains("no backup section"));
    ground.until(PG1, |cluster| cluster["status"]["lastFailedBackup"].is_string()).await;
    ground.until(&cnpg("backups/pg2"), |backup| backup["status"]["phase"] == "completed").await;
    let kept =
        ground.until(&cnpg("clusters/pg2"), |cluster| cluster["status"]["firstRecoverabilityPoint"].is_string()).await;
    let conditions = kept["status"]["conditions"].as_array().unwrap();
    assert!(conditions.iter().any(|it| it["type"] == "LastBackupSucceeded" && it["status"] == "True"));
}

#[tokio::test]
async fn without_an_operator_nothing_happens() {
    let quiet = builder().operator(cnpg_mcp_sandbox::operator::OperatorConfig::off());
    let ground = started(quiet).await;
    ground.create(&cnpg("clusters"), cluster("pg1", 1)).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(ground.get(PG1).await["status"], Value::Null);
}

#[tokio::test]
async fn a_namespace_can_ask_for_all_its_objects() {
    let ground = ground().await;
    let namespace = "/api/v1/namespaces/default";
    let ask = json!({"metadata": {"annotations": {"sandbox.cnpg-mcp/stuck-phase": "Setting up primary"}}});
    ground.patch(namespace, ask).await;
    ground.create(&cnpg("clusters"), cluster("pg1", 1)).await;
    ground.until(PG1, |cluster| cluster["status"]["phase"] == "Setting up primary").await;
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!(ground.get(PG1).await["status"]["phase"], "Setting up primary");
    ground.patch(namespace, json!({"metadata": {"annotations": null}})).await;
    ground.until(PG1, is_healthy).await;
}

#[tokio::test]
async fn a_finalizer_can_hold_a_deleted_cluster() {
    let ground = ground().await;
    let mut object = cluster("pg1", 1);
    object["metadata"]["annotations"] = json!({"sandbox.cnpg-mcp/finalizer-holds": "true"});
    ground.healthy(object).await;
    ground.until(PG1, |cluster| cluster["metadata"]["finalizers"] == json!(["sandbox.cnpg-mcp/hold"])).await;
    assert_eq!(ground.delete(PG1).await, 200);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(ground.get(PG1).await["metadata"]["deletionTimestamp"].is_string());
    ground.get(&core("pods/pg1-1")).await;
    ground.patch(PG1, json!({"metadata": {"annotations": null}})).await;
    ground.gone(PG1).await;
    ground.gone(&core("pods/pg1-1")).await;
}

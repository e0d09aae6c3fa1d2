//! What people ask of a cluster that runs: another primary, a restart, sleep, larger volumes.

use serde_json::{Value, json};

use crate::fixture::{builder, cluster, cnpg, core, ground, is_healthy, started};

const PG1: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters/pg1";

fn pod(name: &str) -> String {
    format!("{}/{name}", core("pods"))
}

fn condition(cluster: &Value, kind: &str) -> Value {
    let list = cluster["status"]["conditions"].as_array().into_iter().flatten();
    list.into_iter().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
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
    assert!(done["status"]["currentPrimaryTimestamp"].is_string());
    assert!(ground.phases(&asked).await.iter().all(|(phase, _)| phase != "Failing over"), "nothing failed");
    assert_eq!(done["status"]["instancesReportedState"]["pg1-3"]["isPrimary"], true);
    assert_eq!(ground.get(&pod("pg1-1")).await["metadata"]["labels"]["cnpg.io/instanceRole"], "replica");
    assert_eq!(ground.get(&pod("pg1-3")).await["metadata"]["labels"]["cnpg.io/instanceRole"], "primary");
}

#[tokio::test]
async fn a_restart_takes_replicas_first_and_the_primary_stays_the_primary() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 2)).await;
    let before = ground.get(&pod("pg1-2")).await["metadata"]["uid"].clone();
    let primary = ground.get(&pod("pg1-1")).await["metadata"]["uid"].clone();
    let at = "2026-01-31T12:00:00Z";
    let wanted = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": at}}});
    let asked = ground.patch(PG1, wanted).await;
    let restarted = |pod: &Value| pod["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] == at;
    ground.until(&pod("pg1-1"), restarted).await;
    let replica = ground.get(&pod("pg1-2")).await;
    assert!(restarted(&replica) && replica["metadata"]["uid"] != before);
    let after = ground.until(PG1, is_healthy).await;
    assert_eq!(after["status"]["currentPrimary"], "pg1-1");
    assert_eq!(after["status"]["timelineID"], 1, "nobody took over");
    assert_ne!(ground.get(&pod("pg1-1")).await["metadata"]["uid"], primary, "a restart is another pod");
    let because = "cluster has been explicitly restarted via annotation";
    let phases = ground.phases(&asked).await;
    let restarting = ("Upgrading cluster".to_owned(), format!("Restarting instance pg1-2, because: {because}"));
    let last = ("Primary instance is being restarted without a switchover".to_owned(), because.to_owned());
    let at = |wanted: &(String, String)| phases.iter().position(|there| there == wanted).unwrap();
    assert!(at(&restarting) < at(&last), "{phases:?}");
    let events = ground.events("pg1").await;
    let upgraded: Vec<&str> =
        events.iter().filter(|event| event.0 == "UpgradingInstance").map(|event| event.1.as_str()).collect();
    assert_eq!(upgraded, ["Upgrading instance pg1-2", "Upgrading instance pg1-1"]);
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
    let switched = ("Switchover".to_owned(), "Initiating switchover to pg1-2 to upgrade pg1-1".to_owned());
    assert!(ground.events("pg1").await.contains(&switched));

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
async fn a_target_that_cannot_take_over_is_replaced_by_one_that_can() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 2)).await;
    ground.patch(&format!("{PG1}/status"), json!({"status": {"targetPrimary": "pg1-7"}})).await;
    ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["currentPrimary"] == "pg1-2").await;
    let message = "Target primary isn't healthy, switching target from pg1-7 to pg1-2";
    assert!(ground.events("pg1").await.contains(&("FailingOver".to_owned(), message.to_owned())));

    ground.healthy(cluster("pg2", 1)).await;
    let pg2 = format!("{}/pg2", cnpg("clusters"));
    ground.patch(&format!("{pg2}/status"), json!({"status": {"targetPrimary": "pg2-7"}})).await;
    let back = ground.until(&pg2, |cluster| cluster["status"]["targetPrimary"] == "pg2-1" && is_healthy(cluster)).await;
    assert_eq!(back["status"]["currentPrimary"], "pg2-1");
}

#[tokio::test]
async fn only_a_healthy_cluster_hibernates_and_a_pod_that_is_held_is_waited_for() {
    let quiet = builder().admission(cnpg_mcp_sandbox::AdmissionMode::Crds);
    let ground = started(quiet).await;
    let mut object = cluster("pg1", 2);
    object["metadata"]["annotations"] = json!({"cnpg.io/hibernation": "on", "sandbox.cnpg-mcp/pod-never-ready": "2"});
    ground.create(&cnpg("clusters"), object).await;
    let failed = json!(["pg1-2"]);
    ground.until(PG1, |cluster| cluster["status"]["instancesStatus"]["failed"] == failed).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(condition(&ground.get(PG1).await, "cnpg.io/hibernation"), Value::Null);

    ground.patch(&pod("pg1-1"), json!({"metadata": {"finalizers": ["example.com/hold"]}})).await;
    ground.patch(PG1, json!({"metadata": {"annotations": {"sandbox.cnpg-mcp/pod-never-ready": null}}})).await;
    let of = |cluster: &Value| condition(cluster, "cnpg.io/hibernation");
    let waiting = ground.until(PG1, |cluster| of(cluster)["reason"] == "WaitingPodsDeletion").await;
    assert_eq!(of(&waiting)["message"], "Waiting for pg1-1 to be deleted");
    assert_eq!(ground.names(&core("pods")).await, ["pg1-1", "pg1-2"], "the primary goes first");
    ground.patch(&pod("pg1-1"), json!({"metadata": {"finalizers": null}})).await;
    let asleep = ground.until(PG1, |cluster| of(cluster)["reason"] == "Hibernated").await;
    assert_eq!(asleep["status"]["phase"], "Cluster in healthy state");

    // Past the webhook, any other value asks for nothing.
    ground.patch(PG1, json!({"metadata": {"annotations": {"cnpg.io/hibernation": "maybe"}}})).await;
    let awake = ground.until(PG1, |cluster| is_healthy(cluster) && of(cluster).is_null()).await;
    assert_eq!(awake["status"]["readyInstances"], 2);
}

#[tokio::test]
async fn volumes_grow_where_their_class_lets_them_and_never_shrink() {
    let quiet = builder().admission(cnpg_mcp_sandbox::AdmissionMode::Crds);
    let ground = started(quiet).await;
    let fixed = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fixed"},
        "provisioner": "example.com/disk"});
    ground.create("/apis/storage.k8s.io/v1/storageclasses", fixed).await;
    let claim = |name: &str| format!("{}/{name}", core("persistentvolumeclaims"));
    let size = |claim: &Value| claim["spec"]["resources"]["requests"]["storage"].clone();
    let to = |size: &str| json!({"spec": {"storage": {"size": size}}});

    let created = ground.healthy(cluster("pg1", 2)).await;
    ground.patch(PG1, to("2Gi")).await;
    let grown = ground.until(&claim("pg1-2"), |claim| claim["status"]["capacity"]["storage"] == "2Gi").await;
    assert_eq!((size(&grown), &grown["status"]["conditions"]), (json!("2Gi"), &Value::Null));
    let resizing = json!(["pg1-1", "pg1-2"]);
    assert!(ground.states(&created).await.iter().any(|status| status["resizingPVC"] == resizing));
    ground.until(PG1, |cluster| is_healthy(cluster) && cluster["status"]["resizingPVC"].is_null()).await;

    // Without the webhook a smaller size is written, and nothing follows.
    ground.patch(PG1, to("1Gi")).await;
    ground.patch(PG1, json!({"metadata": {"labels": {"seen": "yes"}}})).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(size(&ground.get(&claim("pg1-1")).await), "2Gi");

    let mut object = cluster("pg2", 1);
    object["spec"]["storage"]["storageClass"] = json!("fixed");
    ground.healthy(object).await;
    let mut object = cluster("pg3", 1);
    object["spec"]["storage"]["resizeInUseVolumes"] = json!(false);
    ground.healthy(object).await;
    for name in ["pg2", "pg3"] {
        ground.patch(&format!("{}/{name}", cnpg("clusters")), to("2Gi")).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    for name in ["pg2-1", "pg3-1"] {
        assert_eq!(size(&ground.get(&claim(name)).await), "1Gi", "{name}");
    }
}

#[tokio::test]
async fn the_webhook_refuses_smaller_volumes() {
    let ground = ground().await;
    let mut object = cluster("pg1", 1);
    object["spec"]["storage"]["size"] = json!("2Gi");
    ground.healthy(object).await;
    let request = ground.client.patch(ground.url(PG1)).header("content-type", "application/merge-patch+json");
    let smaller = json!({"spec": {"storage": {"size": "1024Mi"}}}).to_string();
    let answer = request.body(smaller).send().await.unwrap();
    assert_eq!(answer.status(), 422);
    let refusal: Value = answer.json().await.unwrap();
    let message = refusal["message"].as_str().unwrap();
    assert!(message.contains("can't shrink existing storage from 2Gi to 1Gi"), "{message}");
}

#[tokio::test]
async fn what_is_said_again_is_counted_on_its_event() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 2)).await;
    for (at, pods) in [("2026-01-31T12:00:00Z", 1), ("2026-01-31T13:00:00Z", 2)] {
        let wanted = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": at}}});
        ground.patch(PG1, wanted).await;
        let restarted = |pod: &Value| pod["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] == at;
        ground.until(&pod("pg1-1"), restarted).await;
        ground.until(PG1, is_healthy).await;
        let about = "involvedObject.kind%3DCluster,involvedObject.name%3Dpg1,reason%3DUpgradingInstance";
        let list = ground.get(&format!("{}?fieldSelector={about}", core("events"))).await;
        let counts: Vec<u64> =
            list["items"].as_array().unwrap().iter().map(|event| event["count"].as_u64().unwrap()).collect();
        assert_eq!(counts, [pods, pods]);
    }
}

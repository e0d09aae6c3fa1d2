//! Storage, switchover, restart and hibernation: what is asked of the API, what is refused, what a dry run changes.

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_tests::world::World;
use serde_json::{Value, json};

const MAIN: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters/main-db";

/// Pods and volumes of the instances of that cluster.
const PODS: &str = "/api/v1/namespaces/default/pods?labelSelector=cnpg.io/cluster%3Dmain-db";
const CLAIMS: &str = "/api/v1/namespaces/default/persistentvolumeclaims?labelSelector=cnpg.io/cluster%3Dmain-db";

async fn cluster(world: &World) -> anyhow::Result<Value> {
    Ok(world.kubernetes("GET", MAIN, None).await?.1)
}

/// A dry run is planned, and leaves everything as it was.
async fn plans(world: &World, tool: &str, mut arguments: Value) -> anyhow::Result<()> {
    let before = world.settled().await;
    arguments["dry_run"] = json!(true);
    let answer = world.done(tool, arguments).await?;
    assert_eq!(answer.outcome(), "planned", "{}", answer.text);
    assert!(answer.output["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{}", answer.output);
    assert_eq!(world.settled().await, before, "{tool}: a dry run changed something");
    Ok(())
}

/// A refusal says these words, and leaves everything as it was.
async fn refuses(world: &World, tool: &str, arguments: Value, words: &[&str]) -> anyhow::Result<()> {
    let before = world.settled().await;
    let answer = world.fails(tool, arguments).await?;
    for word in words {
        assert!(answer.text.contains(word), "no `{word}` in: {}", answer.text);
    }
    assert_eq!(world.settled().await, before, "{tool}: a refused call changed something");
    Ok(())
}

#[tokio::test]
async fn storage_grows_and_never_shrinks() -> anyhow::Result<()> {
    let world = World::start().await?;
    let to = |size: &str| json!({ "name": "main-db", "storage_size": size });
    refuses(&world, "resize_postgres_cluster", to("19Gi"), &["only grow", "20Gi", "19Gi"]).await?;
    // A larger number, and less storage.
    refuses(&world, "resize_postgres_cluster", to("20480M"), &["only grow"]).await?;
    let same = world.done("resize_postgres_cluster", to("20480Mi")).await?;
    assert_eq!(same.outcome(), "unchanged");
    plans(&world, "resize_postgres_cluster", to("40Gi")).await?;
    let grown = world.done("resize_postgres_cluster", to("40Gi")).await?;
    assert_eq!((grown.outcome(), &grown.output["storage_size_before"]), ("done", &json!("20Gi")));
    assert_eq!(cluster(&world).await?["spec"]["storage"]["size"], "40Gi");
    world.settled().await;
    let (_, claims) = world.kubernetes("GET", CLAIMS, None).await?;
    let sizes = claims["items"].as_array().into_iter().flatten().map(|claim| &claim["status"]["capacity"]["storage"]);
    assert_eq!(sizes.collect::<Vec<_>>(), ["40Gi"; 3], "the volumes have grown");
    Ok(())
}

#[tokio::test]
async fn storage_grows_only_where_its_class_lets_it() -> anyhow::Result<()> {
    let world = World::start().await?;
    let classes = "/apis/storage.k8s.io/v1/storageclasses";
    let (_, claims) = world.kubernetes("GET", "/api/v1/namespaces/default/persistentvolumeclaims", None).await?;
    let class = claims["items"][0]["spec"]["storageClassName"].as_str().unwrap_or("standard").to_owned();
    let of = |allowed: bool| {
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": class },
            "provisioner": "example.com/disk", "allowVolumeExpansion": allowed,
        })
    };
    world.kubernetes("DELETE", &format!("{classes}/{class}"), None).await?;
    world.kubernetes("POST", classes, Some(of(false))).await?;
    let grow = json!({ "name": "main-db", "storage_size": "40Gi" });
    refuses(&world, "resize_postgres_cluster", grow.clone(), &[&class, "allowVolumeExpansion"]).await?;
    world.kubernetes("DELETE", &format!("{classes}/{class}"), None).await?;
    world.kubernetes("POST", classes, Some(of(true))).await?;
    assert_eq!(world.done("resize_postgres_cluster", grow).await?.outcome(), "done");
    Ok(())
}

#[tokio::test]
async fn a_healthy_replica_is_promoted_through_the_status() -> anyhow::Result<()> {
    let world = World::start().await?;
    let to = |instance: &str| json!({ "name": "main-db", "instance": instance });
    let nobody = ["no instance", "main-db-9", "main-db-2"];
    refuses(&world, "promote_cluster_instance", to("main-db-9"), &nobody).await?;
    assert_eq!(world.done("promote_cluster_instance", to("main-db-1")).await?.outcome(), "unchanged");
    plans(&world, "promote_cluster_instance", to("main-db-2")).await?;

    let unhealthy = json!({ "status": { "instancesStatus": { "healthy": ["main-db-1", "main-db-2"] } } });
    world.kubernetes("PATCH", &format!("{MAIN}/status"), Some(unhealthy)).await?;
    let answer = world.fails("promote_cluster_instance", to("main-db-3")).await?;
    assert!(answer.text.contains("not healthy"), "{}", answer.text);

    let answer = world.done("promote_cluster_instance", to("main-db-2")).await?;
    assert_eq!((answer.outcome(), &answer.output["primary_before"]), ("done", &json!("main-db-1")));
    let status = &cluster(&world).await?["status"];
    assert_eq!(status["targetPrimary"], "main-db-2");
    let stamp = status["targetPrimaryTimestamp"].as_str().unwrap_or_default();
    assert_eq!(stamp.len(), "2026-03-05T13:45:00.000000Z".len(), "{stamp}: Go reads six digits");
    let used = world.sandbox.recorder().by_tool().remove("promote_cluster_instance").unwrap_or_default();
    let status = ("postgresql.cnpg.io".to_owned(), "clusters/status".to_owned(), "patch".to_owned());
    assert!(used.contains(&status), "{used:?}");
    Ok(())
}

#[tokio::test]
async fn a_restart_is_an_annotation() -> anyhow::Result<()> {
    let world = World::start().await?;
    let main = json!({ "name": "main-db" });
    plans(&world, "restart_postgres_cluster", main.clone()).await?;
    let answer = world.done("restart_postgres_cluster", main.clone()).await?;
    let now = cluster(&world).await?;
    assert_eq!(now["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"], answer.output["restarted_at"]);
    let hibernated = json!({ "metadata": { "annotations": { "cnpg.io/hibernation": "on" } } });
    world.kubernetes("PATCH", MAIN, Some(hibernated)).await?;
    let answer = world.fails("restart_postgres_cluster", main).await?;
    assert!(answer.text.contains("hibernated"), "{}", answer.text);
    Ok(())
}

/// At the beginning the status is still healthy: a wait does not take that for the end.
#[tokio::test]
async fn a_restart_is_waited_for_until_every_instance_was_restarted() -> anyhow::Result<()> {
    let world = World::start().await?;
    let started = async || -> anyhow::Result<Vec<Value>> {
        let (_, pods) = world.kubernetes("GET", PODS, None).await?;
        let pods = pods["items"].as_array().into_iter().flatten();
        Ok(pods.map(|pod| pod["metadata"]["uid"].clone()).collect())
    };
    let before = started().await?;
    let arguments = json!({ "name": "main-db", "wait": true, "timeout": 30 });
    let answer = world.done("restart_postgres_cluster", arguments).await?;
    assert_eq!(answer.outcome(), "done", "{}", answer.text);
    assert!(answer.text.contains("Restarted"), "{}", answer.text);
    assert_eq!((&answer.output["ready_instances"], &answer.output["instances"]), (&json!(3), &json!(3)));
    let after = started().await?;
    assert_eq!(after.len(), 3);
    assert!(after.iter().all(|uid| !before.contains(uid)), "an instance still runs in its old pod");
    Ok(())
}

#[tokio::test]
async fn a_switchover_is_waited_for() -> anyhow::Result<()> {
    let world = World::start().await?;
    let arguments = json!({ "name": "main-db", "instance": "main-db-3", "wait": true, "timeout": 30 });
    let answer = world.done("promote_cluster_instance", arguments).await?;
    assert_eq!(answer.output["current_primary"], "main-db-3", "{}", answer.text);
    assert!(answer.text.contains("is now the primary"), "{}", answer.text);
    let primaries = format!("{PODS}%2Ccnpg.io/instanceRole%3Dprimary");
    let (_, pods) = world.kubernetes("GET", &primaries, None).await?;
    assert_eq!(pods["items"][0]["metadata"]["name"], "main-db-3");
    Ok(())
}

#[tokio::test]
async fn a_hibernated_cluster_has_volumes_and_no_pods() -> anyhow::Result<()> {
    let world = World::start().await?;
    let to = |hibernate: bool| json!({ "name": "main-db", "hibernate": hibernate, "wait": true, "timeout": 30 });
    let asleep = world.done("hibernate_postgres_cluster", to(true)).await?;
    assert_eq!((asleep.outcome(), &asleep.output["ready_instances"]), ("done", &json!(0)), "{}", asleep.text);
    world.settled().await;
    assert!(world.names(PODS).await?.is_empty());
    assert_eq!(world.names(CLAIMS).await?.len(), 3);
    let awake = world.done("hibernate_postgres_cluster", to(false)).await?;
    assert_eq!(awake.output["ready_instances"], 3, "{}", awake.text);
    assert_eq!(world.names(PODS).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn hibernation_is_an_annotation_and_goes_back() -> anyhow::Result<()> {
    let world = World::start().await?;
    let to = |hibernate: bool| json!({ "name": "main-db", "hibernate": hibernate });
    assert_eq!(world.done("hibernate_postgres_cluster", to(false)).await?.outcome(), "unchanged");
    plans(&world, "hibernate_postgres_cluster", to(true)).await?;
    for (hibernate, word) in [(true, "on"), (false, "off")] {
        assert_eq!(world.done("hibernate_postgres_cluster", to(hibernate)).await?.outcome(), "done");
        assert_eq!(cluster(&world).await?["metadata"]["annotations"]["cnpg.io/hibernation"], word);
        assert_eq!(world.done("hibernate_postgres_cluster", to(hibernate)).await?.outcome(), "unchanged");
    }
    Ok(())
}

#[tokio::test]
async fn a_cluster_that_is_not_healthy_is_not_hibernated() -> anyhow::Result<()> {
    let world = World::start().await?;
    // The operator of the sandbox heals at once: the tool is shown a cluster as it is while that takes longer.
    let mut seen = cluster(&world).await?;
    seen["status"]["phase"] = json!("Failing over");
    world.sandbox.faults().add(Rule::new(
        Match::on("get", "clusters").by("hibernate_postgres_cluster"),
        Action::Raw { code: 200, content_type: "application/json".into(), body: seen.to_string() },
    ));
    let answer = world.fails("hibernate_postgres_cluster", json!({ "name": "main-db" })).await?;
    assert!(answer.text.contains("not healthy") && answer.text.contains("Failing over"), "{}", answer.text);
    assert_eq!(cluster(&world).await?["metadata"]["annotations"]["cnpg.io/hibernation"], Value::Null);
    Ok(())
}

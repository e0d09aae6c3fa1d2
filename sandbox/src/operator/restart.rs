//! A restart that is asked for by annotation (`kubectl cnpg restart`): every instance gets a new pod, replicas first
//! and the primary last, which stays the primary, switches over or waits for its user, as the cluster says.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cluster_view::ClusterView;
use super::lifecycle::{pace, step};
use super::status::{InstanceState, phase};
use super::steps::{enter, pods, ready_condition, start_pod, write};
use super::work::Step;
use super::world::World;

/// The annotation, on the Cluster and on every pod that has been restarted for it.
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

const WHY: &str = "cluster has been explicitly restarted via annotation";

/// Whether an instance runs since before the restart that is asked for.
fn is_stale(cluster: ClusterView<'_>, instance: &InstanceState) -> bool {
    let wanted = cluster.annotation(RESTARTED_AT);
    let restarted = |pod: &Value| pod["metadata"]["annotations"][RESTARTED_AT].as_str() == wanted;
    wanted.is_some() && instance.pod.as_deref().is_some_and(|pod| !restarted(pod))
}

/// Whether nothing but the primary is left to restart, and the cluster leaves that to its user.
pub fn is_left_to_the_user(object: &Arc<Value>, instances: &[InstanceState]) -> bool {
    let cluster = ClusterView::new(object);
    cluster.spec()["primaryUpdateStrategy"] == "supervised"
        && instances.iter().any(|instance| is_stale(cluster, instance))
}

/// The next instance to restart, where all are ready.
pub fn progress(object: &Arc<Value>, instances: &[InstanceState]) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let stale = |instance: &&InstanceState| is_stale(cluster, instance);
    let primary = cluster.current_primary();
    if let Some(replica) = instances.iter().rev().filter(|instance| instance.name != primary).find(stale) {
        let name = replica.name.clone();
        return Some(step(format!("restart {name}"), pace::REMOVE, object, move |world, cluster| {
            let reason = format!("Restarting instance {name}, because: {WHY}");
            recreate(world, cluster, &name, phase::UPGRADING, &reason);
        }));
    }
    let name = instances.iter().filter(|instance| instance.name == primary).find(stale)?.name.clone();
    if cluster.spec()["primaryUpdateStrategy"] == "supervised" {
        return (cluster.phase() != phase::WAITING_FOR_USER).then(|| {
            step("wait for the user", pace::START, object, |world, cluster| {
                say(world, cluster, phase::WAITING_FOR_USER, "User must issue a supervised switchover");
            })
        });
    }
    if cluster.spec()["primaryUpdateMethod"] != "switchover" {
        return Some(step(
            format!("restart {name} without a switchover"),
            pace::REMOVE,
            object,
            move |world, cluster| {
                recreate(world, cluster, &name, phase::RESTARTING_PRIMARY, WHY);
            },
        ));
    }
    let Some(heir) = instances.iter().find(|instance| instance.name != primary) else {
        return Some(step(format!("restart {name} alone"), pace::REMOVE, object, move |world, cluster| {
            let reason = format!("The primary instance needs to be restarted: {name}, reason: {WHY}");
            recreate(world, cluster, &name, phase::UPGRADING, &reason);
        }));
    };
    let heir = heir.name.clone();
    Some(step(format!("switch over to {heir}"), pace::START, object, move |world, cluster| {
        let message = format!("Initiating switchover to {heir} to upgrade {name}");
        world.event(cluster.object, "Normal", "Switchover", &message);
        let stamp = world.stamp();
        write(world, cluster, |status| {
            enter(status, phase::UPGRADING, WHY);
            status.insert("targetPrimary".to_owned(), json!(heir));
            status.insert("targetPrimaryTimestamp".to_owned(), json!(stamp));
            ready_condition(status, false, &stamp);
        });
    }))
}

fn say(world: &World, cluster: ClusterView<'_>, phase: &str, reason: &str) {
    let stamp = world.stamp();
    write(world, cluster, |status| {
        enter(status, phase, reason);
        ready_condition(status, false, &stamp);
    });
}

/// Another pod on the same volume.
fn recreate(world: &World, cluster: ClusterView<'_>, instance: &str, phase: &str, reason: &str) {
    say(world, cluster, phase, reason);
    world.event(cluster.object, "Normal", "UpgradingInstance", &format!("Upgrading instance {instance}"));
    world.remove(&pods(), cluster.namespace(), instance);
    start_pod(world, cluster, instance);
}

/// A new pod needs no restart that was asked for before it.
pub fn mark_new(pod: &mut Value, cluster: ClusterView<'_>) {
    if let Some(at) = cluster.annotation(RESTARTED_AT) {
        pod["metadata"]["annotations"][RESTARTED_AT] = json!(at);
    }
}

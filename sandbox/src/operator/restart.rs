//! A restart that is asked for by annotation (`kubectl cnpg restart`): replicas one after another, then the primary
//! in its place, or after a switchover where the cluster says so.

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
            say(world, cluster, phase::UPGRADING, &format!("Restarting instance {name}, because: {WHY}"));
            world.remove(&pods(), cluster.namespace(), &name);
            start_pod(world, cluster, &name);
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
    if cluster.spec()["primaryUpdateMethod"] == "switchover"
        && let Some(heir) = instances.iter().find(|instance| instance.name != primary)
    {
        let heir = heir.name.clone();
        return Some(step(format!("switch over to {heir}"), pace::START, object, move |world, cluster| {
            let stamp = world.stamp();
            write(world, cluster, |status| {
                enter(status, phase::SWITCHOVER, &format!("Switching over to {heir}, because: {WHY}"));
                status.insert("targetPrimary".to_owned(), json!(heir));
                status.insert("targetPrimaryTimestamp".to_owned(), json!(stamp));
                ready_condition(status, false, &stamp);
            });
        }));
    }
    Some(step(format!("restart {name} in place"), pace::READY, object, move |world, cluster| {
        restart_in_place(world, cluster, &name);
    }))
}

fn say(world: &World, cluster: ClusterView<'_>, phase: &str, reason: &str) {
    let stamp = world.stamp();
    world.event(cluster.object, "Normal", "UpgradingInstance", reason);
    write(world, cluster, |status| {
        enter(status, phase, reason);
        ready_condition(status, false, &stamp);
    });
}

/// PostgreSQL starts again in the same pod.
fn restart_in_place(world: &World, cluster: ClusterView<'_>, instance: &str) {
    say(world, cluster, phase::RESTARTING_PRIMARY, &format!("Restart of {instance}: {WHY}"));
    let at = cluster.annotation(RESTARTED_AT).unwrap_or_default();
    world.change(&pods(), cluster.namespace(), instance, |pod| mark(pod, at));
}

/// Notes on a pod for which restart it was restarted.
pub fn mark(pod: &mut Value, at: &str) {
    if !pod["metadata"]["annotations"].is_object() {
        pod["metadata"]["annotations"] = json!({});
    }
    pod["metadata"]["annotations"][RESTARTED_AT] = json!(at);
}

/// A new pod needs no restart that was asked for before it.
pub fn mark_new(pod: &mut Value, cluster: ClusterView<'_>) {
    if let Some(at) = cluster.annotation(RESTARTED_AT) {
        mark(pod, at);
    }
}

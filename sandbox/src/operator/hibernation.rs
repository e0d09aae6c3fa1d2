//! Hibernation: the pods go, the volumes stay (CloudNativePG's documentation, "Declarative Hibernation").

use std::sync::Arc;

use serde_json::Value;

use super::cluster_view::ClusterView;
use super::lifecycle::{pace, step};
use super::status::{InstanceState, phase, set_condition};
use super::steps::{pods, write};
use super::work::Step;
use super::world::World;

/// The annotation that asks for it, and the condition that tells of it.
const HIBERNATION: &str = "cnpg.io/hibernation";

/// Whether the cluster is to hibernate. Any value but `on` asks for nothing, as in the operator.
pub fn is_wanted(cluster: ClusterView<'_>) -> bool {
    cluster.annotation(HIBERNATION) == Some("on")
}

/// Whether the cluster goes to sleep now: only a healthy one begins to, since the volumes of another may not be whole.
pub fn may_go_on(cluster: ClusterView<'_>) -> bool {
    is_wanted(cluster) && (condition(cluster).is_some() || cluster.phase() == phase::HEALTHY)
}

/// The next step towards a hibernated cluster: the primary's pod goes first, so that no replica takes over.
pub fn progress(world: &World, object: &Arc<Value>, instances: &[InstanceState]) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let going = |instance: &&InstanceState| {
        let pod = world.store.get(&pods(), cluster.namespace(), &instance.name);
        pod.is_some_and(|pod| !pod["metadata"]["deletionTimestamp"].is_null())
    };
    if let Some(instance) = instances.iter().find(going) {
        let message = format!("Waiting for {} to be deleted", instance.name);
        return say(object, false, "WaitingPodsDeletion", message);
    }
    let awake = || instances.iter().filter(|instance| instance.pod.is_some());
    let primary = awake().find(|instance| instance.name == cluster.current_primary());
    let Some(next) = primary.or_else(|| awake().next()) else {
        return say(object, true, "Hibernated", "Cluster has been hibernated".to_owned());
    };
    say(object, false, "DeletingPods", "Hibernation is in progress".to_owned()).or_else(|| {
        let name = next.name.clone();
        Some(step(format!("put {name} to sleep"), pace::REMOVE, object, move |world, cluster| {
            world.remove(&pods(), cluster.namespace(), &name);
            write(world, cluster, |_| {});
        }))
    })
}

/// Sets the condition, where it does not say so already.
fn say(object: &Arc<Value>, done: bool, reason: &'static str, message: String) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let said = condition(cluster).is_some_and(|there| there["reason"] == reason && there["message"] == message);
    (!said).then(|| {
        step(format!("{reason} {message}"), pace::SETTLE, object, move |world, cluster| {
            let stamp = world.stamp();
            write(world, cluster, |status| set_condition(status, HIBERNATION, done, reason, &message, &stamp));
        })
    })
}

/// Takes the condition away from a cluster that is to be awake.
pub fn awaken(object: &Arc<Value>) -> Option<Step> {
    let cluster = ClusterView::new(object);
    condition(cluster).filter(|_| !is_wanted(cluster))?;
    Some(step("awaken", pace::START, object, |world, cluster| {
        write(world, cluster, |status| {
            if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
                conditions.retain(|condition| condition["type"] != HIBERNATION);
            }
        });
    }))
}

fn condition(cluster: ClusterView<'_>) -> Option<&Value> {
    cluster.status()["conditions"].as_array()?.iter().find(|condition| condition["type"] == HIBERNATION)
}

//! Hibernation: the pods go, the volumes stay (CloudNativePG's documentation, "Declarative Hibernation").

use std::sync::Arc;

use serde_json::Value;

use super::cluster_view::ClusterView;
use super::lifecycle::{pace, step};
use super::status::{InstanceState, set_condition};
use super::steps::{pods, write};
use super::work::Step;

/// The annotation that asks for it, and the condition that tells of it.
pub const HIBERNATION: &str = "cnpg.io/hibernation";

/// Whether the cluster is to hibernate.
pub fn is_wanted(cluster: ClusterView<'_>) -> bool {
    cluster.annotation(HIBERNATION) == Some("on")
}

/// The next step towards a hibernated cluster: the primary's pod first, so that the replicas get all it wrote.
pub fn progress(object: &Arc<Value>, instances: &[InstanceState]) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let primary = cluster.current_primary();
    let awake = || instances.iter().filter(|instance| instance.pod.is_some());
    let next = awake().find(|instance| instance.name == primary).or_else(|| awake().next());
    if let Some(instance) = next {
        let name = instance.name.clone();
        return Some(step(format!("put {name} to sleep"), pace::REMOVE, object, move |world, cluster| {
            let stamp = world.stamp();
            world.remove(&pods(), cluster.namespace(), &name);
            write(world, cluster, |status| {
                set_condition(status, HIBERNATION, false, "DeletingPods", "Hibernation is in progress", &stamp);
            });
        }));
    }
    (condition(cluster) != Some("Hibernated")).then(|| {
        step("hibernated", pace::SETTLE, object, |world, cluster| {
            let stamp = world.stamp();
            write(world, cluster, |status| {
                set_condition(status, HIBERNATION, true, "Hibernated", "Cluster has been hibernated", &stamp);
            });
        })
    })
}

/// Takes the condition away from a cluster that is to be awake.
pub fn awaken(object: &Arc<Value>) -> Option<Step> {
    condition(ClusterView::new(object))?;
    Some(step("awaken", pace::START, object, |world, cluster| {
        write(world, cluster, |status| {
            if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
                conditions.retain(|condition| condition["type"] != HIBERNATION);
            }
        });
    }))
}

/// Reason of the condition.
fn condition(cluster: ClusterView<'_>) -> Option<&str> {
    let conditions = cluster.status()["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == HIBERNATION)?["reason"].as_str()
}

//! Volumes that grow with `spec.storage` (CloudNativePG's documentation, "Volume expansion"). They never shrink.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cluster_view::ClusterView;
use super::lifecycle::{pace, step};
use super::status::InstanceState;
use super::steps::{claims, write};
use super::work::Step;
use super::world::World;
use crate::admission::quantity::Quantity;
use crate::store::Gvr;

/// The size that the spec asks for.
pub(super) fn wanted(cluster: ClusterView<'_>) -> Option<&str> {
    let storage = &cluster.spec()["storage"];
    storage["size"].as_str().or(storage["pvcTemplate"]["resources"]["requests"]["storage"].as_str())
}

/// Whether `left` is less than `right`, as quantities.
pub(super) fn is_less(left: &str, right: &str) -> bool {
    let (left, right) = (Quantity::parse(left), Quantity::parse(right));
    left.zip(right).is_some_and(|(left, right)| left.compare(right).is_lt())
}

/// Whether a claim's volume is being made larger.
pub(super) fn is_resizing(claim: &Value) -> bool {
    let conditions = claim["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == "Resizing" && condition["status"] == "True")
}

/// The next step towards volumes of the size that is asked for.
pub(super) fn progress(world: &World, object: &Arc<Value>, instances: &[InstanceState]) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let claims = || instances.iter().filter_map(|instance| instance.claim.as_deref());
    if claims().any(is_resizing) {
        return Some(step("resized", pace::RESIZE, object, finish));
    }
    let size = wanted(cluster)?;
    if cluster.spec()["storage"]["resizeInUseVolumes"] == false || !claims().any(|claim| grows(world, claim, size)) {
        return None;
    }
    Some(step(format!("resize to {size}"), pace::SETTLE, object, begin))
}

/// Whether a claim is smaller than `size` and Kubernetes lets it grow. Its storage class decides; of a class that
/// is not there nothing is known, and the sandbox's volumes grow.
fn grows(world: &World, claim: &Value, size: &str) -> bool {
    let smaller = claim["spec"]["resources"]["requests"]["storage"].as_str().is_some_and(|now| is_less(now, size));
    let class = claim["spec"]["storageClassName"].as_str();
    let class = class.and_then(|name| world.store.get(&Gvr::new("storage.k8s.io", "v1", "storageclasses"), "", name));
    smaller && class.is_none_or(|class| class["allowVolumeExpansion"] == true)
}

fn begin(world: &World, cluster: ClusterView<'_>) {
    let stamp = world.stamp();
    let Some(size) = wanted(cluster) else { return };
    for name in cluster.instance_names() {
        let Some(claim) = world.store.get(&claims(), cluster.namespace(), &name) else { continue };
        if !grows(world, &claim, size) {
            continue;
        }
        world.change(&claims(), cluster.namespace(), &name, |claim| {
            claim["spec"]["resources"]["requests"]["storage"] = json!(size);
            if claim["status"]["phase"] == "Bound" {
                claim["status"]["conditions"] =
                    json!([{"type": "Resizing", "status": "True", "lastTransitionTime": stamp}]);
            }
        });
        let message =
            format!("External resizer is resizing volume {}", claim["spec"]["volumeName"].as_str().unwrap_or_default());
        world.event_from("external-resizer sandbox.cnpg-mcp/volumes", &claim, "Normal", "Resizing", &message);
    }
    write(world, cluster, |_| {});
}

fn finish(world: &World, cluster: ClusterView<'_>) {
    for name in cluster.instance_names() {
        let Some(claim) = world.store.get(&claims(), cluster.namespace(), &name) else { continue };
        if !is_resizing(&claim) {
            continue;
        }
        world.change(&claims(), cluster.namespace(), &name, |claim| {
            claim["status"]["capacity"]["storage"] = claim["spec"]["resources"]["requests"]["storage"].clone();
            if let Some(status) = claim["status"].as_object_mut() {
                status.shift_remove("conditions");
            }
        });
        let volume = claim["spec"]["volumeName"].as_str().unwrap_or_default();
        let message = format!("MountVolume.NodeExpandVolume succeeded for volume \"{volume}\"");
        world.event_from("kubelet", &claim, "Normal", "FileSystemResizeSuccessful", &message);
    }
    write(world, cluster, |_| {});
}

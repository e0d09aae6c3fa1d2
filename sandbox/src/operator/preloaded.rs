//! Clusters that were there before the stand-in: their status and their objects, as they stand when
//! everything has long been made.

use serde_json::{Map, Value, json};

use super::annotations::BARE;
use super::cluster_view::{ClusterView, ordinal};
use super::fabric;
use super::instance_objects as objects;
use super::status::{phase, set_condition};
use super::steps::{claims, fabric_status, hex, pods, system_id};
use super::world::World;
use crate::store::Gvr;

/// Makes the objects of a cluster that was preloaded without them.
pub fn materialize(world: &World, cluster: ClusterView<'_>) {
    make_objects(world, cluster);
    world.change(&Gvr::cnpg("clusters"), cluster.namespace(), cluster.name(), |object| {
        if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
            annotations.shift_remove(BARE);
        }
    });
}

/// All objects of a healthy cluster, as they stand when its instances have long been ready.
pub fn make_objects(world: &World, cluster: ClusterView<'_>) {
    let stamp = world.stamp();
    for (gvr, object) in fabric::objects(cluster) {
        world.ensure(&gvr, object);
    }
    for instance in cluster.instance_names() {
        let role = if instance == cluster.current_primary() { "primary" } else { "replica" };
        world.ensure(&claims(), objects::claim(cluster, &instance));
        world.change(&claims(), cluster.namespace(), &instance, |claim| objects::bind(claim, role));
        let mut pod = objects::pod(cluster, &instance, &stamp);
        objects::make_ready(&mut pod, role, &stamp);
        world.ensure(&pods(), pod);
        world.log_start(cluster, &instance);
        world.log_ready(cluster, &instance, role == "primary");
    }
    world.ensure_contents(cluster);
}

/// The status of a healthy cluster with the instances `1..=instances` and the first as primary, as
/// preloaded clusters have it. Needs the cluster's objects only for the versions of its secrets.
pub fn healthy_status(world: &World, cluster: ClusterView<'_>) -> Value {
    let stamp = world.stamp();
    let names: Vec<String> =
        (1..=cluster.instances_wanted()).map(|number| format!("{}-{number}", cluster.name())).collect();
    let image = cluster.image_wanted();
    let mut status = fabric_status(world, cluster);
    let primary = &names[0];
    let count = names.len();
    let reported: Map<String, Value> = names
        .iter()
        .map(|name| {
            let ip = objects::pod_address(cluster, name);
            (name.clone(), json!({"isPrimary": name == primary, "ip": ip, "timeLineID": 1}))
        })
        .collect();
    let spread: Map<String, Value> = names.iter().map(|name| (name.clone(), json!({}))).collect();
    let nodes: std::collections::BTreeSet<u64> = names.iter().map(|name| (ordinal(name) - 1) % 3).collect();
    let facts = json!({
        "operatorCertificateFingerprint": hex(cluster, "operator", 64),
        "image": image, "pgDataImageInfo": {"image": image, "majorVersion": ClusterView::major(image)},
        "phase": phase::HEALTHY,
        "instances": count, "readyInstances": count, "pvcCount": count,
        "instanceNames": names, "healthyPVC": names, "instancesStatus": {"healthy": names},
        "instancesReportedState": reported,
        "currentPrimary": primary, "currentPrimaryTimestamp": stamp,
        "targetPrimary": primary, "targetPrimaryTimestamp": stamp,
        "timelineID": 1, "systemID": system_id(cluster),
        "topology": {"instances": spread, "nodesUsed": nodes.len(), "successfullyExtracted": true},
    });
    if let Value::Object(facts) = facts {
        status.extend(facts);
    }
    for (kind, reason, message) in [
        ("Initialized", "BootstrapCompleted", "Cluster has been bootstrapped"),
        ("ConsistentSystemID", "Unique", "A single, unique system ID was found across reporting instances."),
        ("Ready", "ClusterIsReady", "Cluster is Ready"),
        ("ContinuousArchiving", "ContinuousArchivingSuccess", "Continuous archiving is working"),
    ] {
        set_condition(&mut status, kind, true, reason, message, &stamp);
    }
    Value::Object(status)
}

//! What the status of a cluster says of its instances, derived from their objects.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::cluster_view::{ClusterView, ordinal};
use super::instance_objects::{Making, is_ready, pod_address};
use super::world::World;
use crate::store::Gvr;

/// Phases of a cluster, as CloudNativePG writes them (`api/v1`, documented in its API reference).
pub mod phase {
    /// The first primary is being made.
    pub const FIRST_PRIMARY: &str = "Setting up primary";
    /// A replica is being cloned.
    pub const CREATING_REPLICA: &str = "Creating a new replica";
    /// Pods are there and not all of them are ready.
    pub const WAITING: &str = "Waiting for the instances to become active";
    /// Nothing is left to do.
    pub const HEALTHY: &str = "Cluster in healthy state";
    /// The primary is gone and another takes over.
    pub const FAILING_OVER: &str = "Failing over";
    /// Another instance is to be the primary.
    pub const SWITCHOVER: &str = "Switchover in progress";
    /// Replicas are restarted; the primary waits for its user.
    pub const WAITING_FOR_USER: &str = "Waiting for user action";
    /// The primary is restarted in its pod.
    pub const RESTARTING_PRIMARY: &str = "Primary instance is being restarted in-place";
    /// Instances get another image.
    pub const UPGRADING: &str = "Upgrading cluster";
    /// Instances get another major version.
    pub const MAJOR_UPGRADE: &str = "Upgrading Postgres major version";
}

/// Objects of one instance as they are now.
#[derive(Debug, Clone)]
pub struct InstanceState {
    /// Name.
    pub name: String,
    /// Its pod.
    pub pod: Option<Arc<Value>>,
    /// Its claim.
    pub claim: Option<Arc<Value>>,
    /// The job that makes its data, and how; gone when the pod is there.
    pub job: Option<(Making, Arc<Value>)>,
}

impl InstanceState {
    /// Whether its pod is ready.
    pub fn is_ready(&self) -> bool {
        self.pod.as_deref().is_some_and(is_ready)
    }

    /// Whether its data is still being made.
    pub fn is_initializing(&self) -> bool {
        self.claim.as_deref().is_some_and(|claim| claim["metadata"]["annotations"]["cnpg.io/pvcStatus"] != "ready")
    }
}

/// The instances that a cluster's status names, by ordinal.
pub(super) fn observe(world: &World, cluster: ClusterView<'_>) -> Vec<InstanceState> {
    let namespace = cluster.namespace();
    let mine = |object: &Arc<Value>| {
        let owners = object["metadata"]["ownerReferences"].as_array();
        owners.into_iter().flatten().any(|owner| owner["uid"] == cluster.uid())
    };
    let get = |gvr: &Gvr, name: &str| world.store.get(gvr, namespace, name).filter(mine);
    let jobs = Gvr::new("batch", "v1", "jobs");
    let mut names = cluster.instance_names();
    names.sort_by_key(|name| ordinal(name));
    names
        .into_iter()
        .map(|name| InstanceState {
            pod: get(&Gvr::core("pods"), &name).filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()),
            claim: get(&Gvr::core("persistentvolumeclaims"), &name),
            job: Making::ALL.into_iter().find_map(|making| Some((making, get(&jobs, &making.job(&name))?))),
            name,
        })
        .collect()
}

/// Writes into `status` what follows from the instances.
pub fn derive(status: &mut Map<String, Value>, cluster: ClusterView<'_>, instances: &[InstanceState]) {
    let named = |wanted: &dyn Fn(&InstanceState) -> bool| -> Vec<&str> {
        instances.iter().filter(|instance| wanted(instance)).map(|instance| instance.name.as_str()).collect()
    };
    let primary = status.get("currentPrimary").and_then(Value::as_str).unwrap_or_default().to_owned();
    let timeline = status.get("timelineID").cloned();
    let ready = named(&|instance| instance.is_ready());
    let failed = named(&|instance| instance.pod.is_some() && !instance.is_ready());
    let healthy = named(&|instance| instance.pod.is_some());
    let initializing = named(&|instance| instance.pod.is_none() && instance.is_initializing());
    let dangling = named(&|instance| instance.pod.is_none() && instance.claim.is_some() && !instance.is_initializing());
    let jobs = instances.iter().filter(|instance| instance.job.is_some()).count();
    let nodes: std::collections::BTreeSet<&str> =
        instances.iter().filter_map(|instance| instance.pod.as_deref()?["spec"]["nodeName"].as_str()).collect();
    let mut reported = Map::new();
    for name in &ready {
        let mut state = json!({"isPrimary": *name == primary, "ip": pod_address(cluster, name)});
        if let Some(timeline) = &timeline {
            state["timeLineID"] = timeline.clone();
        }
        reported.insert((*name).to_owned(), state);
    }
    let mut by_state = Map::new();
    if !ready.is_empty() {
        by_state.insert("healthy".to_owned(), json!(ready));
    }
    if !failed.is_empty() {
        by_state.insert("failed".to_owned(), json!(failed));
    }
    let spread: Map<String, Value> =
        instances.iter().filter(|i| i.pod.is_some()).map(|i| (i.name.clone(), json!({}))).collect();
    let mut set = |key: &str, value: Value, keep: bool| {
        if keep {
            status.insert(key.to_owned(), value);
        } else {
            status.shift_remove(key);
        }
    };
    let count = instances.iter().filter(|instance| instance.claim.is_some()).count();
    set("instances", json!(count), count > 0);
    set("readyInstances", json!(ready.len()), !ready.is_empty());
    set("pvcCount", json!(count), count > 0);
    set("jobCount", json!(jobs), jobs > 0);
    set("healthyPVC", json!(healthy), !healthy.is_empty());
    set("initializingPVC", json!(initializing), !initializing.is_empty());
    set("danglingPVC", json!(dangling), !dangling.is_empty());
    set("instancesReportedState", Value::Object(reported), !ready.is_empty());
    set("instancesStatus", Value::Object(by_state.clone()), !by_state.is_empty());
    set(
        "topology",
        if spread.is_empty() {
            json!({"successfullyExtracted": true})
        } else {
            json!({"instances": spread, "nodesUsed": nodes.len(), "successfullyExtracted": true})
        },
        true,
    );
}

/// Sets a condition; the time of its last transition changes only with its status.
pub fn set_condition(
    status: &mut Map<String, Value>,
    kind: &str,
    holds: bool,
    reason: &str,
    message: &str,
    stamp: &str,
) {
    let value = if holds { "True" } else { "False" };
    let list = status.entry("conditions").or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return };
    let wanted = json!({
        "lastTransitionTime": stamp, "message": message, "reason": reason, "status": value, "type": kind,
    });
    match list.iter_mut().find(|condition| condition["type"] == kind) {
        Some(condition) => {
            let since =
                if condition["status"] == value { condition["lastTransitionTime"].clone() } else { json!(stamp) };
            *condition = wanted;
            condition["lastTransitionTime"] = since;
        }
        None => list.push(wanted),
    }
}

//! The way of a cluster's instances: which step comes next.
//!
//! Every decision looks only at what is in the store, so whatever anybody changes in between, the
//! next decision takes it in.

use std::sync::Arc;

use serde_json::Value;

use super::annotations::{BARE, POD_NEVER_READY, STUCK_PHASE};
use super::cluster_view::{ClusterView, ordinal};
use super::instance_objects::Making;
use super::status::{InstanceState, observe, phase};
use super::work::Step;
use super::world::World;
use super::{alterations, hibernation, preloaded, recovery, restart, steps};

/// Milliseconds that each step takes a real operator in a small cluster, roughly; the sandbox's
/// speed multiplies them.
pub(super) mod pace {
    pub const GREET: u64 = 20;
    pub const FABRIC: u64 = 150;
    pub const CREATE: u64 = 200;
    pub const INITDB: u64 = 1200;
    pub const JOIN: u64 = 900;
    pub const START: u64 = 100;
    pub const READY: u64 = 700;
    pub const SETTLE: u64 = 200;
    pub const REMOVE: u64 = 700;
    pub const FAILOVER: u64 = 500;
    pub const UPGRADE: u64 = 1500;
}

/// The next step for a cluster; `None` where nothing is left to do, or nothing may be done.
pub(super) fn decide(world: &World, namespace: &str, name: &str) -> Option<Step> {
    let object = world.cluster(namespace, name)?;
    let cluster = ClusterView::new(&object);
    if cluster.is_deleting() {
        return None;
    }
    let status = cluster.status();
    if cluster.annotation(BARE).is_some() {
        let settled = status["instances"].as_u64() == cluster.spec()["instances"].as_u64()
            && cluster.image() == cluster.image_wanted();
        return (!settled).then(|| step("materialize", 0, &object, preloaded::materialize));
    }
    if status["operatorCertificateFingerprint"].is_null() {
        return Some(step("greet", pace::GREET, &object, steps::greet));
    }
    if status["image"].is_null() {
        return Some(step("image", pace::GREET, &object, steps::read_image));
    }
    if status["certificates"].is_null() {
        return Some(step("fabric", pace::FABRIC, &object, steps::make_fabric));
    }
    let stuck = world.asked(&object, STUCK_PHASE);
    let stuck = stuck.as_deref();
    if stuck.is_some_and(|stuck| stuck == cluster.phase()) {
        return None;
    }
    let instances = observe(world, cluster);
    if instances.is_empty() {
        if hibernation::is_wanted(cluster) || (recovery::is_wanted(cluster) && !recovery::is_possible(world, cluster)) {
            return None;
        }
        let making = if recovery::is_wanted(cluster) { Making::Recovery } else { Making::Initdb };
        let instance = format!("{name}-1");
        return Some(step(format!("create {instance}"), pace::CREATE, &object, move |world, cluster| {
            steps::create_instance(world, cluster, &instance, making);
        }));
    }
    if hibernation::is_wanted(cluster) && instances.iter().all(|instance| !instance.is_initializing()) {
        return hibernation::progress(&object, &instances);
    }
    if let Some(step) = hibernation::awaken(&object) {
        return Some(step);
    }
    let unready = world.asked(&object, POD_NEVER_READY).unwrap_or_default();
    // The primary comes first, or a replica that is ready before it would take its place.
    let primary = |instance: &&InstanceState| instance.name == cluster.target_primary();
    let primary_first = instances.iter().filter(primary).chain(instances.iter().filter(|instance| !primary(instance)));
    failover(&object, &instances)
        .or_else(|| primary_first.into_iter().find_map(|instance| progress(&object, instance, &unready)))
        .or_else(|| count(&object, &instances))
        .or_else(|| settle(&object, &instances, stuck))
}

/// A step on the cluster as it is when the step is taken.
pub(super) fn step(
    what: impl Into<String>,
    millis: u64,
    object: &Arc<Value>,
    act: impl FnOnce(&World, ClusterView<'_>) + Send + 'static,
) -> Step {
    let cluster = ClusterView::new(object);
    let (namespace, name, uid) = (cluster.namespace().to_owned(), cluster.name().to_owned(), cluster.uid().to_owned());
    // Another cluster of the same name is another way to go.
    Step::new(format!("{uid}: {}", what.into()), millis, move |world| {
        if let Some(now) = world.cluster(&namespace, &name).filter(|now| now["metadata"]["uid"] == *uid) {
            act(world, ClusterView::new(&now));
        }
    })
}

/// The primary's pod is gone or no longer ready, and a replica is ready.
fn failover(object: &Arc<Value>, instances: &[InstanceState]) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let (current, target) = (cluster.current_primary(), cluster.target_primary());
    if current.is_empty() {
        return None;
    }
    if current != target {
        let heir = instances.iter().find(|instance| instance.name == target && instance.is_ready())?;
        let heir = heir.name.clone();
        return Some(step(format!("promote {heir}"), pace::FAILOVER, object, move |world, cluster| {
            alterations::promote(world, cluster, &heir);
        }));
    }
    if instances.iter().any(|instance| instance.name == current && instance.is_ready()) {
        return None;
    }
    let heir = instances.iter().find(|instance| instance.name != current && instance.is_ready())?.name.clone();
    Some(step(format!("fail over to {heir}"), pace::START, object, move |world, cluster| {
        alterations::begin_failover(world, cluster, &heir);
    }))
}

/// What one instance needs to become ready.
fn progress(object: &Arc<Value>, instance: &InstanceState, unready: &str) -> Option<Step> {
    let name = instance.name.clone();
    if let Some((making, job)) = &instance.job
        && instance.pod.is_none()
        && job["status"]["succeeded"].is_null()
    {
        let (making, millis) = (*making, if *making == Making::Join { pace::JOIN } else { pace::INITDB });
        return Some(step(format!("finish {name}"), millis, object, move |world, cluster| {
            steps::finish_job(world, cluster, &name, making);
        }));
    }
    if instance.claim.is_none() {
        return Some(step(format!("forget {name}"), pace::START, object, move |world, cluster| {
            steps::forget_instance(world, cluster, &name);
        }));
    }
    if instance.pod.is_none() {
        return Some(step(format!("start {name}"), pace::START, object, move |world, cluster| {
            steps::start_pod(world, cluster, &name);
        }));
    }
    if instance.is_ready() || steps::is_never_ready(unready, &name) {
        return None;
    }
    Some(step(format!("ready {name}"), pace::READY, object, move |world, cluster| {
        steps::become_ready(world, cluster, &name);
    }))
}

/// One instance more or one less.
fn count(object: &Arc<Value>, instances: &[InstanceState]) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let wanted = cluster.instances_wanted();
    if instances.len() > wanted {
        // Never the primary; of the others the highest goes.
        let victim = instances.iter().rev().find(|instance| instance.name != cluster.target_primary())?.name.clone();
        return Some(step(format!("remove {victim}"), pace::REMOVE, object, move |world, cluster| {
            steps::remove_instance(world, cluster, &victim);
        }));
    }
    if instances.len() < wanted && instances.iter().all(InstanceState::is_ready) {
        let highest = instances.iter().map(|instance| ordinal(&instance.name)).max().unwrap_or(0);
        let name = format!("{}-{}", cluster.name(), highest + 1);
        return Some(step(format!("create {name}"), pace::CREATE, object, move |world, cluster| {
            steps::create_instance(world, cluster, &name, Making::Join);
        }));
    }
    None
}

/// What is left when all instances are there.
fn settle(object: &Arc<Value>, instances: &[InstanceState], stuck: Option<&str>) -> Option<Step> {
    let cluster = ClusterView::new(object);
    if !instances.iter().all(InstanceState::is_ready) {
        // A pod that never becomes ready: the status has said so, and waits.
        let said = cluster.status()["readyInstances"].as_u64().unwrap_or(0);
        let ready = instances.iter().filter(|instance| instance.is_ready()).count() as u64;
        return (cluster.phase() != phase::WAITING || said != ready)
            .then(|| step("wait", pace::START, object, steps::wait));
    }
    if cluster.image() != cluster.image_wanted() {
        let upgrading = [phase::UPGRADING, phase::MAJOR_UPGRADE].contains(&cluster.phase());
        return Some(if upgrading {
            step("finish upgrade", pace::UPGRADE, object, alterations::finish_upgrade)
        } else {
            step("begin upgrade", pace::START, object, alterations::begin_upgrade)
        });
    }
    if let Some(step) = restart::progress(object, instances) {
        return Some(step);
    }
    if restart::is_left_to_the_user(object, instances) {
        return None;
    }
    let size = &cluster.spec()["storage"]["size"];
    let smaller = |instance: &InstanceState| {
        instance.claim.as_deref().is_some_and(|claim| claim["spec"]["resources"]["requests"]["storage"] != *size)
    };
    if size.is_string() && cluster.spec()["storage"]["resizeInUseVolumes"] != false && instances.iter().any(smaller) {
        return Some(step("resize", pace::SETTLE, object, alterations::resize));
    }
    let target = stuck.unwrap_or(phase::HEALTHY).to_owned();
    let count = cluster.status()["readyInstances"].as_u64().unwrap_or(0);
    let stale = usize::try_from(count).ok() != Some(instances.len());
    (cluster.phase() != target || stale)
        .then(|| step("settle", pace::SETTLE, object, move |world, cluster| steps::settle(world, cluster, &target)))
}

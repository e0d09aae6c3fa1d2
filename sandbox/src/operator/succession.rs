//! Who is the primary: switchovers, which `status.targetPrimary` asks for, and failovers, which nobody does.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cluster_view::ClusterView;
use super::instance_objects as objects;
use super::lifecycle::{pace, step};
use super::status::{InstanceState, phase};
use super::steps::{claims, enter, pods, ready_condition, write};
use super::work::Step;
use super::world::World;

/// The next step towards the primary that is wanted.
pub(super) fn progress(object: &Arc<Value>, instances: &[InstanceState]) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let (current, target) = (cluster.current_primary().to_owned(), cluster.target_primary().to_owned());
    let ready = |name: &str| instances.iter().any(|instance| instance.name == name && instance.is_ready());
    if current.is_empty() {
        return None;
    }
    let heir = || instances.iter().find(|instance| instance.is_ready() && instance.name != current);
    if current == target {
        // A primary that is restarted on purpose is waited for.
        if ready(&current) || cluster.phase() == phase::RESTARTING_PRIMARY {
            return None;
        }
        let heir = heir()?.name.clone();
        return Some(step(format!("fail over to {heir}"), pace::START, object, move |world, cluster| {
            begin_failover(world, cluster, &heir);
        }));
    }
    if !ready(&target) {
        // Nobody who could take over: the best of the others does, or the primary stays.
        let heir = heir().map(|heir| heir.name.clone()).or_else(|| ready(&current).then(|| current.clone()))?;
        return Some(step(format!("switch target to {heir}"), pace::FAILOVER, object, move |world, cluster| {
            switch_target(world, cluster, &heir);
        }));
    }
    if ready(&current) {
        return Some(step(format!("demote {current}"), pace::DEMOTE, object, demote));
    }
    Some(step(format!("promote {target}"), pace::FAILOVER, object, move |world, cluster| {
        promote(world, cluster, &target);
    }))
}

/// The primary is gone: `heir` is to take over.
fn begin_failover(world: &World, cluster: ClusterView<'_>, heir: &str) {
    let stamp = world.stamp();
    let from = cluster.current_primary();
    let unhealthy = format!("Current primary isn't healthy, initiating a failover from {from}");
    let reason = format!("Failing over from {from} to {heir}");
    world.event(cluster.object, "Normal", "FailingOver", &unhealthy);
    world.event(cluster.object, "Normal", "FailoverTarget", &reason);
    write(world, cluster, |status| {
        enter(status, phase::FAILING_OVER, &reason);
        status.insert("targetPrimary".to_owned(), json!(heir));
        status.insert("targetPrimaryTimestamp".to_owned(), json!(stamp));
        ready_condition(status, false, &stamp);
    });
}

/// Whoever was to take over cannot.
fn switch_target(world: &World, cluster: ClusterView<'_>, heir: &str) {
    let stamp = world.stamp();
    let from = cluster.target_primary();
    let message = format!("Target primary isn't healthy, switching target from {from} to {heir}");
    world.event(cluster.object, "Normal", "FailingOver", &message);
    write(world, cluster, |status| {
        enter(status, phase::SWITCHOVER, &format!("Switching over to {heir}"));
        status.insert("targetPrimary".to_owned(), json!(heir));
        status.insert("targetPrimaryTimestamp".to_owned(), json!(stamp));
        ready_condition(status, false, &stamp);
    });
}

/// The old primary shuts down, so that nothing that it wrote is lost.
fn demote(world: &World, cluster: ClusterView<'_>) {
    let stamp = world.stamp();
    let old = cluster.current_primary();
    world.log_demotion(cluster.namespace(), old);
    world.change(&pods(), cluster.namespace(), old, |pod| objects::set_ready(pod, false, &stamp));
    let target = cluster.target_primary();
    write(world, cluster, |status| {
        // Whoever asks says so too, as `kubectl cnpg promote` does.
        if status.get("phase").is_some_and(|there| there == phase::HEALTHY) {
            enter(status, phase::SWITCHOVER, &format!("Switching over to {target}"));
        }
        ready_condition(status, false, &stamp);
    });
}

/// `heir` has taken over.
fn promote(world: &World, cluster: ClusterView<'_>, heir: &str) {
    let stamp = world.stamp();
    let timeline = cluster.status()["timelineID"].as_u64().unwrap_or(1) + 1;
    world.log_promotion(cluster.namespace(), heir, timeline);
    for name in cluster.instance_names() {
        let role = if name == heir { "primary" } else { "replica" };
        world.change(&pods(), cluster.namespace(), &name, |pod| objects::set_role(pod, role));
        world.change(&claims(), cluster.namespace(), &name, |claim| objects::set_role(claim, role));
    }
    write(world, cluster, |status| {
        status.insert("currentPrimary".to_owned(), json!(heir));
        status.insert("currentPrimaryTimestamp".to_owned(), json!(stamp));
        status.insert("timelineID".to_owned(), json!(timeline));
    });
}

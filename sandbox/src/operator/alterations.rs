//! What happens to instances that are there: another primary, another image, more storage.

use serde_json::{Value, json};

use super::cluster_view::ClusterView;
use super::instance_objects as objects;
use super::status::phase;
use super::steps::{claims, enter, pods, ready_condition, write};
use super::world::World;

/// The primary is gone: `heir` is to take over.
pub fn begin_failover(world: &World, cluster: ClusterView<'_>, heir: &str) {
    let stamp = world.stamp();
    let from = cluster.current_primary();
    world.event(
        cluster.object,
        "Normal",
        "FailingOver",
        &format!("Current primary isn't healthy, initiating a failover from {from} to {heir}"),
    );
    write(world, cluster, |status| {
        enter(status, phase::FAILING_OVER, &format!("Failing over from {from} to {heir}"));
        status.insert("targetPrimary".to_owned(), json!(heir));
        status.insert("targetPrimaryTimestamp".to_owned(), json!(stamp));
        ready_condition(status, false, &stamp);
    });
}

/// `heir` has taken over.
pub fn promote(world: &World, cluster: ClusterView<'_>, heir: &str) {
    let stamp = world.stamp();
    world.change(&pods(), cluster.namespace(), heir, |pod| objects::set_role(pod, "primary"));
    world.change(&claims(), cluster.namespace(), heir, |claim| objects::set_role(claim, "primary"));
    for old in cluster.instance_names().iter().filter(|name| *name != heir) {
        world.change(&claims(), cluster.namespace(), old, |claim| objects::set_role(claim, "replica"));
        world.change(&pods(), cluster.namespace(), old, |pod| objects::set_role(pod, "replica"));
    }
    write(world, cluster, |status| {
        let timeline = status.get("timelineID").and_then(Value::as_u64).unwrap_or(1);
        status.insert("currentPrimary".to_owned(), json!(heir));
        status.insert("currentPrimaryTimestamp".to_owned(), json!(stamp));
        status.insert("timelineID".to_owned(), json!(timeline + 1));
    });
}

/// Another image is asked for.
pub fn begin_upgrade(world: &World, cluster: ClusterView<'_>) {
    let (from, to) = (cluster.image(), cluster.image_wanted());
    let major = ClusterView::major(from) != ClusterView::major(to);
    let stamp = world.stamp();
    let (phase, reason) = if major {
        let versions = (ClusterView::major(from), ClusterView::major(to));
        (phase::MAJOR_UPGRADE, format!("Upgrading cluster from version {} to version {}", versions.0, versions.1))
    } else {
        let last = cluster.instance_names().pop().unwrap_or_default();
        let why = format!("the instance is using a different image: {from} -> {to}");
        (phase::UPGRADING, format!("Restarting instance {last}, because: {why}"))
    };
    world.event(cluster.object, "Normal", "UpgradingInstance", &reason);
    write(world, cluster, |status| {
        enter(status, phase, &reason);
        ready_condition(status, false, &stamp);
    });
}

/// All instances run the image that is asked for.
pub fn finish_upgrade(world: &World, cluster: ClusterView<'_>) {
    let image = cluster.image_wanted();
    let version = ClusterView::major(image).to_string();
    for name in cluster.instance_names() {
        world.change(&pods(), cluster.namespace(), &name, |pod| {
            pod["spec"]["containers"][0]["image"] = json!(image);
            pod["status"]["containerStatuses"][0]["image"] = json!(image);
            pod["metadata"]["labels"]["app.kubernetes.io/version"] = json!(version);
        });
    }
    write(world, cluster, |status| {
        status.insert("image".to_owned(), json!(image));
        status.insert("pgDataImageInfo".to_owned(), json!({"image": image, "majorVersion": ClusterView::major(image)}));
    });
}

/// The claims get the size that is asked for.
pub fn resize(world: &World, cluster: ClusterView<'_>) {
    let size = &cluster.spec()["storage"]["size"];
    for name in cluster.instance_names() {
        world.change(&claims(), cluster.namespace(), &name, |claim| {
            claim["spec"]["resources"]["requests"]["storage"] = size.clone();
            if claim["status"]["phase"] == "Bound" {
                claim["status"]["capacity"]["storage"] = size.clone();
            }
        });
    }
    write(world, cluster, |_| {});
}

//! Another image for instances that are there.

use serde_json::json;

use super::cluster_view::ClusterView;
use super::status::phase;
use super::steps::{enter, pods, ready_condition, write};
use super::world::World;

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
        world.event(cluster.object, "Normal", "UpgradingInstance", &format!("Upgrading instance {name}"));
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

//! A cluster made from a backup (CloudNativePG's documentation, "Recovery").

use serde_json::Value;

use super::cluster_view::ClusterView;
use super::postgres::Contents;
use super::world::World;
use crate::store::Gvr;

/// Whether the cluster is to be made from a backup.
pub fn is_wanted(cluster: ClusterView<'_>) -> bool {
    cluster.spec()["bootstrap"]["recovery"].is_object()
}

/// The Backup that the cluster is made from.
pub fn backup_name(cluster: ClusterView<'_>) -> Option<&str> {
    cluster.spec()["bootstrap"]["recovery"]["backup"]["name"].as_str()
}

/// Whether the recovery can begin: the backup is there and completed. Without a Backup object (an object store is
/// named instead) it begins at once.
pub fn is_possible(world: &World, cluster: ClusterView<'_>) -> bool {
    backup_name(cluster).is_none_or(|name| {
        let backup = world.store.get(&Gvr::cnpg("backups"), cluster.namespace(), name);
        backup.is_some_and(|backup| backup["status"]["phase"] == "completed")
    })
}

/// What the new cluster holds: what the cluster of the backup holds, with this one's own password of the
/// application's owner. `None` where that cluster is not known here.
pub fn contents(world: &World, cluster: ClusterView<'_>, password: Option<String>) -> Option<Contents> {
    let backup = world.store.get(&Gvr::cnpg("backups"), cluster.namespace(), backup_name(cluster)?)?;
    let source = backup["spec"]["cluster"]["name"].as_str()?;
    let mut contents = world.postgres.contents(cluster.namespace(), source)?;
    cluster.uid().clone_into(&mut contents.uid);
    if let Some(owner) = contents.roles.get_mut(cluster.app_owner()) {
        owner.password = password;
    }
    Some(contents)
}

/// Clusters in a namespace that wait for a backup.
pub fn waiting_for<'c>(clusters: &'c [std::sync::Arc<Value>], backup: &str) -> impl Iterator<Item = &'c Value> {
    clusters
        .iter()
        .map(AsRef::as_ref)
        .filter(move |cluster| backup_name(ClusterView::new(cluster)).is_some_and(|name| name == backup))
}

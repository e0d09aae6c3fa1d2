//! A cluster made from a backup (CloudNativePG's documentation, "Recovery"): from a `Backup` object, or from an object
//! store that `externalClusters` names.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::backups;
use super::cluster_view::ClusterView;
use super::lifecycle::{pace, step};
use super::object_store::BaseBackup;
use super::postgres::RoleFacts;
use super::storage;
use super::work::Step;
use super::world::World;
use crate::store::Gvr;

/// Whether the cluster is to be made from a backup.
pub fn is_wanted(cluster: ClusterView<'_>) -> bool {
    cluster.spec()["bootstrap"]["recovery"].is_object()
}

/// The Backup that the cluster is made from.
fn backup_name(cluster: ClusterView<'_>) -> Option<&str> {
    cluster.spec()["bootstrap"]["recovery"]["backup"]["name"].as_str()
}

fn backup(world: &World, cluster: ClusterView<'_>) -> Option<Arc<Value>> {
    world.store.get(&Gvr::cnpg("backups"), cluster.namespace(), backup_name(cluster)?)
}

/// Whether the recovery can begin: the backup is there and completed. Without a Backup object (an object store is
/// named instead) it begins at once.
pub fn is_possible(world: &World, cluster: ClusterView<'_>) -> bool {
    backup_name(cluster).is_none()
        || backup(world, cluster).is_some_and(|backup| backup["status"]["phase"] == "completed")
}

/// Says once that the backup is missing; of one that is not completed the operator says nothing.
pub fn complain(world: &World, object: &Arc<Value>) -> Option<Step> {
    let cluster = ClusterView::new(object);
    let name = backup_name(cluster)?;
    let message = format!("Backup object \"{}/{name}\" is missing", cluster.namespace());
    if backup(world, cluster).is_some() || world.has_said(object, "ErrorNoBackup", &message) {
        return None;
    }
    Some(step("miss the backup", pace::GREET, object, move |world, cluster| {
        world.event(cluster.object, "Warning", "ErrorNoBackup", &message);
    }))
}

/// Puts into the new cluster what the recovery gives, with its own owner and password of the application's database.
///
/// # Errors
/// Why there is nothing to recover from, or nowhere to recover to.
pub fn restore(world: &World, cluster: ClusterView<'_>) -> Result<(), String> {
    let base = base_backup(world, cluster)?;
    let volume = storage::wanted(cluster).unwrap_or_default();
    if storage::is_less(volume, &base.volume) {
        return Err("barman-cloud-restore: No space left on device".to_owned());
    }
    let target = target_time(cluster)?;
    let now = world.store.clock().now();
    if target.is_some_and(|target| target < base.ended) {
        return Err("requested recovery stop point is before consistent recovery point".to_owned());
    }
    if target.is_some_and(|target| target > now) {
        return Err("recovery ended before configured recovery target was reached".to_owned());
    }
    let contents = world.postgres.past(&base.cluster, target);
    let mut contents = contents.ok_or("the base backup holds no data that is known here")?;
    cluster.uid().clone_into(&mut contents.uid);
    let (database, owner) = (cluster.app_database(), cluster.app_owner());
    let there = contents.roles.get(owner).cloned();
    let mut facts = there.unwrap_or_else(|| RoleFacts::wanted(&serde_json::json!({"login": true})));
    facts.password =
        world.secret_password(cluster.namespace(), &cluster.secret("app")).map(|(_, password, _)| password);
    contents.write_role(owner, facts);
    contents.write_database(database, owner);
    world.postgres.replace(cluster.namespace(), cluster.name(), contents);
    Ok(())
}

fn target_time(cluster: ClusterView<'_>) -> Result<Option<Timestamp>, String> {
    let Some(text) = cluster.spec()["bootstrap"]["recovery"]["recoveryTarget"]["targetTime"].as_str() else {
        return Ok(None);
    };
    // As in PostgreSQL `2026-01-31 12:00:00+00` is a time too.
    let written = text.replacen(' ', "T", 1);
    let time = written.parse::<Timestamp>().or_else(|_| format!("{written}Z").parse());
    time.map(Some).map_err(|_| format!("invalid value for parameter \"recovery_target_time\": \"{text}\""))
}

/// The backup to begin with: the one that is named, or the newest in the source's place before the target.
fn base_backup(world: &World, cluster: ClusterView<'_>) -> Result<BaseBackup, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let recovery = &cluster.spec()["bootstrap"]["recovery"];
    let (place, id) = if let Some(backup) = backup(world, cluster) {
        let status = &backup["status"];
        ((text(&status["destinationPath"]), text(&status["serverName"])), text(&status["backupId"]))
    } else {
        let source = recovery["source"].as_str().unwrap_or_default();
        let external = cluster.spec()["externalClusters"].as_array().into_iter().flatten();
        let external = external.into_iter().find(|external| external["name"] == source);
        let store = &external.ok_or_else(|| format!("missing external cluster: {source}"))?["barmanObjectStore"];
        let place = (text(&store["destinationPath"]), backups::server(store, source).to_owned());
        (place, text(&recovery["recoveryTarget"]["backupID"]))
    };
    let target = target_time(cluster)?.filter(|_| id.is_empty());
    let fits =
        |backup: &BaseBackup| (id.is_empty() || backup.id == id) && target.is_none_or(|target| backup.ended <= target);
    world.object_store.newest(&place, fits).ok_or_else(|| "no target backup found".to_owned())
}

/// Clusters in a namespace that wait for a backup.
pub fn waiting_for<'c>(clusters: &'c [Arc<Value>], backup: &str) -> impl Iterator<Item = &'c Value> {
    clusters
        .iter()
        .map(AsRef::as_ref)
        .filter(move |cluster| backup_name(ClusterView::new(cluster)).is_some_and(|name| name == backup))
}

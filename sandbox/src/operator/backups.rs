//! `Backup` objects: taken where the cluster says where to, failed with CloudNativePG's words where not.

use serde_json::{Value, json};

use super::cluster_view::ClusterView;
use super::status::set_condition;
use super::work::Step;
use super::world::World;
use crate::store::Gvr;

/// Milliseconds until a backup begins, and until it is there.
const BEGINNING: u64 = 200;
const RUNNING: u64 = 1500;

/// The condition of a cluster that tells how its last backup went.
const LAST_BACKUP: &str = "LastBackupSucceeded";

/// The next step for a `Backup`.
pub(super) fn decide(world: &World, namespace: &str, name: &str) -> Option<Step> {
    let gvr = Gvr::cnpg("backups");
    let object = world.store.get(&gvr, namespace, name)?;
    let phase = object["status"]["phase"].as_str().unwrap_or_default();
    if matches!(phase, "completed" | "failed") || !object["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let cluster_name = object["spec"]["cluster"]["name"].as_str()?.to_owned();
    let owner = world.cluster(namespace, &cluster_name)?;
    let cluster = ClusterView::new(&owner);
    // Without an instance to take it from it stays as it is.
    let ready = cluster.status()["instancesStatus"]["healthy"].as_array();
    let pod = target(&object, cluster, ready?)?;
    let method = object["spec"]["method"].as_str().unwrap_or("barmanObjectStore").to_owned();
    let store = &cluster.spec()["backup"]["barmanObjectStore"];
    let destination = store["destinationPath"].clone();
    let missing = match method.as_str() {
        "barmanObjectStore" if store.is_null() => Some("barmanObjectStore"),
        "volumeSnapshot" if cluster.spec()["backup"]["volumeSnapshot"].is_null() => Some("volumeSnapshot"),
        _ => None,
    };
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    if phase != "running" {
        return Some(Step::new("begin", BEGINNING, move |world| {
            let stamp = world.stamp();
            let failure = missing.map(|section| format!("no {section} section defined on the target cluster"));
            world.change_status(&gvr, &namespace, &name, |object| {
                let status = &mut object["status"];
                status["method"] = json!(method);
                if let Some(error) = &failure {
                    status["phase"] = json!("failed");
                    status["error"] = json!(error);
                } else {
                    status["phase"] = json!("running");
                    status["startedAt"] = json!(stamp);
                    status["instanceID"] = json!({"podName": pod});
                }
            });
            if let Some(error) = failure {
                note_failure(world, &namespace, &cluster_name, &error, &stamp);
            }
        }));
    }
    Some(Step::new("finish", RUNNING, move |world| {
        let stamp = world.stamp();
        let started = object["status"]["startedAt"].as_str().unwrap_or_default();
        let digits: String = started.chars().filter(char::is_ascii_digit).collect();
        world.change_status(&gvr, &namespace, &name, |object| {
            let status = &mut object["status"];
            status["phase"] = json!("completed");
            status["stoppedAt"] = json!(stamp);
            status["backupId"] =
                json!(format!("{}T{}", digits.get(..8).unwrap_or_default(), digits.get(8..).unwrap_or_default()));
            status["backupName"] = json!(format!("backup-{digits}"));
            status["serverName"] = json!(cluster_name);
            if destination.is_string() {
                status["destinationPath"] = destination.clone();
            }
        });
        note_success(world, &namespace, &cluster_name, &method, &stamp);
    }))
}

/// The instance that a backup is taken from: a replica where one is preferred and ready, else the primary.
fn target(backup: &Value, cluster: ClusterView<'_>, ready: &[Value]) -> Option<String> {
    let wanted = backup["spec"]["target"].as_str().or(cluster.spec()["backup"]["target"].as_str());
    let primary = cluster.current_primary();
    let mut ready = ready.iter().filter_map(Value::as_str);
    let standby = ready.clone().find(|name| *name != primary).filter(|_| wanted == Some("prefer-standby"));
    standby.or_else(|| ready.find(|name| *name == primary)).map(str::to_owned)
}

fn note_failure(world: &World, namespace: &str, cluster: &str, error: &str, stamp: &str) {
    world.change_status(&Gvr::cnpg("clusters"), namespace, cluster, |object| {
        object["status"]["lastFailedBackup"] = json!(stamp);
        if let Some(status) = object["status"].as_object_mut() {
            set_condition(status, LAST_BACKUP, false, "LastBackupFailed", error, stamp);
        }
    });
}

fn note_success(world: &World, namespace: &str, cluster: &str, method: &str, stamp: &str) {
    world.change_status(&Gvr::cnpg("clusters"), namespace, cluster, |object| {
        let status = &mut object["status"];
        if status["firstRecoverabilityPoint"].is_null() {
            status["firstRecoverabilityPoint"] = json!(stamp);
        }
        first(&mut status["firstRecoverabilityPointByMethod"], method, stamp);
        status["lastSuccessfulBackup"] = json!(stamp);
        status["lastSuccessfulBackupByMethod"][method] = json!(stamp);
        if let Some(status) = status.as_object_mut() {
            set_condition(status, LAST_BACKUP, true, "LastBackupSucceeded", "Backup was successful", stamp);
        }
    });
}

fn first(by_method: &mut Value, method: &str, stamp: &str) {
    if by_method[method].is_null() {
        by_method[method] = json!(stamp);
    }
}

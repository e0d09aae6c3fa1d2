//! `Backup` objects: pending, started, running, completed; or failed, with CloudNativePG's words.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster_view::ClusterView;
use super::hibernation;
use super::object_store::BaseBackup;
use super::status::set_condition;
use super::storage;
use super::work::Step;
use super::world::World;
use crate::store::Gvr;

/// Milliseconds until a backup is looked at, begins, and is there.
const SEEING: u64 = 100;
const BEGINNING: u64 = 200;
const RUNNING: u64 = 1500;

/// The condition of a cluster that tells how its last backup went.
const LAST_BACKUP: &str = "LastBackupSucceeded";

/// Who speaks in events: the operator's controller of backups, and the instance manager that makes them.
const CONTROLLER: &str = "cloudnative-pg-backup";
const INSTANCE: &str = "instance-manager";

/// Bytes of a WAL file, and how often one is archived at least (`archive_timeout`), in seconds.
const SEGMENT: u64 = 16 << 20;
const ARCHIVED_EVERY: u64 = 300;

fn gvr() -> Gvr {
    Gvr::cnpg("backups")
}

/// Whether nothing more will become of a backup.
pub(super) fn is_done(backup: &Value) -> bool {
    matches!(backup["status"]["phase"].as_str(), Some("completed" | "failed"))
}

/// The next step for a `Backup`.
pub(super) fn decide(world: &World, namespace: &str, name: &str) -> Option<Step> {
    let object = world.store.get(&gvr(), namespace, name)?;
    if is_done(&object) || !object["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let cluster_name = object["spec"]["cluster"]["name"].as_str().unwrap_or_default();
    let Some(owner) = world.cluster(namespace, cluster_name) else {
        let message = format!("Unknown cluster {cluster_name}, will retry in 30 seconds");
        return pending(&object, "FindingCluster", Some(message));
    };
    let cluster = ClusterView::new(&owner);
    if let Some((reason, message)) = missing(&object, cluster) {
        return Some(fail(&object, message, reason, message));
    }
    match object["status"]["phase"].as_str() {
        Some("running") => Some(finish(&object, cluster)),
        Some("started") => Some(run(&object)),
        _ if !may_begin(world, &object) => pending(&object, "", None),
        _ => {
            if let Some(pod) = target(&object, cluster) {
                return Some(start(&object, cluster, pod));
            }
            let wanted = cluster.target_primary();
            let message = format!("Couldn't find target pod {wanted}, will retry in 30 seconds");
            pending(&object, "FindingPod", Some(message))
        }
    }
}

/// What the cluster lacks for this backup: reason and message of the operator.
fn missing(backup: &Value, cluster: ClusterView<'_>) -> Option<(&'static str, &'static str)> {
    let settings = &cluster.spec()["backup"];
    let method = method(backup);
    if hibernation::is_wanted(cluster) {
        return Some(("ClusterIsHibernated", "cannot backup a hibernated cluster"));
    }
    if method == "plugin" {
        let none = cluster.spec()["plugins"].as_array().is_none_or(Vec::is_empty);
        let message = "cannot proceed with the backup as the cluster has no plugin configured";
        return none.then_some(("ClusterHasNoBackupExecutorPlugin", message));
    }
    if settings.is_null() {
        let message = "cannot proceed with the backup as the cluster has no backup section";
        return Some(("ClusterHasBackupConfigured", message));
    }
    match method {
        // No sandbox has the CRD of volume snapshots.
        "volumeSnapshot" => Some((
            "ClusterHasNoVolumeSnapshotCRD",
            "cannot proceed with the backup as the Kubernetes cluster has no VolumeSnapshot support",
        )),
        _ if settings["barmanObjectStore"].is_null() => {
            Some(("ClusterHasNoBarmanSection", "no barmanObjectStore section defined on the target cluster"))
        }
        _ => None,
    }
}

fn method(backup: &Value) -> &str {
    backup["spec"]["method"].as_str().unwrap_or("barmanObjectStore")
}

/// Whether no other backup of the cluster goes before this one: one that has begun, or waits and is named before it.
fn may_begin(world: &World, backup: &Value) -> bool {
    let (metadata, spec) = (&backup["metadata"], &backup["spec"]);
    let others = world.store.list(&gvr(), metadata["namespace"].as_str());
    !others.iter().filter(|other| other["spec"]["cluster"]["name"] == spec["cluster"]["name"]).any(|other| {
        let first = other["metadata"]["name"].as_str() < metadata["name"].as_str();
        match other["status"]["phase"].as_str() {
            Some("started" | "running" | "finalizing") => other["metadata"]["name"] != metadata["name"],
            Some("pending") => first,
            _ => false,
        }
    })
}

/// The instance that a backup is taken from: a ready replica unless the primary is asked for, else the primary.
fn target(backup: &Value, cluster: ClusterView<'_>) -> Option<String> {
    let wanted = backup["spec"]["target"].as_str().or(cluster.spec()["backup"]["target"].as_str());
    let primary = cluster.target_primary();
    let ready = cluster.status()["instancesStatus"]["healthy"].as_array()?;
    let mut ready = ready.iter().filter_map(Value::as_str);
    let standby = ready.clone().find(|name| *name != primary).filter(|_| wanted != Some("primary"));
    standby.or_else(|| ready.find(|name| *name == primary)).map(str::to_owned)
}

/// A step on the backup as it is when the step is taken.
fn step(
    what: impl Into<String>,
    millis: u64,
    backup: &Value,
    act: impl FnOnce(&World, &Value) + Send + 'static,
) -> Step {
    let text = |key: &str| backup["metadata"][key].as_str().unwrap_or_default().to_owned();
    let (namespace, name, uid) = (text("namespace"), text("name"), text("uid"));
    Step::new(what, millis, move |world| {
        let now = world.store.get(&gvr(), &namespace, &name).filter(|now| now["metadata"]["uid"] == *uid);
        if let Some(now) = now {
            act(world, &now);
        }
    })
}

fn write(world: &World, backup: &Value, mut edit: impl FnMut(&mut Value)) {
    let metadata = &backup["metadata"];
    world.change_status(&gvr(), text_of(&metadata["namespace"]), text_of(&metadata["name"]), |object| {
        if !object["status"].is_object() {
            object["status"] = json!({});
        }
        edit(&mut object["status"]);
    });
}

/// It has to wait, and says why where there is something to say.
fn pending(backup: &Arc<Value>, reason: &'static str, message: Option<String>) -> Option<Step> {
    if backup["status"]["phase"] == "pending" {
        return None;
    }
    Some(step("wait", SEEING, backup, move |world, backup| {
        if let Some(message) = &message {
            world.event_from(CONTROLLER, backup, "Warning", reason, message);
        }
        write(world, backup, |status| status["phase"] = json!("pending"));
    }))
}

fn fail(backup: &Arc<Value>, error: impl Into<String>, reason: &'static str, message: impl Into<String>) -> Step {
    let (error, message) = (error.into(), message.into());
    step(format!("fail: {error}"), SEEING, backup, move |world, backup| {
        world.event_from(CONTROLLER, backup, "Warning", reason, &message);
        write(world, backup, |status| {
            status["phase"] = json!("failed");
            status["error"] = json!(error);
        });
        let stamp = world.stamp();
        of_cluster(world, backup, |cluster| {
            cluster["status"]["lastFailedBackup"] = json!(stamp);
            condition(cluster, false, "LastBackupFailed", &error, &stamp);
        });
    })
}

/// The instance is chosen.
fn start(backup: &Arc<Value>, cluster: ClusterView<'_>, pod: String) -> Step {
    let major = ClusterView::major(cluster.image());
    let cluster = cluster.name().to_owned();
    step(format!("start on {pod}"), SEEING, backup, move |world, backup| {
        world.event_from(CONTROLLER, backup, "Normal", "Starting", &format!("Starting backup for cluster {cluster}"));
        let method = method(backup).to_owned();
        write(world, backup, |status| {
            status["phase"] = json!("started");
            status["method"] = json!(method);
            status["instanceID"] = json!({"podName": pod});
            status["majorVersion"] = json!(major);
        });
    })
}

/// The instance manager begins.
fn run(backup: &Arc<Value>) -> Step {
    step("run", BEGINNING, backup, |world, backup| {
        let (now, stamp) = (world.store.clock().now(), world.stamp());
        let namespace = backup["metadata"]["namespace"].as_str().unwrap_or_default();
        let cluster = backup["spec"]["cluster"]["name"].as_str().unwrap_or_default();
        let Some(owner) = world.cluster(namespace, cluster) else { return };
        let place = &owner["spec"]["backup"]["barmanObjectStore"];
        let barman = method(backup) == "barmanObjectStore";
        write(world, backup, |status| {
            status["phase"] = json!("running");
            status["startedAt"] = json!(stamp);
            status["backupName"] = json!(format!("backup-{}", now.strftime("%Y%m%d%H%M%S")));
            if !barman {
                return;
            }
            status["serverName"] = json!(server(place, cluster));
            for key in [
                "destinationPath",
                "endpointURL",
                "endpointCA",
                "s3Credentials",
                "azureCredentials",
                "googleCredentials",
            ] {
                if !place[key].is_null() {
                    status[key] = place[key].clone();
                }
            }
        });
        world.event_from(INSTANCE, backup, "Normal", "Starting", "Backup started");
        let pod = backup["status"]["instanceID"]["podName"].as_str().unwrap_or_default();
        world.log_manager(namespace, pod, "Starting barman-cloud-backup");
        world.log_postgres(namespace, pod, "checkpointer", &["checkpoint starting: force wait"]);
        of_cluster(world, backup, |cluster| {
            condition(cluster, false, "BackupStarted", "New Backup starting up", &stamp);
        });
    })
}

/// Folder of a cluster in an object store.
pub(super) fn server<'a>(store: &'a Value, otherwise: &'a str) -> &'a str {
    store["serverName"].as_str().filter(|name| !name.is_empty()).unwrap_or(otherwise)
}

/// The backup is there, or its instance is not.
fn finish(backup: &Arc<Value>, cluster: ClusterView<'_>) -> Step {
    let pod = backup["status"]["instanceID"]["podName"].as_str().unwrap_or_default();
    let healthy = cluster.status()["instancesStatus"]["healthy"].as_array();
    if !healthy.is_some_and(|healthy| healthy.iter().any(|name| name == pod)) {
        let error = format!("target pod {pod} is not healthy for backup in cluster {}", cluster.name());
        let message = format!("Error ensuring target pod is healthy: {error}");
        let why = format!("while ensuring target pod is healthy: {error}");
        return fail(backup, why, "TargetPodNotHealthy", message);
    }
    step("finish", RUNNING, backup, |world, backup| {
        let (now, stamp) = (world.store.clock().now(), world.stamp());
        let text = |key: &str| backup["status"][key].as_str().unwrap_or_default();
        let namespace = backup["metadata"]["namespace"].as_str().unwrap_or_default();
        let Some(owner) = world.cluster(namespace, backup["spec"]["cluster"]["name"].as_str().unwrap_or_default())
        else {
            return;
        };
        let cluster = ClusterView::new(&owner);
        let began = text("startedAt").parse::<Timestamp>().unwrap_or(now);
        let id = began.strftime("%Y%m%dT%H%M%S").to_string();
        let segment = segment(cluster, began);
        let barman = method(backup) == "barmanObjectStore";
        write(world, backup, |status| {
            status["phase"] = json!("completed");
            status["stoppedAt"] = json!(stamp);
            status["backupId"] = json!(id);
            if barman {
                let timeline = cluster.status()["timelineID"].as_u64().unwrap_or(1);
                let (high, low) = ((segment * SEGMENT) >> 32, (segment * SEGMENT) & u64::from(u32::MAX));
                let file = format!("{timeline:08X}{high:08X}{:08X}", low / SEGMENT);
                status["beginWal"] = json!(file);
                status["endWal"] = json!(file);
                status["beginLSN"] = json!(format!("{high:X}/{:X}", low + 0x28));
                status["endLSN"] = json!(format!("{high:X}/{:X}", low + 0x158));
            }
        });
        if barman {
            world.object_store.put(BaseBackup {
                place: (text("destinationPath").to_owned(), text("serverName").to_owned()),
                id,
                cluster: cluster.uid().to_owned(),
                ended: now,
                volume: storage::wanted(cluster).unwrap_or_default().to_owned(),
            });
        }
        world.event_from(INSTANCE, backup, "Normal", "Completed", "Backup completed");
        world.log_manager(namespace, text_of(&backup["status"]["instanceID"]["podName"]), "Backup completed");
        let method = method(backup).to_owned();
        of_cluster(world, backup, |cluster| {
            let status = &mut cluster["status"];
            if status["firstRecoverabilityPoint"].is_null() {
                status["firstRecoverabilityPoint"] = json!(stamp);
            }
            if status["firstRecoverabilityPointByMethod"][&*method].is_null() {
                status["firstRecoverabilityPointByMethod"][&*method] = json!(stamp);
            }
            status["lastSuccessfulBackup"] = json!(stamp);
            status["lastSuccessfulBackupByMethod"][&*method] = json!(stamp);
            condition(cluster, true, "LastBackupSucceeded", "Backup was successful", &stamp);
        });
    })
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Number of the WAL file that a cluster writes at a moment: they rise with its age.
fn segment(cluster: ClusterView<'_>, at: Timestamp) -> u64 {
    let made = cluster.object["metadata"]["creationTimestamp"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let age = made.map_or(0, |made| at.duration_since(made).as_secs());
    3 + u64::try_from(age).unwrap_or(0) / ARCHIVED_EVERY
}

fn of_cluster(world: &World, backup: &Value, edit: impl FnMut(&mut Value)) {
    let namespace = text_of(&backup["metadata"]["namespace"]);
    world.change_status(&Gvr::cnpg("clusters"), namespace, text_of(&backup["spec"]["cluster"]["name"]), edit);
}

fn condition(cluster: &mut Value, holds: bool, reason: &str, message: &str, stamp: &str) {
    if let Some(status) = cluster["status"].as_object_mut() {
        set_condition(status, LAST_BACKUP, holds, reason, message, stamp);
    }
}

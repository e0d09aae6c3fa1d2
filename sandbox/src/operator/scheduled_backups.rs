//! `ScheduledBackup` objects: a `Backup` whenever their time has come.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::backups::is_done;
use super::cluster_view::ClusterView;
use super::work::{Key, Step};
use super::world::World;
use crate::schedule::Schedule;
use crate::store::Gvr;

/// Milliseconds until a new schedule is looked at.
const BEGINNING: u64 = 100;

/// Who speaks in events.
const CONTROLLER: &str = "cloudnative-pg-scheduledbackup";

/// Labels of the backups that a schedule makes.
const PARENT: &str = "cnpg.io/scheduled-backup";
const IMMEDIATE: &str = "cnpg.io/immediateBackup";

fn gvr() -> Gvr {
    Gvr::cnpg("scheduledbackups")
}

/// The next step for a `ScheduledBackup`.
pub(super) fn decide(world: &World, namespace: &str, name: &str) -> Option<Step> {
    let object = world.store.get(&gvr(), namespace, name)?;
    if !object["metadata"]["deletionTimestamp"].is_null() || object["spec"]["suspend"] == true {
        return None;
    }
    let schedule = Schedule::parse(object["spec"]["schedule"].as_str()?).ok()?;
    if children(world, &object).any(|backup| !is_done(&backup)) {
        // One at a time; its end wakes the schedule.
        return None;
    }
    let now = world.store.clock().now();
    if schedule.next(now).is_none() {
        let text = object["spec"]["schedule"].as_str().unwrap_or_default();
        let message = format!("No time satisfying the schedule {text:?} have been found");
        let unsaid = !world.has_said(&object, "NoSchedule", &message);
        return unsaid.then(|| {
            Step::new("no time", BEGINNING, move |world| {
                world.event_from(CONTROLLER, &object, "Warning", "NoSchedule", &message);
            })
        });
    }
    let checked = object["status"]["lastCheckTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let Some(checked) = checked else {
        return Some(Step::new("first look", BEGINNING, move |world| first_look(world, &object, &schedule)));
    };
    let due = schedule.next(checked)?;
    // Schedules are of the clock, whatever the sandbox's speed is.
    let left = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    Some(Step::after(format!("backup of {due}"), left, move |world| {
        if world.store.clock().now() >= due {
            make(world, &object, &schedule, due, false);
        }
    }))
}

/// The backups that a schedule has made.
fn children(world: &World, object: &Value) -> impl Iterator<Item = std::sync::Arc<Value>> {
    let name = object["metadata"]["name"].clone();
    let backups = world.store.list(&Gvr::cnpg("backups"), object["metadata"]["namespace"].as_str());
    backups.into_iter().filter(move |backup| backup["metadata"]["labels"][PARENT] == name)
}

/// The schedule that has made a backup, to be woken when that is done.
pub(super) fn parent(backup: &Value) -> Option<Key> {
    let name = backup["metadata"]["labels"][PARENT].as_str()?.to_owned();
    Some(Key::ScheduledBackup(backup["metadata"]["namespace"].as_str()?.to_owned(), name))
}

/// As Go writes a time.
fn go_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string()
}

fn first_look(world: &World, object: &Value, schedule: &Schedule) {
    let now = world.store.clock().now();
    if object["spec"]["immediate"] == true {
        let message = format!("Scheduled immediate backup now: {}", go_time(now));
        world.event_from(CONTROLLER, object, "Normal", "BackupSchedule", &message);
        make(world, object, schedule, now, true);
        return;
    }
    note(world, object, |status| status["lastCheckTime"] = json!(world.stamp()));
    if let Some(next) = schedule.next(now) {
        let message = format!("Scheduled first backup by {}", go_time(next));
        world.event_from(CONTROLLER, object, "Normal", "BackupSchedule", &message);
    }
}

/// Makes the backup of the moment `at`, and goes on to the next.
fn make(world: &World, object: &Value, schedule: &Schedule, at: Timestamp, immediate: bool) {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    let (namespace, parent) = (text("namespace"), text("name"));
    let name = format!("{parent}-{}", at.strftime("%Y%m%d%H%M%S"));
    let mut spec = json!({});
    for key in ["cluster", "method", "target", "online", "onlineConfiguration", "pluginConfiguration"] {
        if !object["spec"][key].is_null() {
            spec[key] = object["spec"][key].clone();
        }
    }
    let mut metadata = json!({
        "name": name, "namespace": namespace,
        "labels": {
            "cnpg.io/cluster": object["spec"]["cluster"]["name"], IMMEDIATE: immediate.to_string(), PARENT: parent,
        },
    });
    if let Some(owner) = owner(world, object) {
        metadata["ownerReferences"] = json!([owner]);
    }
    let there = world.store.get(&Gvr::cnpg("backups"), namespace, &name);
    let foreign = there.is_some_and(|there| there["metadata"]["labels"][PARENT] != parent);
    if foreign {
        let message = format!(
            "Backup {name:?} exists but is not owned by this ScheduledBackup; skipping iteration {}",
            at.strftime("%Y-%m-%dT%H:%M:%SZ")
        );
        world.event_from(CONTROLLER, object, "Warning", "BackupAdoptionRefused", &message);
    } else {
        let backup =
            json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup", "metadata": metadata, "spec": spec});
        world.ensure(&Gvr::cnpg("backups"), backup);
    }
    let stamp = |at: Timestamp| json!(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let next = schedule.next(world.store.clock().now());
    note(world, object, |status| {
        status["lastCheckTime"] = json!(world.stamp());
        if !foreign {
            status["lastScheduleTime"] = stamp(at);
        }
        if let Some(next) = next {
            status["nextScheduleTime"] = stamp(next);
        }
    });
    if let Some(next) = next.filter(|_| !foreign) {
        let message = format!("Next backup scheduled by {}", go_time(next));
        world.event_from(CONTROLLER, object, "Normal", "BackupSchedule", &message);
    }
}

/// What `backupOwnerReference` says the backups go with.
fn owner(world: &World, object: &Value) -> Option<Value> {
    match object["spec"]["backupOwnerReference"].as_str() {
        Some("self") => Some(json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup", "controller": true,
            "name": object["metadata"]["name"], "uid": object["metadata"]["uid"],
        })),
        Some("cluster") => {
            let namespace = object["metadata"]["namespace"].as_str()?;
            let cluster = world.cluster(namespace, object["spec"]["cluster"]["name"].as_str()?)?;
            Some(ClusterView::new(&cluster).owner_reference())
        }
        _ => None,
    }
}

fn note(world: &World, object: &Value, mut edit: impl FnMut(&mut Value)) {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    world.change_status(&gvr(), text("namespace"), text("name"), |object| {
        if !object["status"].is_object() {
            object["status"] = json!({});
        }
        edit(&mut object["status"]);
    });
}

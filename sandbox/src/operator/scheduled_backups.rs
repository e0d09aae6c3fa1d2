//! `ScheduledBackup` objects: a `Backup` whenever their time has come.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::schedule::Schedule;
use super::work::Step;
use super::world::World;
use crate::store::Gvr;

/// Milliseconds until a new schedule is looked at.
const BEGINNING: u64 = 100;

fn gvr() -> Gvr {
    Gvr::cnpg("scheduledbackups")
}

/// The next step for a `ScheduledBackup`.
pub(super) fn decide(world: &World, namespace: &str, name: &str) -> Option<Step> {
    let object = world.store.get(&gvr(), namespace, name)?;
    if !object["metadata"]["deletionTimestamp"].is_null() || object["spec"]["suspend"] == true {
        return None;
    }
    let schedule = Schedule::read(object["spec"]["schedule"].as_str()?)?;
    let now = world.store.clock().now();
    let time = |key: &str| object["status"][key].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let (space, own) = (namespace.to_owned(), name.to_owned());
    let Some(checked) = time("lastCheckTime") else {
        let immediate = object["spec"]["immediate"] == true;
        return Some(Step::new("first look", BEGINNING, move |world| {
            if immediate {
                make(world, &space, &own, &schedule);
            } else {
                note(world, &space, &own, &schedule, None);
            }
        }));
    };
    let due = schedule.next(time("lastScheduleTime").map_or(checked, |last| last.max(checked)))?;
    // Schedules are of the clock, whatever the sandbox's speed is.
    let left = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    Some(Step::after(format!("backup of {due}"), left, move |world| {
        if world.store.clock().now() >= due {
            make(world, &space, &own, &schedule);
        }
    }))
}

/// Makes the backup that is due now.
fn make(world: &World, namespace: &str, name: &str, schedule: &Schedule) {
    let Some(object) = world.store.get(&gvr(), namespace, name) else { return };
    let now = world.store.clock().now();
    let backup = format!("{name}-{}", now.strftime("%Y%m%d%H%M%S"));
    let mut spec = json!({});
    for key in ["cluster", "method", "target", "online", "onlineConfiguration", "pluginConfiguration"] {
        if !object["spec"][key].is_null() {
            spec[key] = object["spec"][key].clone();
        }
    }
    let mut metadata = json!({
        "name": backup, "namespace": namespace,
        "labels": {
            "cnpg.io/scheduled-backup": name, "cnpg.io/immediateBackup": (object["status"]["lastCheckTime"].is_null()).to_string(),
            "cnpg.io/cluster": object["spec"]["cluster"]["name"],
        },
    });
    if let Some(owner) = owner(world, &object) {
        metadata["ownerReferences"] = json!([owner]);
    }
    world.event(&object, "Normal", "BackupSchedule", &format!("Scheduled first backup by {}", world.stamp()));
    world.ensure(
        &Gvr::cnpg("backups"),
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup", "metadata": metadata, "spec": spec}),
    );
    note(world, namespace, name, schedule, Some(now));
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
            Some(super::cluster_view::ClusterView::new(&cluster).owner_reference())
        }
        _ => None,
    }
}

fn note(world: &World, namespace: &str, name: &str, schedule: &Schedule, made: Option<Timestamp>) {
    let now = world.store.clock().now();
    let stamp = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    world.change_status(&gvr(), namespace, name, |object| {
        let status = &mut object["status"];
        status["lastCheckTime"] = json!(stamp(now));
        if let Some(made) = made {
            status["lastScheduleTime"] = json!(stamp(made));
        }
        if let Some(next) = schedule.next(now) {
            status["nextScheduleTime"] = json!(stamp(next));
        }
    });
}

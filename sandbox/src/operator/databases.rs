//! `Database` and `DatabaseRole` objects: applied in the model of PostgreSQL, with their finalizers
//! and reclaim policies.

use serde_json::{Value, json};

use super::annotations::{
    DATABASE_FINALIZER, DATABASE_NOT_APPLIED, HOLD_FINALIZER, ROLE_CANNOT_RECONCILE, ROLE_FINALIZER,
};
use super::cluster_view::ClusterView;
use super::managed_roles;
use super::postgres::{Contents, RoleFacts};
use super::work::{Key, Step};
use super::world::World;
use crate::store::Gvr;

/// Milliseconds until an object is seen, applied, or finished with.
const SEEING: u64 = 30;
const APPLYING: u64 = 300;

/// What the operator says of the objects of a cluster that was deleted.
const CLUSTER_GONE: &str = "cluster resource has been deleted, skipping reconciliation";

/// The next step for a `Database`.
pub(super) fn decide_database(world: &World, namespace: &str, name: &str) -> Option<Step> {
    let gvr = Gvr::cnpg("databases");
    let object = world.store.get(&gvr, namespace, name)?;
    let spec = object["spec"].clone();
    let cluster = serving_cluster(world, namespace, &spec)?;
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    if is_deleting(&object) {
        return has_finalizer(&object, DATABASE_FINALIZER).then(|| {
            Step::new("delete", APPLYING, move |world| {
                if spec["databaseReclaimPolicy"] == "delete" {
                    let database = spec["name"].as_str().unwrap_or_default();
                    world.postgres.with(&namespace, &cluster, |contents| contents.databases.remove(database));
                    world.log_drop_database(&namespace, &cluster, database);
                    retry_roles(world, &namespace, &cluster);
                }
                drop_finalizer(world, &gvr, &namespace, &name, DATABASE_FINALIZER);
            })
        });
    }
    if !has_finalizer(&object, DATABASE_FINALIZER) {
        return Some(add_finalizer(gvr, namespace, name, DATABASE_FINALIZER));
    }
    let outcome = judge_database(world, &namespace, &cluster, &object);
    let status = outcome_status(&object, &outcome);
    if is_done(&object, &outcome) {
        return None;
    }
    Some(Step::new(format!("apply {spec} {status}"), APPLYING, move |world| {
        if outcome.is_ok() {
            let text = |key: &str| spec[key].as_str().unwrap_or_default();
            let (database, owner, absent) = (text("name"), text("owner"), spec["ensure"] == "absent");
            let existed = world.postgres.with(&namespace, &cluster, |contents| {
                let existed = contents.databases.contains_key(database);
                if absent {
                    contents.databases.remove(database);
                } else {
                    write(contents, &spec, owner);
                }
                existed
            });
            match (absent, existed.unwrap_or_default()) {
                (true, false) => {}
                (true, true) => world.log_drop_database(&namespace, &cluster, database),
                (false, existed) => world.log_database(&namespace, &cluster, database, owner, existed),
            }
            retry_roles(world, &namespace, &cluster);
        }
        world.change_status(&gvr, &namespace, &name, |object| object["status"] = status.clone());
    }))
}

/// A role that could not be dropped because of a database may be free now, and the status lists
/// declared roles too.
fn retry_roles(world: &World, namespace: &str, cluster: &str) {
    // The receiver is gone only when the operator has stopped.
    let _ = world.wake.send(Key::Roles(namespace.to_owned(), cluster.to_owned()));
}

/// Makes or changes a database as `spec` asks.
pub(super) fn write(contents: &mut Contents, spec: &Value, owner: &str) {
    let facts = contents.write_database(spec["name"].as_str().unwrap_or_default(), owner);
    for (list, set) in [("extensions", &mut facts.extensions), ("schemas", &mut facts.schemas)] {
        for item in spec[list].as_array().into_iter().flatten() {
            let Some(name) = item["name"].as_str() else { continue };
            if item["ensure"] == "absent" {
                set.remove(name);
            } else {
                set.insert(name.to_owned());
            }
        }
    }
}

/// Whether PostgreSQL would take the database, and what it would say.
fn judge_database(world: &World, namespace: &str, cluster: &str, object: &Value) -> Result<(), String> {
    if let Some(message) = world.asked(object, DATABASE_NOT_APPLIED) {
        return Err(message);
    }
    let spec = &object["spec"];
    let (database, owner) = (spec["name"].as_str().unwrap_or_default(), spec["owner"].as_str().unwrap_or_default());
    if object["status"]["observedGeneration"].is_null() {
        for other in world.store.list(&Gvr::cnpg("databases"), Some(namespace)) {
            let same = other["spec"]["name"] == spec["name"] && other["spec"]["cluster"] == spec["cluster"];
            let another = other["metadata"]["name"] != object["metadata"]["name"];
            if same && another && other["status"]["observedGeneration"].is_number() {
                let name = other["metadata"]["name"].as_str().unwrap_or_default();
                return Err(format!("database \"{database}\" is already managed by Database object \"{name}\""));
            }
        }
    }
    if spec["ensure"] == "absent" {
        return Ok(());
    }
    let found = world
        .postgres
        .with(namespace, cluster, |contents| (contents.databases.contains_key(database), contents.has_role(owner)));
    match found {
        Some((_, true)) => Ok(()),
        Some((exists, false)) => {
            let doing = if exists { "altering owner of" } else { "creating" };
            Err(format!(
                "while {doing} database \"{database}\": ERROR: role \"{owner}\" does not exist (SQLSTATE 42704)"
            ))
        }
        None => Err("while connecting to the database".to_owned()),
    }
}

/// The next step for a `DatabaseRole`.
pub(super) fn decide_role(world: &World, namespace: &str, name: &str) -> Option<Step> {
    let gvr = Gvr::cnpg("databaseroles");
    let object = world.store.get(&gvr, namespace, name)?;
    let spec = object["spec"].clone();
    let cluster = serving_cluster(world, namespace, &spec)?;
    let role = spec["name"].as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    if is_deleting(&object) {
        if !has_finalizer(&object, ROLE_FINALIZER) {
            return None;
        }
        let contents = world.postgres.contents(&namespace, &cluster)?;
        let reclaim = spec["databaseRoleReclaimPolicy"] == "delete";
        if let Some(database) = contents.owned_by(&role).filter(|_| reclaim) {
            let message = format!("could not perform DELETE on role {role}: owner of database {database}");
            let status = outcome_status(&object, &Err(message));
            return (object["status"] != status).then(|| {
                Step::new(format!("say {status}"), APPLYING, move |world| {
                    world.change_status(&gvr, &namespace, &name, |object| object["status"] = status.clone());
                })
            });
        }
        return Some(Step::new("delete", APPLYING, move |world| {
            if reclaim {
                let dropped = world.postgres.with(&namespace, &cluster, |contents| contents.drop_role(&role));
                if let Some(Err(reason)) = dropped {
                    tracing::debug!(role, reason, "a role was not dropped");
                    return;
                }
                world.log_drop_role(&namespace, &cluster, &role);
            }
            drop_finalizer(world, &gvr, &namespace, &name, ROLE_FINALIZER);
            retry_roles(world, &namespace, &cluster);
        }));
    }
    let outcome = judge_role(world, &namespace, &cluster, &object);
    let managed = outcome.as_ref().is_err_and(|reason| reason == MANAGED_BY_CLUSTER);
    if !managed && !has_finalizer(&object, ROLE_FINALIZER) {
        return Some(add_finalizer(gvr, namespace, name, ROLE_FINALIZER));
    }
    let plain = outcome.as_ref().map(|_| ()).map_err(String::clone);
    let mut status = outcome_status(&object, &plain);
    if let Ok(facts) = &outcome
        && let Some(version) = &facts.password_version
    {
        status["secretResourceVersion"] = json!(version);
    }
    let same_password = outcome
        .as_ref()
        .map_or(true, |facts| object["status"]["secretResourceVersion"].as_str() == facts.password_version.as_deref());
    if is_done(&object, &plain) && same_password {
        return None;
    }
    Some(Step::new(format!("apply {spec} {status}"), APPLYING, move |world| {
        if let Ok(facts) = outcome {
            let existed = world.postgres.with(&namespace, &cluster, |contents| {
                let existed = contents.roles.contains_key(&role);
                contents.write_role(&role, facts);
                existed
            });
            world.log_role(&namespace, &cluster, &spec, existed.unwrap_or_default());
            retry_roles(world, &namespace, &cluster);
            for database in world.store.list(&Gvr::cnpg("databases"), Some(&namespace)) {
                if database["spec"]["cluster"]["name"] == *cluster && database["status"]["applied"] != true {
                    let object = database["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                    // The receiver is gone only when the operator has stopped.
                    let _ = world.wake.send(Key::Database(namespace.clone(), object));
                }
            }
        }
        world.change_status(&gvr, &namespace, &name, |object| object["status"] = status.clone());
    }))
}

/// What the operator says of a role that the cluster's own list has too.
const MANAGED_BY_CLUSTER: &str = "database role is already managed by the CNPG cluster";

fn judge_role(world: &World, namespace: &str, cluster: &str, object: &Value) -> Result<RoleFacts, String> {
    if let Some(message) = object["metadata"]["annotations"][ROLE_CANNOT_RECONCILE].as_str() {
        return Err(message.to_owned());
    }
    let spec = &object["spec"];
    let owner = world.cluster(namespace, cluster).ok_or_else(|| "could not find Cluster".to_owned())?;
    if ClusterView::new(&owner).managed_roles().iter().any(|role| role["name"] == spec["name"]) {
        return Err(MANAGED_BY_CLUSTER.to_owned());
    }
    if object["status"]["observedGeneration"].is_null() {
        for other in world.store.list(&Gvr::cnpg("databaseroles"), Some(namespace)) {
            let same = other["spec"]["name"] == spec["name"] && other["spec"]["cluster"] == spec["cluster"];
            let another = other["metadata"]["name"] != object["metadata"]["name"];
            if same && another && other["status"]["observedGeneration"].is_number() {
                return Err(format!("{} is already managed by object {}", spec["name"], other["metadata"]["name"]));
            }
        }
    }
    let contents =
        world.postgres.contents(namespace, cluster).ok_or_else(|| "while connecting to the database".to_owned())?;
    let there = spec["name"].as_str().and_then(|name| contents.roles.get(name));
    managed_roles::wanted(world, namespace, spec, there, &contents)
}

/// Name of the cluster that `spec` refers to, where it is there and its primary serves. Sees to it that
/// it has contents.
fn serving_cluster(world: &World, namespace: &str, spec: &Value) -> Option<String> {
    let name = spec["cluster"]["name"].as_str()?;
    let object = world.cluster(namespace, name)?;
    let cluster = ClusterView::new(&object);
    if cluster.current_primary().is_empty() || cluster.current_primary() != cluster.target_primary() {
        return None;
    }
    world.ensure_contents(cluster);
    Some(name.to_owned())
}

fn is_deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().any(|there| there == finalizer)
}

fn add_finalizer(gvr: Gvr, namespace: String, name: String, finalizer: &'static str) -> Step {
    Step::new("finalizer", SEEING, move |world| {
        world.change(&gvr, &namespace, &name, |object| {
            let metadata = &mut object["metadata"];
            if !metadata["deletionTimestamp"].is_null() {
                return;
            }
            if !metadata["finalizers"].is_array() {
                metadata["finalizers"] = json!([]);
            }
            if let Some(list) = metadata["finalizers"].as_array_mut()
                && !list.iter().any(|there| there == finalizer)
            {
                list.push(json!(finalizer));
            }
        });
    })
}

fn drop_finalizer(world: &World, gvr: &Gvr, namespace: &str, name: &str, finalizer: &str) {
    world.change(gvr, namespace, name, |object| {
        take_finalizer(object, finalizer);
    });
}

/// Takes a finalizer off an object, and the list where it was the last.
pub(super) fn take_finalizer(object: &mut Value, finalizer: &str) {
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    let Some(list) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) else { return };
    list.retain(|there| there != finalizer);
    if list.is_empty() {
        metadata.shift_remove("finalizers");
    }
}

/// Status after `outcome`: applied with the generation that was seen, or the message of what went wrong.
fn outcome_status(object: &Value, outcome: &Result<(), String>) -> Value {
    let mut status = match &object["status"] {
        Value::Object(status) => Value::Object(status.clone()),
        _ => json!({}),
    };
    match outcome {
        Ok(()) => {
            status["applied"] = json!(true);
            status["observedGeneration"] = object["metadata"]["generation"].clone();
            if let Some(map) = status.as_object_mut() {
                map.shift_remove("message");
            }
            for list in ["extensions", "schemas", "fdws", "servers"] {
                let names = object["spec"][list].as_array().into_iter().flatten();
                let applied: Vec<Value> = names.map(|item| json!({"name": item["name"], "applied": true})).collect();
                if !applied.is_empty() {
                    status[list] = json!(applied);
                }
            }
        }
        Err(message) => {
            status["applied"] = json!(false);
            status["message"] = json!(message);
        }
    }
    status
}

/// Whether the status already says what came of the present generation.
fn is_done(object: &Value, outcome: &Result<(), String>) -> bool {
    let status = &object["status"];
    match outcome {
        Ok(()) => status["applied"] == true && status["observedGeneration"] == object["metadata"]["generation"],
        Err(message) => status["applied"] == false && status["message"] == *message,
    }
}

/// Says on the objects of a cluster that it is gone, lets them go, and forgets what it held.
pub(super) fn cluster_deleted(world: &World, namespace: &str, cluster: &str, uid: &str) {
    world.postgres.forget(namespace, cluster, uid);
    for (resource, finalizer) in [("databases", DATABASE_FINALIZER), ("databaseroles", ROLE_FINALIZER)] {
        let gvr = Gvr::cnpg(resource);
        for object in world.store.list(&gvr, Some(namespace)) {
            if object["spec"]["cluster"]["name"] != cluster {
                continue;
            }
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            world.change_status(&gvr, namespace, name, |object| {
                object["status"]["applied"] = json!(false);
                object["status"]["message"] = json!(CLUSTER_GONE);
                if let Some(status) = object["status"].as_object_mut() {
                    status.shift_remove("observedGeneration");
                }
            });
            drop_finalizer(world, &gvr, namespace, name, finalizer);
        }
    }
}

/// Whether the sandbox's own finalizer holds the object.
pub(super) fn is_held(object: &Value) -> bool {
    has_finalizer(object, HOLD_FINALIZER)
}

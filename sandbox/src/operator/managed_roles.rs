//! `spec.managed.roles`: what is to be done in PostgreSQL, what was done, and what cannot be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::annotations::ROLE_CANNOT_RECONCILE;
use super::cluster_view::ClusterView;
use super::postgres::{Contents, RoleFacts};
use super::work::{Key, Step};
use super::world::World;
use crate::admission::is_reserved_role;
use crate::store::Gvr;

/// Milliseconds until the status says what is pending, and until it is done.
const SAYING: u64 = 50;
const DOING: u64 = 400;

/// How one role stands.
enum Standing {
    Reconciled,
    Pending,
    Cannot(String),
}

/// The next step for the managed roles of a cluster.
pub(super) fn decide(world: &World, namespace: &str, name: &str) -> Option<Step> {
    let object = world.cluster(namespace, name)?;
    let cluster = ClusterView::new(&object);
    if cluster.is_deleting() || cluster.current_primary().is_empty() {
        return None;
    }
    let said = &cluster.status()["managedRolesStatus"];
    if cluster.managed_roles().is_empty() && said["byStatus"].is_null() {
        return None;
    }
    world.ensure_contents(cluster);
    let contents = world.postgres.contents(namespace, name)?;
    let standings = standings(world, cluster, &contents);
    let status = report(&standings, &contents);
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    if *said != status {
        return Some(Step::new(format!("say {status}"), SAYING, move |world| {
            let versions = secret_versions(&status);
            world.change_status(&Gvr::cnpg("clusters"), &namespace, &name, |object| {
                object["status"]["managedRolesStatus"] = status.clone();
                if !versions.is_empty() {
                    object["status"]["secretsResourceVersion"]["managedRoleSecretVersion"] = json!(versions);
                }
            });
        }));
    }
    let pending = standings.iter().any(|(_, standing)| matches!(standing, Standing::Pending));
    pending.then(|| {
        let generation = &cluster.object["metadata"]["generation"];
        Step::new(format!("apply {generation} {status}"), DOING, move |world| apply(world, &namespace, &name))
    })
}

/// Versions of the Secrets that passwords were read from, by role.
fn secret_versions(status: &Value) -> BTreeMap<String, Value> {
    let passwords = status["passwordStatus"].as_object().into_iter().flatten();
    passwords
        .filter(|(_, state)| state["resourceVersion"].is_string())
        .map(|(role, state)| (role.clone(), state["resourceVersion"].clone()))
        .collect()
}

fn standings(world: &World, cluster: ClusterView<'_>, contents: &Contents) -> Vec<(String, Standing)> {
    let asked = world.asked(cluster.object, ROLE_CANNOT_RECONCILE).unwrap_or_default();
    let refused = refusals(&asked);
    let roles = cluster.managed_roles().iter();
    roles
        .filter_map(|spec| {
            let name = spec["name"].as_str()?.to_owned();
            let standing = match refused.get(name.as_str()) {
                Some(reason) => Standing::Cannot((*reason).to_owned()),
                None => standing(world, cluster.namespace(), spec, contents),
            };
            Some((name, standing))
        })
        .collect()
}

fn refusals(asked: &str) -> BTreeMap<&str, &str> {
    let lines = asked.lines();
    lines.filter_map(|line| line.split_once(':')).map(|(role, reason)| (role.trim(), reason.trim())).collect()
}

fn standing(world: &World, namespace: &str, spec: &Value, contents: &Contents) -> Standing {
    let name = spec["name"].as_str().unwrap_or_default();
    let there = contents.roles.get(name);
    if spec["ensure"] == "absent" {
        return match (there, contents.owned_by(name)) {
            (None, _) => Standing::Reconciled,
            (Some(_), None) => Standing::Pending,
            (Some(_), Some(database)) => {
                Standing::Cannot(format!("could not perform DELETE on role {name}: owner of database {database}"))
            }
        };
    }
    match wanted(world, namespace, spec, there, contents) {
        Err(reason) => Standing::Cannot(reason),
        Ok(wanted) => match there {
            Some(there) if is_as_wanted(there, &wanted) => Standing::Reconciled,
            _ => Standing::Pending,
        },
    }
}

fn is_as_wanted(there: &RoleFacts, wanted: &RoleFacts) -> bool {
    there.same_attributes(wanted)
        && there.password == wanted.password
        && there.password_version == wanted.password_version
}

/// The role as its spec (of a managed role or a `DatabaseRole`) asks for it.
///
/// # Errors
/// Why PostgreSQL or Kubernetes would not give it.
pub(super) fn wanted(
    world: &World,
    namespace: &str,
    spec: &Value,
    there: Option<&RoleFacts>,
    contents: &Contents,
) -> Result<RoleFacts, String> {
    let name = spec["name"].as_str().unwrap_or_default();
    let mut facts = RoleFacts::wanted(spec);
    if let Some(missing) = facts.in_roles.iter().find(|group| !contents.has_role(group)) {
        return Err(format!("could not perform UPDATE_MEMBERSHIPS on role {name}: role \"{missing}\" does not exist"));
    }
    match spec["passwordSecret"]["name"].as_str() {
        Some(secret) => {
            if !world.store.exists(&Gvr::core("secrets"), namespace, secret) {
                return Err(format!("could not perform UPDATE on role {name}: secrets \"{secret}\" not found"));
            }
            let (user, password, version) = world.secret_password(namespace, secret).ok_or_else(|| {
                format!("could not perform UPDATE on role {name}: missing password field in secret {secret}")
            })?;
            if user != name {
                return Err(format!(
                    "could not perform UPDATE on role {name}: wrong username '{user}' in secret, expected '{name}'"
                ));
            }
            facts.password = Some(password);
            facts.password_version = Some(version);
        }
        None if spec["disablePassword"] == true => {}
        // Without a secret the password stays what it is.
        None => facts.password = there.and_then(|there| there.password.clone()),
    }
    Ok(facts)
}

/// `status.managedRolesStatus`.
fn report(standings: &[(String, Standing)], contents: &Contents) -> Value {
    let mut by_status: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut cannot = Map::new();
    let mut passwords = Map::new();
    let listed: BTreeSet<&str> = standings.iter().map(|(name, _)| name.as_str()).collect();
    for (name, standing) in standings {
        let status = match standing {
            Standing::Reconciled => "reconciled",
            Standing::Pending => "pending-reconciliation",
            Standing::Cannot(reason) => {
                cannot.insert(name.clone(), json!([reason]));
                "pending-reconciliation"
            }
        };
        by_status.entry(status).or_default().insert(name);
        if let Some(facts) = contents.roles.get(name) {
            let mut state = json!({"transactionID": facts.transaction});
            if let Some(version) = &facts.password_version {
                state["resourceVersion"] = json!(version);
            }
            passwords.insert(name.clone(), state);
        }
    }
    for name in contents.roles.keys().map(String::as_str).filter(|name| !listed.contains(name)) {
        let status = if is_reserved_role(name) { "reserved" } else { "not-managed" };
        by_status.entry(status).or_default().insert(name);
    }
    let mut status = json!({"byStatus": by_status});
    if !cannot.is_empty() {
        status["cannotReconcile"] = Value::Object(cannot);
    }
    if !passwords.is_empty() {
        status["passwordStatus"] = Value::Object(passwords);
    }
    status
}

/// Does in the model of PostgreSQL what is pending.
fn apply(world: &World, namespace: &str, name: &str) {
    let Some(object) = world.cluster(namespace, name) else { return };
    let cluster = ClusterView::new(&object);
    let Some(contents) = world.postgres.contents(namespace, name) else { return };
    let asked = world.asked(cluster.object, ROLE_CANNOT_RECONCILE).unwrap_or_default();
    let refused = refusals(&asked);
    for spec in cluster.managed_roles() {
        let role = spec["name"].as_str().unwrap_or_default();
        let pending = matches!(standing(world, namespace, spec, &contents), Standing::Pending);
        if !pending || refused.contains_key(role) {
            continue;
        }
        let wanted = wanted(world, namespace, spec, contents.roles.get(role), &contents);
        let (existed, absent) = (contents.roles.contains_key(role), spec["ensure"] == "absent");
        world.postgres.with(namespace, name, |contents| {
            if absent {
                // Whether a database depends on the role was looked at above; it is looked at again with the lock held.
                if let Err(reason) = contents.drop_role(role) {
                    tracing::debug!(role, reason, "a role was not dropped");
                }
            } else if let Ok(facts) = wanted {
                contents.write_role(role, facts);
            }
        });
        if absent {
            world.log_drop_role(namespace, name, role);
        } else {
            world.log_role(namespace, name, spec, existed);
        }
    }
    // Databases may have waited for an owner.
    for database in world.store.list(&Gvr::cnpg("databases"), Some(namespace)) {
        if database["spec"]["cluster"]["name"] == name && database["status"]["applied"] != true {
            let object = database["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            // The receiver is gone only when the operator has stopped.
            let _ = world.wake.send(Key::Database(namespace.to_owned(), object));
        }
    }
}

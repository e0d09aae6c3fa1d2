//! What is in PostgreSQL: databases and roles of each cluster, as the stand-in has made them.
//! Tests ask it what really came of a request.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::Clock;

/// Attributes of a role.
#[allow(clippy::struct_excessive_bools, reason = "PostgreSQL's attributes of a role are that many flags")]
#[derive(Clone, PartialEq, Eq)]
pub struct RoleFacts {
    /// May log in.
    pub login: bool,
    /// Is a superuser.
    pub superuser: bool,
    /// Inherits from the roles that it is a member of.
    pub inherit: bool,
    /// May create databases.
    pub createdb: bool,
    /// May create roles.
    pub createrole: bool,
    /// May replicate.
    pub replication: bool,
    /// Passes row security by.
    pub bypassrls: bool,
    /// Connections at a time; -1: no limit.
    pub connection_limit: i64,
    /// Until when the password holds, as it was written.
    pub valid_until: Option<String>,
    /// Roles that it is a member of.
    pub in_roles: BTreeSet<String>,
    /// Comment.
    pub comment: String,
    /// Password; `None`: it has none.
    pub password: Option<String>,
    /// resourceVersion of the Secret that the password was last read from.
    pub password_version: Option<String>,
    /// Transaction that last wrote the role.
    pub transaction: u64,
}

impl RoleFacts {
    /// The attributes that a managed role or a `DatabaseRole` asks for, with PostgreSQL's defaults.
    pub fn wanted(spec: &Value) -> Self {
        let flag = |key: &str| spec[key].as_bool().unwrap_or(false);
        let names = spec["inRoles"].as_array();
        Self {
            login: flag("login"),
            superuser: flag("superuser"),
            inherit: spec["inherit"].as_bool().unwrap_or(true),
            createdb: flag("createdb"),
            createrole: flag("createrole"),
            replication: flag("replication"),
            bypassrls: flag("bypassrls"),
            connection_limit: spec["connectionLimit"].as_i64().unwrap_or(-1),
            valid_until: spec["validUntil"].as_str().map(str::to_owned),
            in_roles: names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            comment: spec["comment"].as_str().unwrap_or_default().to_owned(),
            password: None,
            password_version: None,
            transaction: 0,
        }
    }

    /// Whether the attributes are the same, password and bookkeeping apart.
    pub fn same_attributes(&self, other: &Self) -> bool {
        let bare = |facts: &Self| Self { password: None, password_version: None, transaction: 0, ..facts.clone() };
        bare(self) == bare(other)
    }
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Role that owns it.
    pub owner: String,
    /// Extensions in it.
    pub extensions: BTreeSet<String>,
    /// Schemas in it, beyond `public`.
    pub schemas: BTreeSet<String>,
}

/// Contents of one cluster.
#[derive(Clone, PartialEq, Eq)]
pub struct Contents {
    /// Uid of the cluster that they belong to.
    pub uid: String,
    /// Databases by name.
    pub databases: BTreeMap<String, DatabaseFacts>,
    /// Roles by name.
    pub roles: BTreeMap<String, RoleFacts>,
    transaction: u64,
}

impl Contents {
    /// A database just made by `initdb`: the operator's roles, and `database` owned by `owner`.
    pub fn initdb(uid: &str, database: &str, owner: &str, password: Option<String>) -> Self {
        let mut contents =
            Self { uid: uid.to_owned(), databases: BTreeMap::new(), roles: BTreeMap::new(), transaction: 730 };
        contents.write_role(
            "postgres",
            RoleFacts::wanted(
                &json!({"login": true, "superuser": true, "createdb": true, "createrole": true, "replication": true}),
            ),
        );
        contents.write_role("streaming_replica", RoleFacts::wanted(&json!({"login": true, "replication": true})));
        contents.write_role(owner, RoleFacts { password, ..RoleFacts::wanted(&json!({"login": true})) });
        for name in ["postgres", "template0", "template1"] {
            contents.write_database(name, "postgres");
        }
        contents.write_database(database, owner);
        contents
    }

    /// Whether `name` is a role, PostgreSQL's predefined ones included.
    pub fn has_role(&self, name: &str) -> bool {
        name.starts_with("pg_") || self.roles.contains_key(name)
    }

    /// Makes or changes a role.
    pub fn write_role(&mut self, name: &str, facts: RoleFacts) {
        self.transaction += 1;
        self.roles.insert(name.to_owned(), RoleFacts { transaction: self.transaction, ..facts });
    }

    /// Drops a role, where nothing depends on it.
    ///
    /// # Errors
    /// What PostgreSQL says depends on it.
    pub fn drop_role(&mut self, name: &str) -> Result<(), String> {
        if let Some(database) = self.owned_by(name) {
            return Err(format!("owner of database {database}"));
        }
        self.transaction += 1;
        self.roles.remove(name);
        for other in self.roles.values_mut() {
            other.in_roles.remove(name);
        }
        Ok(())
    }

    /// The first database that `role` owns.
    pub fn owned_by(&self, role: &str) -> Option<&str> {
        self.databases.iter().find(|(_, facts)| facts.owner == role).map(|(name, _)| name.as_str())
    }

    /// Makes a database or gives it another owner.
    pub fn write_database(&mut self, name: &str, owner: &str) -> &mut DatabaseFacts {
        self.transaction += 1;
        let facts = self.databases.entry(name.to_owned()).or_insert_with(|| DatabaseFacts {
            owner: String::new(),
            extensions: BTreeSet::new(),
            schemas: BTreeSet::new(),
        });
        owner.clone_into(&mut facts.owner);
        facts
    }
}

/// Versions of a cluster's contents that are held for recoveries; older ones are forgotten.
const HELD_VERSIONS: usize = 1000;

#[derive(Default)]
struct Inner {
    clusters: BTreeMap<(String, String), Contents>,
    /// What was in each cluster since when, by its uid: its write-ahead log, as far as a recovery sees it.
    past: HashMap<String, VecDeque<(Timestamp, Contents)>>,
}

impl Inner {
    fn remember(&mut self, at: Timestamp, contents: &Contents) {
        let past = self.past.entry(contents.uid.clone()).or_default();
        if past.len() == HELD_VERSIONS {
            past.pop_front();
        }
        past.push_back((at, contents.clone()));
    }
}

/// Contents of all clusters; cheap to clone, all clones share them.
#[derive(Clone)]
pub struct Postgres {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
}

impl Postgres {
    /// Nothing yet, in the time of `clock`.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, inner: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change is a single insert or removal, so a panic elsewhere leaves them whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the contents of a cluster; `None` where there are none (it has not been bootstrapped).
    pub fn with<T>(&self, namespace: &str, cluster: &str, work: impl FnOnce(&mut Contents) -> T) -> Option<T> {
        let mut inner = self.lock();
        let contents = inner.clusters.get_mut(&key(namespace, cluster))?;
        let before = contents.clone();
        let answer = work(contents);
        let after = contents.clone();
        if after != before {
            inner.remember(self.clock.now(), &after);
        }
        Some(answer)
    }

    /// A copy of the contents of a cluster.
    pub fn contents(&self, namespace: &str, cluster: &str) -> Option<Contents> {
        self.lock().clusters.get(&key(namespace, cluster)).cloned()
    }

    /// Whether there are contents, and of the cluster of that uid.
    pub(super) fn belongs_to(&self, namespace: &str, cluster: &str, uid: &str) -> bool {
        self.lock().clusters.get(&key(namespace, cluster)).is_some_and(|contents| contents.uid == uid)
    }

    /// What was in the cluster of that uid at a moment, or at last; `None` where nothing is known of it.
    pub(super) fn past(&self, uid: &str, at: Option<Timestamp>) -> Option<Contents> {
        let inner = self.lock();
        let versions = inner.past.get(uid)?;
        let version = versions.iter().rev().find(|(since, _)| at.is_none_or(|at| *since <= at))?;
        Some(version.1.clone())
    }

    /// Password of a role.
    pub fn password(&self, namespace: &str, cluster: &str, role: &str) -> Option<String> {
        self.lock().clusters.get(&key(namespace, cluster))?.roles.get(role)?.password.clone()
    }

    /// Puts contents in the place of what was there.
    pub fn replace(&self, namespace: &str, cluster: &str, contents: Contents) {
        let mut inner = self.lock();
        inner.remember(self.clock.now(), &contents);
        inner.clusters.insert(key(namespace, cluster), contents);
    }

    /// Forgets the contents of the cluster of that uid, which is gone; those of another that has since been
    /// made under its name stay.
    pub fn forget(&self, namespace: &str, cluster: &str, uid: &str) {
        let mut inner = self.lock();
        let key = key(namespace, cluster);
        if inner.clusters.get(&key).is_some_and(|contents| contents.uid == uid) {
            inner.clusters.remove(&key);
        }
    }

    /// Databases and roles of all clusters as JSON, for tests in another process. Passwords are left out.
    pub fn describe(&self) -> Value {
        let inner = self.lock();
        let mut all = json!({});
        for ((namespace, cluster), contents) in &inner.clusters {
            let databases: BTreeMap<&str, Value> = contents
                .databases
                .iter()
                .map(|(name, facts)| {
                    (
                        name.as_str(),
                        json!({"owner": facts.owner, "extensions": facts.extensions, "schemas": facts.schemas}),
                    )
                })
                .collect();
            let roles: BTreeMap<&str, Value> =
                contents.roles.iter().map(|(name, facts)| (name.as_str(), described(facts))).collect();
            all[format!("{namespace}/{cluster}")] = json!({"databases": databases, "roles": roles});
        }
        all
    }
}

fn key(namespace: &str, cluster: &str) -> (String, String) {
    (namespace.to_owned(), cluster.to_owned())
}

fn described(facts: &RoleFacts) -> Value {
    json!({
        "login": facts.login, "superuser": facts.superuser, "inherit": facts.inherit,
        "createdb": facts.createdb, "createrole": facts.createrole, "replication": facts.replication,
        "bypassrls": facts.bypassrls, "connectionLimit": facts.connection_limit,
        "validUntil": facts.valid_until, "inRoles": facts.in_roles, "comment": facts.comment,
        "hasPassword": facts.password.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_owns_a_database_is_not_dropped() {
        let mut contents = Contents::initdb("u", "app", "app", None);
        assert_eq!(contents.drop_role("app"), Err("owner of database app".to_owned()));
        contents.databases.remove("app");
        assert_eq!(contents.drop_role("app"), Ok(()));
        assert!(!contents.has_role("app"));
    }

    #[test]
    fn what_is_wanted_has_postgresqls_defaults() {
        let facts = RoleFacts::wanted(&json!({"name": "x", "login": true}));
        assert!(facts.login && facts.inherit && !facts.superuser);
        assert_eq!(facts.connection_limit, -1);
    }
}

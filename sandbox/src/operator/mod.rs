//! A stand-in for the CloudNativePG operator.
//!
//! It does what can be seen from outside: takes clusters through CloudNativePG's phases with their
//! instances, services, secrets, conditions and events; keeps managed roles, `DatabaseRole`s and
//! `Database`s; takes backups where a cluster says where to, on a schedule too, and makes clusters from them;
//! switches over, restarts and hibernates where it is asked to; fails over when the primary's pod
//! goes. Behind it is no PostgreSQL but a model of one ([`Postgres`]) that tests may ask.
//!
//! Shapes, names and texts are those of operator 1.30.0: from recordings where they show them, else
//! from CloudNativePG's documentation. Not done, and so never seen: fencing,
//! replica clusters, tablespaces, volumes for the write-ahead log alone, `Pooler` deployments, volume snapshots.
//!
//! It is written against the sandbox's own store and not on `kube`'s controller runtime: what it needs of
//! that (a task per object, woken by changes) is small, and this way its delays, its clock and
//! its identities are the sandbox's, so that what it does is repeatable.
//!
//! What goes wrong in life is brought about by [`annotations`].

mod alterations;
pub mod annotations;
mod backups;
pub mod cluster_view;
mod databases;
mod fabric;
mod hibernation;
mod hold;
mod instance_objects;
mod journal;
mod lifecycle;
mod managed_roles;
mod object_store;
mod postgres;
mod preloaded;
mod recovery;
mod restart;
mod scheduled_backups;
mod statements;
mod status;
mod steps;
mod storage;
mod succession;
mod work;
mod world;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

pub use journal::{Journal, LogLine};
pub use postgres::{Contents, DatabaseFacts, Postgres, RoleFacts};
pub use status::phase;

use crate::store::{Gvr, Store};
use cluster_view::ClusterView;
use work::Key;
use world::World;

/// Whether the stand-in runs, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatorConfig {
    /// Whether it runs at all.
    pub enabled: bool,
    /// What every delay is multiplied with; 1.0 is about the pace of a real operator with a small
    /// cluster (six seconds to three instances), 0 leaves only a millisecond between two steps.
    pub speed: f64,
}

impl OperatorConfig {
    /// For tests: three instances within about 100 ms, each step visible to a watcher.
    pub fn fast() -> Self {
        Self { enabled: true, speed: 0.015 }
    }

    /// For people who watch: a few seconds.
    pub fn demo() -> Self {
        Self { enabled: true, speed: 1.0 }
    }

    /// Nothing is reconciled, as in most recordings.
    pub fn off() -> Self {
        Self { enabled: false, speed: 1.0 }
    }
}

impl Default for OperatorConfig {
    fn default() -> Self {
        Self::demo()
    }
}

/// The stand-in, not yet running: it can make the objects of preloaded clusters.
pub struct Operator {
    world: World,
    woken: UnboundedReceiver<Key>,
    enabled: bool,
}

impl Operator {
    /// A stand-in that works on `store`.
    pub fn new(store: Store, config: OperatorConfig) -> Self {
        let (wake, woken) = unbounded_channel();
        let speed = config.speed.clamp(0.0, 1000.0);
        let world = World::new(store, speed, wake);
        Self { world, woken, enabled: config.enabled }
    }

    /// What is in PostgreSQL.
    pub fn postgres(&self) -> &Postgres {
        &self.world.postgres
    }

    /// What the containers of instances have written.
    pub fn journal(&self) -> &Journal {
        &self.world.journal
    }

    /// Writes the status of a healthy cluster on the cluster of that name, and makes the objects that go
    /// with it.
    pub fn preload(&self, namespace: &str, name: &str) {
        let Some(object) = self.world.cluster(namespace, name) else { return };
        let cluster = ClusterView::new(&object);
        for (gvr, object) in fabric::objects(cluster) {
            self.world.ensure(&gvr, object);
        }
        let status = preloaded::healthy_status(&self.world, cluster);
        self.world.change_status(&Gvr::cnpg("clusters"), namespace, name, |object| object["status"] = status.clone());
        if let Some(object) = self.world.cluster(namespace, name) {
            preloaded::make_objects(&self.world, ClusterView::new(&object));
        }
        self.settle_roles(namespace, name);
    }

    /// The status of `cluster` as it stands when it has long been healthy; for clusters that are
    /// preloaded [bare](annotations::BARE).
    pub fn healthy_status(&self, cluster: &Value) -> Value {
        preloaded::healthy_status(&self.world, ClusterView::new(cluster))
    }

    /// Brings the roles, databases and backups of a preloaded cluster to where a running stand-in
    /// would have brought them.
    pub fn settle_roles(&self, namespace: &str, name: &str) {
        let roles = Key::Roles(namespace.to_owned(), name.to_owned());
        self.exhaust(&roles);
        for resource in ["databaseroles", "databases", "backups"] {
            for object in self.world.store.list(&Gvr::cnpg(resource), Some(namespace)) {
                if object["spec"]["cluster"]["name"] != name {
                    continue;
                }
                let object = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let namespace = namespace.to_owned();
                self.exhaust(&match resource {
                    "databaseroles" => Key::DatabaseRole(namespace, object),
                    "databases" => Key::Database(namespace, object),
                    _ => Key::Backup(namespace, object),
                });
            }
        }
        // The status lists declared roles too.
        self.exhaust(&roles);
    }

    /// Takes every step for `key` at once.
    fn exhaust(&self, key: &Key) {
        // Every step comes nearer to the end; the bound only keeps a mistake from hanging a start.
        for _ in 0..100 {
            let Some(step) = work::decide(&self.world, key) else { return };
            (step.act)(&self.world);
        }
    }

    /// Writes an Event about an object, as the operator would have.
    pub fn event(&self, about: &Value, kind: &str, reason: &str, message: &str) {
        self.world.event(about, kind, reason, message);
    }

    /// Begins to work; needs a Tokio runtime. The stand-in stops when the handle is dropped.
    pub fn start(self) -> RunningOperator {
        let (postgres, journal, store) =
            (self.world.postgres.clone(), self.world.journal.clone(), self.world.store.clone());
        let task = self.enabled.then(|| tokio::spawn(work::run(self.world, self.woken)));
        RunningOperator { postgres, journal, store, task }
    }
}

/// The stand-in at work.
pub struct RunningOperator {
    postgres: Postgres,
    journal: Journal,
    store: Store,
    task: Option<JoinHandle<()>>,
}

impl RunningOperator {
    /// What is in PostgreSQL.
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// Adds lines to the log of a pod, as its container would write them now; whether that pod is there.
    pub fn write_log(&self, namespace: &str, pod: &str, text: &str) -> bool {
        self.journal.add(&self.store, namespace, pod, text)
    }

    /// Ends the log of a pod so far, as a rotation that keeps nothing does.
    pub fn clear_log(&self, namespace: &str, pod: &str) {
        if let Some(pod) = self.store.get(&Gvr::core("pods"), namespace, pod) {
            self.journal.forget(pod["metadata"]["uid"].as_str().unwrap_or_default());
        }
    }

    /// What is in PostgreSQL as JSON, by `namespace/cluster`; without passwords.
    pub fn describe(&self) -> Value {
        json!({"postgres": self.postgres.describe()})
    }
}

impl Drop for RunningOperator {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

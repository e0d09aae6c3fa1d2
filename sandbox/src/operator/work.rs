//! Who does what when: each object with something left to do has one task, which decides the next
//! step, waits the time that the step takes in life, and takes it. Nothing polls: tasks begin and
//! are woken by changes in the store, and end when nothing is left to do.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::world::World;
use super::{backups, databases, hold, lifecycle, managed_roles, recovery, scheduled_backups};
use crate::store::{Change, ChangeKind, Changes, Gvr, HistoryLost, Store};

/// What a task looks after.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Instances of a cluster.
    Cluster(String, String),
    /// Managed roles of a cluster.
    Roles(String, String),
    /// A `Database`.
    Database(String, String),
    /// A `DatabaseRole`.
    DatabaseRole(String, String),
    /// A `Backup`.
    Backup(String, String),
    /// A `ScheduledBackup`.
    ScheduledBackup(String, String),
    /// The finalizer that the sandbox holds an object with.
    Hold(Gvr, String, String),
}

/// The next step for a key, what it is compared by, and how long it takes at a real operator's speed.
pub(super) struct Step {
    /// Two decisions with the same text are the same step, whose time goes on running.
    pub what: String,
    /// How long it takes.
    pub takes: Takes,
    /// Does it.
    pub act: Box<dyn FnOnce(&World) + Send>,
}

/// The time of a step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// Milliseconds of a real operator's life, at the sandbox's speed.
    Millis(u64),
    /// Time of the clock.
    Exactly(Duration),
}

impl Step {
    /// A step that comes at its time, whatever the speed.
    pub(super) fn after(what: impl Into<String>, time: Duration, act: impl FnOnce(&World) + Send + 'static) -> Self {
        Self { what: what.into(), takes: Takes::Exactly(time), act: Box::new(act) }
    }

    pub(super) fn new(what: impl Into<String>, millis: u64, act: impl FnOnce(&World) + Send + 'static) -> Self {
        Self { what: what.into(), takes: Takes::Millis(millis), act: Box::new(act) }
    }
}

pub(super) fn decide(world: &World, key: &Key) -> Option<Step> {
    match key {
        Key::Cluster(namespace, name) => lifecycle::decide(world, namespace, name),
        Key::Roles(namespace, name) => managed_roles::decide(world, namespace, name),
        Key::Database(namespace, name) => databases::decide_database(world, namespace, name),
        Key::DatabaseRole(namespace, name) => databases::decide_role(world, namespace, name),
        Key::Backup(namespace, name) => backups::decide(world, namespace, name),
        Key::ScheduledBackup(namespace, name) => scheduled_backups::decide(world, namespace, name),
        Key::Hold(gvr, namespace, name) => hold::decide(world, gvr, namespace, name),
    }
}

/// Shortest pause between two steps, so that readers see each and a mistake does not spin.
const SHORTEST: Duration = Duration::from_millis(1);

async fn look_after(world: World, key: Key, dirty: Arc<AtomicBool>, notify: Arc<Notify>) {
    let mut begun: Option<(String, Instant)> = None;
    loop {
        dirty.store(false, Ordering::SeqCst);
        let Some(step) = decide(&world, &key) else { return };
        let now = Instant::now();
        let due = match &begun {
            Some((what, due)) if *what == step.what => *due,
            _ => {
                let takes = match step.takes {
                    Takes::Millis(millis) => world.delay(millis),
                    Takes::Exactly(time) => time,
                };
                now + takes.max(SHORTEST)
            }
        };
        if due <= now {
            begun = None;
            (step.act)(&world);
            continue;
        }
        begun = Some((step.what, due));
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            () = notify.notified() => {}
        }
    }
}

struct Worker {
    dirty: Arc<AtomicBool>,
    notify: Arc<Notify>,
}

/// Begins, wakes and forgets tasks.
struct Crew {
    world: World,
    workers: HashMap<Key, Worker>,
    tasks: JoinSet<()>,
    keys: HashMap<Id, Key>,
}

impl Crew {
    fn look(&mut self, key: Key) {
        if let Some(worker) = self.workers.get(&key) {
            worker.dirty.store(true, Ordering::SeqCst);
            worker.notify.notify_one();
            return;
        }
        let worker = Worker { dirty: Arc::new(AtomicBool::new(true)), notify: Arc::new(Notify::new()) };
        let (dirty, notify) = (Arc::clone(&worker.dirty), Arc::clone(&worker.notify));
        let task = self.tasks.spawn(look_after(self.world.clone(), key.clone(), dirty, notify));
        self.keys.insert(task.id(), key.clone());
        self.workers.insert(key, worker);
    }

    /// A task found nothing to do; where something changed meanwhile it is begun again.
    fn ended(&mut self, outcome: Result<(Id, ()), JoinError>) {
        let id = match outcome {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "a task of the operator ended badly");
                error.id()
            }
        };
        let Some(key) = self.keys.remove(&id) else { return };
        if let Some(worker) = self.workers.remove(&key)
            && worker.dirty.load(Ordering::SeqCst)
        {
            self.look(key);
        }
    }

    /// Only what is worth a task gets one: with thousands of settled clusters that is what keeps starting cheap.
    fn look_if_due(&mut self, key: Key) {
        if self.workers.contains_key(&key) || decide(&self.world, &key).is_some() {
            self.look(key);
        }
    }

    fn changed(&mut self, source: Source, change: &Change) {
        let object = &*change.object;
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        match source {
            Source::Clusters => self.cluster_changed(namespace, name, change),
            Source::Databases => {
                self.look(Key::Database(namespace.clone(), name.clone()));
                self.hold(Gvr::cnpg("databases"), namespace, name, object);
            }
            Source::DatabaseRoles => {
                self.look(Key::DatabaseRole(namespace.clone(), name.clone()));
                self.hold(Gvr::cnpg("databaseroles"), namespace, name, object);
            }
            Source::Namespaces => {
                let before = change.previous.as_deref().map(|object| &object["metadata"]["annotations"]);
                if before.is_some_and(|before| *before != object["metadata"]["annotations"]) {
                    self.look_around(Some(&name));
                }
            }
            Source::Backups => {
                let clusters = self.world.store.list(&Gvr::cnpg("clusters"), Some(&namespace));
                for cluster in recovery::waiting_for(&clusters, &name) {
                    let cluster = cluster["metadata"]["name"].as_str().unwrap_or_default();
                    self.look(Key::Cluster(namespace.clone(), cluster.to_owned()));
                }
                self.look(Key::Backup(namespace, name));
            }
            Source::ScheduledBackups => self.look(Key::ScheduledBackup(namespace, name)),
            Source::Pods | Source::Claims => {
                let cluster = text("/metadata/labels/cnpg.io~1cluster");
                if !cluster.is_empty() {
                    self.look(Key::Cluster(namespace, cluster));
                }
            }
            Source::Secrets => {
                // As in life: without this label a new password is seen with the next change only.
                if object["metadata"]["labels"]["cnpg.io/reload"] == "true" {
                    self.secret_changed(&namespace, &name);
                }
                self.hold(Gvr::core("secrets"), namespace, name, object);
            }
        }
    }

    fn cluster_changed(&mut self, namespace: String, name: String, change: &Change) {
        if change.kind == ChangeKind::Deleted {
            let uid = change.object["metadata"]["uid"].as_str().unwrap_or_default();
            databases::cluster_deleted(&self.world, &namespace, &name, uid);
            return;
        }
        let before = change.previous.as_deref();
        let at = |pointer: &str| before.and_then(|object| object.pointer(pointer)) != change.object.pointer(pointer);
        self.look(Key::Cluster(namespace.clone(), name.clone()));
        let relevant = [
            "/spec/managed",
            "/status/managedRolesStatus",
            "/status/currentPrimary",
            "/status/phase",
            "/metadata/annotations",
        ];
        if relevant.iter().any(|pointer| at(pointer)) {
            self.look(Key::Roles(namespace.clone(), name.clone()));
        }
        if at("/status/currentPrimary") || at("/status/phase") || at("/spec/managed") {
            self.dependents(&namespace, &name);
        }
        self.hold(Gvr::cnpg("clusters"), namespace, name, &change.object);
    }

    /// Databases and declared roles of a cluster whose primary, phase or roles have changed.
    fn dependents(&mut self, namespace: &str, cluster: &str) {
        for (resource, role) in [("databases", false), ("databaseroles", true), ("backups", false)] {
            for object in self.world.store.list(&Gvr::cnpg(resource), Some(namespace)) {
                if object["spec"]["cluster"]["name"] != cluster {
                    continue;
                }
                let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let namespace = namespace.to_owned();
                self.look(match (resource, role) {
                    ("backups", _) => Key::Backup(namespace, name),
                    (_, true) => Key::DatabaseRole(namespace, name),
                    (_, false) => Key::Database(namespace, name),
                });
            }
        }
    }

    fn secret_changed(&mut self, namespace: &str, secret: &str) {
        for cluster in self.world.store.list(&Gvr::cnpg("clusters"), Some(namespace)) {
            let roles = cluster["spec"]["managed"]["roles"].as_array();
            if roles.into_iter().flatten().any(|role| role["passwordSecret"]["name"] == secret) {
                let name = cluster["metadata"]["name"].as_str().unwrap_or_default();
                self.look(Key::Roles(namespace.to_owned(), name.to_owned()));
            }
        }
        for role in self.world.store.list(&Gvr::cnpg("databaseroles"), Some(namespace)) {
            if role["spec"]["passwordSecret"]["name"] == secret {
                let name = role["metadata"]["name"].as_str().unwrap_or_default();
                self.look(Key::DatabaseRole(namespace.to_owned(), name.to_owned()));
            }
        }
    }

    fn hold(&mut self, gvr: Gvr, namespace: String, name: String, object: &Value) {
        if hold::concerns(&self.world, object) {
            self.look(Key::Hold(gvr, namespace, name));
        }
    }

    /// Looks at everything once, at the beginning and where changes were lost.
    fn survey(&mut self) {
        self.look_around(None);
    }

    /// Looks at everything in a namespace, or in all.
    fn look_around(&mut self, within: Option<&str>) {
        let store = self.world.store.clone();
        let names = |object: &Value| {
            let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
            (text("namespace"), text("name"))
        };
        for object in store.list(&Gvr::cnpg("clusters"), within) {
            let (namespace, name) = names(&object);
            self.look_if_due(Key::Cluster(namespace.clone(), name.clone()));
            self.look_if_due(Key::Roles(namespace, name));
        }
        for object in store.list(&Gvr::cnpg("databases"), within) {
            let (namespace, name) = names(&object);
            self.look_if_due(Key::Database(namespace, name));
        }
        for object in store.list(&Gvr::cnpg("databaseroles"), within) {
            let (namespace, name) = names(&object);
            self.look_if_due(Key::DatabaseRole(namespace, name));
        }
        for object in store.list(&Gvr::cnpg("backups"), within) {
            let (namespace, name) = names(&object);
            self.look_if_due(Key::Backup(namespace, name));
        }
        for object in store.list(&Gvr::cnpg("scheduledbackups"), within) {
            let (namespace, name) = names(&object);
            self.look_if_due(Key::ScheduledBackup(namespace, name));
        }
        for gvr in [Gvr::cnpg("clusters"), Gvr::cnpg("databases"), Gvr::cnpg("databaseroles"), Gvr::core("secrets")] {
            for object in store.list(&gvr, within) {
                let (namespace, name) = names(&object);
                self.hold(gvr.clone(), namespace, name, &object);
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Clusters,
    Databases,
    DatabaseRoles,
    Backups,
    ScheduledBackups,
    Namespaces,
    Pods,
    Claims,
    Secrets,
}

struct Watches {
    clusters: Changes,
    databases: Changes,
    roles: Changes,
    backups: Changes,
    scheduled_backups: Changes,
    namespaces: Changes,
    pods: Changes,
    claims: Changes,
    secrets: Changes,
}

impl Watches {
    fn new(store: &Store) -> Self {
        Self {
            clusters: store.watch(&Gvr::cnpg("clusters")),
            databases: store.watch(&Gvr::cnpg("databases")),
            roles: store.watch(&Gvr::cnpg("databaseroles")),
            backups: store.watch(&Gvr::cnpg("backups")),
            scheduled_backups: store.watch(&Gvr::cnpg("scheduledbackups")),
            namespaces: store.watch(&Gvr::core("namespaces")),
            pods: store.watch(&Gvr::core("pods")),
            claims: store.watch(&Gvr::core("persistentvolumeclaims")),
            secrets: store.watch(&Gvr::core("secrets")),
        }
    }

    async fn next(&mut self) -> Result<(Source, Change), HistoryLost> {
        tokio::select! {
            change = self.clusters.next() => change.map(|change| (Source::Clusters, change)),
            change = self.databases.next() => change.map(|change| (Source::Databases, change)),
            change = self.roles.next() => change.map(|change| (Source::DatabaseRoles, change)),
            change = self.backups.next() => change.map(|change| (Source::Backups, change)),
            change = self.scheduled_backups.next() => change.map(|change| (Source::ScheduledBackups, change)),
            change = self.namespaces.next() => change.map(|change| (Source::Namespaces, change)),
            change = self.pods.next() => change.map(|change| (Source::Pods, change)),
            change = self.claims.next() => change.map(|change| (Source::Claims, change)),
            change = self.secrets.next() => change.map(|change| (Source::Secrets, change)),
        }
    }
}

/// Runs the stand-in until the task is aborted.
pub(super) async fn run(world: World, mut woken: UnboundedReceiver<Key>) {
    let store = world.store.clone();
    let mut watches = Watches::new(&store);
    let mut crew = Crew { world, workers: HashMap::new(), tasks: JoinSet::new(), keys: HashMap::new() };
    crew.survey();
    loop {
        tokio::select! {
            Some(ended) = crew.tasks.join_next_with_id() => crew.ended(ended),
            Some(key) = woken.recv() => crew.look(key),
            change = watches.next() => if let Ok((source, change)) = change {
                crew.changed(source, &change);
            } else {
                watches = Watches::new(&store);
                crew.survey();
            },
        }
    }
}

//! The objects, their versions and what happened to them.
//!
//! One [`Store`] holds everything. It knows nothing of HTTP, schemas or admission: whoever writes
//! here (the API after it has checked a request, or a controller that is trusted) is believed. What it
//! does keep, it keeps for every writer: one rising resourceVersion, uids, generations,
//! deletion by finalizers, and a bounded history for watches.
//!
//! Objects are shared (`Arc`), so listing ten thousand of them copies ten thousand pointers. Methods
//! are synchronous and hold the lock only while they touch the maps; closures run outside of it.

mod changes;
mod deletion;
mod history;
mod kind;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Map, Value, json};
use tokio::sync::watch;

use crate::builtin;
use crate::clock::{Clock, Identities};
use crate::error::ApiError;

pub use changes::{Changes, HistoryLost};
pub use deletion::{DeleteOptions, Deleted, Propagation};
pub use history::{Change, ChangeKind, HELD_CHANGES};
pub use kind::{Gvr, Origin, PrinterColumn, Registry, ResourceType, ScalePaths};
pub use write::Part;

use history::History;

/// The resourceVersion that a fresh store starts from. Not 0 or 1: those have a meaning or are
/// what clients try as "too old".
const FIRST_REVISION: u64 = 100;

type Key = (String, String);

#[derive(Debug)]
struct Bucket {
    objects: BTreeMap<Key, Arc<Value>>,
    history: History,
    /// Revision of the last change, for those who wait.
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct Inner {
    revision: u64,
    /// Lists cannot go back beyond this revision, though watches may.
    compacted: u64,
    buckets: HashMap<Gvr, Bucket>,
}

#[derive(Debug)]
struct Shared {
    registry: Registry,
    clock: Clock,
    identities: Identities,
    inner: RwLock<Inner>,
}

/// A handle on the objects of a sandbox; clones share them.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

/// The objects of one resource at one moment.
#[derive(Debug, Clone)]
pub struct Listing {
    /// resourceVersion of the moment.
    pub revision: u64,
    /// By namespace, then name.
    pub items: Vec<Arc<Value>>,
}

impl Store {
    /// An empty store for the resources of `registry`.
    pub fn new(registry: Registry, clock: Clock, identities: Identities) -> Self {
        let buckets = registry
            .iter()
            .map(|kind| {
                let (changed, _) = watch::channel(FIRST_REVISION);
                let history = History::starting_at(FIRST_REVISION);
                (kind.gvr.clone(), Bucket { objects: BTreeMap::new(), history, changed })
            })
            .collect();
        let inner = RwLock::new(Inner { revision: FIRST_REVISION, compacted: FIRST_REVISION, buckets });
        Self { shared: Arc::new(Shared { registry, clock, identities, inner }) }
    }

    /// The resources that are served.
    pub fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    /// The clock by which objects are stamped.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Where uids and suffixes come from.
    pub fn identities(&self) -> &Identities {
        &self.shared.identities
    }

    /// The resourceVersion of the last write.
    pub fn revision(&self) -> u64 {
        self.read().revision
    }

    /// One object. `namespace` is empty for a cluster-scoped one.
    pub fn get(&self, gvr: &Gvr, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let inner = self.read();
        inner.buckets.get(gvr)?.objects.get(&key(namespace, name)).cloned()
    }

    /// All objects of a resource, in one namespace or in all, by namespace, then name.
    pub fn list(&self, gvr: &Gvr, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.listing(gvr, namespace, None).map(|listing| listing.items).unwrap_or_default()
    }

    /// How many objects of a resource there are.
    pub fn count(&self, gvr: &Gvr) -> usize {
        self.read().buckets.get(gvr).map_or(0, |bucket| bucket.objects.len())
    }

    /// The objects of a resource now, or as they were at a revision.
    ///
    /// # Errors
    /// [`HistoryLost`] where the revision is older than what is held.
    pub fn listing(&self, gvr: &Gvr, namespace: Option<&str>, at: Option<u64>) -> Result<Listing, HistoryLost> {
        let inner = self.read();
        let revision = at.unwrap_or(inner.revision);
        let Some(bucket) = inner.buckets.get(gvr) else { return Ok(Listing { revision, items: Vec::new() }) };
        if revision >= inner.revision {
            return Ok(Listing { revision, items: select(&bucket.objects, namespace) });
        }
        if revision < inner.compacted {
            return Err(HistoryLost);
        }
        let undone: Vec<&Change> = bucket.history.since(revision).ok_or(HistoryLost)?.rev().collect();
        if undone.is_empty() {
            return Ok(Listing { revision, items: select(&bucket.objects, namespace) });
        }
        let mut objects = bucket.objects.clone();
        for change in undone {
            let key = key_of(&change.object);
            match &change.previous {
                Some(previous) => objects.insert(key, Arc::clone(previous)),
                None => objects.remove(&key),
            };
        }
        Ok(Listing { revision, items: select(&objects, namespace) })
    }

    /// Changes after `since`, or from now on.
    ///
    /// # Errors
    /// [`HistoryLost`] where `since` is older than what is held.
    pub fn changes(&self, gvr: &Gvr, since: Option<u64>) -> Result<Changes, HistoryLost> {
        let inner = self.read();
        let bucket = inner.buckets.get(gvr).ok_or(HistoryLost)?;
        let since = since.unwrap_or(inner.revision);
        if bucket.history.since(since).is_none() {
            return Err(HistoryLost);
        }
        let receiver = bucket.changed.subscribe();
        drop(inner);
        Ok(Changes::new(self.clone(), gvr.clone(), since, receiver))
    }

    /// Changes from now on.
    ///
    /// # Panics
    /// Never: a resource that is not served gives changes that never come.
    pub fn watch(&self, gvr: &Gvr) -> Changes {
        self.changes(gvr, None).unwrap_or_else(|HistoryLost| {
            let (_, receiver) = watch::channel(0);
            Changes::new(self.clone(), gvr.clone(), u64::MAX, receiver)
        })
    }

    /// What etcd's compaction does: lists of older resourceVersions and continue tokens expire. Watches go on,
    /// since a real server has them from its watch cache.
    pub fn compact(&self) {
        let mut inner = self.write();
        inner.compacted = inner.revision;
    }

    /// Drops the history: older resourceVersions, be it for a list, a continue token or a watch, expire.
    pub fn forget_history(&self) {
        let mut inner = self.write();
        let now = inner.revision;
        inner.compacted = now;
        for bucket in inner.buckets.values_mut() {
            bucket.history.forget(now);
        }
    }

    /// The whole state, by resource: equal before and after whatever changes nothing.
    pub fn snapshot(&self) -> Value {
        let inner = self.read();
        let mut objects = Map::new();
        for kind in self.shared.registry.iter() {
            if let Some(bucket) = inner.buckets.get(&kind.gvr)
                && !bucket.objects.is_empty()
            {
                let list = bucket.objects.values().map(|object| (**object).clone()).collect();
                objects.insert(kind.gvr.to_string(), Value::Array(list));
            }
        }
        json!({ "resourceVersion": inner.revision.to_string(), "objects": objects })
    }

    /// Fills in what the server sets on a new object: uid, creationTimestamp, generation, the defaults of
    /// built-in kinds, `apiVersion` and `kind`; takes out what a client cannot set.
    pub fn stamp(&self, kind: &ResourceType, object: &mut Value) {
        builtin::fill_in(kind, None, object);
        let Some(body) = object.as_object_mut() else { return };
        body.insert("apiVersion".to_owned(), json!(kind.gvr.api_version()));
        body.insert("kind".to_owned(), json!(kind.kind));
        let metadata = body.entry("metadata").or_insert_with(|| json!({}));
        let Some(metadata) = metadata.as_object_mut() else { return };
        for field in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
            metadata.remove(field);
        }
        if !kind.namespaced {
            metadata.remove("namespace");
        }
        metadata.insert("uid".to_owned(), json!(self.shared.identities.uid()));
        metadata.insert("creationTimestamp".to_owned(), json!(self.shared.clock.stamp()));
        if kind.counts_generation {
            metadata.insert("generation".to_owned(), json!(1));
        }
    }

    /// Creates an object and gives it back as it is kept.
    ///
    /// # Errors
    /// 404 for a resource that is not served, 422 without a name, 409 where the name is taken.
    pub fn create(&self, gvr: &Gvr, mut object: Value) -> Result<Arc<Value>, ApiError> {
        let kind = self.kind(gvr)?;
        if object["metadata"]["name"].as_str().is_none_or(str::is_empty)
            && let Some(prefix) = object["metadata"]["generateName"].as_str()
        {
            object["metadata"]["name"] = json!(format!("{prefix}{}", self.shared.identities.suffix()));
        }
        self.stamp(&kind, &mut object);
        self.insert(&kind, object)
    }

    /// Keeps an object that [`Store::stamp`] has prepared.
    ///
    /// # Errors
    /// 422 without a name, 409 where the name is taken.
    pub fn insert(&self, kind: &ResourceType, mut object: Value) -> Result<Arc<Value>, ApiError> {
        let key = key_of(&object);
        if key.1.is_empty() {
            let cause = crate::error::Cause::required("metadata.name", "name or generateName is required");
            return Err(ApiError::invalid(&kind.gvr.group, &kind.kind, "", &[cause]));
        }
        let mut inner = self.write();
        inner.check_free(kind, &key)?;
        let revision = inner.advance();
        object["metadata"]["resourceVersion"] = json!(revision.to_string());
        let object = Arc::new(object);
        let change = Change { revision, kind: ChangeKind::Added, object: Arc::clone(&object), previous: None };
        inner.record(&kind.gvr, key, change);
        Ok(object)
    }

    /// Whether [`Store::insert`] would be refused because the name is taken.
    ///
    /// # Errors
    /// 409.
    pub fn check_free(&self, kind: &ResourceType, namespace: &str, name: &str) -> Result<(), ApiError> {
        self.read().check_free(kind, &key(namespace, name))
    }

    /// The description of a served resource.
    ///
    /// # Errors
    /// 404 where it is not served.
    pub fn kind(&self, gvr: &Gvr) -> Result<Arc<ResourceType>, ApiError> {
        self.shared
            .registry
            .of(gvr)
            .cloned()
            .ok_or_else(|| ApiError::new(404, "NotFound", format!("the server does not serve {gvr}")))
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.shared.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.shared.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn advance(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    fn check_free(&self, kind: &ResourceType, key: &Key) -> Result<(), ApiError> {
        let Some(there) = self.buckets.get(&kind.gvr).and_then(|bucket| bucket.objects.get(key)) else {
            return Ok(());
        };
        let (group, resource) = (&kind.gvr.group, &kind.gvr.resource);
        if there["metadata"]["deletionTimestamp"].is_null() {
            Err(ApiError::already_exists(group, resource, &key.1))
        } else {
            Err(ApiError::being_deleted(group, resource, &key.1))
        }
    }

    /// Puts the object of a change in its place (or takes it away), keeps the change, wakes watchers.
    fn record(&mut self, gvr: &Gvr, key: Key, change: Change) {
        let Some(bucket) = self.buckets.get_mut(gvr) else { return };
        if change.kind == ChangeKind::Deleted {
            bucket.objects.remove(&key);
        } else {
            bucket.objects.insert(key, Arc::clone(&change.object));
        }
        let revision = change.revision;
        bucket.history.push(change);
        bucket.changed.send_replace(revision);
    }
}

fn key(namespace: &str, name: &str) -> Key {
    (namespace.to_owned(), name.to_owned())
}

fn key_of(object: &Value) -> Key {
    let metadata = &object["metadata"];
    key(metadata["namespace"].as_str().unwrap_or_default(), metadata["name"].as_str().unwrap_or_default())
}

fn select(objects: &BTreeMap<Key, Arc<Value>>, namespace: Option<&str>) -> Vec<Arc<Value>> {
    match namespace {
        None => objects.values().cloned().collect(),
        Some(namespace) => objects
            .range(key(namespace, "")..)
            .take_while(|((there, _), _)| there == namespace)
            .map(|(_, object)| Arc::clone(object))
            .collect(),
    }
}

#[cfg(test)]
mod tests;

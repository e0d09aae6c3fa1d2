//! The garbage collector: objects go when all their owners are gone.
//!
//! Source of the rules: "Garbage Collection" and "Owners and Dependents" of the Kubernetes
//! documentation. An owner counts by its uid: one made again under the same name is another.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::store::{DeleteOptions, Gvr, Propagation, Store};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    gvr: Gvr,
    namespace: String,
    name: String,
}

/// Knows who owns what.
pub(super) struct Collector {
    store: Store,
    dependents: HashMap<String, BTreeSet<Place>>,
}

impl Collector {
    pub(super) fn new(store: Store) -> Self {
        Self { store, dependents: HashMap::new() }
    }

    /// Takes in an object that is there or is gone, and does what follows.
    pub(super) fn seen(&mut self, gvr: &Gvr, object: &Value, gone: bool) {
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
        let place = Place { gvr: gvr.clone(), namespace: text("namespace"), name: text("name") };
        let uid = text("uid");
        let owners: Vec<&str> = owners(object).filter_map(|owner| owner["uid"].as_str()).collect();
        if gone {
            for owner in &owners {
                if let Some(set) = self.dependents.get_mut(*owner) {
                    set.remove(&place);
                    if set.is_empty() {
                        self.dependents.remove(*owner);
                    }
                }
            }
            for dependent in self.dependents.get(&uid).cloned().unwrap_or_default() {
                self.collect(&dependent);
            }
            // An owner that waits for its dependents may be free now.
            for owner in owners_in_place(&self.store, object, &place.namespace) {
                self.release(&owner);
            }
            return;
        }
        for owner in owners {
            self.dependents.entry(owner.to_owned()).or_default().insert(place.clone());
        }
        if object["metadata"]["ownerReferences"].is_array() {
            self.collect(&place);
        }
        if has_finalizer(object, FOREGROUND) || has_finalizer(object, ORPHAN) {
            self.release(&place);
        }
    }

    /// Deletes an object all of whose owners are gone; takes those that are gone off one that has others.
    fn collect(&self, place: &Place) {
        let Some(object) = self.store.get(&place.gvr, &place.namespace, &place.name) else { return };
        let (mut there, mut waiting, mut gone) = (0, 0, BTreeSet::new());
        for owner in owners(&object) {
            match self.find(owner, &place.namespace) {
                Found::There(owner_object) => {
                    let blocks = owner["blockOwnerDeletion"] == true;
                    if is_deleting(&owner_object) && has_finalizer(&owner_object, FOREGROUND) && blocks {
                        waiting += 1;
                    } else {
                        there += 1;
                    }
                }
                Found::Unknown => there += 1,
                Found::Gone => {
                    gone.insert(owner["uid"].as_str().unwrap_or_default().to_owned());
                }
            }
        }
        if there > 0 {
            if !gone.is_empty() || waiting > 0 {
                self.cut_loose(place, |owner| gone.contains(owner["uid"].as_str().unwrap_or_default()));
            }
            return;
        }
        if (gone.is_empty() && waiting == 0) || is_deleting(&object) {
            return;
        }
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let has_dependents = self.dependents.get(uid).is_some_and(|set| !set.is_empty());
        let propagation = if waiting > 0 && has_dependents { Propagation::Foreground } else { Propagation::Background };
        let options = DeleteOptions { uid: Some(uid.to_owned()), propagation, ..DeleteOptions::default() };
        if let Err(error) = self.store.delete(&place.gvr, &place.namespace, &place.name, &options)
            && !matches!(error.code, 404 | 409)
        {
            tracing::warn!(%error, "the garbage collector could not delete an object");
        }
    }

    /// Frees an owner from its finalizer `foregroundDeletion` or `orphan`, when its time has come.
    fn release(&self, place: &Place) {
        let Some(object) = self.store.get(&place.gvr, &place.namespace, &place.name) else { return };
        if !is_deleting(&object) {
            return;
        }
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let dependents = self.dependents.get(uid).cloned().unwrap_or_default();
        if has_finalizer(&object, ORPHAN) {
            for dependent in &dependents {
                self.cut_loose(dependent, |owner| owner["uid"] == uid);
            }
            self.drop_finalizer(place, ORPHAN);
        }
        if !has_finalizer(&object, FOREGROUND) {
            return;
        }
        let blocking = |dependent: &&Place| {
            let found = self.store.get(&dependent.gvr, &dependent.namespace, &dependent.name);
            found.is_some_and(|found| {
                owners(&found).any(|owner| owner["uid"] == uid && owner["blockOwnerDeletion"] == true)
            })
        };
        let blocking: Vec<&Place> = dependents.iter().filter(blocking).collect();
        for dependent in &blocking {
            self.collect(dependent);
        }
        if blocking.into_iter().all(|place| !self.store.exists(&place.gvr, &place.namespace, &place.name)) {
            self.drop_finalizer(place, FOREGROUND);
        }
    }

    fn find(&self, owner: &Value, namespace: &str) -> Found {
        let text = |key: &str| owner[key].as_str().unwrap_or_default();
        let Some(kind) = self.store.registry().by_kind(text("apiVersion"), text("kind")) else {
            return Found::Unknown;
        };
        let namespace = if kind.namespaced { namespace } else { "" };
        match self.store.get(&kind.gvr, namespace, text("name")) {
            Some(object) if object["metadata"]["uid"] == owner["uid"] => Found::There(object),
            _ => Found::Gone,
        }
    }

    fn cut_loose(&self, place: &Place, from: impl Fn(&Value) -> bool) {
        let edited = self.store.update(&place.gvr, &place.namespace, &place.name, |object| {
            let Some(metadata) = object["metadata"].as_object_mut() else { return };
            let Some(list) = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut) else { return };
            list.retain(|owner| !from(owner));
            if list.is_empty() {
                metadata.shift_remove("ownerReferences");
            }
        });
        if let Err(error) = edited
            && error.code != 404
        {
            tracing::warn!(%error, "the garbage collector could not cut an object loose");
        }
    }

    fn drop_finalizer(&self, place: &Place, finalizer: &str) {
        let edited = self.store.update(&place.gvr, &place.namespace, &place.name, |object| {
            let Some(metadata) = object["metadata"].as_object_mut() else { return };
            let Some(list) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) else { return };
            list.retain(|there| there != finalizer);
            if list.is_empty() {
                metadata.shift_remove("finalizers");
            }
        });
        if let Err(error) = edited
            && error.code != 404
        {
            tracing::warn!(%error, "the garbage collector could not free an object");
        }
    }
}

enum Found {
    There(std::sync::Arc<Value>),
    Gone,
    /// Of a kind that this server does not serve: nobody can say, so it counts as there.
    Unknown,
}

fn owners(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

fn owners_in_place(store: &Store, object: &Value, namespace: &str) -> Vec<Place> {
    owners(object)
        .filter_map(|owner| {
            let text = |key: &str| owner[key].as_str().unwrap_or_default();
            let kind = store.registry().by_kind(text("apiVersion"), text("kind"))?;
            let namespace = if kind.namespaced { namespace } else { "" };
            Some(Place { gvr: kind.gvr.clone(), namespace: namespace.to_owned(), name: text("name").to_owned() })
        })
        .collect()
}

fn is_deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().any(|there| there == finalizer)
}

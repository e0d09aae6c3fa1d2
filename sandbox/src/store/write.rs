//! Changing objects that are there.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Change, ChangeKind, Gvr, ResourceType, Store, key};
use crate::builtin;
use crate::error::ApiError;

/// What part of an object a write may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Everything, for controllers.
    Whole,
    /// Everything but the status (where the resource has that subresource).
    Main,
    /// The status alone.
    Status,
}

/// Fields of metadata that no write changes.
const FIXED: [&str; 5] =
    ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName"];

impl Store {
    /// Makes `new` what a write of `part` over `old` would leave: fixed fields restored, the other part kept,
    /// generation counted. Returns whether that differs from `old`.
    pub fn settle(kind: &ResourceType, old: &Value, new: &mut Value, part: Part) -> bool {
        match part {
            Part::Status => {
                let status = new.get("status").cloned();
                let managed = new["metadata"].get("managedFields").cloned();
                *new = old.clone();
                replace(new, "status", status);
                if let Some(metadata) = new.get_mut("metadata") {
                    replace(metadata, "managedFields", managed);
                }
            }
            Part::Main if kind.status => replace(new, "status", old.get("status").cloned()),
            Part::Main | Part::Whole => {}
        }
        if let Some(body) = new.as_object_mut() {
            body.insert("apiVersion".to_owned(), old["apiVersion"].clone());
            body.insert("kind".to_owned(), old["kind"].clone());
        }
        builtin::fill_in(kind, Some(old), new);
        if !new["metadata"].is_object() {
            new["metadata"] = json!({});
        }
        for field in FIXED.into_iter().chain(["name", "namespace", "resourceVersion", "generation"]) {
            replace(&mut new["metadata"], field, old["metadata"].get(field).cloned());
        }
        if kind.counts_generation && part != Part::Status && !same_but_metadata(kind, old, new) {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
            new["metadata"]["generation"] = json!(generation);
        }
        new != old
    }

    /// Writes `new` over `old`, which must still be what is kept. Gives back the object as it is now, or
    /// as it last was where the write took away the last finalizer of a terminating object;
    /// `None` where somebody else wrote in between.
    pub fn commit(&self, kind: &ResourceType, old: &Arc<Value>, mut new: Value, part: Part) -> Option<Arc<Value>> {
        let changed = Self::settle(kind, old, &mut new, part);
        let key = super::key_of(old);
        let mut inner = self.write();
        let current = inner.buckets.get(&kind.gvr)?.objects.get(&key)?;
        if current["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"] {
            return None;
        }
        if !changed {
            return Some(Arc::clone(old));
        }
        let revision = inner.advance();
        let previous = Some(Arc::clone(old));
        if completes_deletion(&new) {
            // The event carries the object as it last was; the writer sees what it wrote.
            let mut last = (**old).clone();
            last["metadata"]["resourceVersion"] = json!(revision.to_string());
            let change = Change { revision, kind: ChangeKind::Deleted, object: Arc::new(last), previous };
            inner.record(&kind.gvr, key, change);
            return Some(Arc::new(new));
        }
        new["metadata"]["resourceVersion"] = json!(revision.to_string());
        let object = Arc::new(new);
        let change = Change { revision, kind: ChangeKind::Modified, object: Arc::clone(&object), previous };
        inner.record(&kind.gvr, key, change);
        Some(object)
    }

    /// Changes an object, whatever part of it; the generation rises only where more than metadata and
    /// status changed, and a change to the same does nothing. The closure may run more than once.
    ///
    /// # Errors
    /// 404.
    pub fn update(
        &self,
        gvr: &Gvr,
        namespace: &str,
        name: &str,
        edit: impl FnMut(&mut Value),
    ) -> Result<Arc<Value>, ApiError> {
        self.edit(gvr, namespace, name, Part::Whole, edit)
    }

    /// Changes the status of an object and nothing else of it. The closure sees the whole object.
    ///
    /// # Errors
    /// 404.
    pub fn update_status(
        &self,
        gvr: &Gvr,
        namespace: &str,
        name: &str,
        edit: impl FnMut(&mut Value),
    ) -> Result<Arc<Value>, ApiError> {
        self.edit(gvr, namespace, name, Part::Status, edit)
    }

    fn edit(
        &self,
        gvr: &Gvr,
        namespace: &str,
        name: &str,
        part: Part,
        mut edit: impl FnMut(&mut Value),
    ) -> Result<Arc<Value>, ApiError> {
        let kind = self.kind(gvr)?;
        loop {
            let Some(old) = self.get(gvr, namespace, name) else {
                return Err(ApiError::not_found(&gvr.group, &gvr.resource, name));
            };
            let mut new = (*old).clone();
            edit(&mut new);
            if let Some(written) = self.commit(&kind, &old, new, part) {
                return Ok(written);
            }
        }
    }

    /// Whether an object is there.
    pub fn exists(&self, gvr: &Gvr, namespace: &str, name: &str) -> bool {
        self.read().buckets.get(gvr).is_some_and(|bucket| bucket.objects.contains_key(&key(namespace, name)))
    }
}

/// A terminating object that nothing holds any more.
pub(super) fn completes_deletion(object: &Value) -> bool {
    let empty = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
    !object["metadata"]["deletionTimestamp"].is_null()
        && empty(&object["metadata"]["finalizers"])
        && (object["kind"] != "Namespace" || empty(&object["spec"]["finalizers"]))
}

fn same_but_metadata(kind: &ResourceType, old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return old == new };
    let counted = |key: &&String| *key != "metadata" && !(kind.status && *key == "status");
    old.keys().filter(counted).all(|key| old.get(key) == new.get(key))
        && new.keys().filter(counted).all(|key| old.contains_key(key))
}

fn replace(object: &mut Value, field: &str, value: Option<Value>) {
    let Some(body) = object.as_object_mut() else { return };
    match value {
        Some(value) => body.insert(field.to_owned(), value),
        None => body.shift_remove(field),
    };
}

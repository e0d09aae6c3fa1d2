//! Deleting: at once, or by marking what finalizers hold.

use std::sync::Arc;

use serde_json::{Value, json};

use super::write::completes_deletion;
use super::{Change, ChangeKind, Gvr, ResourceType, Store, key};
use crate::error::ApiError;

/// What becomes of the objects that the deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// They go after it (the default of every resource here).
    #[default]
    Background,
    /// They go before it: it stays with the finalizer `foregroundDeletion` until the garbage collector has run.
    Foreground,
    /// They stay: it keeps the finalizer `orphan` until the garbage collector has cut them loose.
    Orphan,
}

impl Propagation {
    fn finalizer(self) -> Option<&'static str> {
        match self {
            Self::Background => None,
            Self::Foreground => Some("foregroundDeletion"),
            Self::Orphan => Some("orphan"),
        }
    }
}

/// `metav1.DeleteOptions`, as far as they matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Only if this is its uid.
    pub uid: Option<String>,
    /// Only if this is its resourceVersion.
    pub resource_version: Option<String>,
    /// What becomes of its dependents.
    pub propagation: Propagation,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What a delete has done.
#[derive(Debug, Clone)]
pub enum Deleted {
    /// The object is gone; this was its last state.
    Gone(Arc<Value>),
    /// Finalizers hold it: it is marked with a deletionTimestamp.
    Held(Arc<Value>),
}

impl Store {
    /// Deletes an object, or marks it where finalizers hold it.
    ///
    /// # Errors
    /// 404, and 409 where a precondition does not hold.
    pub fn delete(&self, gvr: &Gvr, namespace: &str, name: &str, options: &DeleteOptions) -> Result<Deleted, ApiError> {
        let kind = self.kind(gvr)?;
        let now = self.clock().stamp();
        let mut inner = self.write();
        let key = key(namespace, name);
        let Some(old) = inner.buckets.get(gvr).and_then(|bucket| bucket.objects.get(&key)).cloned() else {
            return Err(ApiError::not_found(&gvr.group, &gvr.resource, name));
        };
        check_preconditions(&kind, &old, name, options)?;
        let Some(marked) = mark(&kind, &old, options.propagation, &now) else {
            if !options.dry_run {
                let revision = inner.advance();
                let mut last = (*old).clone();
                last["metadata"]["resourceVersion"] = json!(revision.to_string());
                let previous = Some(Arc::clone(&old));
                let change = Change { revision, kind: ChangeKind::Deleted, object: Arc::new(last), previous };
                inner.record(gvr, key, change);
            }
            return Ok(Deleted::Gone(old));
        };
        if options.dry_run {
            return Ok(Deleted::Held(Arc::new(marked)));
        }
        if marked == *old {
            return Ok(Deleted::Held(old));
        }
        let revision = inner.advance();
        let mut marked = marked;
        marked["metadata"]["resourceVersion"] = json!(revision.to_string());
        let object = Arc::new(marked);
        let change = Change { revision, kind: ChangeKind::Modified, object: Arc::clone(&object), previous: Some(old) };
        inner.record(gvr, key, change);
        Ok(Deleted::Held(object))
    }
}

/// The object as it waits for its finalizers; `None` where nothing holds it.
fn mark(kind: &ResourceType, old: &Value, propagation: Propagation, now: &str) -> Option<Value> {
    let mut marked = old.clone();
    let metadata = marked.get_mut("metadata")?.as_object_mut()?;
    let terminating = metadata.contains_key("deletionTimestamp");
    if !terminating {
        metadata.insert("deletionTimestamp".to_owned(), json!(now));
        if kind.kind != "Namespace" {
            metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(0));
        }
        if let Some(generation) = metadata.get("generation").and_then(Value::as_i64) {
            metadata.insert("generation".to_owned(), json!(generation + 1));
        }
        if let Some(finalizer) = propagation.finalizer() {
            let list = metadata.entry("finalizers").or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut().filter(|list| !list.iter().any(|there| there == finalizer)) {
                list.push(json!(finalizer));
            }
        }
    }
    if kind.kind == "Namespace" {
        marked["status"]["phase"] = json!("Terminating");
    }
    (!completes_deletion(&marked)).then_some(marked)
}

fn check_preconditions(kind: &ResourceType, old: &Value, name: &str, options: &DeleteOptions) -> Result<(), ApiError> {
    let conflict = |why: String| Err(ApiError::conflict(&kind.gvr.group, &kind.kind, name, &why));
    let uid = old["metadata"]["uid"].as_str().unwrap_or_default();
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != uid) {
        return conflict(format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have \
             been deleted and then recreated"
        ));
    }
    let version = old["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    if let Some(wanted) = options.resource_version.as_deref().filter(|wanted| *wanted != version) {
        return conflict(format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record \
             ({version}). The object might have been modified"
        ));
    }
    Ok(())
}

//! `delete`: one object, or each of several.

use serde::Serialize;

use super::Call;
use super::clauses::{Clauses, advice_clause};
use super::settle::{MAX_UNKNOWN, reference};
use crate::change::{Action, Change};
use crate::failure::{Attempt, Failure, ObjectRef};
use crate::kind::Kind;
use crate::kubernetes::{ApiRequest, Backoff, RequestError};
use crate::undo::{What, Written};

/// A `delete` step.
#[must_use = "a step does nothing before it is sent"]
pub struct Delete<'c, 'a> {
    call: &'c mut Call,
    object: ObjectRef,
    uid: String,
    clauses: Clauses<'a>,
}

/// What became of a fan-out delete.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Names of the objects that are gone, or were asked to go.
    pub done: Vec<String>,
    /// Objects that are still there.
    pub failed: Vec<FailedDelete>,
}

/// An object that could not be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FailedDelete {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Call {
    /// `delete` of an object that was read before, and of no other under the same name.
    pub fn delete<'c, 'a, K: Kind>(&'c mut self, object: &K) -> Delete<'c, 'a> {
        Delete {
            object: reference(object),
            uid: object.metadata().uid.clone(),
            call: self,
            clauses: Clauses::default(),
        }
    }

    /// `delete … each`: goes on after a failure; what is gone already counts as done. Where some could not
    /// be deleted, the outcome is `partial`.
    ///
    /// # Errors
    /// Where the call was cancelled before anything was written.
    pub async fn delete_each<K: Kind>(&mut self, objects: &[K]) -> Result<Deleted, Failure> {
        let mut deleted = Deleted::default();
        for object in objects {
            let name = object.metadata().name.clone();
            if let Err(stop) = self.go_on() {
                if self.written.is_empty() {
                    return Err(stop);
                }
                deleted.failed.push(FailedDelete { name, reason: stop.to_string() });
                continue;
            }
            let (reference, uid) = (reference(object), &object.metadata().uid);
            match self.delete_one(&reference, uid, true).await {
                Ok(()) => deleted.done.push(name),
                Err(error) => {
                    let failure = Clauses::default().failure(self, error, Attempt::Delete, &reference);
                    deleted
                        .failed
                        .push(FailedDelete { name, reason: failure.why().unwrap_or(failure.what()).to_owned() });
                }
            }
        }
        if !deleted.failed.is_empty() {
            self.partial = true;
        }
        Ok(deleted)
    }

    /// Deletes one object by its uid. After an attempt whose answer was lost, "not found" means done.
    async fn delete_one(&mut self, object: &ObjectRef, uid: &str, missing_ok: bool) -> Result<(), RequestError> {
        let name = object.name.clone().unwrap_or_default();
        let request = ApiRequest::delete(&object.kind, object.namespace.as_deref(), &name, uid, None, self.dry_run);
        let mut backoff = Backoff::default();
        let mut lost = false;
        loop {
            let error = match self.link.write(&request).await {
                Ok(answer) => {
                    self.take_warnings(&answer);
                    break;
                }
                Err(error) if error.is_not_found() && (lost || missing_ok) => break,
                Err(error) => error,
            };
            // The uid makes it safe to ask again: nothing but this very object goes.
            let again = !error.is_known_not_done();
            lost = lost || again;
            if !again || backoff.attempts() >= MAX_UNKNOWN || !self.link.pause(&mut backoff, error.retry_after()).await
            {
                return Err(error);
            }
        }
        self.changed(Change {
            action: Action::Delete,
            kind: object.kind.kind.to_owned(),
            name,
            namespace: object.namespace.clone(),
            manifest: None,
            fields: Vec::new(),
        });
        self.wrote(Written { object: object.clone(), uid: uid.to_owned(), what: What::Stays("deleted") });
        Ok(())
    }
}

impl<'a> Delete<'_, 'a> {
    advice_clause!();

    /// Deletes the object; finalizers may hold it for a while.
    pub async fn send(self) -> Result<(), Failure> {
        self.call.go_on()?;
        match self.call.delete_one(&self.object, &self.uid, false).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_known_not_done() => {
                Err(self.clauses.failure(self.call, error, Attempt::Delete, &self.object))
            }
            Err(error) => Err(self.call.unknown(Attempt::Delete, &self.object, &error, None)),
        }
    }
}

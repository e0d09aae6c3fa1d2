//! `patch`: some fields of an object, whatever anyone else writes at the same time.

use serde_json::{Map, Value};

use super::Call;
use super::clauses::{Clauses, advice_clause};
use super::differences::{by_patch, holds};
use super::element::bound_to;
use super::settle::{MAX_UNKNOWN, made_again, reference};
use crate::change::{Action, Change};
use crate::failure::{Attempt, Failure, ObjectRef};
use crate::fields::Fields;
use crate::kind::Kind;
use crate::kubernetes::{ApiRequest, Backoff, RequestError};
use crate::undo::{What, Written};

/// A `patch` step.
#[must_use = "a step does nothing before it is sent"]
pub struct Patch<'c, 'a, K> {
    call: &'c mut Call,
    before: K,
    object: ObjectRef,
    set: Fields,
    labels: Fields,
    annotations: Fields,
    status: bool,
    clauses: Clauses<'a>,
}

impl Call {
    /// `patch` of an object that was read before.
    pub fn patch<'c, 'a, K: Kind>(&'c mut self, object: &K) -> Patch<'c, 'a, K> {
        Patch {
            call: self,
            before: object.clone(),
            object: reference(object),
            set: Fields::new(),
            labels: Fields::new(),
            annotations: Fields::new(),
            status: false,
            clauses: Clauses::default(),
        }
    }
}

impl<'a, K: Kind> Patch<'_, 'a, K> {
    advice_clause!();

    /// The fields to set; `null` takes a field away.
    pub fn set(mut self, fields: Fields) -> Self {
        self.set = self.set.merge(fields);
        self
    }

    /// A label to set.
    pub fn label(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.labels = self.labels.set(key, value.as_ref());
        self
    }

    /// An annotation to set.
    pub fn annotation(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.annotations = self.annotations.set(key, value.as_ref());
        self
    }

    /// Through the subresource `status`, as an operator writes.
    pub fn through_status(mut self) -> Self {
        self.status = true;
        self
    }

    /// Changes the object: as the API server answers. Where it already is so, nothing is sent and the
    /// object is what it was.
    pub async fn send(mut self) -> Result<K, Failure> {
        self.call.go_on()?;
        let mut set = std::mem::take(&mut self.set);
        let mut metadata = Fields::new();
        for (key, fields) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            metadata = metadata.set(key, (!fields.is_empty()).then(|| fields.clone()));
        }
        if !metadata.is_empty() {
            set = Fields::new().set("metadata", metadata).merge(set);
        }
        self.call.know(&set);
        let before = serde_json::to_value(&self.before)
            .map_err(|_| Failure::internal("An object cannot be written as JSON."))?;
        let fields = by_patch(&before, set.real(), set.shown());
        if fields.is_empty() {
            return Ok(self.before);
        }
        let patch = self.bound(set.real());
        let object = self.apply(&patch, set.real()).await?;
        self.call.changed(Change {
            action: Action::Patch,
            kind: K::INFO.kind.to_owned(),
            name: self.object.name.clone().unwrap_or_default(),
            namespace: self.object.namespace.clone(),
            manifest: None,
            fields,
        });
        self.call.wrote(Written {
            object: self.object.clone(),
            uid: self.before.metadata().uid.clone(),
            what: What::Stays("changed"),
        });
        Ok(object)
    }

    /// The patch, bound to the object's uid: one made again under the same name is not meant.
    fn bound(&self, set: &Map<String, Value>) -> Map<String, Value> {
        let mut patch = bound_to(&self.before.metadata().uid, None);
        for (key, value) in set {
            match (patch.get_mut(key), value) {
                (Some(Value::Object(bound)), Value::Object(more)) => bound.extend(more.clone()),
                _ => {
                    patch.insert(key.clone(), value.clone());
                }
            }
        }
        patch
    }

    async fn apply(&mut self, patch: &Map<String, Value>, wanted: &Map<String, Value>) -> Result<K, Failure> {
        let name = self.object.name.clone().unwrap_or_default();
        let mut request =
            ApiRequest::merge_patch(&K::INFO, self.object.namespace.as_deref(), &name, patch, self.call.dry_run);
        if self.status {
            request = request.through("status");
        }
        let wanted = Value::Object(wanted.clone());
        let mut backoff = Backoff::default();
        let mut unknown = 0;
        loop {
            let error = match self.call.link.write(&request).await.and_then(|answer| Ok((answer.read::<K>()?, answer)))
            {
                Ok((object, answer)) => {
                    self.call.take_warnings(&answer);
                    return Ok(object);
                }
                Err(error) => error,
            };
            let settled = error.is_known_not_done();
            if settled && !error.is_conflict() {
                return Err(self.failed(error));
            }
            if !self.call.dry_run {
                match self.call.reread::<K>(&self.object).await {
                    Ok(Some((now, _))) if now.metadata().uid != self.before.metadata().uid => {
                        return Err(made_again(&self.object));
                    }
                    Ok(Some((now, _))) if !settled && is_so(&now, &wanted) => return Ok(now),
                    // The same values once more: nothing is overwritten that this step does not name.
                    Ok(Some(_)) => {}
                    Ok(None) => return Err(self.failed(error)),
                    Err(_) if settled => {}
                    Err(reading) => {
                        return Err(self.call.unknown(Attempt::Change, &self.object, &error, Some(&reading)));
                    }
                }
            }
            unknown += u32::from(!settled);
            if unknown >= MAX_UNKNOWN || !self.call.link.pause(&mut backoff, error.retry_after()).await {
                return Err(if settled || self.call.dry_run {
                    self.failed(error)
                } else {
                    self.call.unknown(Attempt::Change, &self.object, &error, None)
                });
            }
        }
    }

    fn failed(&self, error: RequestError) -> Failure {
        self.clauses.failure(self.call, error, Attempt::Change, &self.object)
    }
}

/// Whether the object has what was to be set. What cannot be read (a Secret's content) never counts.
fn is_so<K: Kind>(now: &K, wanted: &Value) -> bool {
    !K::INFO.metadata_only && serde_json::to_value(now).is_ok_and(|now| holds(&now, wanted))
}

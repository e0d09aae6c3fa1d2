//! `edit`: one element of a list inside an object, whatever others write to the object meanwhile.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Call;
use super::clauses::{Clauses, Message, Text, advice_clause, text};
use super::differences::{between, holds};
use super::element::Place;
use super::settle::{MAX_UNKNOWN, made_again, reference};
use crate::change::{Action, Change, FieldChange};
use crate::failure::{Attempt, Failure, FailureKind, ObjectRef};
use crate::fields::Fields;
use crate::kind::Kind;
use crate::kubernetes::{ApiRequest, Backoff, RequestError};
use crate::undo::{What, Written};

type Guard<'a, E> = Box<dyn Fn(Option<&E>) -> Result<bool, Failure> + Send + Sync + 'a>;
type Content<'a, E> = Box<dyn Fn(Option<&E>) -> Result<Fields, Failure> + Send + Sync + 'a>;

/// An `edit` step before its list is named.
#[must_use = "a step does nothing before it is sent"]
pub struct Edit<'c, K> {
    call: &'c mut Call,
    object: ObjectRef,
    uid: String,
    kind: PhantomData<fn() -> K>,
}

/// An `edit` step.
#[must_use = "a step does nothing before it is sent"]
pub struct EditElement<'c, 'a, K, E> {
    call: &'c mut Call,
    object: ObjectRef,
    uid: String,
    place: Place,
    guard: Option<(Guard<'a, E>, Text<'a>)>,
    put: Option<Content<'a, E>>,
    set: Option<Content<'a, E>>,
    remove: Vec<String>,
    undo: bool,
    clauses: Clauses<'a>,
    kind: PhantomData<fn() -> K>,
}

/// The element as it is to be, and how it comes to be so.
struct Wanted {
    element: Value,
    fields: Vec<FieldChange>,
}

/// What was read for one attempt.
struct Read<K, E> {
    object: K,
    list: Vec<Value>,
    raw: Option<Value>,
    before: Option<E>,
}

impl Call {
    /// `edit` of an object that was read before.
    pub fn edit<'c, K: Kind>(&'c mut self, object: &K) -> Edit<'c, K> {
        Edit { object: reference(object), uid: object.metadata().uid.clone(), call: self, kind: PhantomData }
    }
}

impl<'c, K: Kind> Edit<'c, K> {
    /// The element of the list at `path` whose field `key` has this value. `E` is its type.
    pub fn element<'a, E: DeserializeOwned + Send>(
        self,
        path: &[&str],
        key: &str,
        value: impl AsRef<str>,
    ) -> EditElement<'c, 'a, K, E> {
        EditElement {
            call: self.call,
            object: self.object,
            uid: self.uid,
            place: Place {
                path: path.iter().map(|segment| (*segment).to_owned()).collect(),
                key: vec![(key.to_owned(), value.as_ref().to_owned())],
            },
            guard: None,
            put: None,
            set: None,
            remove: Vec::new(),
            undo: false,
            clauses: Clauses::default(),
            kind: PhantomData,
        }
    }
}

impl<'a, K: Kind, E: DeserializeOwned + Send> EditElement<'_, 'a, K, E> {
    advice_clause!();

    /// One more key field.
    pub fn key(mut self, field: &str, value: impl AsRef<str>) -> Self {
        self.place.key.push((field.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The guard, asked about the element as it is on every attempt.
    pub fn require<M: Message>(
        mut self,
        that: impl Fn(Option<&E>) -> Result<bool, Failure> + Send + Sync + 'a,
        otherwise: impl Fn() -> M + Send + Sync + 'a,
    ) -> Self {
        self.guard = Some((Box::new(that), text(otherwise)));
        self
    }

    /// `put`: the element becomes its key and these fields, and nothing else.
    pub fn put(mut self, fields: impl Fn(Option<&E>) -> Result<Fields, Failure> + Send + Sync + 'a) -> Self {
        self.put = Some(Box::new(fields));
        self
    }

    /// `set`: these fields of the element change; an element that is not there is made.
    pub fn set(mut self, fields: impl Fn(Option<&E>) -> Result<Fields, Failure> + Send + Sync + 'a) -> Self {
        self.set = Some(Box::new(fields));
        self
    }

    /// `remove`: these fields of the element go. Without `put` and `set` and with no field named, the
    /// element itself stays.
    pub fn remove(mut self, fields: &[&str]) -> Self {
        self.remove.extend(fields.iter().map(|field| (*field).to_owned()));
        self
    }

    /// `undo: restore`: the element is put back as it was where a later step fails.
    pub fn undo_restore(mut self) -> Self {
        self.undo = true;
        self
    }

    /// Changes the element: the object as the API server answers. Where the element already is as
    /// wanted, nothing is sent.
    ///
    /// Each attempt reads the object, asks the guard, and sends the changed list bound to the version it
    /// read; a conflict leads to the next attempt until the call's deadline. Edits of one object stand in
    /// a queue inside this process.
    pub async fn send(mut self) -> Result<K, Failure> {
        self.call.go_on()?;
        let name = self.object.name.clone().unwrap_or_default();
        let kubernetes = self.call.link.kubernetes.clone();
        let path = K::INFO.object_path(self.object.namespace.as_deref(), &name);
        let _turn =
            tokio::time::timeout_at(self.call.link.deadline, kubernetes.queues.turn(&path)).await.map_err(|_| {
                Failure::new(
                    FailureKind::TimedOut,
                    format!("{} could not be changed in time: other calls are changing it.", self.object),
                )
                .on(self.object.clone())
            })?;

        let mut backoff = Backoff::default();
        let mut lost = 0;
        // The element and version of an attempt whose answer was lost.
        let mut unsure: Option<(Wanted, Option<Value>, RequestError)> = None;
        loop {
            let read = match self.read().await {
                Ok(read) => read,
                Err(failure) => {
                    return Err(match unsure {
                        Some((_, _, error)) => self
                            .call
                            .unknown(Attempt::Change, &self.object, &error, None)
                            .because(format!("{error} {failure}")),
                        None => failure,
                    });
                }
            };
            if let Some((wanted, before, _)) =
                unsure.take_if(|(wanted, ..)| read.raw.as_ref().is_some_and(|now| holds(now, &wanted.element)))
            {
                self.record(before, wanted);
                return Ok(read.object);
            }
            if let Some((guard, otherwise)) = &self.guard
                && !guard(read.before.as_ref())?
            {
                let otherwise = otherwise()?;
                return Err(match unsure {
                    // Perhaps this call's own write was stored, and changed since.
                    Some((_, _, error)) => self
                        .call
                        .unknown(Attempt::Change, &self.object, &error, None)
                        .because(format!("{error} {otherwise}")),
                    None => self.call.masked(Failure::refused(otherwise).on(self.object.clone())),
                });
            }
            let wanted = self.wanted(&read)?;
            if wanted.fields.is_empty() {
                return Ok(read.object);
            }
            let version = read.object.metadata().resource_version.clone().unwrap_or_default();
            let change = self.place.patch(&self.uid, &version, self.place.with(&read.list, Some(&wanted.element)));
            let request =
                ApiRequest::merge_patch(&K::INFO, self.object.namespace.as_deref(), &name, &change, self.call.dry_run);
            let error = match self.call.link.write(&request).await.and_then(|answer| Ok((answer.read::<K>()?, answer)))
            {
                Ok((object, answer)) => {
                    self.call.take_warnings(&answer);
                    self.record(read.raw, wanted);
                    return Ok(object);
                }
                Err(error) => error,
            };
            let settled = error.is_known_not_done() || self.call.dry_run;
            if settled && !error.is_conflict() && !(self.call.dry_run && error.is_passing()) {
                return Err(self.failed(error));
            }
            lost += u32::from(!error.is_conflict());
            let go_on = lost < MAX_UNKNOWN && self.call.link.pause(&mut backoff, error.retry_after()).await;
            if !settled {
                unsure = Some((wanted, read.raw, error.clone()));
            }
            if !go_on {
                return self.give_up(error, unsure).await;
            }
        }
    }

    /// No time or attempts are left: says what is known.
    async fn give_up(
        mut self,
        error: RequestError,
        unsure: Option<(Wanted, Option<Value>, RequestError)>,
    ) -> Result<K, Failure> {
        let Some((wanted, before, lost)) = unsure else {
            let failure = self.failed(error);
            return Err(failure.advise("Others write to the object all the time; call again."));
        };
        match self.call.reread::<K>(&self.object).await {
            Ok(Some((object, answer))) => {
                let elements = answer
                    .value_at(&self.place.path())
                    .ok()
                    .and_then(|read| self.place.list(read).ok())
                    .unwrap_or_default();
                if self.place.find(&elements).is_some_and(|now| holds(now, &wanted.element)) {
                    self.record(before, wanted);
                    return Ok(object);
                }
                // Seen not to be there; but a request that still is on its way could be stored later.
                Err(self.call.unknown(Attempt::Change, &self.object, &lost, None))
            }
            Ok(None) => Err(self.failed(error)),
            Err(reading) => Err(self.call.unknown(Attempt::Change, &self.object, &lost, Some(&reading))),
        }
    }

    /// The object as it is, with the element.
    async fn read(&self) -> Result<Read<K, E>, Failure> {
        let name = self.object.name.as_deref().unwrap_or_default();
        let request = ApiRequest::get(&K::INFO, self.object.namespace.as_deref(), name);
        let read = async {
            let answer = self.call.link.read(&request).await?;
            let object: K = answer.read()?;
            Ok((object, answer.value_at(&self.place.path())?))
        };
        let (object, list) =
            read.await.map_err(|error| self.clauses.failure(self.call, error, Attempt::Read, &self.object))?;
        if object.metadata().uid != self.uid {
            return Err(made_again(&self.object));
        }
        let list = self.place.list(list)?;
        let raw = self.place.find(&list).cloned();
        let before = raw.as_ref().map(E::deserialize).transpose().map_err(|_| {
            Failure::new(
                FailureKind::Unreadable,
                format!("`{}` of {} is not as expected.", self.place.label(), self.object),
            )
        })?;
        Ok(Read { object, list, raw, before })
    }

    /// The element as it is to be.
    fn wanted(&mut self, read: &Read<K, E>) -> Result<Wanted, Failure> {
        let before = read.before.as_ref();
        let (mut element, mut shown) = (self.place.key_fields(), self.place.key_fields());
        if let Some(put) = &self.put {
            let fields = put(before)?;
            self.call.know(&fields);
            element.extend(without_nulls(fields.real()));
            shown.extend(without_nulls(fields.shown()));
        } else if let Some(Value::Object(raw)) = &read.raw {
            element.clone_from(raw);
            shown.clone_from(raw);
        }
        if let Some(set) = &self.set {
            let fields = set(before)?;
            self.call.know(&fields);
            merge(&mut element, fields.real());
            merge(&mut shown, fields.shown());
        }
        for field in &self.remove {
            element.remove(field);
            shown.remove(field);
        }
        let fields = between(read.raw.as_ref(), &element, &shown, &self.place.label());
        Ok(Wanted { element: Value::Object(element), fields })
    }

    fn record(&mut self, before: Option<Value>, wanted: Wanted) {
        self.call.changed(Change {
            action: Action::Edit,
            kind: K::INFO.kind.to_owned(),
            name: self.object.name.clone().unwrap_or_default(),
            namespace: self.object.namespace.clone(),
            manifest: None,
            fields: wanted.fields,
        });
        let what = What::Element { place: self.place.clone(), before, wrote: wanted.element, undo: self.undo };
        self.call.wrote(Written { object: self.object.clone(), uid: self.uid.clone(), what });
    }

    fn failed(&self, error: RequestError) -> Failure {
        self.clauses.failure(self.call, error, Attempt::Change, &self.object)
    }
}

/// Fields set to `null` are left out of a whole element.
fn without_nulls(fields: &Map<String, Value>) -> Map<String, Value> {
    fields.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Sets fields as a merge patch does (RFC 7396).
fn merge(into: &mut Map<String, Value>, fields: &Map<String, Value>) {
    for (key, value) in fields {
        match (into.get_mut(key), value) {
            (_, Value::Null) => {
                into.remove(key);
            }
            (Some(Value::Object(present)), Value::Object(more)) => merge(present, more),
            (_, Value::Object(more)) => {
                into.insert(key.clone(), Value::Object(without_nulls(more)));
            }
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

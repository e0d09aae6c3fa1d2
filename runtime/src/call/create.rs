//! `create`: a new object, or one of ours that a killed call left behind.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde_json::{Map, Value, json};

use super::Call;
use super::clauses::{Clauses, Condition, Message, Text, advice_clause, text};
use super::element::bound_to;
use super::settle::{CALL_ID_ANNOTATION, MAX_UNKNOWN, deletion};
use crate::change::{Action, Change};
use crate::expression::{MANAGED_BY_LABEL, MANAGER};
use crate::failure::{Attempt, Failure, FailureKind, Leftover, ObjectRef};
use crate::fields::Fields;
use crate::kind::Kind;
use crate::kubernetes::{Answer, ApiRequest, ApiStatus, Backoff, RequestError};
use crate::meta::OwnerReference;
use crate::undo::{What, Written};

/// A `create` step.
#[must_use = "a step does nothing before it is sent"]
pub struct Create<'c, 'a, K> {
    call: &'c mut Call,
    object: ObjectRef,
    owner: Option<OwnerReference>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    body: Fields,
    adopt: Option<(Condition<'a, K>, Text<'a>)>,
    undo: bool,
    clauses: Clauses<'a>,
    kind: PhantomData<fn() -> K>,
}

/// What became of a create.
enum Made<K> {
    Created(K),
    Adopted(K),
    /// Whatever was in the way is gone: create again.
    Again(RequestError),
}

impl Call {
    /// `create` of an object in a namespace.
    pub fn create<'c, 'a, K: Kind>(&'c mut self, namespace: &str, name: &str) -> Create<'c, 'a, K> {
        self.creating(Some(namespace.to_owned()), name)
    }

    /// `create` of an object of a kind without namespaces.
    pub fn create_cluster_scoped<'c, 'a, K: Kind>(&'c mut self, name: &str) -> Create<'c, 'a, K> {
        self.creating(None, name)
    }

    fn creating<'c, 'a, K: Kind>(&'c mut self, namespace: Option<String>, name: &str) -> Create<'c, 'a, K> {
        let labels = BTreeMap::from([(MANAGED_BY_LABEL.to_owned(), MANAGER.to_owned())]);
        let annotations = BTreeMap::from([(CALL_ID_ANNOTATION.to_owned(), self.id.clone())]);
        Create {
            object: ObjectRef { kind: K::INFO, namespace, name: Some(name.to_owned()) },
            call: self,
            owner: None,
            labels,
            annotations,
            body: Fields::new(),
            adopt: None,
            undo: false,
            clauses: Clauses::default(),
            kind: PhantomData,
        }
    }
}

impl<'a, K: Kind> Create<'_, 'a, K> {
    advice_clause!();

    /// The object that it is garbage-collected with; a non-controller reference to its uid.
    pub fn owner<O: Kind>(mut self, owner: &O) -> Self {
        let metadata = owner.metadata();
        self.owner = Some(OwnerReference {
            api_version: O::INFO.api_version().into_owned(),
            kind: O::INFO.kind.to_owned(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            controller: None,
        });
        self
    }

    /// A label beside the server's own.
    pub fn label(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.labels.insert(key.to_owned(), value.as_ref().to_owned());
        self
    }

    /// An annotation beside the server's own.
    pub fn annotation(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.annotations.insert(key.to_owned(), value.as_ref().to_owned());
        self
    }

    /// Everything but `metadata`.
    pub fn body(mut self, body: Fields) -> Self {
        self.body = body;
        self
    }

    /// An object of that name for which the condition holds is taken over: it gets this content and this
    /// call's id, by a patch that is bound to the version the condition was asked about.
    pub fn adopt_if<M: Message>(
        mut self,
        adopt: impl Fn(&K) -> Result<bool, Failure> + Send + Sync + 'a,
        otherwise: impl Fn() -> M + Send + Sync + 'a,
    ) -> Self {
        self.adopt = Some((Box::new(adopt), text(otherwise)));
        self
    }

    /// `undo: delete`: what this call created goes again where a later step fails.
    pub fn undo_delete(mut self) -> Self {
        self.undo = true;
        self
    }

    /// Makes the object: the API server's answer, of a dry run too.
    pub async fn send(mut self) -> Result<K, Failure> {
        self.call.go_on()?;
        let body = std::mem::take(&mut self.body);
        self.call.know(&body);
        let manifest = self.manifest(body.real());
        let mut backoff = Backoff::default();
        let mut lost = None;
        let (object, what) = loop {
            let made = match self.attempt(&manifest).await {
                Ok((object, answer)) => {
                    self.call.take_warnings(&answer);
                    Made::Created(object)
                }
                Err(error) if error.status().is_some_and(ApiStatus::is_already_exists) => {
                    self.existing(&manifest, error, lost.as_ref()).await?
                }
                Err(error) if error.is_known_not_done() => return Err(self.failed(error)),
                Err(error) => {
                    lost = Some(error.clone());
                    self.settle(&manifest, error).await?
                }
            };
            match made {
                Made::Created(object) => {
                    let resource_version = object.metadata().resource_version.clone();
                    break (object, What::Created { resource_version, undo: self.undo });
                }
                Made::Adopted(object) => break (object, What::Adopted),
                Made::Again(error) => {
                    if backoff.attempts() >= MAX_UNKNOWN || !self.call.link.pause(&mut backoff, None).await {
                        return Err(self.not_there(error));
                    }
                }
            }
        };
        self.record(&body, object.metadata().uid.clone(), what);
        Ok(object)
    }

    async fn attempt(&self, manifest: &Map<String, Value>) -> Result<(K, Answer), RequestError> {
        let request = ApiRequest::create(&K::INFO, self.object.namespace.as_deref(), manifest, self.call.dry_run);
        let answer = self.call.link.write(&request).await?;
        Ok((answer.read()?, answer))
    }

    fn failed(&self, error: RequestError) -> Failure {
        self.clauses.failure(self.call, error, Attempt::Create, &self.object)
    }

    /// The failure where the object was not there when it was last looked for.
    fn not_there(&self, error: RequestError) -> Failure {
        let may_come = !error.is_known_not_done() && !self.call.dry_run;
        let mut failure = self.failed(error);
        if may_come {
            let what = format!(
                "{} was not there when last looked for, but a request that is still on its way could be stored yet.",
                self.object
            );
            failure.add_leftover(Leftover { what, command: Some(deletion(&self.object)) });
        }
        failure
    }

    /// The request was sent and its answer lost: is the object there, and is it this call's?
    async fn settle(&mut self, manifest: &Map<String, Value>, lost: RequestError) -> Result<Made<K>, Failure> {
        if self.call.dry_run {
            // A dry run stores nothing: it can be asked again.
            return if lost.is_passing() { Ok(Made::Again(lost)) } else { Err(self.failed(lost)) };
        }
        match self.call.reread::<K>(&self.object).await {
            Ok(None) => Ok(Made::Again(lost)),
            Ok(Some((existing, _))) if self.is_this_calls(&existing) => Ok(Made::Created(existing)),
            Ok(Some((existing, _))) => self.take_over(manifest, existing, None).await,
            Err(reading) => Err(self.call.unknown(Attempt::Create, &self.object, &lost, Some(&reading))),
        }
    }

    fn is_this_calls(&self, existing: &K) -> bool {
        existing.metadata().annotations.get(CALL_ID_ANNOTATION) == Some(&self.call.id)
    }

    /// The name is taken.
    async fn existing(
        &mut self,
        manifest: &Map<String, Value>,
        error: RequestError,
        lost: Option<&RequestError>,
    ) -> Result<Made<K>, Failure> {
        match self.call.reread::<K>(&self.object).await {
            Ok(None) => Ok(Made::Again(error)),
            Ok(Some((existing, _))) if !self.call.dry_run && self.is_this_calls(&existing) => {
                Ok(Made::Created(existing))
            }
            Ok(Some((existing, _))) => self.take_over(manifest, existing, Some(error)).await,
            // An earlier attempt may have made it.
            Err(reading) => Err(match lost {
                Some(lost) => self.call.unknown(Attempt::Create, &self.object, lost, Some(&reading)),
                None => self.failed(error),
            }),
        }
    }

    /// Takes an object over where the step's rule allows it.
    async fn take_over(
        &mut self,
        manifest: &Map<String, Value>,
        mut existing: K,
        error: Option<RequestError>,
    ) -> Result<Made<K>, Failure> {
        let mut backoff = Backoff::default();
        loop {
            if existing.metadata().deletion_timestamp.is_some() {
                let finalizers = existing.metadata().finalizers.join("`, `");
                let what = format!("{} exists already and is being deleted.", self.object);
                let failure = Failure::new(FailureKind::AlreadyExists, what).on(self.object.clone());
                let held = if finalizers.is_empty() {
                    String::new()
                } else {
                    format!(" Its finalizers hold it: `{finalizers}`.")
                };
                return Err(self.clauses.advised(failure.advise(format!("Call again when it is gone.{held}"))));
            }
            let Some((adopt, otherwise)) = &self.adopt else {
                return Err(self.taken(error, None));
            };
            if !adopt(&existing)? {
                return Err(self.taken(error, Some(otherwise()?)));
            }
            let patch = self.adoption(manifest, &existing);
            let name = self.object.name.as_deref().unwrap_or_default();
            let request =
                ApiRequest::merge_patch(&K::INFO, self.object.namespace.as_deref(), name, &patch, self.call.dry_run);
            let lost = match self.call.link.write(&request).await.and_then(|answer| Ok((answer.read::<K>()?, answer))) {
                Ok((object, answer)) => {
                    self.call.take_warnings(&answer);
                    return Ok(Made::Adopted(object));
                }
                Err(error) if error.is_not_found() => return Ok(Made::Again(error)),
                Err(error) if error.is_known_not_done() && !error.is_conflict() => {
                    return Err(self.clauses.failure(self.call, error, Attempt::Change, &self.object));
                }
                Err(error) => error,
            };
            existing = match self.call.reread::<K>(&self.object).await {
                Ok(None) => return Ok(Made::Again(lost)),
                Ok(Some((now, _))) if !self.call.dry_run && self.is_this_calls(&now) => return Ok(Made::Adopted(now)),
                Ok(Some((now, _))) => now,
                Err(reading) => return Err(self.call.unknown(Attempt::Change, &self.object, &lost, Some(&reading))),
            };
            if !self.call.link.pause(&mut backoff, lost.retry_after()).await {
                return Err(self.clauses.failure(self.call, lost, Attempt::Change, &self.object));
            }
        }
    }

    /// The failure where the name is taken by something that is not taken over.
    fn taken(&self, error: Option<RequestError>, otherwise: Option<String>) -> Failure {
        let status = error.as_ref().and_then(RequestError::status).cloned();
        let failure = match (otherwise, error) {
            (None, Some(error)) => return self.failed(error),
            (Some(what), _) => Failure::new(FailureKind::AlreadyExists, what),
            (None, None) => Failure::new(FailureKind::AlreadyExists, format!("{} exists already.", self.object)),
        };
        let failure = failure.on(self.object.clone());
        let failure = match status {
            Some(status) => failure.because(status.message.clone()).with_status(status),
            None => failure,
        };
        self.call.masked(self.clauses.advised(failure))
    }

    /// The whole object.
    fn manifest(&self, body: &Map<String, Value>) -> Map<String, Value> {
        let mut metadata = Map::from_iter([("name".to_owned(), json!(self.object.name))]);
        if let Some(namespace) = &self.object.namespace {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
        metadata.insert("labels".to_owned(), json!(self.labels));
        metadata.insert("annotations".to_owned(), json!(self.annotations));
        if let Some(owner) = &self.owner {
            metadata.insert("ownerReferences".to_owned(), json!([reference(owner)]));
        }
        let mut manifest = Map::from_iter([
            ("apiVersion".to_owned(), json!(K::INFO.api_version())),
            ("kind".to_owned(), json!(K::INFO.kind)),
            ("metadata".to_owned(), Value::Object(metadata)),
        ]);
        manifest.extend(body.clone());
        manifest
    }

    /// The patch that makes an existing object this call's.
    fn adoption(&self, manifest: &Map<String, Value>, existing: &K) -> Map<String, Value> {
        let metadata = existing.metadata();
        let mut patch: Map<String, Value> = manifest
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let mut bound = bound_to(&metadata.uid, Some(metadata.resource_version.as_deref().unwrap_or_default()));
        if let Some(Value::Object(bound)) = bound.get_mut("metadata") {
            bound.insert("labels".to_owned(), json!(self.labels));
            bound.insert("annotations".to_owned(), json!(self.annotations));
            if let Some(owner) = &self.owner
                && !metadata.owner_references.iter().any(|present| present.uid == owner.uid)
            {
                let owners: Vec<_> = metadata.owner_references.iter().chain([owner]).map(reference).collect();
                bound.insert("ownerReferences".to_owned(), Value::Array(owners));
            }
        }
        patch.extend(bound);
        patch
    }

    fn record(&mut self, body: &Fields, uid: String, what: What) {
        let manifest = self.call.dry_run.then(|| {
            let shown = Value::Object(self.manifest(body.shown()));
            serde_yaml::to_string(&shown).unwrap_or_else(|_| shown.to_string())
        });
        if matches!(what, What::Adopted) && !self.call.dry_run {
            self.call.warn(format!("{} was left by an earlier call and is taken over.", self.object));
        }
        self.call.changed(Change {
            action: Action::Create,
            kind: self.object.kind.kind.to_owned(),
            name: self.object.name.clone().unwrap_or_default(),
            namespace: self.object.namespace.clone(),
            manifest,
            fields: Vec::new(),
        });
        self.call.wrote(Written { object: self.object.clone(), uid, what });
    }
}

fn reference(owner: &OwnerReference) -> Value {
    let mut reference =
        json!({ "apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid });
    if let (Some(controller), Some(fields)) = (owner.controller, reference.as_object_mut()) {
        fields.insert("controller".to_owned(), Value::from(controller));
    }
    reference
}

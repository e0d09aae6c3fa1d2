//! Taking back one write.

use serde_json::Value;

use super::{What, Written};
use crate::call::{CALL_ID_ANNOTATION, Call, Place};
use crate::kubernetes::{Answer, ApiRequest, Backoff, RequestError};
use crate::meta::ObjectMeta;

/// Most attempts at taking back one write.
const MAX_ATTEMPTS: u32 = 8;

#[derive(serde::Deserialize)]
struct Versioned {
    #[serde(default)]
    metadata: ObjectMeta,
}

impl Call {
    /// Takes a write back; what was done about it, or why it could not be.
    pub(super) async fn undo_step(&self, step: &Written) -> Result<String, String> {
        match &step.what {
            What::Created { resource_version, .. } => self.undo_create(step, resource_version.clone()).await,
            What::Element { place, before, wrote, .. } => self.undo_element(step, place, before.as_ref(), wrote).await,
            What::Adopted | What::Stays(_) => Err("there is no way back.".to_owned()),
        }
    }

    /// Deletes what this call made, if it still is as this call made it: a call that took it over since
    /// changed its version and put its own id on it.
    async fn undo_create(&self, step: &Written, mut version: Option<String>) -> Result<String, String> {
        let object = &step.object;
        let name = object.name.as_deref().unwrap_or_default();
        let gone = Ok(format!("{object} was deleted again."));
        let mut backoff = Backoff::default();
        loop {
            let request = ApiRequest::delete(
                &object.kind,
                object.namespace.as_deref(),
                name,
                &step.uid,
                version.as_deref(),
                false,
            );
            let error = match self.link.write(&request).await {
                Ok(_) => return gone,
                Err(error) if error.is_not_found() => return gone,
                Err(error) => error,
            };
            if error.is_conflict() {
                let Some((metadata, _)) = self.undo_read(step).await? else { return gone };
                if metadata.annotations.get(CALL_ID_ANNOTATION) != Some(&self.id) {
                    return Ok(format!("{object} was taken over by another call meanwhile and is left to it."));
                }
                // Someone else touched it, but it still is this call's.
                version = metadata.resource_version;
            } else if error.is_known_not_done() && !error.is_passing() {
                return Err(error.to_string());
            }
            if backoff.attempts() >= MAX_ATTEMPTS || !self.link.pause(&mut backoff, error.retry_after()).await {
                return Err(error.to_string());
            }
        }
    }

    /// Puts an element back as it was, if it still is what this call wrote.
    async fn undo_element(
        &self,
        step: &Written,
        place: &Place,
        before: Option<&Value>,
        wrote: &Value,
    ) -> Result<String, String> {
        let object = &step.object;
        let name = object.name.as_deref().unwrap_or_default();
        let _turn = self.link.kubernetes.queues.turn(&object.kind.object_path(object.namespace.as_deref(), name)).await;
        let mut backoff = Backoff::default();
        loop {
            let Some((metadata, answer)) = self.undo_read(step).await? else {
                return Ok(format!("{object} is gone, and `{}` with it.", place.label()));
            };
            let read = answer.value_at(&place.path()).map_err(|error| error.to_string())?;
            let list = place.list(read).map_err(|failure| failure.to_string())?;
            let now = place.find(&list);
            if now == before {
                return Ok(format!("`{}` of {object} was put back as it was.", place.label()));
            }
            if !now.is_some_and(|now| crate::call::holds(now, wrote)) {
                return Err("someone else changed it since.".to_owned());
            }
            let version = metadata.resource_version.unwrap_or_default();
            let patch = place.patch(&step.uid, &version, place.with(&list, before));
            let request = ApiRequest::merge_patch(&object.kind, object.namespace.as_deref(), name, &patch, false);
            let Err(error) = self.link.write(&request).await else {
                return Ok(format!("`{}` of {object} was put back as it was.", place.label()));
            };
            // After a lost answer the next round finds it as it was.
            if error.is_known_not_done() && !error.is_conflict() && !error.is_passing() {
                return Err(error.to_string());
            }
            if backoff.attempts() >= MAX_ATTEMPTS || !self.link.pause(&mut backoff, error.retry_after()).await {
                return Err(error.to_string());
            }
        }
    }

    /// The object, if it still is the one that was written.
    async fn undo_read(&self, step: &Written) -> Result<Option<(ObjectMeta, Answer)>, String> {
        let object = &step.object;
        let request =
            ApiRequest::get(&object.kind, object.namespace.as_deref(), object.name.as_deref().unwrap_or_default());
        let answer = match self.link.read(&request).await {
            Ok(answer) => answer,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let read: Versioned = answer.read().map_err(|error: RequestError| error.to_string())?;
        Ok(Some(read.metadata).filter(|metadata| metadata.uid == step.uid).map(|metadata| (metadata, answer)))
    }
}

//! Writing over an object: PUT and what patches have in common with it.

use std::sync::Arc;

use http::header;
use serde_json::Value;

use super::answer::{Answer, Form};
use super::body::{self, Media};
use super::query::WriteOptions;
use super::{Call, Operation, checks, fields};
use crate::error::{ApiError, Cause};
use crate::store::{Origin, Part, Store};

/// An object as it was written, and the warnings.
pub(super) type Written = (Arc<Value>, Vec<String>);

/// How an object is written over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write {
    pub(super) part: Part,
    /// Webhooks are asked. They are for objects, and not for subresources.
    pub(super) admitted: bool,
    /// The new object must name the version that it is made from (custom resources only).
    pub(super) versioned: bool,
}

impl Write {
    /// A PUT or patch of that part.
    pub(super) fn of(part: Part) -> Self {
        Self { part, admitted: part != Part::Status, versioned: true }
    }
}

impl Call<'_> {
    /// The part that the address names.
    pub(super) fn part(&self) -> Result<Part, ApiError> {
        match self.info.subresource.as_str() {
            "status" if self.kind.status => Ok(Part::Status),
            "status" => Err(self.unsupported()),
            _ => Ok(Part::Main),
        }
    }

    pub(super) fn put(&self) -> Result<Answer, ApiError> {
        let form = Form::of(self.header(&header::ACCEPT))?;
        let part = self.part()?;
        let options = self.query.write_options("UpdateOptions")?;
        let media = Media::of(self.content_type())?;
        let decoded = body::decode(&self.kind, media, &self.body)?;
        let mut object = decoded.object;
        self.check_place(&mut object)?;
        self.check_name(&object)?;
        let unknown = checks::prune(&self.kind, &mut object);
        let warnings = self.judge_fields(&options, checks::field_texts(&decoded.duplicates, &unknown))?;
        loop {
            let old = self.stored().ok_or_else(|| self.not_found())?;
            if let Some((written, more)) = self.write_over(&old, object.clone(), Write::of(part), &options)? {
                let warnings = warnings.into_iter().chain(more).collect();
                return Ok(Answer::object(200, form, &self.kind, &written, &self.query).with_warnings(warnings));
            }
        }
    }

    /// `PUT …/finalize` of a namespace: takes its finalizers as they come.
    pub(super) fn finalize_namespace(&self) -> Result<Answer, ApiError> {
        let decoded = body::decode(&self.kind, Media::of(self.content_type())?, &self.body)?;
        let finalizers = decoded.object["spec"]["finalizers"].clone();
        let written = self.api.store.update(&self.kind.gvr, "", &self.info.name, |namespace| {
            namespace["spec"]["finalizers"] = finalizers.clone();
        })?;
        Ok(Answer::object(200, Form::Plain, &self.kind, &written, &self.query))
    }

    /// The version that a write names is the stored one. A PUT of a custom resource must name one.
    pub(super) fn check_version(&self, old: &Value, new: &Value, must: bool) -> Result<(), ApiError> {
        let gvr = &self.kind.gvr;
        let stored = old["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        let given = new["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        if given.is_empty() || given == "0" {
            if must && self.kind.origin == Origin::Custom {
                let text = "Invalid value: 0: must be specified for an update";
                let cause = Cause::invalid("metadata.resourceVersion", text);
                return Err(ApiError::invalid(&gvr.group, &gvr.resource, &self.info.name, &[cause]));
            }
        } else if given.parse::<u64>().is_err() {
            return Err(ApiError::new(500, "", format!("strconv.ParseUint: parsing \"{given}\": invalid syntax")));
        } else if given != stored {
            return Err(ApiError::stale(&gvr.group, &gvr.resource, &self.info.name));
        }
        let uid = old["metadata"]["uid"].as_str().unwrap_or_default();
        if let Some(given) = new["metadata"]["uid"].as_str().filter(|given| !given.is_empty() && *given != uid) {
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}/{}/{}/{}, ResourceVersion: 0, AdditionalErrorMsg: \
                 Precondition failed: UID in precondition: {given}, UID in object meta: {uid}",
                gvr.group,
                gvr.resource,
                self.namespace(),
                self.info.name
            );
            return Err(ApiError::conflict(&gvr.group, &gvr.resource, &self.info.name, &why));
        }
        Ok(())
    }

    /// Takes a pruned object through everything that a write goes through and keeps it unless this is a dry run.
    /// `None` where somebody else wrote in between.
    pub(super) fn write_over(
        &self,
        old: &Arc<Value>,
        new: Value,
        write: Write,
        options: &WriteOptions,
    ) -> Result<Option<Written>, ApiError> {
        let manager = self.manager(options.field_manager.as_deref());
        let subresource = self.info.subresource.clone();
        self.write_owned(old, new, write, options, |object, at| {
            fields::record_update(&self.kind, object, Some(old), &manager, &subresource, at);
        })
    }

    /// [`Call::write_over`] where the caller says who owns which fields.
    pub(super) fn write_owned(
        &self,
        old: &Arc<Value>,
        mut new: Value,
        write: Write,
        options: &WriteOptions,
        own: impl FnOnce(&mut Value, &str),
    ) -> Result<Option<Written>, ApiError> {
        let part = write.part;
        checks::fill_in(&self.kind, &mut new);
        let said = new["kind"].clone();
        if write.admitted {
            self.mutate(Operation::Update, &mut new, options)?;
        }
        self.check_version(old, &new, write.versioned)?;
        Store::settle(&self.kind, old, &mut new, part);
        let settled =
            std::mem::replace(&mut new["kind"], if part == Part::Status { old["kind"].clone() } else { said });
        self.confirm_no_escalation(&new)?;
        self.validate(&new, Some(old), part)?;
        new["kind"] = settled;
        let mut warnings = Vec::new();
        if write.admitted {
            let request = self.admission_request(Operation::Update, &self.info.name, options.dry_run);
            warnings = self.api.admission.validate(&request, Some(old), &new)?;
        }
        own(&mut new, &self.api.store.clock().stamp());
        if options.dry_run {
            Store::settle(&self.kind, old, &mut new, part);
            new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
            return Ok(Some((Arc::new(new), warnings)));
        }
        Ok(self.api.store.commit(&self.kind, old, new, part).map(|written| (written, warnings)))
    }
}

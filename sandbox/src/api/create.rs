//! Creating.

use std::sync::Arc;

use http::header;
use serde_json::{Value, json};

use super::answer::{Answer, Form};
use super::body::{self, Media};
use super::query::WriteOptions;
use super::update::Written;
use super::{Call, Operation, checks, fields};
use crate::error::ApiError;

impl Call<'_> {
    pub(super) fn create(&self) -> Result<Answer, ApiError> {
        let form = Form::of(self.header(&header::ACCEPT))?;
        let options = self.query.write_options("CreateOptions")?;
        let media = Media::of(self.content_type())?;
        let decoded = body::decode(&self.kind, media, &self.body)?;
        let mut object = decoded.object;
        self.check_place(&mut object)?;
        let unknown = checks::prune(&self.kind, &mut object);
        let warnings = self.judge_fields(&options, checks::field_texts(&decoded.duplicates, &unknown))?;
        let manager = self.manager(options.field_manager.as_deref());
        let (object, more) = self.make(object, &options, |object, at| {
            fields::record_update(&self.kind, object, None, &manager, "", at);
        })?;
        let warnings = warnings.into_iter().chain(more).collect();
        Ok(Answer::object(201, form, &self.kind, &object, &self.query).with_warnings(warnings))
    }

    /// Takes a pruned object through everything that a new object goes through, and keeps it unless this is
    /// a dry run. Gives back the object and warnings.
    pub(super) fn make(
        &self,
        mut object: Value,
        options: &WriteOptions,
        own: impl FnOnce(&mut Value, &str),
    ) -> Result<Written, ApiError> {
        let store = &self.api.store;
        let unnamed = object["metadata"]["name"].as_str().is_none_or(str::is_empty);
        if unnamed && let Some(prefix) = object["metadata"]["generateName"].as_str().filter(|text| !text.is_empty()) {
            object["metadata"]["name"] = json!(format!("{prefix}{}", store.identities().suffix()));
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.check_namespace(&name)?;
        if self.kind.status
            && let Some(body) = object.as_object_mut()
        {
            body.shift_remove("status");
        }
        checks::fill_in(&self.kind, &mut object);
        self.mutate(Operation::Create, &mut object, options)?;
        let said = object["kind"].clone();
        store.stamp(&self.kind, &mut object);
        let stamped = std::mem::replace(&mut object["kind"], said);
        self.confirm_no_escalation(&object)?;
        self.validate(&object, None, crate::store::Part::Main)?;
        object["kind"] = stamped;
        let request = self.admission_request(Operation::Create, &name, options.dry_run);
        let warnings = self.api.admission.validate(&request, None, &object)?;
        let at = store.clock().stamp();
        own(&mut object, &at);
        if options.dry_run {
            store.check_free(&self.kind, self.namespace(), &name)?;
            return Ok((Arc::new(object), warnings));
        }
        Ok((store.insert(&self.kind, object)?, warnings))
    }
}

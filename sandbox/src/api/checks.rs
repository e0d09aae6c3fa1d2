//! What every write goes through: pruning, defaults, admission, validation.

use serde_json::{Value, json};

use super::query::{FieldValidation, WriteOptions};
use super::{Call, Operation, metadata, scale};
use crate::builtin;
use crate::error::{ApiError, Cause};
use crate::schema;
use crate::store::{Gvr, Part, ResourceType};

/// What is said of fields that the schema does not know, or that stand twice.
pub(super) fn field_texts(duplicates: &[String], unknown: &[String]) -> Vec<String> {
    let unknown = unknown.iter().map(|path| format!("unknown field \"{path}\""));
    let duplicates = duplicates.iter().map(|path| format!("duplicate field \"{path}\""));
    duplicates.chain(unknown).collect()
}

/// Drops what the schema does not know and gives the paths of it.
pub(super) fn prune(kind: &ResourceType, object: &mut Value) -> Vec<String> {
    let mut unknown = metadata::prune(object);
    if let Some(schema) = &kind.schema {
        unknown.extend(schema::prune(schema, object));
    }
    unknown
}

/// Fills in the defaults of the schema.
pub(super) fn fill_in(kind: &ResourceType, object: &mut Value) {
    if let Some(schema) = kind.schema.as_ref().filter(|_| kind.origin == crate::store::Origin::Custom) {
        schema::fill_in(schema, object);
    }
}

impl Call<'_> {
    /// Warnings about fields, or the refusal where validation is strict.
    pub(super) fn judge_fields(&self, options: &WriteOptions, texts: Vec<String>) -> Result<Vec<String>, ApiError> {
        match options.field_validation {
            FieldValidation::Ignore => Ok(Vec::new()),
            FieldValidation::Warn => Ok(texts),
            FieldValidation::Strict if texts.is_empty() => Ok(Vec::new()),
            FieldValidation::Strict => {
                let kind = &self.kind.kind;
                Err(ApiError::bad_request(format!(
                    "{kind} in version \"{}\" cannot be handled as a {kind}: strict decoding error: {}",
                    self.kind.gvr.version,
                    texts.join(", ")
                )))
            }
        }
    }

    /// The object says that it is of this kind and lives where the request says.
    pub(super) fn check_place(&self, object: &mut Value) -> Result<(), ApiError> {
        let expected = self.kind.gvr.api_version();
        let found = object["apiVersion"].as_str().unwrap_or_default();
        if found != expected {
            return Err(ApiError::bad_request(format!(
                "the API version in the data ({found}) does not match the expected API version ({expected})"
            )));
        }
        if self.kind.origin == crate::store::Origin::Builtin && object["kind"] != self.kind.kind.as_str() {
            return Err(ApiError::bad_request(format!(
                "{} in version \"{}\" cannot be handled as a {}: converting is not possible",
                object["kind"].as_str().unwrap_or_default(),
                self.kind.gvr.version,
                self.kind.kind
            )));
        }
        if let Some(why) = metadata::misfit(object) {
            let kind = &self.kind.kind;
            let version = &self.kind.gvr.version;
            return Err(ApiError::bad_request(format!(
                "{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"
            )));
        }
        builtin::decode(&self.kind, object)?;
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        let namespace = self.namespace();
        let there = object["metadata"]["namespace"].as_str().unwrap_or_default();
        if there.is_empty() {
            if !namespace.is_empty() {
                object["metadata"]["namespace"] = json!(namespace);
            }
        } else if there != namespace {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Ok(())
    }

    /// The name in the body is the one in the address.
    pub(super) fn check_name(&self, object: &Value) -> Result<(), ApiError> {
        let found = object["metadata"]["name"].as_str().unwrap_or_default();
        let expected = self.info.name.as_str();
        if found == expected {
            return Ok(());
        }
        if found.is_empty() {
            return Err(ApiError::bad_request("name must be provided"));
        }
        Err(ApiError::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({expected})"
        )))
    }

    /// New objects go into namespaces that are there and not on their way out.
    pub(super) fn check_namespace(&self, name: &str) -> Result<(), ApiError> {
        let namespace = self.namespace();
        if namespace.is_empty() {
            return Ok(());
        }
        let Some(there) = self.api.store.get(&Gvr::core("namespaces"), "", namespace) else {
            return Err(ApiError::not_found("", "namespaces", namespace));
        };
        if there["metadata"]["deletionTimestamp"].is_null() {
            return Ok(());
        }
        let text = format!("namespace {namespace} is being terminated");
        let cause = Cause::new("NamespaceTerminating", "metadata.namespace", text);
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let gvr = &self.kind.gvr;
        Err(ApiError::forbidden(&gvr.group, &gvr.resource, name, &why).with_causes(&[cause]))
    }

    /// The mutating webhooks, and what their changes need.
    pub(super) fn mutate(
        &self,
        operation: Operation,
        object: &mut Value,
        options: &WriteOptions,
    ) -> Result<(), ApiError> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let request = self.admission_request(operation, &name, options.dry_run);
        self.api.admission.mutate(&request, object)?;
        prune(&self.kind, object);
        fill_in(&self.kind, object);
        Ok(())
    }

    /// The rules of metadata, schema, scale and CEL, in that order.
    pub(super) fn validate(&self, object: &Value, old: Option<&Value>, part: Part) -> Result<(), ApiError> {
        let kind = &self.kind;
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let found = object["kind"].as_str().unwrap_or_default();
        if found != kind.kind {
            let cause = Cause::invalid("kind", format!("Invalid value: \"{found}\": must be {}", kind.kind));
            return Err(ApiError::invalid(&kind.gvr.group, found, name, &[cause]));
        }
        let mut causes = metadata::validate(kind, object, old);
        causes.extend(builtin::validate(kind, old, object));
        if let Some(schema) = kind.schema.as_ref().filter(|_| kind.origin == crate::store::Origin::Custom) {
            causes.extend(match part {
                Part::Status => schema::validate_status(schema, object),
                Part::Main | Part::Whole => schema::validate(schema, object),
            });
            causes.extend(scale::misfits(kind, object, part));
            if schema::blocking(&causes) {
                let text = "Invalid value: null: some validation rules were not checked because the object was invalid; \
                            correct the existing errors to complete validation";
                causes.push(Cause::invalid("<nil>", text));
            } else {
                causes.extend(schema::validate_rules(schema, object, old));
            }
        }
        if causes.is_empty() { Ok(()) } else { Err(ApiError::invalid(&kind.gvr.group, &kind.kind, name, &causes)) }
    }
}

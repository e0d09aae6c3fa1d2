//! The three kinds of patch that change what is stored: merge, JSON and strategic merge.

use http::header;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Form};
use super::query::{FieldValidation, WriteOptions};
use super::update::Write;
use super::{Call, body, checks};
use crate::error::{ApiError, Cause};
use crate::store::Origin;

/// A patch, read.
#[derive(Debug, Clone)]
pub(super) enum Patch {
    Merge(Value),
    Json(Vec<json_patch::PatchOperation>),
    Strategic(Value),
}

impl Patch {
    /// Reads a patch of that media type.
    pub(super) fn parse(media: &str, origin: Origin, bytes: &[u8]) -> Result<Self, ApiError> {
        let refuse = |why: String| ApiError::bad_request(format!("error decoding patch: {why}"));
        let document = || body::parse_json(bytes).map(|decoded| decoded.object).map_err(refuse);
        match media {
            "application/merge-patch+json" => object(document()?).map(Self::Merge),
            "application/strategic-merge-patch+json" if origin == Origin::Builtin => {
                object(document()?).map(Self::Strategic)
            }
            "application/json-patch+json" => {
                let document = document()?;
                if !document.is_array() {
                    let found = crate::schema::type_name(&document);
                    let text = format!("json: cannot unmarshal {found} into Go value of type []handlers.jsonPatchOp");
                    return Err(refuse(text));
                }
                serde_json::from_value(document).map(Self::Json).map_err(|_| ApiError::unprocessable())
            }
            _ => {
                let strategic = if origin == Origin::Builtin { ", application/strategic-merge-patch+json" } else { "" };
                Err(ApiError::unsupported_media_type(&format!(
                    "application/json-patch+json, application/merge-patch+json{strategic}, application/apply-patch+yaml"
                )))
            }
        }
    }

    /// The patched object.
    pub(super) fn apply(&self, object: &Value) -> Result<Value, ApiError> {
        let mut patched = object.clone();
        match self {
            Self::Merge(patch) => json_patch::merge(&mut patched, patch),
            Self::Strategic(patch) => strategic(&mut patched, patch),
            Self::Json(operations) => {
                for operation in operations {
                    step(&mut patched, operation)?;
                }
            }
        }
        Ok(patched)
    }
}

fn object(patch: Value) -> Result<Value, ApiError> {
    if patch.is_object() {
        return Ok(patch);
    }
    let found = crate::schema::type_name(&patch);
    let text =
        format!("error decoding patch: json: cannot unmarshal {found} into Go value of type map[string]interface {{}}");
    Err(ApiError::bad_request(text))
}

/// One operation, with the server's two peculiarities: `replace` of a key that is not there adds it, and
/// `test` of what is not there holds against null.
fn step(object: &mut Value, operation: &json_patch::PatchOperation) -> Result<(), ApiError> {
    use json_patch::{AddOperation, PatchOperation};
    let missing = |path: &json_patch::jsonptr::Pointer| path.resolve(object).is_err();
    let operation = match operation {
        PatchOperation::Test(test) if test.value.is_null() && missing(&test.path) => return Ok(()),
        PatchOperation::Replace(replace) if missing(&replace.path) => {
            let in_object =
                replace.path.parent().is_none_or(|parent| parent.resolve(object).is_ok_and(Value::is_object));
            if !in_object {
                return Err(ApiError::unprocessable());
            }
            PatchOperation::Add(AddOperation { path: replace.path.clone(), value: replace.value.clone() })
        }
        other => other.clone(),
    };
    json_patch::patch(object, &[operation]).map_err(|_| ApiError::unprocessable())
}

/// By which field the items of a list are the same in a strategic merge; none = the list is replaced.
fn merge_key(field: &str) -> Option<&'static str> {
    match field {
        "containers" | "initContainers" | "env" | "volumes" | "imagePullSecrets" | "secrets" => Some("name"),
        "volumeMounts" => Some("mountPath"),
        "ownerReferences" => Some("uid"),
        "conditions" => Some("type"),
        "ports" => Some("port"),
        _ => None,
    }
}

fn strategic(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").is_some_and(|directive| directive == "replace") {
        *target = Value::Object(
            patch.iter().filter(|(key, _)| *key != "$patch").map(|(k, v)| (k.clone(), v.clone())).collect(),
        );
        return;
    }
    if !target.is_object() {
        *target = json!({});
    }
    let Some(fields) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(items), Some(gone)) = (fields.get_mut(list).and_then(Value::as_array_mut), value.as_array()) {
                items.retain(|item| !gone.contains(item));
            }
        } else if key.starts_with('$') {
            // Orders and retained keys change nothing that is kept here.
        } else if value.is_null() {
            fields.shift_remove(key);
        } else if let (Some(items), Some(identity)) = (value.as_array(), merge_key(key)) {
            merge_items(fields, key, items, identity);
        } else if let (Some(items), "finalizers") = (value.as_array(), key.as_str()) {
            let there = fields.entry(key.clone()).or_insert_with(|| json!([]));
            if let Some(there) = there.as_array_mut() {
                there.extend(items.iter().filter(|item| item.is_string()).cloned());
                let mut seen = Vec::new();
                there.retain(|item| {
                    !seen.contains(item) && {
                        seen.push(item.clone());
                        true
                    }
                });
            }
        } else {
            strategic(fields.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn merge_items(fields: &mut Map<String, Value>, key: &str, items: &[Value], identity: &str) {
    if items.iter().any(|item| item["$patch"] == "replace") {
        let kept = items.iter().filter(|item| item.get("$patch").is_none()).cloned().collect();
        fields.insert(key.to_owned(), Value::Array(kept));
        return;
    }
    let there = fields.entry(key.to_owned()).or_insert_with(|| json!([]));
    let Some(there) = there.as_array_mut() else { return };
    for item in items {
        let at = there.iter().position(|old| !item[identity].is_null() && old[identity] == item[identity]);
        match at {
            Some(at) if item["$patch"] == "delete" => {
                there.remove(at);
            }
            Some(at) => strategic(&mut there[at], item),
            None if item["$patch"] == "delete" => {}
            None => there.push(item.clone()),
        }
    }
}

impl Call<'_> {
    /// The media type of the body.
    pub(super) fn patch_media(&self) -> String {
        let text = self.content_type().unwrap_or_default();
        text.split(';').next().unwrap_or_default().trim().to_owned()
    }

    pub(super) fn patch(&self) -> Result<Answer, ApiError> {
        let media = self.patch_media();
        let options = self.patch_options(&media)?;
        if media == "application/apply-patch+yaml" {
            return self.apply(&options);
        }
        let form = Form::of(self.header(&header::ACCEPT))?;
        let part = self.part()?;
        let patch = Patch::parse(&media, self.kind.origin, &self.body)?;
        loop {
            let old = self.stored().ok_or_else(|| self.not_found())?;
            let mut new = patch.apply(&old)?;
            if !new.is_object() {
                // A JSON patch of the root can leave anything.
                return Err(ApiError::unprocessable());
            }
            self.check_patched(&mut new)?;
            let before = new.to_string();
            let unknown = checks::prune(&self.kind, &mut new);
            let warnings = self.judge_patch(&options, &before, &unknown)?;
            let pinned = matches!(&patch, Patch::Merge(patch) | Patch::Strategic(patch)
                if !patch["metadata"]["resourceVersion"].is_null());
            match self.write_over(&old, new, Write::of(part), &options)? {
                Some((written, more)) => {
                    let warnings = warnings.into_iter().chain(more).collect();
                    return Ok(Answer::object(200, form, &self.kind, &written, &self.query).with_warnings(warnings));
                }
                None if pinned => {
                    let gvr = &self.kind.gvr;
                    return Err(ApiError::stale(&gvr.group, &gvr.resource, &self.info.name));
                }
                None => {}
            }
        }
    }

    /// The options of a patch: `force` and a manager belong to apply.
    pub(super) fn patch_options(&self, media: &str) -> Result<WriteOptions, ApiError> {
        let options = self.query.write_options("PatchOptions")?;
        let mut causes = Vec::new();
        if media == "application/apply-patch+yaml" {
            if options.field_manager.is_none() {
                causes.push(Cause::required("fieldManager", "is required for apply patch"));
            }
        } else if self.query.get("force").is_some() {
            causes.push(Cause::forbidden("force", "may not be specified for non-apply patch"));
        }
        if causes.is_empty() { Ok(options) } else { Err(ApiError::invalid_options("PatchOptions", &causes)) }
    }

    /// The patched object is still the one that the address names.
    fn check_patched(&self, object: &mut Value) -> Result<(), ApiError> {
        self.check_place(object)?;
        self.check_name(object)
    }

    fn judge_patch(&self, options: &WriteOptions, before: &str, unknown: &[String]) -> Result<Vec<String>, ApiError> {
        let texts = checks::field_texts(&[], unknown);
        if options.field_validation == FieldValidation::Strict && !texts.is_empty() {
            let text = format!("Invalid value: {}: strict decoding error: {}", json!(before), texts.join(", "));
            return Err(ApiError::invalid("", "", "", &[Cause::invalid("patch", text)]));
        }
        self.judge_fields(options, texts)
    }
}

//! The `scale` subresource: a view of an object as `autoscaling/v1` `Scale`.

use serde_json::{Value, json};

use super::answer::Answer;
use super::body::{self, Media};
use super::patch::Patch;
use super::query::WriteOptions;
use super::update::Write;
use super::{Call, checks};
use crate::error::{ApiError, Cause};
use crate::store::{Part, ResourceType, ScalePaths};

/// What the accessor of the scale subresource says of a value that is no count.
pub(super) fn misfits(kind: &ResourceType, object: &Value, part: Part) -> Vec<Cause> {
    let Some(scale) = &kind.scale else { return Vec::new() };
    let paths: &[&str] = if part == Part::Status { &[&scale.status] } else { &[&scale.spec] };
    let mut causes = Vec::new();
    for path in paths {
        let mut value = object;
        let mut wrong = None;
        for part in path.trim_start_matches('.').split('.') {
            if value.is_null() {
                break;
            }
            let Some(map) = value.as_object() else {
                wrong = Some("map[string]interface{}");
                break;
            };
            value = map.get(part).unwrap_or(&Value::Null);
        }
        if wrong.is_none() && !value.is_null() && !value.is_i64() && !value.is_u64() {
            wrong = Some("int64");
        }
        if let Some(wanted) = wrong {
            let (text, found) = go_value(value);
            let message =
                format!("Invalid value: 0: {path} accessor error: {text} is of the type {found}, expected {wanted}");
            causes.push(Cause::invalid(*path, message));
        } else if let Some(count) = value.as_i64().filter(|count| *count < 0) {
            causes.push(Cause::invalid(*path, format!("Invalid value: {count}: should be a non-negative integer")));
        }
    }
    causes
}

/// A value and its type, as Go prints them.
fn go_value(value: &Value) -> (String, &'static str) {
    match value {
        Value::String(text) => (text.clone(), "string"),
        Value::Bool(flag) => (flag.to_string(), "bool"),
        Value::Number(number) if number.is_f64() => (number.to_string(), "float64"),
        Value::Number(number) => (number.to_string(), "int64"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| go_value(item).0).collect();
            (format!("[{}]", items.join(" ")), "[]interface {}")
        }
        Value::Object(map) => {
            let fields: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", go_value(value).0)).collect();
            (format!("map[{}]", fields.join(" ")), "map[string]interface {}")
        }
        Value::Null => ("<nil>".to_owned(), "<nil>"),
    }
}

fn pointer(path: &str) -> String {
    path.replace('.', "/")
}

fn view(scale: &ScalePaths, object: &Value) -> Value {
    let metadata = &object["metadata"];
    let count = |path: &str| object.pointer(&pointer(path)).and_then(Value::as_i64).unwrap_or_default();
    let mut kept = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = metadata.get(field) {
            kept[field] = value.clone();
        }
    }
    let replicas = count(&scale.spec);
    let mut status = json!({ "replicas": count(&scale.status) });
    if let Some(selector) = object.pointer(&pointer(&scale.selector)).filter(|value| value.is_string()) {
        status["selector"] = selector.clone();
    }
    let spec = if replicas == 0 { json!({}) } else { json!({ "replicas": replicas }) };
    json!({ "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": kept, "spec": spec, "status": status })
}

impl Call<'_> {
    fn scale_paths(&self) -> Result<&ScalePaths, ApiError> {
        self.kind.scale.as_ref().ok_or_else(|| self.unsupported())
    }

    pub(super) fn get_scale(&self) -> Result<Answer, ApiError> {
        let object = self.stored().ok_or_else(|| self.not_found())?;
        Ok(Answer::json(200, &view(self.scale_paths()?, &object)))
    }

    pub(super) fn write_scale(&self) -> Result<Answer, ApiError> {
        let paths = self.scale_paths()?;
        let patching = self.method == http::Method::PATCH;
        let media = self.patch_media();
        let options = if patching { self.patch_options(&media)? } else { self.query.write_options("UpdateOptions")? };
        loop {
            let old = self.stored().ok_or_else(|| self.not_found())?;
            let before = view(paths, &old);
            let after = self.scaled(&before, patching, &media)?;
            let name = after["metadata"]["name"].as_str().unwrap_or_default();
            if name != self.info.name {
                return Err(ApiError::bad_request(format!(
                    "the name of the object ({name}) does not match the name on the URL ({})",
                    self.info.name
                )));
            }
            self.check_version(&old, &after, false)?;
            let replicas = match &after["spec"]["replicas"] {
                Value::Null => 0,
                value => value.as_i64().ok_or_else(|| wrong_type(value))?,
            };
            if let Some(answer) = self.write_replicas(&old, paths, replicas, &options)? {
                return Ok(answer);
            }
        }
    }

    fn scaled(&self, before: &Value, patching: bool, media: &str) -> Result<Value, ApiError> {
        if patching {
            return Patch::parse(media, self.kind.origin, &self.body)?.apply(before);
        }
        let parsed = match Media::of(self.content_type())? {
            Media::Json => body::parse_json(&self.body).map(|decoded| decoded.object),
            Media::Yaml => body::parse_yaml(&self.body),
        };
        let scale = parsed.map_err(|why| {
            ApiError::bad_request(format!("the object provided is unrecognized (must be of type Scale): {why}"))
        })?;
        if scale["kind"] != "Scale" {
            return Err(ApiError::bad_request("the object provided is unrecognized (must be of type Scale)"));
        }
        Ok(scale)
    }

    fn write_replicas(
        &self,
        old: &std::sync::Arc<Value>,
        paths: &ScalePaths,
        replicas: i64,
        options: &WriteOptions,
    ) -> Result<Option<Answer>, ApiError> {
        let mut new = (**old).clone();
        let mut place = &mut new;
        for part in paths.spec.trim_start_matches('.').split('.') {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[part];
        }
        *place = json!(replicas);
        checks::prune(&self.kind, &mut new);
        let write = Write { part: Part::Main, admitted: false, versioned: false };
        let written = self.write_over(old, new, write, options)?;
        Ok(written.map(|(object, warnings)| Answer::json(200, &view(paths, &object)).with_warnings(warnings)))
    }
}

fn wrong_type(value: &Value) -> ApiError {
    let found = crate::schema::type_name(value);
    ApiError::bad_request(format!(
        "json: cannot unmarshal {found} into Go struct field ScaleSpec.spec.replicas of type int32"
    ))
}

//! Server-side apply.

use std::sync::Arc;

use http::header;
use serde_json::{Value, json};

use super::answer::{Answer, Form};
use super::fields::{self, Entry, Fields};
use super::query::WriteOptions;
use super::update::Write;
use super::{Call, body, checks};
use crate::error::{ApiError, Cause};
use crate::schema::Schema;
use crate::store::Part;

impl Call<'_> {
    pub(super) fn apply(&self, options: &WriteOptions) -> Result<Answer, ApiError> {
        let form = Form::of(self.header(&header::ACCEPT))?;
        let part = self.part()?;
        let mut applied =
            body::parse_yaml(&self.body).map_err(|why| ApiError::bad_request(format!("error decoding YAML: {why}")))?;
        if applied["kind"].as_str().is_none_or(str::is_empty) {
            return Err(ApiError::bad_request("Object 'Kind' is missing in the applied configuration"));
        }
        self.check_place(&mut applied)?;
        if applied["metadata"]["name"].as_str().is_none_or(str::is_empty) {
            applied["metadata"]["name"] = json!(self.info.name);
        }
        self.check_name(&applied)?;
        if !applied["metadata"]["managedFields"].is_null() {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        self.check_declared(&mut applied)?;
        let manager = self.manager(options.field_manager.as_deref());
        loop {
            let Some(old) = self.stored() else {
                if part == Part::Status {
                    return Err(self.not_found());
                }
                return self.apply_new(form, applied, &manager, options);
            };
            self.check_version(&old, &applied, false)?;
            if let Some(answer) = self.apply_over(form, &old, &applied, &manager, part, options)? {
                return Ok(answer);
            }
        }
    }

    /// Apply knows only declared fields; the real server fails with 500 and no reason.
    fn check_declared(&self, applied: &mut Value) -> Result<(), ApiError> {
        let unknown = checks::prune(&self.kind, applied);
        let Some(first) = unknown.first() else { return Ok(()) };
        let gvr = &self.kind.gvr;
        let namespace = if self.namespace().is_empty() { String::new() } else { format!("{}/", self.namespace()) };
        let text = format!(
            "failed to create typed patch object ({namespace}{}; {}, Kind={}): .{first}: field not declared in schema",
            self.info.name,
            gvr.api_version(),
            self.kind.kind
        );
        Err(ApiError::new(500, "", text))
    }

    fn entry(&self, manager: &str, at: &str, fields: Fields) -> Entry {
        Entry {
            manager: manager.to_owned(),
            operation: "Apply".to_owned(),
            subresource: self.info.subresource.clone(),
            api_version: self.kind.gvr.api_version(),
            time: at.to_owned(),
            fields,
        }
    }

    fn apply_new(&self, form: Form, applied: Value, manager: &str, options: &WriteOptions) -> Result<Answer, ApiError> {
        self.authorize_apply_create()?;
        let owned = self.owned(&applied, Part::Main);
        let (object, warnings) = self.make(applied, options, |object, at| {
            fields::set_entries(object, &[self.entry(manager, at, owned)]);
        })?;
        Ok(Answer::object(201, form, &self.kind, &object, &self.query).with_warnings(warnings))
    }

    /// What an applied configuration owns.
    fn owned(&self, applied: &Value, part: Part) -> Fields {
        let mut configuration = fields::ownable(applied);
        if let Some(body) = configuration.as_object_mut().filter(|_| self.kind.status) {
            match part {
                Part::Status => body.retain(|key, _| key == "status"),
                Part::Main | Part::Whole => body.retain(|key, _| key != "status"),
            }
        }
        fields::of(self.kind.schema.as_deref(), &configuration)
    }

    fn apply_over(
        &self,
        form: Form,
        old: &Arc<Value>,
        applied: &Value,
        manager: &str,
        part: Part,
        options: &WriteOptions,
    ) -> Result<Option<Answer>, ApiError> {
        let schema = self.kind.schema.as_deref();
        let owned = self.owned(applied, part);
        let mut list = fields::entries(old);
        let mine = |entry: &Entry| {
            entry.manager == manager && entry.operation == "Apply" && entry.subresource == self.info.subresource
        };
        let mut conflicts: Vec<(String, String)> = Vec::new();
        for entry in list.iter_mut().filter(|entry| !mine(entry)) {
            let contested = contested(schema, &entry.fields, &owned, old, applied);
            if contested.is_empty() {
                continue;
            }
            let who = if entry.operation == "Apply" {
                format!("\"{}\"", entry.manager)
            } else {
                format!("\"{}\" using {}", entry.manager, entry.api_version)
            };
            conflicts.extend(fields::paths(&contested, "").into_iter().map(|path| (who.clone(), path)));
            entry.fields = fields::subtract(&entry.fields, &contested);
        }
        if !conflicts.is_empty() && !options.force {
            return Err(conflict(&conflicts));
        }
        let before = list.iter().find(|entry| mine(entry)).map(|entry| entry.fields.clone()).unwrap_or_default();
        let mut given_up = fields::without(&before, &owned);
        for entry in list.iter().filter(|entry| !mine(entry)) {
            given_up = fields::without(&given_up, &entry.fields);
        }
        let mut new = (**old).clone();
        // The version that the configuration names was checked; this write is made from the stored one.
        merge(schema, &mut new, applied);
        remove(schema, &mut new, &given_up);
        let written =
            self.write_owned(old, new, Write { versioned: false, ..Write::of(part) }, options, |object, at| {
                match list.iter_mut().find(|entry| mine(entry)) {
                    Some(entry) if entry.fields == owned => {}
                    Some(entry) => {
                        entry.fields = owned;
                        at.clone_into(&mut entry.time);
                    }
                    None => list.push(self.entry(manager, at, owned)),
                }
                fields::set_entries(object, &list);
            })?;
        Ok(written.map(|(object, warnings)| {
            Answer::object(200, form, &self.kind, &object, &self.query).with_warnings(warnings)
        }))
    }
}

/// Fields of `theirs` that the configuration owns too, with another value than is stored.
fn contested(schema: Option<&Schema>, theirs: &Fields, owned: &Fields, old: &Value, applied: &Value) -> Fields {
    let mut found = Fields::new();
    let before = fields::children(schema, old).unwrap_or_default();
    let after = fields::children(schema, applied).unwrap_or_default();
    for (element, below) in theirs {
        let Some(ours) = owned.get(element) else { continue };
        let value = |list: &[(String, Option<&Schema>, &Value)]| {
            list.iter()
                .find(|(there, ..)| there == element)
                .map(|(_, inner, value)| (inner.is_some(), (*value).clone()))
        };
        let (Some((_, was)), Some((_, is))) = (value(&before), value(&after)) else { continue };
        if was == is {
            continue;
        }
        let inner = after.iter().find(|(there, ..)| there == element).and_then(|(_, inner, _)| *inner);
        let (below, ours) = (below.as_object(), ours.as_object());
        match (below, ours) {
            (Some(below), Some(ours)) if !below.is_empty() && !ours.is_empty() => {
                let deeper = contested(inner, below, ours, &was, &is);
                if !deeper.is_empty() {
                    found.insert(element.clone(), Value::Object(deeper));
                }
            }
            // Their fields below an empty map of ours are not contested.
            (Some(below), _) if !below.is_empty() => {}
            _ => {
                found.insert(element.clone(), json!({}));
            }
        }
    }
    found
}

fn conflict(conflicts: &[(String, String)]) -> ApiError {
    let count = conflicts.len();
    let mut text = format!("Apply failed with {count} conflict{}: ", if count == 1 { "" } else { "s" });
    if let [(who, path)] = conflicts {
        text.extend(["conflict with ", who, ": ", path]);
    } else {
        let mut last = "";
        let mut groups = Vec::new();
        for (who, path) in conflicts {
            if who != last {
                groups.push(format!("conflicts with {who}:"));
                last = who;
            }
            groups.push(format!("- {path}"));
        }
        text.push_str(&groups.join("\n"));
    }
    let causes: Vec<Cause> = conflicts
        .iter()
        .map(|(who, path)| Cause::new("FieldManagerConflict", path.clone(), format!("conflict with {who}")))
        .collect();
    ApiError::new(409, "Conflict", text).with_causes(&causes)
}

/// Lays a configuration over what is stored.
fn merge(schema: Option<&Schema>, into: &mut Value, applied: &Value) {
    use crate::schema::ListType;
    match (into, applied) {
        (Value::Object(there), Value::Object(given)) if !schema.is_some_and(|schema| schema.atomic_map) => {
            for (key, value) in given {
                let inner = schema.and_then(|schema| schema.field(key));
                match there.get_mut(key) {
                    Some(old) => merge(inner, old, value),
                    None => {
                        there.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(there), Value::Array(given)) => match schema.map(|schema| &schema.list) {
            Some(ListType::Map(keys)) => {
                let inner = schema.and_then(|schema| schema.items.as_deref());
                for item in given {
                    let same = |old: &&mut Value| keys.iter().all(|key| old.get(key) == item.get(key));
                    match there.iter_mut().find(same) {
                        Some(old) => merge(inner, old, item),
                        None => there.push(item.clone()),
                    }
                }
            }
            Some(ListType::Set) => {
                for item in given {
                    if !there.contains(item) {
                        there.push(item.clone());
                    }
                }
            }
            _ => given.clone_into(there),
        },
        (into, applied) => *into = applied.clone(),
    }
}

/// Takes out the fields that nobody owns any more.
fn remove(schema: Option<&Schema>, value: &mut Value, gone: &Fields) {
    for (element, below) in gone {
        let below = below.as_object().cloned().unwrap_or_default();
        let inner_items = schema.and_then(|schema| schema.items.as_deref());
        if let Some(name) = element.strip_prefix("f:") {
            let Some(map) = value.as_object_mut() else { continue };
            if below.is_empty() {
                map.shift_remove(name);
            } else if let Some(inner) = map.get_mut(name) {
                remove(schema.and_then(|schema| schema.field(name)), inner, &below);
                if *inner == json!({}) || *inner == json!([]) {
                    map.shift_remove(name);
                }
            }
        } else if let Some(key) = element.strip_prefix("k:") {
            let key: Fields = serde_json::from_str(key).unwrap_or_default();
            let Some(items) = value.as_array_mut() else { continue };
            let Some(at) = items.iter().position(|item| key.iter().all(|(name, value)| item.get(name) == Some(value)))
            else {
                continue;
            };
            if below.is_empty() || below.contains_key(".") {
                items.remove(at);
            } else {
                remove(inner_items, &mut items[at], &below);
            }
        } else if let (Some(text), Some(items)) = (element.strip_prefix("v:"), value.as_array_mut()) {
            items.retain(|item| *text != *item.to_string());
        }
    }
}

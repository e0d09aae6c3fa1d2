//! Who owns which fields: `metadata.managedFields`, in the form `FieldsV1`.
//!
//! A set of fields is a tree of maps, as Kubernetes writes it: `f:NAME` for a field, `k:{…}` for an
//! item of a list with keys, `v:…` for an item of a set, `.` for such an item itself.
//! (Source: structured-merge-diff, the format of `metav1.FieldsV1`.)

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::schema::{ListType, Schema};
use crate::store::ResourceType;

/// A set of fields.
pub(super) type Fields = Map<String, Value>;

/// Fields of metadata that somebody can own.
const OWNED_METADATA: [&str; 4] = ["labels", "annotations", "finalizers", "ownerReferences"];

/// How a value is taken apart.
enum Parts<'a> {
    /// Field by field.
    Fields,
    /// Item by item, known by these keys.
    Keyed(Vec<&'a str>),
    /// Item by item, known by itself.
    Set,
    /// Not at all.
    Whole,
}

fn parts<'a>(schema: Option<&'a Schema>, value: &Value) -> Parts<'a> {
    let atomic = schema.is_some_and(|schema| schema.atomic_map);
    match value {
        Value::Object(map) if !atomic && !map.is_empty() => Parts::Fields,
        Value::Array(items) if !items.is_empty() => match schema.map(|schema| &schema.list) {
            Some(ListType::Map(keys)) => Parts::Keyed(keys.iter().map(String::as_str).collect()),
            Some(ListType::Set) => Parts::Set,
            _ => Parts::Whole,
        },
        _ => Parts::Whole,
    }
}

fn item_key(keys: &[&str], item: &Value) -> String {
    let key: Map<String, Value> =
        keys.iter().filter_map(|key| item.get(*key).map(|value| ((*key).to_owned(), value.clone()))).collect();
    format!("k:{}", Value::Object(key))
}

/// The children of a value by their path element.
pub(super) fn children<'v>(
    schema: Option<&'v Schema>,
    value: &'v Value,
) -> Option<Vec<(String, Option<&'v Schema>, &'v Value)>> {
    let inner = schema.and_then(|schema| schema.items.as_deref());
    let items = || value.as_array().into_iter().flatten();
    match parts(schema, value) {
        Parts::Whole => None,
        Parts::Fields => {
            let fields = value.as_object().into_iter().flatten();
            Some(
                fields
                    .map(|(key, value)| (format!("f:{key}"), schema.and_then(|schema| schema.field(key)), value))
                    .collect(),
            )
        }
        Parts::Keyed(keys) => Some(items().map(|item| (item_key(&keys, item), inner, item)).collect()),
        Parts::Set => Some(items().map(|item| (format!("v:{item}"), None, item)).collect()),
    }
}

/// All fields of a value.
pub(super) fn of(schema: Option<&Schema>, value: &Value) -> Fields {
    let mut fields = Fields::new();
    for (element, inner, child) in children(schema, value).unwrap_or_default() {
        let mut below = if element.starts_with("v:") { Fields::new() } else { of(inner, child) };
        if element.starts_with("k:") {
            below.insert(".".to_owned(), json!({}));
        }
        fields.insert(element, Value::Object(below));
    }
    fields
}

/// An object without what the server sets.
pub(super) fn ownable(object: &Value) -> Value {
    let mut rest = object.clone();
    if let Some(body) = rest.as_object_mut() {
        body.shift_remove("apiVersion");
        body.shift_remove("kind");
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, _| OWNED_METADATA.contains(&key.as_str()));
            if metadata.is_empty() {
                body.shift_remove("metadata");
            }
        }
    }
    rest
}

/// Fields that differ between two values, and those that only the old one has.
fn difference(schema: Option<&Schema>, old: &Value, new: &Value) -> (Fields, Fields) {
    let (mut changed, mut removed) = (Fields::new(), Fields::new());
    let before = children(schema, old).unwrap_or_default();
    let after = children(schema, new).unwrap_or_default();
    for (element, inner, value) in &after {
        match before.iter().find(|(there, ..)| there == element) {
            None => {
                let mut below = if element.starts_with("v:") { Fields::new() } else { of(*inner, value) };
                if element.starts_with("k:") {
                    below.insert(".".to_owned(), json!({}));
                }
                changed.insert(element.clone(), Value::Object(below));
            }
            Some((_, _, was)) if was == value => {}
            Some((_, _, was)) => {
                if children(*inner, value).is_none() {
                    changed.insert(element.clone(), json!({}));
                } else {
                    let (below_changed, below_removed) = difference(*inner, was, value);
                    if !below_changed.is_empty() {
                        changed.insert(element.clone(), Value::Object(below_changed));
                    }
                    if !below_removed.is_empty() {
                        removed.insert(element.clone(), Value::Object(below_removed));
                    }
                }
            }
        }
    }
    for (element, inner, value) in before {
        if !after.iter().any(|(there, ..)| *there == element) {
            removed.insert(element, Value::Object(of(inner, value)));
        }
    }
    (changed, removed)
}

fn map(value: &Value) -> Fields {
    value.as_object().cloned().unwrap_or_default()
}

/// Both sets together.
pub(super) fn union(into: &mut Fields, other: &Fields) {
    for (element, below) in other {
        let there = into.entry(element.clone()).or_insert_with(|| json!({}));
        let mut fields = map(there);
        union(&mut fields, &map(below));
        *there = Value::Object(fields);
    }
}

/// The first set without the second; what is a leaf of the second goes with everything below.
pub(super) fn subtract(from: &Fields, other: &Fields) -> Fields {
    difference_of(from, other, true)
}

/// The first set without the members of the second; what stands below a member stays.
pub(super) fn without(from: &Fields, other: &Fields) -> Fields {
    difference_of(from, other, false)
}

fn difference_of(from: &Fields, other: &Fields, with_below: bool) -> Fields {
    let mut rest = Fields::new();
    for (element, below) in from {
        match other.get(element) {
            None => {
                rest.insert(element.clone(), below.clone());
            }
            Some(gone) => {
                let (below, gone) = (map(below), map(gone));
                if below.is_empty() || (gone.is_empty() && with_below) {
                    continue;
                }
                let left = difference_of(&below, &gone, with_below);
                if !left.is_empty() {
                    rest.insert(element.clone(), Value::Object(left));
                }
            }
        }
    }
    rest
}

/// One entry of `managedFields`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) manager: String,
    pub(super) operation: String,
    pub(super) subresource: String,
    pub(super) api_version: String,
    pub(super) time: String,
    pub(super) fields: Fields,
}

impl Entry {
    fn is(&self, manager: &str, operation: &str, subresource: &str) -> bool {
        self.manager == manager && self.operation == operation && self.subresource == subresource
    }
}

/// Reads `managedFields` of an object.
pub(super) fn entries(object: &Value) -> Vec<Entry> {
    let list = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    list.map(|entry| {
        let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        Entry {
            manager: text("manager"),
            operation: text("operation"),
            subresource: text("subresource"),
            api_version: text("apiVersion"),
            time: text("time"),
            fields: map(&entry["fieldsV1"]),
        }
    })
    .collect()
}

/// Writes `managedFields` of an object; entries that own nothing are left out.
pub(super) fn set_entries(object: &mut Value, entries: &[Entry]) {
    let list: Vec<Value> = entries
        .iter()
        .filter(|entry| !entry.fields.is_empty())
        .map(|entry| {
            let mut written = json!({
                "manager": entry.manager, "operation": entry.operation, "apiVersion": entry.api_version,
                "time": entry.time, "fieldsType": "FieldsV1", "fieldsV1": entry.fields,
            });
            if !entry.subresource.is_empty() {
                written["subresource"] = json!(entry.subresource);
            }
            written
        })
        .collect();
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if list.is_empty() {
        metadata.shift_remove("managedFields");
    } else {
        metadata.insert("managedFields".to_owned(), Value::Array(list));
    }
}

/// Notes a write that is no apply: its manager owns what it changed, and nobody else does any more.
pub(super) fn record_update(
    kind: &ResourceType,
    object: &mut Value,
    old: Option<&Value>,
    manager: &str,
    subresource: &str,
    at: &str,
) {
    let before = old.map(ownable).unwrap_or_default();
    let (changed, removed) = difference(kind.schema.as_deref(), &before, &ownable(object));
    let mut list = old.map(entries).unwrap_or_default();
    if !(changed.is_empty() && removed.is_empty()) {
        let mut touched = changed.clone();
        union(&mut touched, &removed);
        for entry in &mut list {
            let gone = if entry.is(manager, "Update", subresource) { &removed } else { &touched };
            entry.fields = subtract(&entry.fields, gone);
        }
        if !changed.is_empty() {
            match list.iter_mut().find(|entry| entry.is(manager, "Update", subresource)) {
                Some(entry) => {
                    union(&mut entry.fields, &changed);
                    at.clone_into(&mut entry.time);
                }
                None => list.push(Entry {
                    manager: manager.to_owned(),
                    operation: "Update".to_owned(),
                    subresource: subresource.to_owned(),
                    api_version: kind.gvr.api_version(),
                    time: at.to_owned(),
                    fields: changed,
                }),
            }
        }
    }
    set_entries(object, &list);
}

/// The fields of a set as paths for people, such as `.spec.env[name="A"].value`.
pub(super) fn paths(fields: &Fields, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (element, below) in fields {
        let path = if let Some(name) = element.strip_prefix("f:") {
            format!("{prefix}.{name}")
        } else if let Some(key) = element.strip_prefix("k:") {
            let key: Fields = serde_json::from_str(key).unwrap_or_default();
            let parts: Vec<String> = key.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{prefix}[{}]", parts.join(","))
        } else if let Some(value) = element.strip_prefix("v:") {
            format!("{prefix}[={value}]")
        } else {
            prefix.to_owned()
        };
        let below = map(below);
        if below.is_empty() {
            found.insert(path);
        } else {
            found.extend(paths(&below, &path));
        }
    }
    found
}

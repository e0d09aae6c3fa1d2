//! The rules of `metadata`: which fields there are, what names and labels may be.

use serde_json::{Map, Value};

use crate::error::Cause;
use crate::store::{Origin, ResourceType};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
    and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const DNS_LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
    start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SERVICE_NAME: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
    alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
    validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
    and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
    validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NAME_PART: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
    an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// Most that all annotations may hold together, in bytes.
const MOST_ANNOTATIONS: usize = 1 << 18;

const FIELDS: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// Drops fields that `metadata` does not have, and gives their paths.
pub(crate) fn prune(object: &mut Value) -> Vec<String> {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return Vec::new() };
    let stray: Vec<String> = metadata.keys().filter(|key| !FIELDS.contains(&key.as_str())).cloned().collect();
    for key in &stray {
        metadata.shift_remove(key);
    }
    // Nulls are no values here.
    metadata.retain(|_, value| !value.is_null());
    stray.into_iter().map(|key| format!("metadata.{key}")).collect()
}

/// Whether `metadata` has the Go types that the decoder needs; the text is the decoder's.
pub(crate) fn misfit(object: &Value) -> Option<String> {
    let metadata = match object.get("metadata") {
        None | Some(Value::Null) => return None,
        Some(Value::Object(metadata)) => metadata,
        Some(_) => {
            return Some("json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta".to_owned());
        }
    };
    for field in ["labels", "annotations"] {
        match metadata.get(field) {
            None | Some(Value::Null) => {}
            Some(Value::Object(map)) => {
                if map.values().any(|value| !value.is_string() && !value.is_null()) {
                    return Some(format!(
                        "json: cannot unmarshal into Go struct field ObjectMeta.metadata.{field} of type string"
                    ));
                }
            }
            Some(_) => {
                return Some(format!(
                    "json: cannot unmarshal into Go struct field ObjectMeta.metadata.{field} of type map[string]string"
                ));
            }
        }
    }
    for field in ["name", "namespace", "uid", "resourceVersion", "generateName"] {
        if metadata.get(field).is_some_and(|value| !value.is_string() && !value.is_null()) {
            return Some(format!(
                "json: cannot unmarshal into Go struct field ObjectMeta.metadata.{field} of type string"
            ));
        }
    }
    for field in ["finalizers", "ownerReferences"] {
        if metadata.get(field).is_some_and(|value| !value.is_array() && !value.is_null()) {
            return Some(format!("json: cannot unmarshal into Go struct field ObjectMeta.metadata.{field} of type []"));
        }
    }
    None
}

/// What is wrong with the metadata of an object.
pub(crate) fn validate(kind: &ResourceType, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let metadata = &object["metadata"];
    let mut causes = Vec::new();
    let name = metadata["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else if old.is_none() {
        for why in name_errors(kind, name) {
            causes.push(Cause::invalid("metadata.name", format!("Invalid value: \"{name}\": {why}")));
        }
    }
    let mut labels = Vec::new();
    for (key, value) in map(&metadata["labels"]) {
        if let Some(why) = qualified_name_error(key) {
            labels.push(Cause::invalid("metadata.labels", format!("Invalid value: \"{key}\": {why}")));
        }
        let value = value.as_str().unwrap_or_default();
        if let Some(why) = label_value_error(value) {
            labels.push(Cause::invalid("metadata.labels", format!("Invalid value: \"{value}\": {why}")));
        }
    }
    causes.extend(labels);
    let mut total = 0;
    for (key, value) in map(&metadata["annotations"]) {
        if let Some(why) = qualified_name_error(&key.to_lowercase()) {
            causes.push(Cause::invalid("metadata.annotations", format!("Invalid value: \"{key}\": {why}")));
        }
        total += key.len() + value.as_str().map_or(0, str::len);
    }
    if total > MOST_ANNOTATIONS {
        let message = format!("Too long: may not be more than {MOST_ANNOTATIONS} bytes");
        causes.push(Cause::new("FieldValueTooLong", "metadata.annotations", message));
    }
    check_finalizers(metadata, old, &mut causes);
    check_owners(metadata, &mut causes);
    causes
}

fn check_finalizers(metadata: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let list = |value: &Value| -> Vec<String> {
        let items = value["finalizers"].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let now = list(metadata);
    for finalizer in &now {
        if let Some(why) = qualified_name_error(finalizer) {
            causes.push(Cause::invalid("metadata.finalizers", format!("Invalid value: \"{finalizer}\": {why}")));
        }
    }
    if let Some(old) = old.filter(|old| !old["metadata"]["deletionTimestamp"].is_null()) {
        let before = list(&old["metadata"]);
        let added: Vec<String> = now.into_iter().filter(|finalizer| !before.contains(finalizer)).collect();
        if !added.is_empty() {
            let names = added.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{names}}}"
            );
            causes.push(Cause::forbidden("metadata.finalizers", &why));
        }
    }
}

fn check_owners(metadata: &Value, causes: &mut Vec<Cause>) {
    for (at, owner) in metadata["ownerReferences"].as_array().into_iter().flatten().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().is_none_or(str::is_empty) {
                let path = format!("metadata.ownerReferences[{at}].{field}");
                causes.push(Cause::invalid(path, "Invalid value: \"\": must not be empty"));
            }
        }
    }
}

fn map(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn name_errors(kind: &ResourceType, name: &str) -> Vec<String> {
    let builtin = kind.origin == Origin::Builtin;
    let (most, rule, holds): (usize, &str, bool) = match kind.kind.as_str() {
        // Names of roles and bindings are path segments and little else.
        "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" if builtin => {
            let bad = matches!(name, "." | "..") || name.contains(['/', '%']);
            return if bad { vec!["may not contain '/' or '%'".to_owned()] } else { Vec::new() };
        }
        "Namespace" if builtin => (63, DNS_LABEL, is_label(name)),
        "Service" if builtin => {
            (63, SERVICE_NAME, is_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase()))
        }
        _ => (253, SUBDOMAIN, name.split('.').all(is_label)),
    };
    let mut errors = Vec::new();
    if name.len() > most {
        errors.push(format!("must be no more than {most} characters"));
    }
    if !holds {
        errors.push(rule.to_owned());
    }
    errors
}

/// One part of a DNS name, of any length.
fn is_label(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !text.is_empty()
        && text.chars().all(|c| alphanumeric(c) || c == '-')
        && text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
}

fn is_name_part(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_alphanumeric();
    !text.is_empty()
        && text.chars().all(|c| alphanumeric(c) || "-_.".contains(c))
        && text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
}

/// Why a text cannot be the value of a label.
pub(crate) fn label_value_error(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 bytes".to_owned());
    }
    (!text.is_empty() && !is_name_part(text)).then(|| LABEL_VALUE.to_owned())
}

/// Why a text cannot be the key of a label or annotation, or a finalizer.
pub(crate) fn qualified_name_error(text: &str) -> Option<String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if let Some(prefix) = prefix.filter(|prefix| prefix.len() > 253 || !prefix.split('.').all(is_label)) {
        return Some(if prefix.is_empty() {
            "prefix part must be non-empty".to_owned()
        } else {
            format!("prefix part {SUBDOMAIN}")
        });
    }
    if name.is_empty() {
        return Some("name part must be non-empty".to_owned());
    }
    if name.len() > 63 {
        return Some("name part must be no more than 63 bytes".to_owned());
    }
    (!is_name_part(name)).then(|| NAME_PART.to_owned())
}

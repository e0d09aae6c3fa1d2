//! What a write changes, field by field.

use serde_json::{Map, Value};

use crate::change::FieldChange;
use crate::secret::MASK;

/// What stands for a secret after it changed.
const CHANGED_SECRET: &str = "<new secret>";

/// Fields that a merge patch (RFC 7396) changes in an object as it was read, in the order of the patch.
/// `shown` is the patch with its secrets masked: what a masked field was is not known, so it counts as changed.
pub(super) fn by_patch(before: &Value, patch: &Map<String, Value>, shown: &Map<String, Value>) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    walk(before, patch, shown, "", &mut changes);
    changes
}

fn walk(
    before: &Value,
    patch: &Map<String, Value>,
    shown: &Map<String, Value>,
    prefix: &str,
    changes: &mut Vec<FieldChange>,
) {
    for (key, after) in patch {
        let field = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let old = before.get(key).filter(|value| !value.is_null());
        let shown_after = shown.get(key).unwrap_or(after);
        match (after, shown_after) {
            (Value::Object(inner), Value::Object(inner_shown)) => {
                walk(old.unwrap_or(&Value::Null), inner, inner_shown, &field, changes);
            }
            _ if after != shown_after => changes.push(secret_change(field)),
            (Value::Null, _) => {
                if let Some(old) = old {
                    changes.push(FieldChange { field, before: Some(text(old)), after: None });
                }
            }
            _ if old == Some(after) => {}
            _ => changes.push(FieldChange { field, before: old.map(text), after: Some(text(shown_after)) }),
        }
    }
}

fn secret_change(field: String) -> FieldChange {
    FieldChange { field, before: Some(MASK.to_owned()), after: Some(CHANGED_SECRET.to_owned()) }
}

/// Fields in which two forms of one thing differ: those of `after` in its order, then those that are gone.
pub(super) fn between(
    before: Option<&Value>,
    after: &Map<String, Value>,
    shown: &Map<String, Value>,
    prefix: &str,
) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let none = Value::Null;
    let before = before.unwrap_or(&none);
    walk(before, after, shown, prefix, &mut changes);
    if let Value::Object(old) = before {
        for (key, value) in old.iter().filter(|(key, value)| !after.contains_key(*key) && !value.is_null()) {
            changes.push(FieldChange { field: format!("{prefix}.{key}"), before: Some(text(value)), after: None });
        }
    }
    changes
}

/// A value as a person reads it: text as it is, everything else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether `value` has everything that `wanted` has; the API server may have added defaults.
pub(crate) fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| match value.get(key) {
            Some(value) => holds(value, wanted),
            None => wanted.is_null(),
        }),
        (Value::Null, Value::Object(wanted)) => wanted.values().all(Value::is_null),
        _ => value == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn only_what_differs() {
        let before = json!({"spec": {"instances": 3, "storage": {"size": "1Gi"}, "image": null, "old": "x"}});
        let patch = map(
            &json!({"spec": {"instances": 5, "storage": {"size": "1Gi", "class": "fast"}, "image": "i", "old": null, "none": null}}),
        );
        let changes = by_patch(&before, &patch, &patch);
        let told: Vec<_> = changes
            .iter()
            .map(|change| (change.field.as_str(), change.before.as_deref(), change.after.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("spec.instances", Some("3"), Some("5")),
                ("spec.storage.class", None, Some("fast")),
                ("spec.image", None, Some("i")),
                ("spec.old", Some("x"), None)
            ]
        );
        assert!(
            by_patch(&before, &map(&json!({"spec": {"instances": 3}})), &map(&json!({"spec": {"instances": 3}})))
                .is_empty()
        );
    }

    #[test]
    fn secrets_always_count_and_never_show() {
        let changes = by_patch(
            &json!({}),
            &map(&json!({"stringData": {"password": "p"}})),
            &map(&json!({"stringData": {"password": "<secret>"}})),
        );
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].after.as_deref(), Some(CHANGED_SECRET));
    }

    #[test]
    fn between_two_elements() {
        let after = map(&json!({"name": "a", "login": true}));
        let changes = between(
            Some(&json!({"name": "a", "login": false, "passwordSecret": {"name": "s"}})),
            &after,
            &after,
            "roles[a]",
        );
        let told: Vec<_> = changes.iter().map(|change| (change.field.as_str(), change.after.as_deref())).collect();
        assert_eq!(told, [("roles[a].login", Some("true")), ("roles[a].passwordSecret", None)]);
        assert_eq!(between(None, &after, &after, "roles[a]").len(), 2);
    }

    #[test]
    fn defaults_do_not_disturb() {
        assert!(holds(&json!({"a": 1, "b": {"c": 2, "d": 3}}), &json!({"a": 1, "b": {"c": 2}, "e": null})));
        assert!(!holds(&json!({"a": 1}), &json!({"a": 2})));
        assert!(!holds(&json!({}), &json!({"a": {"b": 1}})));
    }
}

//! Dropping what the schema does not know, and saying what it was.

use serde_json::Value;

use super::Schema;

/// Path of a field that the schema does not know, such as `spec.instancez`.
pub type Unknown = String;

/// Drops unknown fields of an object below its root and gives their paths. `apiVersion`, `kind` and
/// `metadata` are left to the caller.
pub fn prune(schema: &Schema, object: &mut Value) -> Vec<Unknown> {
    let mut unknown = Vec::new();
    visit(schema, object, "", true, &mut unknown);
    unknown
}

fn visit(schema: &Schema, value: &mut Value, path: &str, root: bool, unknown: &mut Vec<Unknown>) {
    match value {
        Value::Object(map) => {
            if !schema.preserves_unknown && schema.values.is_none() {
                let stray: Vec<String> = map
                    .keys()
                    .filter(|key| !(schema.properties.contains_key(*key) || known_anyway(schema, key, root)))
                    .cloned()
                    .collect();
                for key in stray {
                    map.shift_remove(&key);
                    unknown.push(join(path, &key));
                }
            }
            for (key, inner) in map.iter_mut() {
                if let Some(schema) = schema.field(key).filter(|_| !(root && key == "metadata")) {
                    visit(schema, inner, &join(path, key), false, unknown);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = &schema.items {
                for (at, item) in items.iter_mut().enumerate() {
                    visit(schema, item, &format!("{path}[{at}]"), false, unknown);
                }
            }
        }
        _ => {}
    }
}

fn known_anyway(schema: &Schema, key: &str, root: bool) -> bool {
    (root || schema.embedded) && matches!(key, "apiVersion" | "kind" | "metadata")
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

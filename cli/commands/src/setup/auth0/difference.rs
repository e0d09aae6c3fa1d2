//! What an object lacks of what is wanted. What somebody added by hand is not touched.

use serde_json::{Map, Value};

/// The fields to be sent so that an object has all that is wanted; empty where it has.
pub fn lacking(wanted: &Map<String, Value>, there: &Value) -> Map<String, Value> {
    let mut lacking = Map::new();
    for (name, wanted) in wanted {
        let joined = joined(wanted, &there[name]);
        if joined != there[name] {
            lacking.insert(name.clone(), joined);
        }
    }
    lacking
}

/// What is there, with what is wanted in it: fields of objects are set, lists grow.
fn joined(wanted: &Value, there: &Value) -> Value {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(there)) => {
            let mut fields = there.clone();
            for (name, wanted) in wanted {
                let before = there.get(name).unwrap_or(&Value::Null);
                fields.insert(name.clone(), joined(wanted, before));
            }
            Value::Object(fields)
        }
        (Value::Array(wanted), Value::Array(there)) => {
            let mut items = there.clone();
            for wanted in wanted {
                match items.iter_mut().find(|item| same(item, wanted)) {
                    Some(item) => *item = joined(wanted, item),
                    None => items.push(wanted.clone()),
                }
            }
            Value::Array(items)
        }
        _ => wanted.clone(),
    }
}

/// Whether items of lists are the same thing: equal, or of the same `value`, as scopes are.
fn same(a: &Value, b: &Value) -> bool {
    a == b || (a.is_object() && !a["value"].is_null() && a["value"] == b["value"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(wanted: Value, there: &Value) -> Value {
        let Value::Object(wanted) = wanted else { return Value::Null };
        Value::Object(lacking(&wanted, there))
    }

    #[test]
    fn only_what_lacks_is_sent_and_what_others_added_stays() {
        let there = json!({
            "a": 1, "b": true, "words": ["x", "by hand"], "object": { "k": 1, "by hand": 2 },
            "scopes": [{ "value": "r", "description": "old" }, { "value": "by hand" }],
        });
        assert_eq!(of(json!({ "a": 1, "words": ["x"], "object": { "k": 1 } }), &there), json!({}));
        assert_eq!(
            of(json!({ "a": 2, "b": true, "c": 3, "words": ["y", "x"], "object": { "k": 2 } }), &there),
            json!({ "a": 2, "c": 3, "words": ["x", "by hand", "y"], "object": { "k": 2, "by hand": 2 } })
        );
        assert_eq!(
            of(json!({ "scopes": [{ "value": "r", "description": "new" }, { "value": "w" }] }), &there),
            json!({ "scopes": [{ "value": "r", "description": "new" }, { "value": "by hand" }, { "value": "w" }] })
        );
    }
}

//! Filling in defaults, and dropping nulls where null is no value.

use serde_json::Value;

use super::Schema;

/// Fills in the defaults of the schema. A null counts as absent where the schema does not allow null.
pub fn fill_in(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, inner| {
                !(inner.is_null() && schema.field(key).is_some_and(|field| !field.nullable && !field.takes_any()))
            });
            for (name, property) in &schema.properties {
                if let Some(default) = &property.default
                    && !map.contains_key(name)
                {
                    map.insert(name.clone(), default.clone());
                }
            }
            for (key, inner) in map.iter_mut() {
                if let Some(field) = schema.field(key) {
                    fill_in(field, inner);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = &schema.items {
                for item in items {
                    fill_in(schema, item);
                }
            }
        }
        _ => {}
    }
}

impl Schema {
    fn takes_any(&self) -> bool {
        self.kind == super::Type::Any && self.preserves_unknown
    }
}

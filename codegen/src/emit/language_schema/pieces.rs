//! Pieces of schemas.

use serde_json::{Map, Value, json};

/// A closed mapping: key, schema, whether it must be there.
pub fn mapping(keys: &[(&str, Value, bool)]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|(key, schema, _)| ((*key).to_owned(), schema.clone())).collect();
    let required: Vec<&str> = keys.iter().filter(|(_, _, required)| *required).map(|(key, _, _)| *key).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    Value::Object(schema)
}

/// A mapping of names to one kind of thing.
pub fn named(about: &str, schema: Value) -> Value {
    let mut named = Map::new();
    named.insert("description".to_owned(), json!(about));
    named.insert("type".to_owned(), json!("object"));
    named.insert("additionalProperties".to_owned(), schema);
    Value::Object(named)
}

/// Plain text.
pub fn text(about: &str) -> Value {
    json!({ "description": about, "type": "string" })
}

/// Plain text that says something.
pub fn words_said(about: &str) -> Value {
    json!({ "description": about, "type": "string", "pattern": "\\S" })
}

/// A list of plain texts.
pub fn texts(about: &str) -> Value {
    json!({ "description": about, "type": "array", "items": { "type": "string" } })
}

/// `true` or `false`.
pub fn flag(about: &str) -> Value {
    json!({ "description": about, "type": "boolean" })
}

/// A whole number.
pub fn int(about: &str) -> Value {
    json!({ "description": about, "type": "integer" })
}

/// A whole number that is not negative.
pub fn size(about: &str) -> Value {
    json!({ "description": about, "type": "integer", "minimum": 0 })
}

/// One of some words.
pub fn words(about: &str, words: &[&str]) -> Value {
    json!({ "description": about, "type": "string", "enum": words })
}

/// One of the words of a table of the compiler's reader.
pub fn words_of<T>(about: &str, table: &[(&'static str, T)]) -> Value {
    words(about, &table.iter().map(|(word, _)| *word).collect::<Vec<_>>())
}

/// A definition.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// A definition, with a description of its own. Beside `$ref` draft-07 sees nothing, hence `allOf`.
pub fn described(about: &str, name: &str) -> Value {
    json!({ "description": about, "allOf": [reference(name)] })
}

/// A scalar that may hold expressions; a text says something.
pub fn scalar(about: &str) -> Value {
    json!({ "description": about, "allOf": [reference("scalar")], "pattern": "\\S" })
}

/// A scalar that is true or false.
pub fn condition(about: &str) -> Value {
    described(about, "condition")
}

/// A value of the output, which is never `null`.
pub fn shown(about: &str) -> Value {
    described(about, "shown")
}

/// Any value that may hold expressions.
pub fn value(about: &str) -> Value {
    described(about, "value")
}

//! Bodies: which fields an endpoint takes.

use axum::Json;
use serde_json::{Map, Value};

use crate::error::Refusal;

pub type Body = Json<Value>;

/// The fields, where all are known.
pub fn fields(body: Value, known: &[&str]) -> Result<Map<String, Value>, Refusal> {
    let Value::Object(fields) = body else { return Err(Refusal::invalid("'Expected type object'")) };
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Refusal::invalid(format!("'Additional properties not allowed: {name}'"))),
        None if fields.is_empty() => Err(Refusal::invalid("'Too few properties defined (0), minimum 1'")),
        None => Ok(fields),
    }
}

/// A text that must be there.
pub fn text(fields: &Map<String, Value>, name: &str) -> Result<String, Refusal> {
    let text = fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| Refusal::invalid(format!("'Missing required property: {name}'")))
}

/// Puts fields into an object.
pub fn put(object: &mut Value, fields: Map<String, Value>) {
    for (name, value) in fields {
        object[name] = value;
    }
}

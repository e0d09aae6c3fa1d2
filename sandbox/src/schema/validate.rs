//! Whether a value is what its schema says, in the words of the API server.

use serde_json::{Map, Value};

use super::{ListType, Schema, Type, formats};
use crate::error::Cause;

/// What is wrong with an object by its schema, the rules in CEL left out.
pub fn validate(schema: &Schema, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    check_object(schema, object, "", true, &mut causes);
    causes
}

/// What is wrong with the status alone.
pub fn validate_status(schema: &Schema, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let (Some(schema), Some(status)) = (schema.properties.get("status"), object.get("status")) {
        check(schema, status, "status", &mut causes);
    }
    // The server runs this validator on the status by itself, and its texts lack the prefix.
    for cause in &mut causes {
        cause.message = cause.message.replace(": status.", ": ");
    }
    causes
}

/// What the CEL rules say of an object. `old` is what it was before an update.
pub fn validate_rules(schema: &Schema, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    check_rules(schema, object, old, "", &mut causes);
    causes
}

/// Whether these causes keep the CEL rules from being checked.
pub fn blocking(causes: &[Cause]) -> bool {
    causes.iter().any(|cause| {
        matches!(
            cause.reason.as_str(),
            "FieldValueNotSupported"
                | "FieldValueRequired"
                | "FieldValueTooLong"
                | "FieldValueTooMany"
                | "FieldValueTypeInvalid"
        )
    })
}

fn check(schema: &Schema, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    if value.is_null() && schema.nullable {
        return;
    }
    if !has_type(schema.kind, value) {
        let found = type_name(value);
        let wanted = schema.kind.name();
        let message = format!("Invalid value: \"{found}\": {path} in body must be of type {wanted}: \"{found}\"");
        causes.push(Cause::new("FieldValueTypeInvalid", path, message));
        if schema.kind == Type::Integer && value.is_number() {
            let message =
                format!("Invalid value: \"\": Checked value must be of type integer (default format) in {path}");
            causes.push(Cause::invalid("<nil>", message));
        }
        return;
    }
    if !schema.choices.is_empty() && !schema.choices.contains(value) {
        let list = schema.choices.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        let message = format!("Unsupported value: {value}: supported values: {list}");
        causes.push(Cause::new("FieldValueNotSupported", path, message));
    }
    match value {
        Value::String(text) => check_string(schema, text, path, causes),
        Value::Number(_) => check_number(schema, value, path, causes),
        Value::Array(items) => check_array(schema, items, path, causes),
        Value::Object(_) => check_object(schema, value, path, false, causes),
        Value::Null | Value::Bool(_) => {}
    }
}

fn check_object(schema: &Schema, value: &Value, path: &str, root: bool, causes: &mut Vec<Cause>) {
    let Some(map) = value.as_object() else { return };
    for name in &schema.required {
        if !map.contains_key(name) {
            causes.push(Cause::required(join(path, name), ""));
        }
    }
    let count = map.len() as u64;
    if let Some(least) = schema.min_properties.filter(|least| count < *least) {
        invalid(path, value, &format!("should have at least {least} properties"), causes);
    }
    if let Some(most) = schema.max_properties.filter(|most| count > *most) {
        let message = format!("Too many: {count}: must have at most {most} items");
        causes.push(Cause::new("FieldValueTooMany", path, message));
    }
    for (key, inner) in map {
        if root && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        if let Some(field) = schema.field(key) {
            check(field, inner, &join(path, key), causes);
        }
    }
}

fn check_string(schema: &Schema, text: &str, path: &str, causes: &mut Vec<Cause>) {
    let value = Value::String(text.to_owned());
    let length = text.chars().count() as u64;
    if let Some(most) = schema.max_length.filter(|most| length > *most) {
        let message = format!("Too long: may not be more than {most} bytes");
        causes.push(Cause::new("FieldValueTooLong", path, message));
    }
    if let Some(least) = schema.min_length.filter(|least| length < *least) {
        invalid(path, &value, &format!("should be at least {least} chars long"), causes);
    }
    if let Some(pattern) = schema.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
        invalid(path, &value, &format!("should match '{}'", pattern.as_str()), causes);
    }
    if !formats::holds(&schema.format, text) {
        invalid(path, &value, &format!("must be of type {}: {value}", schema.format), causes);
    }
}

fn check_number(schema: &Schema, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let number = value.as_f64().unwrap_or_default();
    let under = |least: &f64| if schema.exclusive_minimum { number <= *least } else { number < *least };
    let over = |most: &f64| if schema.exclusive_maximum { number >= *most } else { number > *most };
    if let Some(least) = schema.minimum.filter(under) {
        let words = if schema.exclusive_minimum { "greater than" } else { "greater than or equal to" };
        invalid(path, value, &format!("should be {words} {least}"), causes);
    }
    if let Some(most) = schema.maximum.filter(over) {
        let words = if schema.exclusive_maximum { "less than" } else { "less than or equal to" };
        invalid(path, value, &format!("should be {words} {most}"), causes);
    }
    if value.as_i64().is_some_and(|number| !formats::fits(&schema.format, number)) {
        invalid(path, value, &format!("should be a valid {}", schema.format), causes);
    }
}

fn check_array(schema: &Schema, items: &[Value], path: &str, causes: &mut Vec<Cause>) {
    let count = items.len() as u64;
    if let Some(least) = schema.min_items.filter(|least| count < *least) {
        invalid(path, &Value::from(count), &format!("should have at least {least} items"), causes);
    }
    if let Some(most) = schema.max_items.filter(|most| count > *most) {
        let message = format!("Too many: {count}: must have at most {most} items");
        causes.push(Cause::new("FieldValueTooMany", path, message));
    }
    if let Some(inner) = &schema.items {
        for (at, item) in items.iter().enumerate() {
            check(inner, item, &format!("{path}[{at}]"), causes);
        }
    }
    let identity = |item: &Value| -> Option<Value> {
        match &schema.list {
            ListType::Atomic => None,
            ListType::Set => Some(item.clone()),
            ListType::Map(keys) => {
                let item = item.as_object()?;
                let key = |name: &String| item.get(name).map(|value| (name.clone(), value.clone()));
                Some(Value::Object(keys.iter().filter_map(key).collect::<Map<_, _>>()))
            }
        }
    };
    let mut seen: Vec<Value> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(identity) = identity(item) else { continue };
        if seen.contains(&identity) {
            let message = format!("Duplicate value: {identity}");
            causes.push(Cause::new("FieldValueDuplicate", format!("{path}[{at}]"), message));
        } else {
            seen.push(identity);
        }
    }
}

fn check_rules(schema: &Schema, value: &Value, old: Option<&Value>, path: &str, causes: &mut Vec<Cause>) {
    for rule in &schema.rules {
        if rule.transition && old.is_none() {
            continue;
        }
        let quoted = || match value {
            Value::Object(_) | Value::Array(_) => String::new(),
            scalar => format!("{scalar}: "),
        };
        let field = format!("{path}{}", rule.field_path);
        match rule.expression.holds(value, old) {
            Ok(true) => {}
            Ok(false) => {
                let message = format!("Invalid value: {}{}", quoted(), rule.message);
                causes.push(Cause::new(&rule.reason, field, message));
            }
            Err(error) => {
                let kind = type_name(value);
                let text = format!("Invalid value: \"{kind}\": {error} evaluating rule: {}", rule.message);
                causes.push(Cause::invalid(field, text));
            }
        }
    }
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let Some(field) = schema.field(key) else { continue };
                let inner_path =
                    if schema.properties.contains_key(key) { join(path, key) } else { format!("{path}[{key}]") };
                check_rules(field, inner, old.and_then(|old| old.get(key)), &inner_path, causes);
            }
        }
        Value::Array(items) => {
            let Some(inner) = &schema.items else { return };
            for (at, item) in items.iter().enumerate() {
                // Items have a past only where keys tell which one they were.
                let old = match &schema.list {
                    ListType::Map(keys) => old.and_then(Value::as_array).and_then(|old| {
                        old.iter().find(|there| keys.iter().all(|key| there.get(key) == item.get(key)))
                    }),
                    ListType::Atomic | ListType::Set => None,
                };
                check_rules(inner, item, old, &format!("{path}[{at}]"), causes);
            }
        }
        _ => {}
    }
}

fn invalid(path: &str, value: &Value, rule: &str, causes: &mut Vec<Cause>) {
    causes.push(Cause::invalid(path, format!("Invalid value: {value}: {path} in body {rule}")));
}

fn has_type(kind: Type, value: &Value) -> bool {
    match kind {
        Type::Any => true,
        Type::Object => value.is_object(),
        Type::Array => value.is_array(),
        Type::String => value.is_string(),
        Type::Integer => is_whole(value),
        Type::Number => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::IntOrString => value.is_string() || is_whole(value),
    }
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// The JSON type of a value, as the server names it.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if is_whole(value) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

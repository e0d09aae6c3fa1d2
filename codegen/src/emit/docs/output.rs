//! The table of output fields, read from the published schema.

use serde_json::Value;

use super::markdown::{code, listed, table};

/// The table; nested fields stand below what holds them, `[]` means each element, `.*` each entry.
pub fn output(schema: &Value) -> String {
    let mut rows = Vec::new();
    fields("", schema, &mut rows);
    table(&["Field", "Type", "Meaning"], &rows)
}

fn fields(path: &str, schema: &Value, rows: &mut Vec<Vec<String>>) {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let mut ty = type_of(field);
        if !required.contains(&name.as_str()) {
            ty.push_str(", may be absent");
        }
        rows.push(vec![code(&path), ty, field["description"].as_str().unwrap_or_default().to_owned()]);
        let (path, inner) = innermost(path, field);
        fields(&path, inner, rows);
    }
}

/// The object inside lists and maps.
fn innermost(mut path: String, mut schema: &Value) -> (String, &Value) {
    loop {
        if schema["items"].is_object() {
            path.push_str("[]");
            schema = &schema["items"];
        } else if schema["additionalProperties"].is_object() {
            path.push_str(".*");
            schema = &schema["additionalProperties"];
        } else {
            return (path, schema);
        }
    }
}

fn type_of(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(code).collect();
        return listed(&words).replace(" and ", " or ");
    }
    match schema["type"].as_str().unwrap_or_default() {
        "array" => match schema["items"]["type"].as_str() {
            Some("array") => format!("list of {}", type_of(&schema["items"])),
            Some(element) => format!("list of {element}s"),
            None => "list".to_owned(),
        },
        "object" if schema["additionalProperties"].is_object() => "map".to_owned(),
        "string" if schema["format"] == "date-time" => "time (RFC 3339)".to_owned(),
        "" => "any".to_owned(),
        other => other.to_owned(),
    }
}

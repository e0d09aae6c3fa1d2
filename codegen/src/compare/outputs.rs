//! What a tool gives: less, or less surely, breaks; more fits.

use serde_json::Value;

use super::{At, Found};

const MISSED: &str = "a client that reads it finds nothing";
const UNKNOWN: &str = "a client meets values that it was told there are none of";

/// Two schemas of outputs.
pub fn compare(old: &Value, new: &Value, tool: &str, found: &mut Found<'_>) {
    object(old, new, tool, &[], found);
}

fn object(old: &Value, new: &Value, tool: &str, path: &[String], found: &mut Found<'_>) {
    let empty = serde_json::Map::new();
    let properties = |schema: &Value| schema["properties"].as_object().unwrap_or(&empty).clone();
    let required = |schema: &Value, name: &str| {
        schema["required"].as_array().into_iter().flatten().any(|required| required == name)
    };
    let (was, is) = (properties(old), properties(new));
    for (name, before) in &was {
        let path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let shown = path.join(".");
        let Some(now) = is.get(name) else {
            let message = format!("output field `{shown}` is gone");
            found.gone("output-removed", tool, &At::Output(&path), message, MISSED);
            continue;
        };
        match (required(old, name), required(new, name)) {
            (true, false) => {
                let message = format!("output field `{shown}` is no longer always there");
                found.breaks("output-optional", tool, &At::Output(&path), message, MISSED);
            }
            (false, true) => {
                let message = format!("output field `{shown}` is always there now");
                found.fits("output-required", tool, &At::Output(&path), message, "who can do without it still can");
            }
            _ => {}
        }
        value(before, now, tool, &path, found);
        if before["description"] != now["description"] {
            let message = format!("the description of output field `{shown}` is worded anew");
            found.fits("about-changed", tool, &At::Output(&path), message, "it is for reading");
        }
    }
    for name in is.keys().filter(|name| !was.contains_key(*name)) {
        let path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let message = format!("output field `{}` is new", path.join("."));
        found.fits("output-added", tool, &At::Output(&path), message, "clients pass over what they do not know");
    }
}

fn value(old: &Value, new: &Value, tool: &str, path: &[String], found: &mut Found<'_>) {
    let shown = path.join(".");
    let at = At::Output(path);
    let (was, is) = (form(old), form(new));
    if was != is {
        let message = format!("output field `{shown}` was {was} and is {is}");
        if narrows(old, new) {
            found.fits("output-type", tool, &at, message, "it is one of those that it could be");
        } else {
            found.breaks("output-type", tool, &at, message, "a client that reads it expects another form");
        }
        return;
    }
    let words = |schema: &Value| -> Vec<String> {
        schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (before, now) = (words(old), words(new));
    let added: Vec<String> = now.iter().filter(|word| !before.contains(word)).map(|word| format!("`{word}`")).collect();
    if !added.is_empty() {
        let message = format!("output field `{shown}` may be {} too", added.join(", "));
        found.breaks("output-enum", tool, &at, message, UNKNOWN);
    }
    let gone: Vec<String> = before.iter().filter(|word| !now.contains(word)).map(|word| format!("`{word}`")).collect();
    if !gone.is_empty() {
        let message = format!("output field `{shown}` is never {} any more", gone.join(", "));
        found.fits("output-enum", tool, &at, message, "the other words stay");
    }
    object(old, new, tool, path, found);
    for part in ["items", "additionalProperties"] {
        if old[part].is_object() && new[part].is_object() {
            value(&old[part], &new[part], tool, path, found);
        }
    }
}

/// What a value is, in words.
fn form(schema: &Value) -> String {
    let ty = schema["type"].as_str().unwrap_or("anything");
    if !schema["enum"].is_null() {
        return "an enum".to_owned();
    }
    match (ty, schema["format"].as_str()) {
        ("string", Some("date-time")) => "a time".to_owned(),
        ("object", _) if schema["additionalProperties"].is_object() => "a map".to_owned(),
        ("object" | "integer", _) => format!("an {ty}"),
        ("anything", _) => "anything".to_owned(),
        ("array", _) => "a list".to_owned(),
        _ => format!("a {ty}"),
    }
}

/// Whether every value of the new form was one of the old form.
fn narrows(old: &Value, new: &Value) -> bool {
    let (was, is) = (form(old), form(new));
    was == "anything"
        || (was == "a number" && is == "an integer")
        || (was == "a string" && matches!(is.as_str(), "an enum" | "a time"))
}

//! A description as the text of a file.

use std::fmt::Write as _;

use serde_json::Value;

use super::fields::{Field, Fields, Shape};
use super::{Choice, Definition, Imported};
use crate::sentence::first_sentence;
use crate::starter::snake;
use crate::yaml::{quoted, scalar};

/// Names that a comment lists before it stops.
const LISTED: usize = 30;

pub fn write(definition: &Definition, version: &Value, choice: &Choice, schema: &Value, found: &Fields) -> Imported {
    let kind = &definition.kind;
    let api = format!("{}/{}", definition.group, version["name"].as_str().unwrap_or_default());
    let mut text = "# yaml-language-server: $schema=../../generated/schemas/spec-resource.json\n".to_owned();
    wrapped(
        &mut text,
        "# ",
        &format!(
            "{kind} as its CRD has it, made by `cnpg-mcp-codegen import-crd`. Take out what no tool needs: a field that is not \
             here cannot be named in a spec, and is never touched."
        ),
    );
    comment(&mut text, found, choice);
    let operator = choice.operator.clone().or_else(|| definition.brought_by.clone());
    let _ = write!(text, "resource: {}\napi: {}\nplural: {}\n", scalar(kind), scalar(&api), scalar(&definition.plural));
    if !definition.namespaced {
        text.push_str("namespaced: false\n");
    }
    if let Some(operator) = operator {
        let _ = writeln!(text, "operator: {}", scalar(&operator));
    } else {
        let group = scalar(&definition.group);
        let _ =
            writeln!(text, "operator: {group} # who brings the kind, for errors where it is not there; name it better");
    }
    if version.pointer("/subresources/status").is_some() {
        text.push_str("status_subresource: true\n");
    }
    let about = schema["description"]
        .as_str()
        .and_then(first_sentence)
        .unwrap_or_else(|| format!("An object of the kind {kind}."));
    let _ = writeln!(text, "about: {}\n", scalar(&about));
    if found.all.is_empty() {
        text.push_str("fields: {}\n");
    } else {
        text.push_str("fields:\n");
        fields(&mut text, &found.all, 1);
    }
    Imported {
        kind: kind.clone(),
        api,
        file: format!("{}.yaml", snake(kind)),
        text,
        fields: found.count(),
        whole: found.whole.clone(),
        secrets: found.secrets(),
    }
}

/// Widest line of a comment.
const WIDTH: usize = 118;

/// Words on as many lines as they need.
fn wrapped(text: &mut String, begin: &str, words: &str) {
    let mut line = begin.trim_end().to_owned();
    for word in words.split(' ') {
        if line.len() + 1 + word.len() > WIDTH && line.len() > begin.len() {
            let _ = writeln!(text, "{line}");
            begin.trim_end().clone_into(&mut line);
        }
        let gap = if line.len() < begin.len() { begin.len() - line.len() } else { 1 };
        let _ = write!(line, "{}{word}", " ".repeat(gap));
    }
    let _ = writeln!(text, "{line}");
}

/// What is not in the description, and how it comes in.
fn comment(text: &mut String, found: &Fields, choice: &Choice) {
    let mut say = |words: &str, paths: &[String]| {
        let mut listed = paths[..paths.len().min(LISTED)].join(", ");
        if paths.len() > LISTED {
            let _ = write!(listed, " and {} more", paths.len() - LISTED);
        }
        text.push_str("#\n");
        wrapped(text, "# ", words);
        wrapped(text, "#   ", &listed);
    };
    if !choice.fields.is_empty() {
        say("Only these were asked for; what the API server requires beside them is here too:", &choice.fields);
    }
    if !found.whole.is_empty() {
        let words =
            "Taken whole, without a look inside (`opaque`). `import-crd … --fields PATH,…` looks into what it names:";
        say(words, &found.whole);
    }
    if !found.unnameable.is_empty() {
        say("Left out, since the language has no name for them:", &found.unnameable);
    }
}

fn fields(text: &mut String, all: &[Field], depth: usize) {
    let indent = "  ".repeat(depth);
    for field in all {
        for note in &field.notes {
            let _ = writeln!(text, "{indent}# {note}");
        }
        let name = scalar(&field.name);
        match &field.shape {
            shape if is_short(shape) => {
                let keys: Vec<String> = keys(field).into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
                let _ = writeln!(text, "{indent}{name}: {{ {} }}", keys.join(", "));
            }
            shape => {
                let _ = writeln!(text, "{indent}{name}:");
                for (key, value) in flags(field) {
                    let _ = writeln!(text, "{indent}  {key}: {value}");
                }
                nested(text, shape, depth + 1);
            }
        }
    }
}

/// Whether the shape needs no lines of its own.
fn is_short(shape: &Shape) -> bool {
    match shape {
        Shape::Object(_) => false,
        Shape::List { items, .. } => is_short(items),
        Shape::Map(values) => is_short(values),
        _ => true,
    }
}

/// What a shape with lines of its own consists of.
fn nested(text: &mut String, shape: &Shape, depth: usize) {
    let indent = "  ".repeat(depth);
    match shape {
        Shape::Object(all) => {
            let _ = writeln!(text, "{indent}fields:");
            fields(text, all, depth + 1);
        }
        Shape::List { items, key } => {
            if let Some(key) = key {
                let _ = writeln!(text, "{indent}key: {}", scalar(key));
            }
            let _ = writeln!(text, "{indent}items:");
            nested(text, items, depth + 1);
        }
        Shape::Map(values) => {
            let _ = writeln!(text, "{indent}entries:");
            nested(text, values, depth + 1);
        }
        _ => {
            for (key, value) in shape_keys(shape) {
                let _ = writeln!(text, "{indent}{key}: {value}");
            }
        }
    }
}

/// All keys of a field on one line: its type first, then flags, then what it is.
fn keys(field: &Field) -> Vec<(&'static str, String)> {
    let mut keys = shape_keys(&field.shape);
    let flags = flags(field);
    let about = flags.iter().position(|(key, _)| *key == "about").unwrap_or(flags.len());
    keys.splice(1..1, flags[..about].iter().cloned());
    keys.extend(flags[about..].iter().cloned());
    keys
}

fn flags(field: &Field) -> Vec<(&'static str, String)> {
    let mut flags = Vec::new();
    for (key, said) in [("required", field.required), ("server_set", field.server_set), ("immutable", field.immutable)]
    {
        if said {
            flags.push((key, "true".to_owned()));
        }
    }
    flags.extend(field.default.as_ref().map(|default| ("default", flow(default))));
    flags.extend(field.about.as_deref().map(|about| ("about", scalar(about))));
    flags
}

fn shape_keys(shape: &Shape) -> Vec<(&'static str, String)> {
    if let Some(ty) = type_word(shape) {
        return vec![("type", ty)];
    }
    let mut keys = Vec::new();
    match shape {
        Shape::Int { min, max } => {
            keys.push(("type", "int".to_owned()));
            keys.extend(min.map(|min| ("min", min.to_string())));
            keys.extend(max.map(|max| ("max", max.to_string())));
        }
        Shape::Text { pattern, max_length } => {
            keys.push(("type", "string".to_owned()));
            keys.extend(max_length.map(|length| ("max_length", length.to_string())));
            keys.extend(pattern.as_deref().map(|pattern| ("pattern", scalar(pattern))));
        }
        Shape::Enum(words) => {
            let words: Vec<String> = words.iter().map(|word| scalar(word)).collect();
            keys.push(("enum", format!("[{}]", words.join(", "))));
        }
        Shape::List { items, .. } => keys.push(("items", inline(items))),
        Shape::Map(values) => keys.push(("entries", inline(values))),
        Shape::Scalar(_) | Shape::Opaque | Shape::Object(_) => {}
    }
    keys
}

fn inline(shape: &Shape) -> String {
    let keys: Vec<String> = shape_keys(shape).into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{ {} }}", keys.join(", "))
}

/// The word for a type without bounds.
fn type_word(shape: &Shape) -> Option<String> {
    Some(match shape {
        Shape::Scalar(word) => (*word).to_owned(),
        Shape::Opaque => "opaque".to_owned(),
        Shape::Int { min: None, max: None } => "int".to_owned(),
        Shape::Text { pattern: None, max_length: None } => "string".to_owned(),
        Shape::List { items, key: None } => format!("list<{}>", type_word(items)?),
        Shape::Map(values) => format!("map<{}>", type_word(values)?),
        _ => return None,
    })
}

/// A JSON value as flow YAML.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", quoted_key(key), flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted_key(key: &str) -> String {
    let plain = scalar(key);
    if plain.starts_with('"') || plain.contains(' ') { quoted(key) } else { plain }
}

//! JSON Schemas of the spec language, for editors: completion, hover texts and red lines while typing.
//!
//! They say what keys there are, what they take and what they mean, in draft-07, which the YAML plugins of
//! editors read best. What needs more than one place in a file (names, types of expressions, templates)
//! is the compiler's. Tests hold the keys and words to those that the compiler's own reader asks for.

mod params;
mod pieces;
mod resources;
mod steps;
mod tool;
mod values;

use serde_json::{Map, Value, json};

use pieces::{mapping, named, reference};

/// The schemas by file name: of a tool, of shared parameters, of shared steps, of a resource description.
#[must_use]
pub fn schemas() -> Vec<(String, Value)> {
    let file = |name: &str, title: &str, root: Value| (format!("{name}.json"), document(title, root));
    vec![
        file("spec-language", "A tool of the spec language", tool::tool()),
        file("spec-params", "Shared parameters of the spec language", params::shared()),
        file("spec-resource", "A Kubernetes kind, as tools know it", resources::resource()),
        file("spec-steps", "Shared steps of the spec language", shared_steps()),
    ]
}

fn shared_steps() -> Value {
    mapping(&[(
        "steps",
        named("Named lists of steps; `- use: NAME` puts them in its place.", reference("steps")),
        true,
    )])
}

/// A root schema with all definitions beside it.
fn document(title: &str, root: Value) -> Value {
    let mut document = Map::new();
    document.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    document.insert("title".to_owned(), json!(title));
    if let Value::Object(root) = root {
        document.extend(root);
    }
    let mut definitions = Map::new();
    definitions.extend(values::definitions());
    definitions.extend(params::definitions());
    definitions.extend(steps::definitions());
    definitions.extend(resources::definitions());
    // Only those that the root needs.
    let mut needed: Vec<String> = Vec::new();
    let mut waiting = references(&Value::Object(document.clone()));
    while let Some(name) = waiting.pop() {
        if !needed.contains(&name) {
            waiting.extend(definitions.get(&name).map(references).unwrap_or_default());
            needed.push(name);
        }
    }
    definitions.retain(|name, _| needed.contains(name));
    document.insert("definitions".to_owned(), Value::Object(definitions));
    Value::Object(document)
}

/// Names of the definitions that a schema refers to.
fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(entries) => entries
            .iter()
            .flat_map(|(key, value)| match value.as_str().and_then(|target| target.strip_prefix("#/definitions/")) {
                Some(name) if key == "$ref" => vec![name.to_owned()],
                _ => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

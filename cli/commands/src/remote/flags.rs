//! Flags made from what a server says of a tool's parameters.

use clap::{Arg, ArgAction, ArgMatches, Command};
use cnpg_mcp_runtime::tool::Effect;
use rmcp::model::{JsonObject, Tool};
use serde_json::Value;

use crate::flags::{HEADING, effect_in_words, read_line};
use crate::plain::plain;

/// A command for a tool: one flag for each parameter. A flag that has the name of one of `ours` is called
/// `--param-NAME`.
pub fn command(tool: &Tool, ours: &[&str]) -> Command {
    let title = tool.title.clone().or_else(|| tool.annotations.as_ref()?.title.clone()).unwrap_or_default();
    let about = plain(tool.description.as_deref().unwrap_or(&title));
    Command::new(tool.name.to_string())
        .about(plain(&title))
        .long_about(format!("{}\n\n{}", about.trim_end(), effect_in_words(effect_of(tool))))
        .max_term_width(100)
        .args(parameters(tool).map(|(name, schema)| flag(name, schema, is_required(tool, name), ours)))
}

/// The arguments that were passed. What does not look like the parameter's type is passed on as text: the server says
/// what is wrong with it.
///
/// # Errors
/// Where a secret cannot be read from standard input.
pub fn arguments(tool: &Tool, matches: &ArgMatches) -> anyhow::Result<JsonObject> {
    let mut arguments = JsonObject::new();
    for (name, schema) in parameters(tool) {
        let Some(values) = matches.get_many::<String>(name) else { continue };
        let mut values: Vec<String> = values.cloned().collect();
        let value = if kind(schema) == Some("array") {
            values.into_iter().map(|value| typed(&schema["items"], value)).collect()
        } else {
            let text = values.pop().unwrap_or_default();
            let text = if is_secret(schema) && text == "-" { read_line(name)? } else { text };
            typed(schema, text)
        };
        arguments.insert(name.clone(), value);
    }
    Ok(arguments)
}

/// What a tool does, by its annotations (MCP, "Tool annotations"); where they say nothing, the worst, as MCP's defaults
/// are.
pub fn effect_of(tool: &Tool) -> Effect {
    let hints = tool.annotations.as_ref();
    match (hints.and_then(|hints| hints.read_only_hint), hints.and_then(|hints| hints.destructive_hint)) {
        (Some(true), _) => Effect::Read,
        (_, Some(false)) => Effect::Write,
        _ => Effect::Destroy,
    }
}

fn parameters(tool: &Tool) -> impl Iterator<Item = (&String, &Value)> {
    tool.input_schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn is_required(tool: &Tool, name: &str) -> bool {
    let required = tool.input_schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|one| one == name))
}

/// The type of a value, where the schema has one (besides `null`).
fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}

fn is_secret(schema: &Value) -> bool {
    schema["writeOnly"] == true || schema["format"] == "password"
}

fn flag(name: &str, schema: &Value, required: bool, ours: &[&str]) -> Arg {
    let dashed = name.replace('_', "-");
    let long = if ours.contains(&dashed.as_str()) { format!("param-{dashed}") } else { dashed };
    let mut help = plain(schema["description"].as_str().unwrap_or_default()).trim_end().to_owned();
    if !schema["default"].is_null() {
        let default = &schema["default"];
        help.extend([" [default ", &default.as_str().map_or_else(|| default.to_string(), plain), "]"]);
    }
    if is_secret(schema) {
        help.push_str(" `-` reads it from standard input.");
    }
    let flag =
        Arg::new(name.to_owned()).help_heading(HEADING).required(required).help(help).value_name(value_name(schema));
    let flag = if long == name || ours.contains(&name) { flag } else { flag.alias(name.to_owned()) };
    match kind(schema) {
        Some("boolean") => flag.num_args(0..=1).default_missing_value("true"),
        Some("array") => flag.action(ArgAction::Append),
        _ => flag.allow_hyphen_values(true),
    }
    .long(long)
}

fn value_name(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        return plain(&words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"));
    }
    String::from(match kind(schema) {
        Some("boolean") => "true|false",
        Some("integer" | "number") => "NUMBER",
        Some("object") => "JSON",
        _ => "TEXT",
    })
}

fn typed(schema: &Value, text: String) -> Value {
    match kind(schema) {
        Some("boolean") => text.parse::<bool>().map(Value::from).ok(),
        Some("integer") => text.parse::<i64>().map(Value::from).ok(),
        Some("number") => text.parse::<f64>().map(Value::from).ok(),
        Some("string") => None,
        _ => serde_json::from_str(&text).ok(),
    }
    .unwrap_or(Value::String(text))
}

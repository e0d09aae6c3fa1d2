//! What is wrong with an argument, in words that a model or a person can act on.

use serde::Serialize;
use serde_json::Value;

/// Characters of a wrong value that are shown.
const SHOWN: usize = 40;

/// One thing that is wrong with one argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The parameter, as it was passed (shortened where it is no name).
    pub parameter: String,
    /// What is wrong, as a clause after the name: `got 11`, `is required`.
    pub what: String,
    /// What would be right.
    pub expected: String,
}

impl Problem {
    /// One line of Markdown.
    pub fn to_markdown(&self) -> String {
        format!("- `{}` {}. Expected: {}.", self.parameter, self.what, self.expected)
    }
}

/// A name that came from a client, safe inside a Markdown code span and short.
pub(super) fn shown_name(name: &str) -> String {
    shorten(name)
}

/// A value that came from a client, short and safe. Secrets are shown by kind and length alone.
pub(super) fn shown_value(value: &Value, secret: bool) -> String {
    match value {
        Value::Null => String::from("null"),
        Value::Bool(_) | Value::Number(_) if secret => format!("a {}", type_name(value)),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => shorten(&number.to_string()),
        Value::String(text) if secret => format!("a text of {} characters", text.chars().count()),
        Value::String(text) => format!("`{}`", shorten(text)),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => String::from("an object"),
    }
}

/// The JSON type of a value.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// The beginning of a text without control characters and backticks, with its length where it was cut.
fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(SHOWN)
        .map(|character| match character {
            '`' => '\'',
            other if is_forbidden(other) => '\u{fffd}',
            other => other,
        })
        .collect();
    if text.len() > short.len() && text.chars().nth(SHOWN).is_some() {
        short = format!("{short}… ({} bytes)", text.len());
    }
    short
}

/// Characters that no argument may hold: controls, and what renders as a line break or turns text around.
pub(super) fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

//! One line for every call of a tool that writes: who did what to which objects, and how it ended.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::logging::AUDIT;
use crate::secret::{KnownSecrets, MASK};
use crate::tool::{Arguments, ToolInfo};

/// Longest text of an argument in a line.
const MAX_TEXT: usize = 256;

/// Most arguments in a line.
const MAX_ARGUMENTS: usize = 64;

/// What an audit line says.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The tool.
    pub tool: &'static ToolInfo,
    /// Its arguments, masked by [`masked`].
    pub arguments: &'a Value,
    /// Objects written, as `action Kind namespace/name`.
    pub objects: &'a [String],
    /// The outcome, or the code of the failure.
    pub outcome: &'a str,
    /// How long the call took.
    pub duration: Duration,
    /// The call's id, which objects made by it carry too.
    pub call_id: &'a str,
    /// Who called; `anonymous` without authentication.
    pub subject: &'a str,
    /// The client program, by the name that authentication has for it; empty without.
    pub client: &'a str,
    /// The client program, as it names itself.
    pub program: &'a str,
    /// In whose name Kubernetes was asked; empty: in the server's own.
    pub kubernetes_user: &'a str,
}

/// Writes the line.
pub fn write(entry: &Entry<'_>) {
    let objects = Value::from(entry.objects);
    tracing::info!(
        target: AUDIT,
        tool = entry.tool.name,
        effect = entry.tool.effect.as_str(),
        arguments = %entry.arguments,
        objects = %objects,
        outcome = entry.outcome,
        duration_ms = u64::try_from(entry.duration.as_millis()).unwrap_or(u64::MAX),
        call_id = entry.call_id,
        subject = entry.subject,
        client = entry.client,
        program = entry.program,
        kubernetes_user = entry.kubernetes_user,
    );
}

/// Arguments as they may be written down: secrets masked, and with them everything passed under a name
/// that the tool does not know, since that may be a secret under a misspelt name.
pub fn masked(tool: &ToolInfo, arguments: &Arguments) -> Value {
    let mut secrets = KnownSecrets::default();
    for param in tool.params.iter().filter(|param| param.secret) {
        if let Some(Value::String(secret)) = arguments.get(param.name) {
            secrets.add(secret);
        }
    }
    let shown: Map<String, Value> = arguments
        .iter()
        .take(MAX_ARGUMENTS)
        .map(|(name, value)| match tool.param(name) {
            Some(param) if !param.secret => (name.clone(), short(value)),
            Some(_) => (name.clone(), Value::from(MASK)),
            None => (name.chars().take(MAX_TEXT).collect(), Value::from(MASK)),
        })
        .collect();
    let mut shown = Value::Object(shown);
    // A secret may have been passed a second time, in a parameter that is none.
    secrets.mask_value(&mut shown);
    shown
}

fn short(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > MAX_TEXT => {
            Value::from(format!("{}… ({} bytes)", text.chars().take(MAX_TEXT).collect::<String>(), text.len()))
        }
        Value::Array(items) if items.len() > MAX_ARGUMENTS => Value::from(format!("a list of {}", items.len())),
        Value::Array(items) => items
            .iter()
            .map(|item| if item.is_array() || item.is_object() { Value::from("…") } else { short(item) })
            .collect(),
        Value::Object(fields) => Value::from(format!("an object of {} fields", fields.len())),
        other => other.clone(),
    }
}

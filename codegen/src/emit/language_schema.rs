//! The JSON Schema of the spec language, for editors: completion, hover texts and red lines in `specs/tools/*.yaml`.

use serde_json::{Value, json};

/// The schema of a tool file (draft-07, which editors' YAML plugins read best).
#[must_use]
pub fn tool_schema() -> Value {
    json!({})
}

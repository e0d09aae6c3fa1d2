//! A tool file.

use serde_json::{Value, json};

use super::pieces::{flag, mapping, reference, text, words_of, words_said};
use crate::syntax::tables::{EFFECTS, OUTCOMES};

/// The root of a tool file.
pub fn tool() -> Value {
    mapping(&[
        (
            "tool",
            json!({ "description": "Name, as clients call it; the file is named so too.", "type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$" }),
            true,
        ),
        ("toolset", text("Group, for docs and rights."), true),
        ("core", flag("Whether it is in the toolset `core` too, which is on unless others are chosen."), false),
        ("title", words_said("For people, a few words."), true),
        (
            "effect",
            words_of(
                "What the tool does to the world. `read` has no step that writes; `write` creates and changes; only `destroy` deletes.",
                EFFECTS,
            ),
            true,
        ),
        (
            "idempotent",
            flag(
                "Calling it again with the same arguments changes nothing more. `true` for `read`, else `false` unless said.",
            ),
            false,
        ),
        ("about", words_said("For models: what it does, when to take it."), true),
        ("params", reference("params"), false),
        ("steps", reference("steps"), true),
        ("output", output(), true),
        ("answer", answer(), true),
        (
            "examples",
            json!({
                "description": "Calls that are run on the sandbox; their answers stand in the docs.",
                "type": "array",
                "minItems": 1,
                "items": mapping(&[
                    ("title", words_said("What it shows."), false),
                    ("call", json!({ "description": "The arguments.", "type": "object" }), true),
                ]),
            }),
            true,
        ),
    ])
}

fn output() -> Value {
    json!({
        "description": "What a program gets, by field. `outcome`, `warnings`, `changes` and what paging adds come by themselves.",
        "type": "object",
        "additionalProperties": reference("shown_field"),
    })
}

fn answer() -> Value {
    let templates: Vec<(&str, Value, bool)> = OUTCOMES
        .iter()
        .map(|(outcome, _)| (*outcome, words_said("Template of the answer with this outcome."), *outcome == "done"))
        .collect();
    json!({
        "description": "What a person reads: a Jinja template in Markdown, or one for each outcome.",
        "anyOf": [words_said("Template of the answer, whatever the outcome."), mapping(&templates)],
    })
}

//! Scalars, expressions, values in mappings and comprehensions.

use serde_json::{Map, Value, json};

use super::pieces::{condition, mapping, named, reference, scalar, shown, text, value};
use crate::vocabulary::{Form, Place, WORDS, names};

/// Keys of a mapping, with their schemas and whether they must be there.
type Keys = Vec<(&'static str, Value, bool)>;

/// Keys of a comprehension, in the order of the docs. `made` says what may become of an element.
pub fn comprehension_keys(made: fn(&str) -> Value) -> Keys {
    vec![
        ("each", scalar("The list."), true),
        ("called", text("Name of the element; `item` unless said."), false),
        ("keep", condition("Only those where this holds."), false),
        ("first", condition("Only the first where this holds; the value is then optional."), false),
        ("newest", reference("newest"), false),
        ("as", made("What becomes of an element: an expression, or a mapping of fields."), false),
        ("page", reference("page"), false),
    ]
}

/// Keys of an optional value.
fn optional_keys(then: fn(&str) -> Value) -> Keys {
    vec![("when", condition("Whether there is a value."), true), ("then", then("The value."), true)]
}

/// A field that people read: a value, with what it means if the schema is to say more than where it comes from.
fn field() -> Value {
    let about = ("about", text("What it means, for the schema."), false);
    let with_about = |keys: Keys| mapping(&keys.into_iter().chain([about.clone()]).collect::<Vec<_>>());
    json!({
        "anyOf": [
            mapping(&[("value", shown("The value."), true), ("about", about.1.clone(), true)]),
            with_about(comprehension_keys(shown)),
            with_about(optional_keys(shown)),
            reference("shown"),
        ],
    })
}

pub fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    all.insert(
        "scalar".to_owned(),
        json!({
            "description": vocabulary(),
            "type": ["string", "number", "boolean"],
        }),
    );
    all.insert(
        "condition".to_owned(),
        json!({
            "description": "A condition: one `{{ expression }}` that is true or false.",
            "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": "\\{\\{" }],
        }),
    );
    all.insert("scalars".to_owned(), named("Names and their values.", reference("scalar")));
    all.insert("value".to_owned(), forms_of_value("value", "value", value, true));
    all.insert("shown".to_owned(), forms_of_value("shown", "shown_field", shown, false));
    all.insert("shown_field".to_owned(), field());
    all.insert(
        "newest".to_owned(),
        mapping(&[
            ("count", scalar("How many."), true),
            ("by", scalar("The time to order by; those without one come last."), true),
        ]),
    );
    all.insert(
        "page".to_owned(),
        json!({
            "description": "One page: the group of `limit` and `cursor`; in a comprehension with the name to order by.",
            "anyOf": [
                reference("scalar"),
                mapping(&[
                    ("of", scalar("The group of `limit` and `cursor`."), true),
                    ("by", scalar("The name to order by and to go on after."), false),
                ]),
            ],
        }),
    );
    all
}

/// The forms of a value, whose elements have the same forms and whose fields those of `field`; `null` deletes a field
/// where things are sent.
fn forms_of_value(name: &str, field: &str, inner: fn(&str) -> Value, null: bool) -> Value {
    let mut forms = vec![reference("scalar")];
    if null {
        forms.push(json!({ "type": "null" }));
    }
    forms.extend([
        json!({ "type": "array", "items": reference(name) }),
        mapping(&comprehension_keys(inner)),
        mapping(&optional_keys(inner)),
        json!({
            "type": "object",
            "properties": { "...": scalar("Every field of a group that is set.") },
            "additionalProperties": reference(field),
            // With these keys it is a comprehension, or an optional value that lacks its other half.
            "not": { "anyOf": [
                { "required": ["each"] },
                { "maxProperties": 1, "anyOf": [{ "required": ["when"] }, { "required": ["then"] }] },
            ] },
        }),
    ]);
    json!({
        "description": "A literal, an `{{ expression }}`, text with expressions in it, a mapping, a list, a comprehension (`each`) or an optional value (`when`, `then`).",
        "anyOf": forms,
    })
}

/// What can be said in an expression, for hover texts.
fn vocabulary() -> String {
    let list = |form: Form| {
        let found: Vec<String> = names(form)
            .filter(|name| {
                WORDS.iter().all(|word| word.form != form || word.name != *name || word.place != Place::Template)
            })
            .map(|name| format!("`{name}`"))
            .collect();
        found.join(", ")
    };
    format!(
        "A literal, or text with `{{{{ expressions }}}}`; one whole `\"{{{{ expression }}}}\"` keeps its type. Functions: {}. Filters: {}. Tests: {}.",
        list(Form::Function),
        list(Form::Filter),
        list(Form::Test)
    )
}

//! Resource descriptions.

use serde_json::{Map, Value, json};

use super::pieces::{flag, int, mapping, named, reference, size, text, words};

/// A type by name: a scalar, `opaque`, or a list or map of such.
const TYPE: &str = "^((list|map)<)*(bool|int|float|string|quantity|time|secret|opaque)>*$";

/// The root of a resource description.
pub fn resource() -> Value {
    mapping(&[
        ("resource", text("Kind, as `Backup`."), true),
        ("api", text("Group and version, as `postgresql.cnpg.io/v1`; `v1` for Kubernetes' own."), true),
        ("plural", text("Plural, as `backups`."), true),
        ("namespaced", flag("Whether its objects live in namespaces; true unless said."), false),
        (
            "operator",
            text("Who brings the kind, to be named where it is not there. Left out for Kubernetes' own."),
            false,
        ),
        (
            "read",
            words("How much is fetched: everything, or nothing but metadata (Secrets).", &["all", "metadata"]),
            false,
        ),
        ("status_subresource", flag("Whether status is written by itself."), false),
        (
            "texts",
            named(
                "Subresources that are plain text, as the `log` of a Pod.",
                mapping(&[
                    ("about", text("What it is."), true),
                    ("query", fields("Query parameters that it takes."), false),
                ]),
            ),
            false,
        ),
        ("about", text("What it is."), true),
        ("fields", fields("Top-level fields beside `metadata`."), true),
    ])
}

fn fields(about: &str) -> Value {
    named(about, reference("field"))
}

/// Keys that say what a value is.
fn shape() -> Vec<(&'static str, Value, bool)> {
    vec![
        (
            "type",
            json!({ "description": "`bool int float string quantity time secret opaque`, `list<T>` or `map<T>`.", "type": "string", "pattern": TYPE }),
            false,
        ),
        (
            "enum",
            json!({ "description": "The words that it takes.", "type": "array", "items": { "type": "string" }, "minItems": 1 }),
            false,
        ),
        ("fields", fields("It is an object with these fields."), false),
        ("items", reference("field"), false),
        ("key", text("Of a list: the field by which `edit` finds an element."), false),
        ("entries", reference("field"), false),
        ("min", int("Least number."), false),
        ("max", int("Greatest number."), false),
        ("pattern", text("Regular expression that it matches."), false),
        ("max_length", size("Most characters."), false),
        ("about", text("What it is, in one sentence."), false),
    ]
}

pub fn definitions() -> Map<String, Value> {
    let mut keys = shape();
    keys.extend([
        ("required", flag("Must be there."), false),
        ("default", json!({ "description": "What the API server fills in." }), false),
        ("server_set", flag("Written by server or operator alone; holds for everything below."), false),
        ("write_only", flag("Can be sent, never read."), false),
        ("immutable", flag("Cannot change once set."), false),
    ]);
    let mut all = Map::new();
    let mut field = mapping(&keys);
    field["description"] = json!("One of `type`, `enum`, `fields`, `items` or `entries` says what it is.");
    field["oneOf"] = json!([
        { "required": ["type"] }, { "required": ["enum"] }, { "required": ["fields"] }, { "required": ["items"] }, { "required": ["entries"] },
    ]);
    all.insert("field".to_owned(), field);
    all
}

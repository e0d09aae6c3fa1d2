//! Parameters: own, shared, groups.

use serde_json::{Map, Value, json};

use super::pieces::{flag, int, mapping, named, reference, size, text, texts, words_of};
use crate::syntax::tables::{FORMATS, MEANINGS, TYPES};

/// Keys of a parameter; all but `type` and `about` are optional, and those too beside `use`.
fn keys(own: bool) -> Vec<(&'static str, Value, bool)> {
    vec![
        ("type", words_of("What it takes.", TYPES), own),
        ("about", text("What it is, for models and people."), own),
        ("required", flag("Must be passed."), false),
        (
            "default",
            json!({ "description": "A value, or one `{{ expression }}` that is worked out when the call comes. Without one, and not required, the parameter is optional." }),
            false,
        ),
        (
            "enum",
            json!({ "description": "The words that it takes.", "type": "array", "items": { "type": "string" }, "minItems": 1 }),
            false,
        ),
        ("min", int("Least number."), false),
        ("max", int("Greatest number."), false),
        ("min_length", size("Fewest characters."), false),
        ("max_length", size("Most characters."), false),
        ("pattern", text("Regular expression, anchored with `^` and `$`, without look-around."), false),
        ("format", words_of("A named form, with its pattern and length.", FORMATS), false),
        ("reserved", reference("reserved"), false),
        ("meaning", words_of("A role that the runtime knows.", MEANINGS), false),
    ]
}

pub fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    let mut used = vec![("use", text("A shared parameter of `params.yaml`; the other keys here overrule it."), true)];
    used.extend(keys(false));
    all.insert("own_param".to_owned(), mapping(&keys(true)));
    all.insert("used_param".to_owned(), mapping(&used));
    all.insert(
        "spread_params".to_owned(),
        mapping(&[
            ("spread", text("A group of `params.yaml`; expressions see it as one object."), true),
            ("optional", flag("Its members lose default and `required`."), false),
        ]),
    );
    all.insert(
        "param".to_owned(),
        json!({ "anyOf": [reference("used_param"), reference("spread_params"), reference("own_param")] }),
    );
    all.insert(
        "reserved".to_owned(),
        mapping(&[
            ("names", texts("Whole names that are refused."), false),
            ("prefixes", texts("Beginnings of names that are refused."), false),
        ]),
    );
    all
}

/// The file of shared parameters.
pub fn shared() -> Value {
    mapping(&[
        ("params", named("Single parameters, for `use`.", reference("own_param")), false),
        ("groups", named("Groups of parameters, for `spread`.", named("Its members.", reference("own_param"))), false),
    ])
}

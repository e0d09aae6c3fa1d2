//! Which fields are taken in.

use serde_json::Value;

use crate::diagnostic::nearest;

/// Paths that were chosen.
#[derive(Debug)]
pub struct Selection {
    chosen: Vec<Vec<String>>,
}

/// How a path stands to what was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Nothing was chosen: everything near the root is taken in.
    ByDefault,
    /// It lies on the way to something chosen.
    OnTheWay,
    /// It was chosen, or lies in something chosen that begins so many levels above.
    Chosen(usize),
    /// It was not.
    Not,
}

impl Selection {
    /// From paths with dots.
    pub fn new(fields: &[String]) -> Self {
        Self { chosen: fields.iter().map(|path| parts(path)).collect() }
    }

    /// How a field is taken.
    pub fn of(&self, path: &[String]) -> Taken {
        if self.chosen.is_empty() {
            return Taken::ByDefault;
        }
        let inside = self.chosen.iter().filter(|chosen| path.starts_with(chosen)).map(Vec::len).max();
        match inside {
            Some(length) => Taken::Chosen(path.len() - length),
            None if self.chosen.iter().any(|chosen| chosen.starts_with(path)) => Taken::OnTheWay,
            None => Taken::Not,
        }
    }
}

fn parts(path: &str) -> Vec<String> {
    path.trim().trim_start_matches('.').split('.').map(|part| part.trim_end_matches("[]").to_owned()).collect()
}

/// The first chosen path that the schema does not have, and the nearest that it has.
pub fn missing(fields: &[String], schema: &Value) -> Option<(String, Option<String>)> {
    for field in fields {
        let mut at = schema;
        let mut known: Vec<String> = Vec::new();
        for part in parts(field) {
            let object = through_lists(at);
            let Some(inner) = object["properties"].get(&part) else {
                let names = object["properties"].as_object().into_iter().flat_map(|properties| properties.keys());
                let near = nearest(&part, names.map(String::as_str));
                let near =
                    near.map(|near| known.iter().map(String::as_str).chain([near]).collect::<Vec<_>>().join("."));
                return Some((field.clone(), near));
            };
            known.push(part);
            at = inner;
        }
    }
    None
}

/// The schema of elements, of a list or map; paths do not name those levels.
fn through_lists(schema: &Value) -> &Value {
    let mut at = schema;
    loop {
        at = match (at.get("items"), at.get("additionalProperties")) {
            (Some(items), _) => items,
            (None, Some(values)) if values.is_object() => values,
            _ => return at,
        };
    }
}

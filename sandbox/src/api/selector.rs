//! Label and field selectors.

use serde_json::Value;

use super::metadata;
use crate::error::ApiError;
use crate::store::ResourceType;

/// What objects a list or watch is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, bool, String)>,
}

#[derive(Debug, Clone)]
enum Requirement {
    Exists(String),
    Absent(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Above(String, i64),
    Below(String, i64),
}

impl Selector {
    /// Reads both selectors.
    pub(crate) fn parse(kind: &ResourceType, labels: Option<&str>, fields: Option<&str>) -> Result<Self, ApiError> {
        let labels = labels.map(parse_labels).transpose()?.unwrap_or_default();
        let fields = fields.map(|text| parse_fields(kind, text)).transpose()?.unwrap_or_default();
        Ok(Self { labels, fields })
    }

    /// Selects everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|requirement| requirement.holds(&object["metadata"]["labels"]))
            && self.fields.iter().all(|(path, wanted, value)| (field(object, path) == *value) == *wanted)
    }
}

impl Requirement {
    fn holds(&self, labels: &Value) -> bool {
        let value = |key: &str| labels.get(key).and_then(Value::as_str);
        match self {
            Self::Exists(key) => value(key).is_some(),
            Self::Absent(key) => value(key).is_none(),
            Self::In(key, values) => value(key).is_some_and(|there| values.iter().any(|value| value == there)),
            Self::NotIn(key, values) => !value(key).is_some_and(|there| values.iter().any(|value| value == there)),
            Self::Above(key, bound) => {
                value(key).and_then(|there| there.parse::<i64>().ok()).is_some_and(|n| n > *bound)
            }
            Self::Below(key, bound) => {
                value(key).and_then(|there| there.parse::<i64>().ok()).is_some_and(|n| n < *bound)
            }
        }
    }
}

fn field(object: &Value, path: &str) -> String {
    // `source` of an event is the component of its source.
    let path = if path == "source" { "source.component" } else { path };
    let mut value = object;
    for part in path.split('.') {
        value = &value[part];
    }
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn parse_fields(kind: &ResourceType, text: &str) -> Result<Vec<(String, bool, String)>, ApiError> {
    let mut fields = Vec::new();
    for term in text.split(',').filter(|term| !term.is_empty()) {
        let (path, wanted, value) = if let Some((path, value)) = term.split_once("!=") {
            (path, false, value)
        } else if let Some((path, value)) = term.split_once("==") {
            (path, true, value)
        } else if let Some((path, value)) = term.split_once('=') {
            (path, true, value)
        } else {
            return Err(ApiError::bad_request(format!("invalid selector: '{text}'; can't understand '{term}'")));
        };
        let known = path == "metadata.name"
            || (path == "metadata.namespace" && kind.namespaced)
            || kind.selectable.iter().any(|there| there == path);
        if !known {
            return Err(ApiError::bad_request(format!("field label not supported: {path}")));
        }
        fields.push((path.to_owned(), wanted, value.to_owned()));
    }
    Ok(fields)
}

const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

fn parse_labels(text: &str) -> Result<Vec<Requirement>, ApiError> {
    let refuse = |why: String| ApiError::bad_request(format!("unable to parse requirement: {why}"));
    let mut requirements = Vec::new();
    for term in split_terms(text) {
        let term = term.trim();
        if term.is_empty() {
            return Err(refuse("found '', expected: !, identifier, or 'end of string'".to_owned()));
        }
        if let Some(key) = term.strip_prefix('!') {
            requirements.push(Requirement::Absent(key_of(key.trim()).map_err(refuse)?));
            continue;
        }
        let end = term.find(|c: char| c.is_whitespace() || "=!<>(".contains(c)).unwrap_or(term.len());
        let (key, rest) = (key_of(&term[..end]).map_err(refuse)?, term[end..].trim_start());
        if rest.is_empty() {
            requirements.push(Requirement::Exists(key));
            continue;
        }
        let value = |text: &str| -> Result<String, ApiError> {
            let text = text.trim();
            match metadata::label_value_error(text) {
                None => Ok(text.to_owned()),
                Some(why) => Err(refuse(format!("values[0][{key}]: Invalid value: \"{text}\": {why}"))),
            }
        };
        let number = |text: &str| -> Result<i64, ApiError> {
            text.trim().parse().map_err(|_| refuse(format!("values[0][{key}]: Invalid value: \"{text}\": for 'Gt', 'Lt' operators, the value must be an integer")))
        };
        let set = |text: &str| -> Result<Vec<String>, ApiError> {
            let inner = text.trim().strip_prefix('(').and_then(|text| text.strip_suffix(')'));
            let inner = inner.ok_or_else(|| refuse(format!("found '{text}' expected: '('")))?;
            inner.split(',').map(value).collect()
        };
        let requirement = if let Some(rest) = rest.strip_prefix("!=") {
            Requirement::NotIn(key.clone(), vec![value(rest)?])
        } else if let Some(rest) = rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')) {
            Requirement::In(key.clone(), vec![value(rest)?])
        } else if let Some(rest) = rest.strip_prefix('>') {
            Requirement::Above(key.clone(), number(rest)?)
        } else if let Some(rest) = rest.strip_prefix('<') {
            Requirement::Below(key.clone(), number(rest)?)
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(rest.len());
            match &rest[..end] {
                "in" => Requirement::In(key.clone(), set(&rest[end..])?),
                "notin" => Requirement::NotIn(key.clone(), set(&rest[end..])?),
                other => return Err(refuse(format!("found '{other}', expected: {OPERATORS}"))),
            }
        };
        requirements.push(requirement);
    }
    Ok(requirements)
}

fn key_of(key: &str) -> Result<String, String> {
    match metadata::qualified_name_error(key) {
        None => Ok(key.to_owned()),
        Some(why) => Err(format!("key: Invalid value: \"{key}\": {why}")),
    }
}

/// Splits at the commas that stand outside of parentheses.
fn split_terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                terms.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selects(labels: &str, object: &Value) -> bool {
        let mut registry = crate::store::Registry::default();
        crate::builtin::register(&mut registry);
        let kind = registry.get("", "pods").unwrap();
        Selector::parse(kind, Some(labels), None).unwrap().matches(object)
    }

    #[test]
    fn labels_are_selected_as_kubernetes_does() {
        let object = json!({ "metadata": { "labels": { "tier": "gold", "n": "5" } } });
        for yes in [
            "tier=gold",
            "tier==gold",
            "tier!=silver",
            "other!=x",
            "tier in (gold,silver)",
            "tier",
            "!other",
            "tier notin (silver),n>4",
            "n<6",
        ] {
            assert!(selects(yes, &object), "{yes}");
        }
        for no in ["tier=silver", "tier notin (gold)", "!tier", "other", "n>5", "tier=gold,other=x"] {
            assert!(!selects(no, &object), "{no}");
        }
    }
}

//! The page of kinds: every field that a spec can name, as the resource descriptions have it.

use std::fmt::Write as _;

use super::markdown::{code, listed, table};
use crate::lowered::{Kind, KindField, KindFieldType, Program};

/// The page.
#[must_use]
pub fn kinds(program: &Program) -> String {
    let mut text = "<!-- @generated from specs/resources; do not edit. -->\n\n# Kinds\n\n".to_owned();
    text.push_str(
        "The Kubernetes kinds that specs know, with every field that a spec can name. `metadata` is known of all of them.\n",
    );
    for kind in &program.kinds {
        let _ = write!(text, "\n## {}\n\n{}\n\n{}\n", kind.kind, facts(kind), kind.about.trim());
        let mut rows = Vec::new();
        fields("", &kind.fields, &mut rows);
        if !rows.is_empty() {
            let _ = write!(text, "\n{}", table(&["Field", "Type", "Rules", "Meaning"], &rows));
        }
    }
    text
}

/// Where it is served, by whom, and how it is read.
fn facts(kind: &Kind) -> String {
    let api = if kind.group.is_empty() { kind.version.clone() } else { format!("{}/{}", kind.group, kind.version) };
    let mut facts = vec![format!("{} of {}", code(&kind.plural), code(&api))];
    facts.push(if kind.namespaced { "in namespaces" } else { "without namespaces" }.to_owned());
    facts.extend(kind.operator.as_ref().map(|operator| format!("brought by {operator}")));
    facts.extend(kind.status_subresource.then(|| "status written by itself".to_owned()));
    facts.extend(kind.metadata_only.then(|| "only metadata is read".to_owned()));
    facts.join(" · ")
}

fn fields(path: &str, list: &[KindField], rows: &mut Vec<Vec<String>>) {
    for field in list {
        let path = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
        let about = field.about.as_deref().unwrap_or_default().trim().to_owned();
        rows.push(vec![code(&path), type_of(&field.ty), rules(field), about]);
        inner(&path, &field.ty, rows);
    }
}

/// The fields of what a field holds.
fn inner(path: &str, ty: &KindFieldType, rows: &mut Vec<Vec<String>>) {
    match ty {
        KindFieldType::Object { fields: own, .. } => fields(path, own, rows),
        KindFieldType::List { items, .. } => inner(&format!("{path}[]"), items, rows),
        KindFieldType::Map(values) => inner(&format!("{path}.*"), values, rows),
        _ => {}
    }
}

fn type_of(ty: &KindFieldType) -> String {
    match ty {
        KindFieldType::Bool => "bool".to_owned(),
        KindFieldType::Int { min, max } => {
            let bounds = match (min, max) {
                (Some(min), Some(max)) => format!(", {min} to {max}"),
                (Some(min), None) => format!(", {min} or more"),
                (None, Some(max)) => format!(", {max} at most"),
                (None, None) => String::new(),
            };
            format!("int{bounds}")
        }
        KindFieldType::Float => "float".to_owned(),
        KindFieldType::String { pattern, max_length } => {
            let mut text = "string".to_owned();
            if let Some(most) = max_length {
                let _ = write!(text, ", {most} characters at most");
            }
            if let Some(pattern) = pattern {
                let _ = write!(text, ", {}", code(pattern));
            }
            text
        }
        KindFieldType::Enum(words) => {
            listed(&words.iter().map(|word| code(word)).collect::<Vec<_>>()).replace(" and ", " or ")
        }
        KindFieldType::Quantity => "quantity".to_owned(),
        KindFieldType::Time => "time".to_owned(),
        KindFieldType::Secret => "secret".to_owned(),
        KindFieldType::List { items, key: None } => format!("list of {}", type_of(items)),
        KindFieldType::List { items, key: Some(key) } => format!("list of {} by {}", type_of(items), code(key)),
        KindFieldType::Map(values) => format!("map of {}", type_of(values)),
        KindFieldType::Object { .. } => "object".to_owned(),
        KindFieldType::Opaque => "opaque".to_owned(),
    }
}

fn rules(field: &KindField) -> String {
    let mut rules: Vec<String> = Vec::new();
    rules.extend(field.required.then(|| "required".to_owned()));
    rules.extend(field.server_set.then(|| "set by the server".to_owned()));
    rules.extend(field.write_only.then(|| "never read".to_owned()));
    rules.extend(field.immutable.then(|| "cannot change".to_owned()));
    rules.extend(field.default.as_ref().map(|default| format!("default {}", code(&default.to_string()))));
    rules.join(", ")
}

//! The body of a `create`: everything that the API server asks for, and a few fields beside it.

use super::fields::has_param_type;
use super::names::Names;
use super::params::{Param, of_field};
use crate::lowered::{Kind, KindField, KindFieldType};
use crate::yaml;

/// Optional fields that are shown where little is required.
const SHOWN: usize = 3;

/// A body, and the parameters that fill it.
#[derive(Default)]
pub struct Body {
    /// Lines, without indentation of their own.
    pub lines: Vec<String>,
    /// Parameters by name.
    pub params: Vec<(String, Param)>,
    /// Whether a time is needed, which no parameter can be.
    pub needs_now: bool,
}

/// The body of a new object of a kind.
pub fn body(kind: &Kind, names: &mut Names) -> Body {
    let mut body = Body::default();
    body.object(&kind.fields, &[], 0, names);
    let spec = kind.fields.iter().find(|field| field.name == "spec" && !field.server_set);
    let wide = spec.and_then(|spec| match &spec.ty {
        KindFieldType::Object { fields, .. } => Some(fields),
        _ => None,
    });
    let (fields, path, depth): (&[KindField], &[&str], usize) = match wide {
        Some(fields) => (fields, &["spec"], 1),
        None => (&kind.fields, &[], 0),
    };
    let more = SHOWN.saturating_sub(body.params.len());
    let optional = fields.iter().filter(|field| is_optional(field) && has_param_type(&field.ty));
    let mut added = Vec::new();
    for field in optional.filter(|field| field.ty != KindFieldType::Secret).take(more) {
        let path: Vec<&str> = path.iter().copied().chain([field.name.as_str()]).collect();
        let name = names.of_path(&path);
        body.params.push((name.clone(), of_field(&name, field, &path.join("."), false)));
        added.push(format!("{}{}: \"{{{{ {name} }}}}\"", "  ".repeat(depth), field.name));
    }
    let at = if depth == 1 { end_of_spec(&body.lines) } else { body.lines.len() };
    if depth == 1 && !added.is_empty() && body.lines.get(at - 1).is_some_and(|line| line == "spec: {}") {
        "spec:".clone_into(&mut body.lines[at - 1]);
    }
    body.lines.splice(at..at, added);
    body
}

/// One past the last line of `spec`.
fn end_of_spec(lines: &[String]) -> usize {
    let Some(start) = lines.iter().position(|line| line.starts_with("spec:")) else { return lines.len() };
    let length = lines[start + 1..].iter().take_while(|line| line.starts_with(' ')).count();
    start + 1 + length
}

fn is_needed(field: &KindField) -> bool {
    field.required && !field.server_set && field.default.is_none()
}

fn is_optional(field: &KindField) -> bool {
    !is_needed(field) && !field.server_set && !field.write_only
}

impl Body {
    /// The required fields of an object.
    fn object<'k>(&mut self, fields: &'k [KindField], path: &[&'k str], depth: usize, names: &mut Names) {
        // Where something of `spec` is shown, what it requires is too.
        let wanted =
            |field: &&KindField| is_needed(field) || (path.is_empty() && field.name == "spec" && !field.server_set);
        for field in fields.iter().filter(wanted) {
            let path: Vec<&str> = path.iter().copied().chain([field.name.as_str()]).collect();
            let key = format!("{}{}", "  ".repeat(depth), yaml::scalar(&field.name));
            self.value(&key, field, &path, depth, names);
        }
    }

    fn value<'k>(&mut self, key: &str, field: &'k KindField, path: &[&'k str], depth: usize, names: &mut Names) {
        match &field.ty {
            KindFieldType::Object { fields, .. } => self.nested(key, fields, path, depth, names),
            KindFieldType::Map(_) | KindFieldType::Opaque => self.lines.push(format!("{key}: {{}}")),
            KindFieldType::Time => {
                self.needs_now = true;
                self.lines.push(format!("{key}: \"{{{{ moment }}}}\""));
            }
            KindFieldType::Enum(words) if words.len() == 1 => {
                self.lines.push(format!("{key}: {}", yaml::scalar(&words[0])));
            }
            KindFieldType::List { items, .. } => match &**items {
                KindFieldType::Object { fields, .. } if fields.iter().any(is_needed) => {
                    self.lines.push(format!("{key}:"));
                    let from = self.lines.len();
                    self.object(fields, path, depth + 2, names);
                    let dash = format!("{}- ", "  ".repeat(depth + 1));
                    let rest = self.lines[from].split_off(dash.len());
                    self.lines[from] = format!("{dash}{rest}");
                }
                KindFieldType::String { .. } => self.param(key, field, path, names),
                KindFieldType::Enum(words) => {
                    let word = words.first().map(|word| yaml::scalar(word)).unwrap_or_default();
                    self.lines.push(format!("{key}: [{word}]"));
                }
                _ => self.lines.push(format!("{key}: []")),
            },
            _ => self.param(key, field, path, names),
        }
    }

    fn nested<'k>(&mut self, key: &str, fields: &'k [KindField], path: &[&'k str], depth: usize, names: &mut Names) {
        if fields.iter().any(is_needed) {
            self.lines.push(format!("{key}:"));
            self.object(fields, path, depth + 1, names);
        } else {
            self.lines.push(format!("{key}: {{}}"));
        }
    }

    fn param(&mut self, key: &str, field: &KindField, path: &[&str], names: &mut Names) {
        let name = names.of_path(path);
        self.params.push((name.clone(), of_field(&name, field, &path.join("."), true)));
        self.lines.push(format!("{key}: \"{{{{ {name} }}}}\""));
    }
}

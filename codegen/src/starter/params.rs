//! Parameters of a starting spec: shared ones where they are shared, else written out.

use std::fmt::Write as _;

use super::sample;
use crate::load::{Node, NodeKind};
use crate::lowered::{KindField, KindFieldType};
use crate::yaml;

/// A parameter for a field.
pub struct Param {
    /// Its lines below `params:`.
    pub text: String,
    /// What an example passes for it, as YAML.
    pub example: String,
}

/// A parameter that gives a field its value.
pub fn of_field(name: &str, field: &KindField, what: &str, required: bool) -> Param {
    let about = field.about.clone().unwrap_or_else(|| format!("What goes to `{what}`."));
    let mut keys: Vec<(&str, String)> = Vec::new();
    let (ty, example) = match &field.ty {
        KindFieldType::Bool => ("bool", "true".to_owned()),
        KindFieldType::Int { min, max } => {
            keys.extend(min.map(|min| ("min", min.to_string())));
            keys.extend(max.map(|max| ("max", max.to_string())));
            let least = min.unwrap_or(1);
            ("int", max.map_or(least.max(1), |max| least.max(1).min(max)).to_string())
        }
        KindFieldType::Float => ("float", "1.5".to_owned()),
        KindFieldType::Quantity => ("quantity", "1Gi".to_owned()),
        KindFieldType::Secret => ("secret", "an-example-password".to_owned()),
        KindFieldType::Enum(words) => {
            let listed: Vec<String> = words.iter().map(|word| yaml::scalar(word)).collect();
            keys.push(("enum", format!("[{}]", listed.join(", "))));
            ("string", words.first().map(|word| yaml::scalar(word)).unwrap_or_default())
        }
        KindFieldType::List { .. } => ("list<string>", "[example]".to_owned()),
        KindFieldType::String { pattern, max_length } => {
            keys.extend(max_length.map(|length| ("max_length", length.to_string())));
            // A parameter's pattern is anchored, a field's need not be.
            let anchored = pattern.as_deref().filter(|pattern| pattern.starts_with('^') && pattern.ends_with('$'));
            let matching =
                anchored.and_then(|pattern| sample::matching(pattern, *max_length).map(|text| (pattern, text)));
            let mut example = "example".to_owned();
            if let Some((pattern, text)) = matching {
                keys.push(("pattern", yaml::scalar(pattern)));
                example = yaml::scalar(&text);
            } else if let Some(length) = max_length {
                example.truncate(*length);
            }
            ("string", example)
        }
        _ => ("string", "example".to_owned()),
    };
    let mut text = format!("  {name}:\n    type: {ty}\n    about: {}\n", yaml::scalar(about.trim()));
    for (key, value) in keys {
        let _ = writeln!(text, "    {key}: {value}");
    }
    if required {
        text.push_str("    required: true\n");
    }
    Param { text, example }
}

/// The parameter that names the object.
pub fn object_name(kind: &str, new: bool) -> String {
    let about = if new { format!("Name of the new {kind}.") } else { format!("Name of the {kind}.") };
    format!("  name:\n    type: string\n    about: {about}\n    format: dns1123_subdomain\n    required: true\n")
}

/// Whether `params.yaml` shares a parameter of that name, with that meaning where it has one.
fn shares(shared: Option<&Node>, name: &str, meaning: Option<&str>) -> bool {
    let Some(param) = shared.and_then(|node| node.get("params")).and_then(|params| params.get(name)) else {
        return false;
    };
    let said = match param.get("meaning").map(|node| &node.kind) {
        Some(NodeKind::Text(said)) => Some(said.as_str()),
        _ => None,
    };
    said == meaning
}

/// Whether `params.yaml` shares the group by which lists are paged.
pub fn shares_page(shared: Option<&Node>) -> bool {
    shared.and_then(|node| node.get("groups")).and_then(|groups| groups.get("page")).is_some()
}

pub fn namespace(shared: Option<&Node>) -> String {
    if shares(shared, "namespace", None) {
        return "  namespace: { use: namespace }\n".to_owned();
    }
    "  namespace:\n    type: string\n    about: Kubernetes namespace. Unset, the server's own or that of the kubeconfig context.\n    \
     format: dns1123_label\n    default: \"{{ current_namespace() }}\"\n"
        .to_owned()
}

pub fn dry_run(shared: Option<&Node>) -> String {
    if shares(shared, "dry_run", Some("dry_run")) {
        return "  dry_run: { use: dry_run }\n".to_owned();
    }
    "  dry_run:\n    type: bool\n    about: Ask the API server what would happen, and change nothing.\n    \
     meaning: dry_run\n    default: false\n"
        .to_owned()
}

pub fn confirm_deletion(shared: Option<&Node>) -> String {
    if shares(shared, "confirm_deletion", Some("confirmation")) {
        return "  confirm_deletion: { use: confirm_deletion }\n".to_owned();
    }
    "  confirm_deletion:\n    type: bool\n    about: Must be true for anything to be deleted. Otherwise the answer shows what would go.\n    \
     meaning: confirmation\n    default: false\n"
        .to_owned()
}

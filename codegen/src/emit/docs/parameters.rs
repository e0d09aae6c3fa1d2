//! The table of parameters.

use super::markdown::{code, listed, table};
use crate::lowered::{Bounds, Expr, ExprKind, Meaning, Param, ParamDefault, ParamType, StringFormat, Tool};

/// The table; nothing for a tool without parameters.
pub fn parameters(tool: &Tool) -> String {
    let rows: Vec<Vec<String>> = tool
        .params
        .iter()
        .map(|param| vec![code(&param.name), type_of(param), default_of(tool, param), meaning(param)])
        .collect();
    table(&["Parameter", "Type", "Default", "Meaning"], &rows)
}

fn type_of(param: &Param) -> String {
    let name = match &param.ty {
        ParamType::Bool => "boolean".to_owned(),
        ParamType::Int => "integer".to_owned(),
        ParamType::Float => "number".to_owned(),
        ParamType::String => "string".to_owned(),
        ParamType::Enum(words) => {
            return listed(&words.iter().map(|word| code(word)).collect::<Vec<_>>()).replace(" and ", " or ");
        }
        ParamType::Quantity => "Kubernetes quantity".to_owned(),
        ParamType::Secret => "secret string".to_owned(),
        ParamType::StringList => "list of strings".to_owned(),
    };
    let bounds = bounds(&param.bounds);
    if bounds.is_empty() { name } else { format!("{name}, {}", bounds.join(", ")) }
}

fn bounds(bounds: &Bounds) -> Vec<String> {
    let mut found = Vec::new();
    match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => found.push(format!("{min} to {max}")),
        (Some(min), None) => found.push(format!("at least {min}")),
        (None, Some(max)) => found.push(format!("at most {max}")),
        (None, None) => {}
    }
    if let Some(format) = bounds.format {
        found.push(
            match format {
                StringFormat::Dns1123Label => "DNS-1123 label",
                StringFormat::Dns1123Subdomain => "DNS-1123 subdomain",
                StringFormat::Dns1035Label => "DNS-1035 label",
            }
            .to_owned(),
        );
    }
    if let Some(pattern) = &bounds.pattern {
        found.push(code(pattern));
    }
    match (bounds.min_length, bounds.max_length) {
        (Some(min), Some(max)) => found.push(format!("{min} to {max} characters")),
        (Some(min), None) => found.push(format!("at least {min} characters")),
        (None, Some(max)) => found.push(format!("at most {max} characters")),
        (None, None) => {}
    }
    if let Some(reserved) = &bounds.reserved {
        let names = reserved.names.iter().map(|name| code(name));
        let names: Vec<String> =
            names.chain(reserved.prefixes.iter().map(|prefix| code(&format!("{prefix}*")))).collect();
        if !names.is_empty() {
            found.push(format!("not {}", listed(&names).replace(" and ", " or ")));
        }
    }
    found
}

fn default_of(tool: &Tool, param: &Param) -> String {
    match &param.default {
        _ if param.required => "**required**".to_owned(),
        Some(ParamDefault::Literal(value)) => code(&value.to_string()),
        Some(ParamDefault::Computed(expr)) => computed(tool, expr),
        None => "unset".to_owned(),
    }
}

/// What a computed default depends on, in words; how it is computed stands in the description.
fn computed(tool: &Tool, expr: &Expr) -> String {
    let mut params = Vec::new();
    let mut called = Vec::new();
    crate::lowered::walk::expr(expr, &mut |inner| match &inner.kind {
        ExprKind::Local(local) => {
            let name = code(&tool.local(*local).name);
            if !params.contains(&name) {
                params.push(name);
            }
        }
        ExprKind::Call { function, .. } if !called.contains(function) => called.push(function),
        _ => {}
    });
    match (params.is_empty(), called.is_empty()) {
        (false, _) => format!("worked out from {}", listed(&params)),
        (true, false) => listed(&called.iter().map(|name| name.replace('_', " ")).collect::<Vec<_>>()),
        (true, true) => "worked out".to_owned(),
    }
}

fn meaning(param: &Param) -> String {
    let mut text = param.about.trim().to_owned();
    if param.ty == ParamType::Secret {
        text.push_str(" Never shown, logged or returned.");
    }
    if param.meaning == Some(Meaning::Confirmation) {
        text.push_str(" See [Confirmation](#confirmation).");
    }
    text
}

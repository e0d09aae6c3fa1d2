//! What a parameter says of its values: bounds that fit the type, and a default within them.

use super::params::is_expression;
use super::pattern;
use crate::diagnostic::{Code, Sink};
use crate::expression::literal_fits_quantity;
use crate::load::{Node, NodeKind, Text};
use crate::lowered::{Bounds, ParamDefault, ParamType, StringFormat};
use crate::source::SourceMap;
use crate::syntax::Param;

/// Checks the bounds of a parameter, and the default where it is written out. Of what is wrong nothing comes back.
pub fn check_bounds(param: &Param, sources: &SourceMap, sink: &mut Sink) -> (Bounds, Option<ParamDefault>) {
    let mark = sink.mark();
    applicable(param, sink);
    possible(param, sink);
    let pattern = param.pattern.as_ref().filter(|_| param.ty == ParamType::String).and_then(|pattern| {
        let text = Text::of_scalar(&pattern.text, pattern.span, sources.text(pattern.span.file));
        pattern::check(&text, sink).then(|| pattern.text.clone())
    });
    let bounds = Bounds {
        min: param.min,
        max: param.max,
        min_length: param.min_length,
        max_length: param.max_length,
        pattern,
        format: param.format.map(|(format, _)| format),
        reserved: param.reserved.as_ref().map(|(reserved, _)| reserved.clone()),
    };
    let sound = sink.mark() == mark;
    let default = param.default.as_ref().and_then(|node| default(param, node, &bounds, sound, sink));
    (bounds, default)
}

/// Bounds of another type than the parameter's say nothing.
fn applicable(param: &Param, sink: &mut Sink) {
    let name = &param.name.text;
    let number = matches!(param.ty, ParamType::Int | ParamType::Float);
    let text = matches!(param.ty, ParamType::String | ParamType::Secret);
    let rules: [(&[&str], bool, &str); 3] = [
        (&["min", "max"], number, "they are for int and float; texts have `min_length` and `max_length`"),
        (&["min_length", "max_length"], text, "they are for string and secret"),
        (&["pattern", "format", "reserved"], param.ty == ParamType::String, "they are for string, without an enum"),
    ];
    for (keys, fits, help) in rules {
        let said: Vec<String> = param
            .keys
            .iter()
            .filter(|key| keys.contains(&key.text.as_str()))
            .map(|key| format!("`{}`", key.text))
            .collect();
        if !fits && !said.is_empty() {
            let verb = if said.len() == 1 { "says" } else { "say" };
            sink.error(Code::Bounds, param.place(keys), format!("{} of `{name}` {verb} nothing", said.join(" and ")))
                .see(param.type_span, "on this type")
                .help(help);
        }
    }
}

/// Bounds that leave no value.
fn possible(param: &Param, sink: &mut Sink) {
    let name = &param.name.text;
    if param.min.zip(param.max).is_some_and(|(min, max)| min > max) {
        sink.error(Code::Bounds, param.place(&["max"]), format!("no number fits the bounds of `{name}`"))
            .see(param.place(&["min"]), "the other bound")
            .help("`min` must not be above `max`");
    }
    if param.min_length.zip(param.max_length).is_some_and(|(min, max)| min > max) {
        sink.error(Code::Bounds, param.place(&["max_length"]), format!("no text fits the bounds of `{name}`"))
            .see(param.place(&["min_length"]), "the other bound")
            .help("`min_length` must not be above `max_length`");
    }
}

/// A default that is written out must be one that a caller could pass.
fn default(param: &Param, node: &Node, bounds: &Bounds, sound: bool, sink: &mut Sink) -> Option<ParamDefault> {
    let name = &param.name.text;
    let mark = sink.mark();
    if param.ty == ParamType::Secret {
        sink.error(
            Code::Default,
            node.span,
            format!("the secret `{name}` has a default, which everybody can read here"),
        )
        .help("let a step make one: `random_password(32)` in a `let`");
    } else if !is_expression(node)
        && sound
        && let Err(reason) = value_fits(node, &param.ty, bounds)
    {
        sink.error(Code::Default, node.span, format!("the default of `{name}` would be refused: {reason}"));
    }
    if param.required {
        sink.error(Code::Default, node.span, format!("parameter `{name}` is required and has a default"))
            .help("leave out `required` or `default`");
    }
    (sound && sink.mark() == mark && !is_expression(node)).then(|| ParamDefault::Literal(node.to_json()))
}

/// Whether a literal would be taken as a parameter's value; else why not.
pub(super) fn value_fits(node: &Node, ty: &ParamType, bounds: &Bounds) -> Result<(), String> {
    match (ty, &node.kind) {
        (ParamType::Int | ParamType::Float, NodeKind::Int(value)) =>
        {
            #[allow(clippy::cast_precision_loss)]
            number_fits(*value as f64, bounds)
        }
        (ParamType::Float, NodeKind::Float(value)) => number_fits(*value, bounds),
        (ParamType::String | ParamType::Secret, NodeKind::Text(text)) => text_fits(text, bounds),
        (ParamType::Enum(words), NodeKind::Text(text)) => {
            if words.contains(text) {
                Ok(())
            } else {
                Err(format!("`{text}` is not one of {}", words.join(", ")))
            }
        }
        (ParamType::Quantity, NodeKind::Text(text)) => {
            if literal_fits_quantity(text) {
                Ok(())
            } else {
                Err(format!("`{text}` is not a Kubernetes quantity"))
            }
        }
        (ParamType::Bool, NodeKind::Bool(_)) | (ParamType::Quantity, NodeKind::Int(_)) => Ok(()),
        (ParamType::StringList, NodeKind::List(items)) => {
            match items.iter().find(|item| !matches!(item.kind, NodeKind::Text(_))) {
                Some(item) => Err(format!("an element is {}, not text", item.describe())),
                None => Ok(()),
            }
        }
        (ty, _) => Err(format!("it is {}, not {}", node.describe(), name_of(ty))),
    }
}

fn name_of(ty: &ParamType) -> &'static str {
    match ty {
        ParamType::Bool => "a bool",
        ParamType::Int => "a whole number",
        ParamType::Float => "a number",
        ParamType::String | ParamType::Secret | ParamType::Quantity => "text",
        ParamType::Enum(_) => "one of its words",
        ParamType::StringList => "a list of texts",
    }
}

#[allow(clippy::cast_precision_loss)]
fn number_fits(value: f64, bounds: &Bounds) -> Result<(), String> {
    if let Some(min) = bounds.min.filter(|min| value < *min as f64) {
        return Err(format!("{value} is below {min}"));
    }
    if let Some(max) = bounds.max.filter(|max| value > *max as f64) {
        return Err(format!("{value} is above {max}"));
    }
    Ok(())
}

pub(crate) fn text_fits(text: &str, bounds: &Bounds) -> Result<(), String> {
    let length = text.chars().count();
    let (pattern, longest) = match bounds.format {
        Some(StringFormat::Dns1123Label) => (Some(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), Some(63)),
        Some(StringFormat::Dns1123Subdomain) => {
            (Some(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), Some(253))
        }
        Some(StringFormat::Dns1035Label) => (Some(r"^[a-z]([-a-z0-9]*[a-z0-9])?$"), Some(63)),
        None => (None, None),
    };
    if let Some(min) = bounds.min_length.filter(|min| length < *min) {
        return Err(format!("`{text}` has fewer than {min} character{}", plural(min)));
    }
    if let Some(max) = bounds.max_length.into_iter().chain(longest).min().filter(|max| length > *max) {
        return Err(format!("`{text}` has more than {max} character{}", plural(max)));
    }
    for pattern in pattern.into_iter().chain(bounds.pattern.as_deref()) {
        if regex::Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text)) {
            return Err(format!("`{text}` does not match `{pattern}`"));
        }
    }
    if let Some(reserved) = &bounds.reserved
        && (reserved.names.iter().any(|name| name == text)
            || reserved.prefixes.iter().any(|prefix| text.starts_with(prefix.as_str())))
    {
        return Err(format!("`{text}` is reserved"));
    }
    Ok(())
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

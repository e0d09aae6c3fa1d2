//! Parameters: own ones, shared ones by `use`, groups by `spread`.

use std::collections::BTreeMap;

use super::reader::{Reader, Reading};
use super::{Param, ParamDecl};
use crate::diagnostic::Code;
use crate::load::{Entry, Name, Node, NodeKind};
use crate::lowered::{Meaning, ParamType, Reserved, StringFormat};

/// What `params.yaml` has.
#[derive(Debug, Default)]
pub struct Shared {
    params: BTreeMap<String, Node>,
    groups: BTreeMap<String, Vec<(Name, Node)>>,
    /// Some of it could not be read: what is missing is not spoken of again.
    incomplete: bool,
}

impl Shared {
    /// Whether some of it could not be read.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }
}

/// Reads `params.yaml`; `unreadable` where it is there and is no YAML. Every shared parameter is checked, used or not.
pub fn read_shared(node: Option<&Node>, unreadable: bool, cx: &mut Reading<'_>) -> Shared {
    let mut shared = Shared { incomplete: unreadable, ..Shared::default() };
    let mark = cx.sink.mark();
    let Some(node) = node else { return shared };
    let Some(reader) = Reader::new(node, "the file of shared parameters", cx) else { return shared };
    if let Some(params) = reader.get("params") {
        for entry in super::entries(params, "`params`", cx) {
            if read_param(&entry.key, &entry.value, cx).is_some() {
                shared.params.insert(entry.key.text.clone(), entry.value.clone());
            }
        }
    }
    if let Some(groups) = reader.get("groups") {
        for group in super::entries(groups, "`groups`", cx) {
            let mut members = Vec::new();
            for entry in super::entries(&group.value, &format!("group `{}`", group.key.text), cx) {
                if read_param(&entry.key, &entry.value, cx).is_some() {
                    members.push((entry.key.clone(), entry.value.clone()));
                }
            }
            shared.groups.insert(group.key.text.clone(), members);
        }
    }
    reader.finish(cx);
    shared.incomplete |= cx.sink.mark() > mark;
    shared
}

/// Reads the `params` of a tool.
pub fn read_params(node: &Node, shared: &Shared, cx: &mut Reading<'_>) -> Vec<ParamDecl> {
    let mut found = Vec::new();
    for entry in super::entries(node, "`params`", cx) {
        if let Some(taken) = entry.value.get("use") {
            found.extend(used(entry, taken, shared, cx).map(|param| ParamDecl::Param(Box::new(param))));
        } else if entry.value.get("spread").is_some() {
            found.extend(spread(entry, shared, cx));
        } else {
            found.extend(read_param(&entry.key, &entry.value, cx).map(|param| ParamDecl::Param(Box::new(param))));
        }
    }
    found
}

fn used(entry: &Entry, taken: &Node, shared: &Shared, cx: &mut Reading<'_>) -> Option<Param> {
    let name = super::plain_text(taken, "`use`", cx)?;
    let Some(base) = shared.params.get(&name.text) else {
        if shared.incomplete {
            return None;
        }
        cx.sink
            .error(Code::UnknownShared, name.span, format!("there is no shared parameter `{}`", name.text))
            .suggest(&name.text, shared.params.keys().map(String::as_str));
        return None;
    };
    let mut merged = base.clone();
    if let (NodeKind::Map(entries), NodeKind::Map(own)) = (&mut merged.kind, &entry.value.kind) {
        for change in own.iter().filter(|change| change.key.text != "use") {
            // A default makes a parameter optional, and the other way round.
            match change.key.text.as_str() {
                "default" => entries.retain(|kept| kept.key.text != "required"),
                "required" if matches!(change.value.kind, NodeKind::Bool(true)) => {
                    entries.retain(|kept| kept.key.text != "default");
                }
                _ => {}
            }
            entries.retain(|kept| kept.key.text != change.key.text);
            entries.push(change.clone());
        }
    }
    read_param(&entry.key, &merged, cx)
}

fn spread(entry: &Entry, shared: &Shared, cx: &mut Reading<'_>) -> Option<ParamDecl> {
    let reader = Reader::new(&entry.value, format!("group `{}`", entry.key.text), cx)?;
    let name = reader.need_text("spread", cx)?;
    let optional = reader.bool("optional", cx).unwrap_or(false);
    reader.finish(cx);
    let Some(group) = shared.groups.get(&name.text) else {
        if shared.incomplete {
            return None;
        }
        cx.sink
            .error(Code::UnknownShared, name.span, format!("there is no group of parameters `{}`", name.text))
            .suggest(&name.text, shared.groups.keys().map(String::as_str));
        return None;
    };
    super::check_name(&entry.key, "a group", cx);
    let mut members = Vec::new();
    for (name, node) in group {
        let mut node = node.clone();
        if let (true, NodeKind::Map(entries)) = (optional, &mut node.kind) {
            entries.retain(|kept| !matches!(kept.key.text.as_str(), "default" | "required"));
        }
        members.extend(read_param(name, &node, cx));
    }
    Some(ParamDecl::Group { name: entry.key.clone(), members })
}

const FORMATS: &[(&str, StringFormat)] = &[
    ("dns1123_label", StringFormat::Dns1123Label),
    ("dns1123_subdomain", StringFormat::Dns1123Subdomain),
    ("dns1035_label", StringFormat::Dns1035Label),
];

const MEANINGS: &[(&str, Meaning)] = &[
    ("dry_run", Meaning::DryRun),
    ("confirmation", Meaning::Confirmation),
    ("limit", Meaning::Limit),
    ("cursor", Meaning::Cursor),
];

const TYPES: &[(&str, u8)] =
    &[("bool", 0), ("int", 1), ("float", 2), ("string", 3), ("quantity", 4), ("secret", 5), ("list<string>", 6)];

fn read_param(name: &Name, node: &Node, cx: &mut Reading<'_>) -> Option<Param> {
    let mark = cx.sink.mark();
    super::check_name(name, "a parameter", cx);
    if matches!(name.text.as_str(), "output" | "warnings" | "outcome" | "loop") {
        cx.sink
            .error(Code::BadName, name.span, format!("a parameter cannot be called `{}`", name.text))
            .help("in templates this name stands for something else");
    }
    let reader = Reader::new(node, format!("parameter `{}`", name.text), cx)?;
    let ty = reader.need("type", cx).and_then(|_| reader.word("type", TYPES, cx));
    let about = reader.need_text("about", cx);
    let words = reader.entry("enum").map(|entry| (entry.value.span, reader.texts("enum", cx)));
    let bounds_min = reader.int("min", cx);
    let bounds_max = reader.int("max", cx);
    let min_length = reader.size("min_length", cx);
    let max_length = reader.size("max_length", cx);
    let pattern = reader.text("pattern", cx);
    let format = reader.word("format", FORMATS, cx);
    let reserved = reader.get("reserved").and_then(|node| read_reserved(node, cx));
    let default = reader.get("default").cloned();
    let required = reader.bool("required", cx).unwrap_or(false);
    let meaning = reader.word("meaning", MEANINGS, cx);
    reader.finish(cx);
    if cx.sink.mark() > mark {
        return None;
    }
    let (ty, type_span) = ty?;
    let ty = match (ty, words) {
        (3, Some((_, words))) if !words.is_empty() => {
            ParamType::Enum(words.into_iter().map(|word| word.text).collect())
        }
        (_, Some((span, _))) => {
            cx.sink
                .error(Code::Bounds, span, format!("the `enum` of parameter `{}` says nothing", name.text))
                .help("an enum is a list of at least one word, on a parameter of type string");
            return None;
        }
        (0, None) => ParamType::Bool,
        (1, None) => ParamType::Int,
        (2, None) => ParamType::Float,
        (3, None) => ParamType::String,
        (4, None) => ParamType::Quantity,
        (5, None) => ParamType::Secret,
        (_, None) => ParamType::StringList,
    };
    Some(Param {
        name: name.clone(),
        about: about?.text,
        ty,
        type_span,
        min: bounds_min,
        max: bounds_max,
        min_length,
        max_length,
        pattern,
        format,
        reserved,
        required,
        default,
        meaning,
    })
}

fn read_reserved(node: &Node, cx: &mut Reading<'_>) -> Option<(Reserved, crate::source::Span)> {
    let reader = Reader::new(node, "`reserved`", cx)?;
    let texts = |key, cx: &mut Reading<'_>| reader.texts(key, cx).into_iter().map(|name| name.text).collect();
    let reserved = Reserved { names: texts("names", cx), prefixes: texts("prefixes", cx) };
    reader.finish(cx);
    Some((reserved, node.span))
}

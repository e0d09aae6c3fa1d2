//! Parameters: own ones, shared ones by `use`, groups by `spread`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::reader::{Reader, Reading};
use super::{Param, ParamDecl};
use crate::diagnostic::Code;
use crate::load::{Entry, Name, Node, NodeKind};
use crate::lowered::{Meaning, ParamType, Reserved, StringFormat};
use crate::source::Span;

/// What `params.yaml` has.
#[derive(Debug, Default)]
pub struct Shared {
    params: BTreeMap<String, SharedParam>,
    groups: BTreeMap<String, SharedGroup>,
    /// Parameters and groups that could not be read: their names are not spoken of again.
    broken: BTreeSet<String>,
    /// Whether more is missing than can be named.
    unreadable: bool,
    /// Parameters and groups that a tool took in.
    used: RefCell<BTreeSet<(Sort, String)>>,
}

/// What a name in `params.yaml` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Param,
    Group,
}

#[derive(Debug)]
struct SharedParam {
    param: Param,
    node: Node,
}

#[derive(Debug)]
struct SharedGroup {
    name: Name,
    members: Vec<SharedParam>,
}

impl Shared {
    /// Every shared parameter, those of groups too, used or not.
    pub fn params(&self) -> impl Iterator<Item = &Param> {
        let members = self.groups.values().flat_map(|group| &group.members);
        self.params.values().chain(members).map(|shared| &shared.param)
    }

    /// Parameters that no tool takes in.
    pub fn unused_params(&self) -> impl Iterator<Item = &Name> {
        let used = self.used.borrow().clone();
        let names = self.params.values().map(|shared| &shared.param.name);
        names.filter(move |name| !used.contains(&(Sort::Param, name.text.clone())))
    }

    /// Groups that no tool takes in.
    pub fn unused_groups(&self) -> impl Iterator<Item = &Name> {
        let used = self.used.borrow().clone();
        let names = self.groups.values().map(|group| &group.name);
        names.filter(move |name| !used.contains(&(Sort::Group, name.text.clone())))
    }

    /// Whether a name that is not there was spoken of already.
    fn passes_over(&self, name: &Name, cx: &mut Reading<'_>) -> bool {
        let over = self.unreadable || self.broken.contains(&name.text);
        cx.passed_over += usize::from(over);
        over
    }
}

/// Reads `params.yaml`; `unreadable` where it is there and is no YAML.
pub fn read_shared(node: Option<&Node>, unreadable: bool, cx: &mut Reading<'_>) -> Shared {
    let mut shared = Shared { unreadable, ..Shared::default() };
    let Some(node) = node else { return shared };
    let Some(reader) = Reader::new(node, "the file of shared parameters", cx) else {
        shared.unreadable = true;
        return shared;
    };
    let is_mapping = |node: Option<&Node>| node.is_none_or(|node| matches!(node.kind, NodeKind::Map(_)));
    shared.unreadable |= !is_mapping(reader.get("params")) || !is_mapping(reader.get("groups"));
    if let Some(params) = reader.get("params") {
        for entry in super::entries(params, "`params`", cx) {
            match read_param(&entry.key, &entry.value, cx) {
                Some(param) => {
                    shared.params.insert(entry.key.text.clone(), SharedParam { param, node: entry.value.clone() });
                }
                None => {
                    shared.broken.insert(entry.key.text.clone());
                }
            }
        }
    }
    if let Some(groups) = reader.get("groups") {
        for group in super::entries(groups, "`groups`", cx) {
            let mark = cx.sink.mark();
            let mut members = Vec::new();
            for entry in super::entries(&group.value, &format!("group `{}`", group.key.text), cx) {
                let node = entry.value.clone();
                members.extend(read_param(&entry.key, &node, cx).map(|param| SharedParam { param, node }));
            }
            if cx.sink.mark() > mark {
                shared.broken.insert(group.key.text.clone());
            } else {
                shared.groups.insert(group.key.text.clone(), SharedGroup { name: group.key.clone(), members });
            }
        }
    }
    let mark = cx.sink.mark();
    reader.finish(cx);
    // A misspelt `params` hides all of them.
    shared.unreadable |= cx.sink.mark() > mark;
    shared
}

/// Reads the `params` of a tool.
pub fn read_params(node: &Node, shared: &Shared, cx: &mut Reading<'_>) -> Vec<ParamDecl> {
    let mut found = Vec::new();
    for entry in super::entries(node, "`params`", cx) {
        let decl = if let Some(taken) = entry.value.get("use") {
            used(entry, taken, shared, cx).map(|param| ParamDecl::Param(Box::new(param)))
        } else if entry.value.get("spread").is_some() {
            spread(entry, shared, cx)
        } else {
            read_param(&entry.key, &entry.value, cx).map(|param| ParamDecl::Param(Box::new(param)))
        };
        if decl.is_none() {
            cx.lost.push(entry.key.clone());
        }
        found.extend(decl);
    }
    found
}

fn used(entry: &Entry, taken: &Node, shared: &Shared, cx: &mut Reading<'_>) -> Option<Param> {
    let name = super::plain_text(taken, "`use`", cx)?;
    let Some(base) = shared.params.get(&name.text) else {
        if shared.passes_over(&name, cx) {
            return None;
        }
        cx.sink
            .error(Code::UnknownShared, name.span, format!("there is no shared parameter `{}`", name.text))
            .suggest(&name.text, shared.params.keys().map(String::as_str));
        return None;
    };
    shared.used.borrow_mut().insert((Sort::Param, name.text.clone()));
    let mut merged = base.node.clone();
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
        if shared.passes_over(&name, cx) {
            return None;
        }
        cx.sink
            .error(Code::UnknownShared, name.span, format!("there is no group of parameters `{}`", name.text))
            .suggest(&name.text, shared.groups.keys().map(String::as_str));
        return None;
    };
    shared.used.borrow_mut().insert((Sort::Group, name.text.clone()));
    super::check_variable(&entry.key, "a group", cx);
    let mut members = Vec::new();
    for SharedParam { param, node } in &group.members {
        let mut node = node.clone();
        if let (true, NodeKind::Map(entries)) = (optional, &mut node.kind) {
            entries.retain(|kept| !matches!(kept.key.text.as_str(), "default" | "required"));
        }
        members.extend(read_param(&param.name, &node, cx));
    }
    Some(ParamDecl::Group { name: entry.key.clone(), members })
}

pub const FORMATS: &[(&str, StringFormat)] = &[
    ("dns1123_label", StringFormat::Dns1123Label),
    ("dns1123_subdomain", StringFormat::Dns1123Subdomain),
    ("dns1035_label", StringFormat::Dns1035Label),
];

pub const MEANINGS: &[(&str, Meaning)] = &[
    ("dry_run", Meaning::DryRun),
    ("confirmation", Meaning::Confirmation),
    ("limit", Meaning::Limit),
    ("cursor", Meaning::Cursor),
];

pub const TYPES: &[(&str, u8)] =
    &[("bool", 0), ("int", 1), ("float", 2), ("string", 3), ("quantity", 4), ("secret", 5), ("list<string>", 6)];

fn read_param(name: &Name, node: &Node, cx: &mut Reading<'_>) -> Option<Param> {
    let mark = cx.sink.mark();
    super::check_variable(name, "a parameter", cx);
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
    let keys = reader.keys().cloned().collect();
    reader.finish(cx);
    if cx.sink.mark() > mark {
        return None;
    }
    let (ty, type_span) = ty?;
    let ty = match (ty, words) {
        (3, Some((span, words))) => ParamType::Enum(enum_words(name, span, words, cx)?),
        (_, Some((span, _))) => {
            cx.sink
                .error(Code::Bounds, span, format!("the `enum` of parameter `{}` says nothing", name.text))
                .help("an enum is for a parameter of type string");
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
        about: about?,
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
        keys,
    })
}

/// The words of an enum: at least two, none of them empty, each once.
fn enum_words(name: &Name, span: Span, words: Vec<Name>, cx: &mut Reading<'_>) -> Option<Vec<String>> {
    let mark = cx.sink.mark();
    match words.as_slice() {
        [] => {
            cx.sink
                .error(Code::Enum, span, format!("the `enum` of parameter `{}` has no word", name.text))
                .help("list the words that are possible, or leave `enum` out");
        }
        [one] => {
            cx.sink
                .error(Code::Enum, one.span, format!("parameter `{}` can be nothing but `{}`", name.text, one.text))
                .help("add the other words, or take the parameter out");
        }
        _ => {}
    }
    for (index, word) in words.iter().enumerate() {
        if word.text.trim().is_empty() {
            cx.sink.error(Code::Enum, word.span, format!("the `enum` of parameter `{}` has an empty word", name.text));
        } else if let Some(first) = words[..index].iter().find(|earlier| earlier.text == word.text) {
            cx.sink
                .error(
                    Code::Enum,
                    word.span,
                    format!("the `enum` of parameter `{}` has `{}` twice", name.text, word.text),
                )
                .label("here again")
                .see(first.span, "first here");
        }
    }
    (cx.sink.mark() == mark).then(|| words.into_iter().map(|word| word.text).collect())
}

fn read_reserved(node: &Node, cx: &mut Reading<'_>) -> Option<(Reserved, Span)> {
    let reader = Reader::new(node, "`reserved`", cx)?;
    let texts = |key, cx: &mut Reading<'_>| reader.texts(key, cx).into_iter().map(|name| name.text).collect();
    let reserved = Reserved { names: texts("names", cx), prefixes: texts("prefixes", cx) };
    reader.finish(cx);
    Some((reserved, node.span))
}

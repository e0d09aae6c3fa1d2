//! Resource descriptions: the Kubernetes kinds that tools touch.

mod builtin;
mod read;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Sink};
use crate::load::{Name, Node, NodeKind};
use crate::lowered::{Kind, KindField, KindFieldType};
use crate::source::SourceMap;
use crate::syntax::Reading;
use crate::types::{KindId, ObjectId, Type, Types};

pub use builtin::{changes, delete_result};

/// All kinds, ordered by name.
#[derive(Debug, Default)]
pub struct Kinds {
    /// The kinds.
    pub list: Vec<Kind>,
    fields: BTreeMap<ObjectId, Vec<KindField>>,
    /// Kinds whose description is wrong: what is said of them elsewhere is not complained about.
    broken: BTreeSet<String>,
    /// Whether a description could not be read at all: then kinds may be missing that are there.
    unreadable: bool,
    /// Kinds that were asked for, with where they are described.
    asked: RefCell<BTreeSet<String>>,
    named: Vec<Name>,
}

impl Kinds {
    /// The kind behind an id.
    #[must_use]
    pub fn kind(&self, id: KindId) -> &Kind {
        &self.list[id.0]
    }

    /// The fields of an object of a kind, with everything that the description says; also those that are never read.
    #[must_use]
    pub fn fields(&self, object: ObjectId) -> Option<&[KindField]> {
        self.fields.get(&object).map(Vec::as_slice)
    }

    /// Where kinds are described that no step names.
    pub fn unused(&self) -> impl Iterator<Item = &Name> {
        let asked = self.asked.borrow().clone();
        self.named.iter().filter(move |name| !asked.contains(&name.text))
    }

    /// Where in a kind a field of that name is (`spec.storage.size`): the one that lies least deep. With
    /// `writable` only among those that specs may write.
    #[must_use]
    pub fn path_to(&self, kind: KindId, name: &str, writable: bool) -> Option<String> {
        let mut level: Vec<(String, &[KindField])> = vec![(String::new(), &self.kind(kind).fields)];
        while !level.is_empty() {
            let mut deeper = Vec::new();
            for (path, fields) in level {
                let usable = |field: &&KindField| if writable { !field.server_set } else { !field.write_only };
                for field in fields.iter().filter(usable) {
                    let path = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
                    if field.name == name {
                        return Some(path);
                    }
                    if let KindFieldType::Object { fields, .. } = &field.ty {
                        deeper.push((path, fields.as_slice()));
                    }
                }
            }
            level = deeper;
        }
        None
    }

    /// Looks a kind up; says where there is none.
    pub fn find(&self, name: &Name, sink: &mut Sink) -> Option<KindId> {
        if let Some(at) = self.list.iter().position(|kind| kind.kind == name.text) {
            self.asked.borrow_mut().insert(name.text.clone());
            return Some(KindId(at));
        }
        if !self.unreadable && !self.broken.contains(&name.text) {
            sink.error(Code::UnknownKind, name.span, format!("there is no description of the kind `{}`", name.text))
                .suggest(&name.text, self.list.iter().map(|kind| kind.kind.as_str()));
            if let Some(error) = sink.last()
                && error.help.is_none()
            {
                error.help(format!("describe it in `resources/{}.yaml`", name.text.to_lowercase()));
            }
        }
        None
    }
}

/// Reads all resource descriptions; `unreadable` where one is there and is no YAML.
pub fn read_kinds(nodes: &[Node], unreadable: bool, types: &mut Types, sources: &SourceMap, sink: &mut Sink) -> Kinds {
    let mut kinds = Kinds { unreadable, ..Kinds::default() };
    let mut named: Vec<(Name, &Node)> = Vec::new();
    for node in nodes {
        let mut cx = Reading::new(sources, sink);
        let Some(name) = node.get("resource").and_then(|name| crate::syntax::plain_text(name, "`resource`", &mut cx))
        else {
            // Which kind it would have been is not known.
            kinds.unreadable = true;
            if !matches!(node.kind, NodeKind::Map(_)) {
                cx.wrong_shape(node, "a resource description", "a mapping");
            } else if node.get("resource").is_none() {
                cx.sink
                    .error(Code::MissingKey, node.span, "a resource description has no `resource`")
                    .help("begin with `resource: Kind`");
            }
            continue;
        };
        if let Some((first, _)) = named.iter().find(|(other, _)| other.text == name.text) {
            let span = first.span;
            cx.sink
                .error(Code::Duplicate, name.span, format!("the kind `{}` is described twice", name.text))
                .see(span, "first here");
            // Which of the two is meant is not known.
            kinds.broken.insert(name.text);
            continue;
        }
        named.push((name, node));
    }
    named.sort_by(|a, b| a.0.text.cmp(&b.0.text));
    kinds.named = named.iter().map(|(name, _)| name.clone()).collect();
    let metadata = builtin::metadata(types);
    for (name, node) in named {
        let id = KindId(kinds.list.len());
        let mut reader = read::KindReader { types, metadata: &metadata, id, cx: Reading::new(sources, sink) };
        match reader.read(&name, node) {
            Some(kind) if !kinds.broken.contains(&name.text) => {
                index(&kind, &mut kinds.fields);
                kinds.list.push(kind);
            }
            _ => {
                kinds.broken.insert(name.text);
            }
        }
    }
    kinds
}

fn index(kind: &Kind, into: &mut BTreeMap<ObjectId, Vec<KindField>>) {
    into.insert(kind.object, kind.fields.clone());
    for field in &kind.fields {
        index_type(&field.ty, into);
    }
}

fn index_type(ty: &KindFieldType, into: &mut BTreeMap<ObjectId, Vec<KindField>>) {
    match ty {
        KindFieldType::Object { object, fields } => {
            into.insert(*object, fields.clone());
            for field in fields {
                index_type(&field.ty, into);
            }
        }
        KindFieldType::List { items, .. } => index_type(items, into),
        KindFieldType::Map(inner) => index_type(inner, into),
        _ => {}
    }
}

/// The type of the language for a type of a description.
#[must_use]
pub fn type_of(ty: &KindFieldType) -> Type {
    match ty {
        KindFieldType::Bool => Type::Bool,
        KindFieldType::Int { .. } => Type::Int,
        KindFieldType::Float => Type::Float,
        KindFieldType::String { .. } => Type::String,
        KindFieldType::Enum(words) => Type::Enum(words.clone()),
        KindFieldType::Quantity => Type::Quantity,
        KindFieldType::Time => Type::Time,
        KindFieldType::Secret => Type::Secret,
        KindFieldType::List { items, .. } => Type::List(Box::new(type_of(items))),
        KindFieldType::Map(inner) => Type::Map(Box::new(type_of(inner))),
        KindFieldType::Object { object, .. } => Type::Object(*object),
        KindFieldType::Opaque => Type::Opaque,
    }
}

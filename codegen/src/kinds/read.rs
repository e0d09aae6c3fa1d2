//! One resource description.

use std::collections::BTreeMap;

use super::builtin::Metadata;
use super::type_of;
use crate::diagnostic::Code;
use crate::expression::camel;
use crate::load::{Name, Node, NodeKind};
use crate::lowered::{Kind, KindField, KindFieldType, TextSubresource};
use crate::syntax::{Reader, Reading, entries};
use crate::types::{Field, KindId, ObjectId, ObjectType, Origin, Type, Types};

/// Reads descriptions.
pub struct KindReader<'a> {
    pub types: &'a mut Types,
    pub metadata: &'a Metadata,
    pub id: KindId,
    pub cx: Reading<'a>,
}

impl KindReader<'_> {
    /// Reads a file.
    pub fn read(&mut self, name: &Name, node: &Node) -> Option<Kind> {
        let mark = self.cx.sink.mark();
        let cx = &mut self.cx;
        let reader = Reader::new(node, "a resource description", cx)?;
        let _ = reader.get("resource");
        self.check_name(name);
        let cx = &mut self.cx;
        let api = reader.need_text("api", cx);
        let plural = reader.need_text("plural", cx);
        let namespaced = reader.bool("namespaced", cx).unwrap_or(true);
        let operator = reader.text("operator", cx).map(|name| name.text);
        let metadata_only =
            reader.word("read", &[("all", false), ("metadata", true)], cx).is_some_and(|(only, _)| only);
        let status_subresource = reader.bool("status_subresource", cx).unwrap_or(false);
        let about = reader.need_text("about", cx);
        let fields = reader.get("fields");
        let texts = reader.get("texts");
        reader.finish(cx);
        let texts = texts.map(|texts| self.texts(texts)).unwrap_or_default();
        let fields = fields.map(|fields| self.fields(fields, &name.text, false, false)).unwrap_or_default();
        let wrong = self.cx.sink.mark() > mark;
        let (api, plural, about) = (api?, plural?, about?);
        let (group, version) = api.text.split_once('/').unwrap_or(("", &api.text));
        let (group, version) = (group.to_owned(), version.to_owned());
        let kind = KindName { name, metadata_only, namespaced };
        let object = self.root(&kind, &fields);
        (!wrong).then_some(Kind {
            kind: name.text.clone(),
            group,
            version,
            plural: plural.text,
            namespaced,
            about: about.text,
            operator,
            metadata_only,
            status_subresource,
            texts,
            object,
            fields,
        })
    }

    /// Subresources that are plain text.
    fn texts(&mut self, node: &Node) -> Vec<TextSubresource> {
        let mut found = Vec::new();
        for entry in entries(node, "`texts`", &mut self.cx) {
            let Some(reader) = Reader::new(&entry.value, format!("the text `{}`", entry.key.text), &mut self.cx) else {
                continue;
            };
            let about = reader.need_text("about", &mut self.cx);
            let query = reader.get("query");
            reader.finish(&mut self.cx);
            let query = query.map(|query| self.fields(query, &entry.key.text, false, true)).unwrap_or_default();
            for field in &query {
                let plain = matches!(
                    field.ty,
                    KindFieldType::Bool
                        | KindFieldType::Int { .. }
                        | KindFieldType::String { .. }
                        | KindFieldType::Enum(_)
                );
                if !plain {
                    self.cx
                        .sink
                        .error(
                            Code::ResourceDescription,
                            entry.key.span,
                            format!("`{}` cannot stand in a query", field.name),
                        )
                        .help("a query takes `bool`, `int`, `string` and `enum`");
                }
            }
            found.extend(about.map(|about| TextSubresource { name: entry.key.text.clone(), about: about.text, query }));
        }
        found
    }

    fn check_name(&mut self, name: &Name) {
        let fits = name.text.starts_with(|c: char| c.is_ascii_uppercase())
            && name.text.chars().all(|c| c.is_ascii_alphanumeric());
        if !fits {
            self.cx
                .sink
                .error(Code::BadName, name.span, format!("`{}` cannot be the name of a kind", name.text))
                .help("a kind begins with an uppercase letter, and has letters and digits alone");
        }
        let path = self.cx.sources.path(name.span.file);
        let stem = path.rsplit('/').next().and_then(|file| file.rsplit_once('.')).map_or(path, |(stem, _)| stem);
        let simple = |text: &str| text.to_lowercase().replace(['_', '-'], "");
        if simple(stem) != simple(&name.text) {
            let help = format!("rename the file to `{}.yaml`", name.text.to_lowercase());
            self.cx
                .sink
                .error(Code::FileName, name.span, format!("the kind `{}` stands in the file `{path}`", name.text))
                .help(help);
        }
    }

    fn root(&mut self, kind: &KindName<'_>, fields: &[KindField]) -> ObjectId {
        let metadata = if kind.namespaced { self.metadata.namespaced } else { self.metadata.cluster_wide };
        let mut seen = vec![Field {
            name: "metadata".to_owned(),
            ty: Type::Object(metadata),
            about: Some("Name, labels and the like.".to_owned()),
        }];
        if !kind.metadata_only {
            seen.extend(readable(fields));
        }
        let name = self.types.free_name(&kind.name.text);
        self.types.add(ObjectType { name, fields: seen, origin: Origin::Resource(self.id) })
    }

    /// The fields of an object. `server_set` and `write_only` are inherited.
    fn fields(&mut self, node: &Node, path: &str, server_set: bool, write_only: bool) -> Vec<KindField> {
        let what = format!("the fields of `{path}`");
        let entries = entries(node, &what, &mut self.cx);
        let simple = |text: &str| text.to_lowercase().replace(['_', '-'], "");
        let mut seen: BTreeMap<String, &Name> = BTreeMap::new();
        for entry in &entries {
            let word = entry.key.text.starts_with(|c: char| c.is_ascii_alphabetic())
                && entry.key.text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            let twin = seen.insert(simple(&entry.key.text), &entry.key);
            if !word {
                self.cx
                    .sink
                    .error(Code::BadName, entry.key.span, format!("`{}` cannot be the name of a field", entry.key.text))
                    .help("a field begins with a letter, and has letters, digits, `_` and `-`");
            } else if let Some(twin) = twin {
                self.cx
                    .sink
                    .error(
                        Code::BadName,
                        entry.key.span,
                        format!("`{}` is too much like another field", entry.key.text),
                    )
                    .see(twin.span, "this one")
                    .help("in generated code both would have one name: leave one out");
            }
        }
        entries.iter().filter_map(|entry| self.field(&entry.key, &entry.value, path, server_set, write_only)).collect()
    }

    fn field(&mut self, name: &Name, node: &Node, path: &str, server_set: bool, write_only: bool) -> Option<KindField> {
        let path = format!("{path}{}", camel(&name.text));
        let reader = Reader::new(node, format!("field `{}`", name.text), &mut self.cx)?;
        let required = reader.bool("required", &mut self.cx).unwrap_or(false);
        let server_set = reader.bool("server_set", &mut self.cx).unwrap_or(server_set);
        let write_only = reader.bool("write_only", &mut self.cx).unwrap_or(write_only);
        let immutable = reader.bool("immutable", &mut self.cx).unwrap_or(false);
        let about = reader.text("about", &mut self.cx).map(|name| name.text);
        let default = reader.get("default").cloned();
        let ty = self.field_type(name, &reader, &path, server_set, write_only);
        reader.finish(&mut self.cx);
        let ty = ty?;
        if let Some(default) = &default
            && !default_fits(default, &ty)
        {
            self.cx.sink.error(
                Code::ResourceDescription,
                default.span,
                format!("the default of `{}` is not of its type", name.text),
            );
        }
        let default = default.map(|node| node.to_json());
        Some(KindField { name: name.text.clone(), ty, required, server_set, write_only, immutable, default, about })
    }

    /// The type that a field or element says it has.
    fn field_type(
        &mut self,
        name: &Name,
        reader: &Reader<'_>,
        path: &str,
        server_set: bool,
        write_only: bool,
    ) -> Option<KindFieldType> {
        let words = reader.get("enum").map(|_| reader.texts("enum", &mut self.cx));
        let own = reader.get("fields");
        let items = reader.get("items");
        let values = reader.get("entries");
        let key = reader.text("key", &mut self.cx);
        let min = reader.int("min", &mut self.cx);
        let max = reader.int("max", &mut self.cx);
        let pattern = reader.text("pattern", &mut self.cx);
        let max_length = reader.size("max_length", &mut self.cx);
        let ty = reader.text("type", &mut self.cx);
        if let Some(pattern) = &pattern
            && let Err(error) = regex::Regex::new(&pattern.text)
        {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.cx.sink.error(Code::Pattern, pattern.span, format!("this is not a regular expression: {reason}"));
        }
        let said = usize::from(own.is_some()) + usize::from(items.is_some()) + usize::from(values.is_some());
        if said > 1 || (said == 1 && (ty.is_some() || words.is_some())) {
            self.cx
                .sink
                .error(Code::ResourceDescription, name.span, format!("field `{}` says twice what it is", name.text))
                .help("say one of `type`, `enum`, `fields`, `items`, `entries`");
            return None;
        }
        if let Some(own) = own {
            let fields = self.fields(own, path, server_set, write_only);
            let seen = readable(&fields);
            let object_name = self.types.free_name(path);
            let object =
                self.types.add(ObjectType { name: object_name, fields: seen, origin: Origin::Part(Some(self.id)) });
            return Some(KindFieldType::Object { object, fields });
        }
        if let Some(items) = items {
            let inner = self.inner(name, items, "`items`", path, server_set, write_only)?;
            let key = key.map(|key| self.list_key(&key, &inner));
            return Some(KindFieldType::List { items: Box::new(inner), key: key.flatten() });
        }
        if let Some(values) = values {
            let inner = self.inner(name, values, "`entries`", path, server_set, write_only)?;
            return Some(KindFieldType::Map(Box::new(inner)));
        }
        if let Some(words) = words {
            if words.is_empty() {
                self.cx.sink.error(
                    Code::ResourceDescription,
                    name.span,
                    format!("the enum of `{}` has no word", name.text),
                );
                return None;
            }
            return Some(KindFieldType::Enum(words.into_iter().map(|word| word.text).collect()));
        }
        let Some(ty) = ty else {
            self.cx
                .sink
                .error(Code::ResourceDescription, name.span, format!("field `{}` has no type", name.text))
                .help("say one of `type`, `enum`, `fields`, `items`, `entries`");
            return None;
        };
        let found = parse_type(&ty.text, &|scalar| match scalar {
            "int" => Some(KindFieldType::Int { min, max }),
            "string" => Some(KindFieldType::String {
                pattern: pattern.as_ref().map(|pattern| pattern.text.clone()),
                max_length,
            }),
            _ => None,
        });
        if found.is_none() {
            self.cx
                .sink
                .error(Code::UnknownWord, ty.span, format!("there is no type `{}`", ty.text))
                .suggest(&ty.text, SCALARS.iter().copied());
        }
        found
    }

    fn inner(
        &mut self,
        name: &Name,
        node: &Node,
        what: &str,
        path: &str,
        server_set: bool,
        write_only: bool,
    ) -> Option<KindFieldType> {
        let reader = Reader::new(node, what, &mut self.cx)?;
        let singular = path.strip_suffix('s').unwrap_or(path);
        let ty = self.field_type(name, &reader, singular, server_set, write_only);
        let _ = reader.get("about");
        reader.finish(&mut self.cx);
        ty
    }

    fn list_key(&mut self, key: &Name, inner: &KindFieldType) -> Option<String> {
        let KindFieldType::Object { fields, .. } = inner else {
            self.cx.sink.error(Code::ResourceDescription, key.span, "only lists of objects have a key");
            return None;
        };
        if !fields.iter().any(|field| field.name == key.text) {
            self.cx
                .sink
                .error(Code::ResourceDescription, key.span, format!("the elements have no field `{}`", key.text))
                .suggest(&key.text, fields.iter().map(|field| field.name.as_str()));
            return None;
        }
        Some(key.text.clone())
    }
}

struct KindName<'n> {
    name: &'n Name,
    metadata_only: bool,
    namespaced: bool,
}

fn readable(fields: &[KindField]) -> Vec<Field> {
    fields
        .iter()
        .filter(|field| !field.write_only)
        .map(|field| {
            let ty = type_of(&field.ty);
            let ty = if field.required { ty } else { ty.optional() };
            Field { name: field.name.clone(), ty, about: field.about.clone() }
        })
        .collect()
}

/// Longer types are nested deeper than any kind has them.
const MAX_TYPE_BYTES: usize = 80;

const SCALARS: &[&str] =
    &["bool", "int", "float", "string", "quantity", "time", "secret", "opaque", "list<string>", "map<string>"];

fn parse_type(text: &str, special: &dyn Fn(&str) -> Option<KindFieldType>) -> Option<KindFieldType> {
    let text = text.trim();
    if text.len() > MAX_TYPE_BYTES {
        return None;
    }
    if let Some(found) = special(text) {
        return Some(found);
    }
    let inner = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>'));
    if let Some(inner) = inner("list<") {
        return Some(KindFieldType::List { items: Box::new(parse_type(inner, special)?), key: None });
    }
    if let Some(inner) = inner("map<") {
        return Some(KindFieldType::Map(Box::new(parse_type(inner, special)?)));
    }
    match text {
        "bool" => Some(KindFieldType::Bool),
        "float" => Some(KindFieldType::Float),
        "quantity" => Some(KindFieldType::Quantity),
        "time" => Some(KindFieldType::Time),
        "secret" => Some(KindFieldType::Secret),
        "opaque" => Some(KindFieldType::Opaque),
        _ => None,
    }
}

fn default_fits(node: &Node, ty: &KindFieldType) -> bool {
    match (&node.kind, ty) {
        (NodeKind::Text(text), KindFieldType::Enum(words)) => words.contains(text),
        (NodeKind::Bool(_), KindFieldType::Bool)
        | (NodeKind::Text(_), KindFieldType::String { .. } | KindFieldType::Time)
        | (NodeKind::List(_), KindFieldType::List { .. })
        | (NodeKind::Map(_), KindFieldType::Map(_) | KindFieldType::Object { .. })
        | (NodeKind::Int(_) | NodeKind::Float(_), KindFieldType::Float)
        | (_, KindFieldType::Opaque) => true,
        (NodeKind::Int(value), KindFieldType::Int { min, max }) => {
            min.is_none_or(|min| *value >= min) && max.is_none_or(|max| *value <= max)
        }
        (NodeKind::Text(text), KindFieldType::Quantity) => crate::expression::literal_fits_quantity(text),
        _ => false,
    }
}

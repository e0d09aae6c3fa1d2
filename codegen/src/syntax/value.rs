//! Values in mappings: literals, expressions, nested objects, comprehensions.

use super::reader::{Reader, Reading, looks_like_expression};
use super::{Each, Newest, Page, Scalar, Value, ValueField};
use crate::diagnostic::nearest;
use crate::load::{Entry, Name, Node, NodeKind};

/// What the fields of a mapping may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// Values: what is sent to the API server, where `value` and `about` are fields like others.
    Plain,
    /// Values, or `{ value, about }`: what people read.
    Described,
}

/// Reads a value.
pub fn read_value(node: &Node, what: &str, allowed: Fields, cx: &mut Reading<'_>) -> Option<Value> {
    match &node.kind {
        NodeKind::Null => Some(Value::Null(node.span)),
        NodeKind::List(items) => {
            let inner = format!("an element of {what}");
            let items = items.iter().filter_map(|item| read_value(item, &inner, allowed, cx)).collect();
            Some(Value::List(items, node.span))
        }
        NodeKind::Map(entries) if looks_like_expression(entries) => cx.scalar(node, what).map(Value::Scalar),
        NodeKind::Map(entries) => match Form::of(&entries.iter().collect::<Vec<_>>()) {
            Form::Mapping => {
                let entries = super::entries(node, what, cx);
                let fields = entries.iter().filter_map(|entry| {
                    let what = format!("`{}`", entry.key.text);
                    read_field(entry, &what, allowed, cx)
                });
                Some(Value::Object(fields.collect(), node.span))
            }
            form => {
                let reader = form.reader(node, what, cx)?;
                let value = form.read(&reader, what, allowed, cx);
                reader.finish(cx);
                value
            }
        },
        _ => cx.scalar(node, what).map(Value::Scalar),
    }
}

/// Reads a field of a mapping, and what is said of it.
pub fn read_field(entry: &Entry, what: &str, allowed: Fields, cx: &mut Reading<'_>) -> Option<ValueField> {
    let key = entry.key.clone();
    let node = &entry.value;
    let NodeKind::Map(entries) = &node.kind else {
        return Some(ValueField { key, value: read_value(node, what, allowed, cx)?, about: None });
    };
    let form = if is_described(entries) {
        Form::Described
    } else {
        Form::of(&entries.iter().filter(|entry| entry.key.text != "about").collect::<Vec<_>>())
    };
    if allowed == Fields::Plain || form == Form::Mapping {
        return Some(ValueField { key, value: read_value(node, what, allowed, cx)?, about: None });
    }
    let reader = form.reader(node, what, cx)?;
    let about = reader.text("about", cx);
    let value = form.read(&reader, what, allowed, cx);
    reader.finish(cx);
    Some(ValueField { key, value: value?, about })
}

/// How a value is written that is a mapping in YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Named values.
    Mapping,
    /// `{ value, about }`.
    Described,
    /// `each …`.
    Each,
    /// `{ when, then }`.
    When,
}

impl Form {
    fn of(entries: &[&Entry]) -> Self {
        if entries.iter().any(|entry| entry.key.text == "each") {
            Self::Each
        } else if is_optional(entries) {
            Self::When
        } else {
            Self::Mapping
        }
    }

    fn reader<'n>(self, node: &'n Node, what: &str, cx: &mut Reading<'_>) -> Option<Reader<'n>> {
        let what = match self {
            Self::Mapping | Self::Described => what.to_owned(),
            Self::Each => format!("the comprehension of {what}"),
            Self::When => format!("the optional value of {what}"),
        };
        Reader::new(node, what, cx)
    }

    fn read(self, reader: &Reader<'_>, what: &str, allowed: Fields, cx: &mut Reading<'_>) -> Option<Value> {
        match self {
            Self::Mapping => None,
            Self::Described => reader.need("value", cx).and_then(|node| read_value(node, what, allowed, cx)),
            Self::Each => read_each(reader, allowed, cx).map(|each| Value::Each(Box::new(each))),
            Self::When => {
                let when = reader.need_scalar("when", cx);
                let then = reader.need("then", cx).and_then(|then| read_value(then, what, allowed, cx));
                Some(Value::When(Box::new((when?, then?)), reader.span()))
            }
        }
    }
}

/// Whether a mapping is `{ value, about }`, one of the two perhaps misspelt, or the value forgotten.
fn is_described(entries: &[Entry]) -> bool {
    let has = |word: &str| entries.iter().any(|entry| entry.key.text == word);
    let like = |word: &'static str| entries.iter().any(|entry| nearest(&entry.key.text, [word]).is_some());
    match (has("value"), has("about")) {
        (true, true) => true,
        (true, false) => entries.len() == 2 && like("about"),
        (false, true) => entries.len() == 1 || (entries.len() == 2 && like("value")),
        (false, false) => false,
    }
}

/// Whether a mapping is `{ when, then }`, one of the two perhaps misspelt.
fn is_optional(entries: &[&Entry]) -> bool {
    let is = |entry: &Entry, word: &str| entry.key.text == word;
    let like = |entry: &Entry, word: &'static str| is(entry, word) || nearest(&entry.key.text, [word]).is_some();
    match entries {
        [one] => is(one, "when") || is(one, "then"),
        [one, two] => [(one, two), (two, one)]
            .iter()
            .any(|(a, b)| is(a, "when") && like(b, "then") || like(a, "when") && is(b, "then")),
        _ => false,
    }
}

/// Reads `each`, `called`, `keep`, `first`, `as`, `newest`, `page` from a mapping.
pub fn read_each(reader: &Reader<'_>, allowed: Fields, cx: &mut Reading<'_>) -> Option<Each> {
    let source = reader.need_scalar("each", cx);
    let called =
        reader.text("called", cx).filter(|name| name.text == "item" || super::check_variable(name, "an element", cx));
    let keep = reader.scalar("keep", cx);
    let first = reader.scalar("first", cx);
    let map = reader.get("as").and_then(|node| read_value(node, "`as`", allowed, cx));
    let newest = read_newest(reader, cx);
    let page = read_page(reader, cx);
    Some(Each { span: reader.span(), source: source?, called, keep, first, map, newest, page })
}

/// Reads `newest: { count, by }`.
pub fn read_newest(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Newest> {
    let inner = Reader::new(reader.get("newest")?, "`newest`", cx)?;
    let count = inner.need_scalar("count", cx);
    let by = inner.need_scalar("by", cx);
    inner.finish(cx);
    Some(Newest { count: count?, by: by? })
}

/// Reads `page:`.
pub fn read_page(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Page> {
    let node = reader.get("page")?;
    if matches!(node.kind, NodeKind::Map(_)) && (node.get("of").is_some() || node.get("by").is_some()) {
        let inner = Reader::new(node, "`page`", cx)?;
        let of = inner.need_scalar("of", cx);
        let by = inner.scalar("by", cx);
        inner.finish(cx);
        return Some(Page { span: node.span, of: of?, by });
    }
    let of = cx.scalar(node, "`page`")?;
    Some(Page { span: node.span, of, by: None })
}

/// Reads a mapping of names to scalars (labels, annotations, keys, selectors).
pub fn read_scalars(reader: &Reader<'_>, key: &'static str, cx: &mut Reading<'_>) -> Vec<(Name, Scalar)> {
    let Some(node) = reader.get(key) else { return Vec::new() };
    let what = format!("`{key}`");
    super::entries(node, &what, cx)
        .iter()
        .filter_map(|entry| {
            cx.scalar(&entry.value, &format!("`{}`", entry.key.text)).map(|value| (entry.key.clone(), value))
        })
        .collect()
}

//! Values in mappings: literals, expressions, nested objects, comprehensions.

use super::reader::{Reader, Reading, looks_like_expression};
use super::{Each, Newest, Page, Scalar, Value, ValueField};
use crate::diagnostic::nearest;
use crate::load::{Entry, Name, Node, NodeKind};

/// Reads a value.
pub fn read_value(node: &Node, what: &str, cx: &mut Reading<'_>) -> Option<Value> {
    match &node.kind {
        NodeKind::Null => Some(Value::Null(node.span)),
        NodeKind::List(items) => {
            let inner = format!("an element of {what}");
            Some(Value::List(items.iter().filter_map(|item| read_value(item, &inner, cx)).collect(), node.span))
        }
        NodeKind::Map(entries) if looks_like_expression(entries) => cx.scalar(node, what).map(Value::Scalar),
        NodeKind::Map(_) if node.get("each").is_some() => {
            let reader = Reader::new(node, format!("the comprehension of {what}"), cx)?;
            let each = read_each(&reader, cx);
            reader.finish(cx);
            each.map(|each| Value::Each(Box::new(each)))
        }
        NodeKind::Map(entries) if is_optional(entries) => {
            let reader = Reader::new(node, format!("the optional value of {what}"), cx)?;
            let when = reader.need_scalar("when", cx);
            let then = reader.need("then", cx).and_then(|then| read_value(then, what, cx));
            reader.finish(cx);
            Some(Value::When(Box::new((when?, then?)), node.span))
        }
        NodeKind::Map(_) => {
            let entries = super::entries(node, what, cx);
            let mut fields = Vec::new();
            for entry in entries {
                if let Some(value) = read_value(&entry.value, &format!("`{}`", entry.key.text), cx) {
                    fields.push(ValueField { key: entry.key.clone(), value });
                }
            }
            Some(Value::Object(fields, node.span))
        }
        _ => cx.scalar(node, what).map(Value::Scalar),
    }
}

/// Whether a mapping is `{ when, then }`, one of the two perhaps misspelt.
fn is_optional(entries: &[Entry]) -> bool {
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
pub fn read_each(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Each> {
    let source = reader.need_scalar("each", cx);
    let called =
        reader.text("called", cx).filter(|name| name.text == "item" || super::check_variable(name, "an element", cx));
    let keep = reader.scalar("keep", cx);
    let first = reader.scalar("first", cx);
    let map = reader.get("as").and_then(|node| read_value(node, "`as`", cx));
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

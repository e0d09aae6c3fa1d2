//! Reads mappings key by key: what is missing, unknown, doubled or of the wrong form is reported here,
//! with its place and the nearest name that would be right.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Sink};
use crate::load::{Entry, Name, Node, NodeKind, Text};
use crate::source::{SourceMap, Span};

use super::{Scalar, ScalarKind};

/// Where the reading goes on.
pub struct Reading<'a> {
    /// The files.
    pub sources: &'a SourceMap,
    /// Where problems go.
    pub sink: &'a mut Sink,
    /// How many things were passed over in silence, because what they name could not be read itself.
    pub passed_over: usize,
    /// Names that would be there if what gives them could be read: nothing is said of their use.
    pub lost: Vec<Name>,
}

impl<'a> Reading<'a> {
    /// Begins to read.
    pub fn new(sources: &'a SourceMap, sink: &'a mut Sink) -> Self {
        Self { sources, sink, passed_over: 0, lost: Vec::new() }
    }

    /// Says that a value has the wrong form.
    pub fn wrong_shape(&mut self, node: &Node, what: &str, wanted: &str) {
        self.sink
            .error(Code::WrongShape, node.span, format!("{what} must be {wanted}, not {}", node.describe()))
            .label(format!("expected {wanted}"));
    }

    /// A scalar that may hold `{{ }}`.
    pub fn scalar(&mut self, node: &Node, what: &str) -> Option<Scalar> {
        let kind = match &node.kind {
            NodeKind::Bool(value) => ScalarKind::Bool(*value),
            NodeKind::Int(value) => ScalarKind::Int(*value),
            NodeKind::Float(value) => ScalarKind::Float(*value),
            NodeKind::Text(value) => ScalarKind::Text(self.text_of(value, node.span)),
            NodeKind::Map(entries) if looks_like_expression(entries) => {
                self.sink
                    .error(Code::WrongShape, node.span, format!("{what} is read by YAML as a mapping of a mapping"))
                    .help("put quotes around the expression: \"{{ … }}\"");
                return None;
            }
            _ => {
                self.wrong_shape(node, what, "text or an expression");
                return None;
            }
        };
        Some(Scalar { kind, span: node.span })
    }

    /// Refuses a text without a word. `None`: it was one.
    pub fn says_something(&mut self, node: &Node, key: &str) -> Option<()> {
        if matches!(&node.kind, NodeKind::Text(text) if text.trim().is_empty()) {
            self.sink.error(Code::WrongShape, node.span, format!("`{key}` says nothing"));
            return None;
        }
        Some(())
    }

    /// A text with the places of its bytes.
    pub fn text_of(&self, value: &str, span: Span) -> Text {
        Text::of_scalar(value, span, self.sources.text(span.file))
    }
}

/// `{{ x }}` without quotes is a mapping whose key is a mapping.
pub fn looks_like_expression(entries: &[Entry]) -> bool {
    entries.len() == 1 && entries[0].key.text.starts_with('{')
}

/// A mapping being read.
pub struct Reader<'n> {
    what: String,
    span: Span,
    entries: &'n [Entry],
    asked: RefCell<Vec<&'static str>>,
    /// Keys that were taken for a misspelt one that is needed: that was said.
    misspelt: RefCell<BTreeSet<&'n str>>,
}

impl<'n> Reader<'n> {
    /// Begins to read a node as a mapping.
    pub fn new(node: &'n Node, what: impl Into<String>, cx: &mut Reading<'_>) -> Option<Self> {
        let what = what.into();
        let NodeKind::Map(entries) = &node.kind else {
            cx.wrong_shape(node, &what, "a mapping");
            return None;
        };
        duplicates(entries, &what, cx.sink);
        Some(Self { what, span: node.span, entries, asked: RefCell::default(), misspelt: RefCell::default() })
    }

    /// Where the mapping begins.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Its keys.
    pub fn keys(&self) -> impl Iterator<Item = &'n Name> {
        self.entries.iter().map(|entry| &entry.key)
    }

    /// Whether it has a key; asking this makes the key a known one.
    pub fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// The value of a key.
    pub fn get(&self, key: &'static str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Key and value.
    pub fn entry(&self, key: &'static str) -> Option<&'n Entry> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|entry| entry.key.text == key)
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &'static str, cx: &mut Reading<'_>) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            let asked = self.asked.borrow();
            let wrong = self.entries.iter().map(|entry| &entry.key).find(|found| {
                !asked.contains(&found.text.as_str()) && crate::diagnostic::nearest(&found.text, [key]).is_some()
            });
            let span = wrong.map_or(self.span, |wrong| wrong.span);
            let error = cx.sink.error(Code::MissingKey, span, format!("{} has no `{key}`", self.what));
            error.label(format!("`{key}` is missing"));
            if let Some(wrong) = wrong {
                error.suggest(&wrong.text, [key]);
                self.misspelt.borrow_mut().insert(&wrong.text);
            }
        }
        found
    }

    /// A plain text.
    pub fn text(&self, key: &'static str, cx: &mut Reading<'_>) -> Option<Name> {
        let node = self.get(key)?;
        plain_text(node, &format!("`{key}`"), cx)
    }

    /// A plain text that must be there.
    pub fn need_text(&self, key: &'static str, cx: &mut Reading<'_>) -> Option<Name> {
        let node = self.need(key, cx)?;
        cx.says_something(node, key)?;
        plain_text(node, &format!("`{key}`"), cx)
    }

    /// A scalar that may hold `{{ }}`.
    pub fn scalar(&self, key: &'static str, cx: &mut Reading<'_>) -> Option<Scalar> {
        let node = self.get(key)?;
        cx.says_something(node, key)?;
        cx.scalar(node, &format!("`{key}`"))
    }

    /// A scalar that must be there.
    pub fn need_scalar(&self, key: &'static str, cx: &mut Reading<'_>) -> Option<Scalar> {
        let node = self.need(key, cx)?;
        cx.says_something(node, key)?;
        cx.scalar(node, &format!("`{key}`"))
    }

    /// `true` or `false`.
    pub fn bool(&self, key: &'static str, cx: &mut Reading<'_>) -> Option<bool> {
        let node = self.get(key)?;
        if let NodeKind::Bool(value) = node.kind {
            return Some(value);
        }
        cx.wrong_shape(node, &format!("`{key}`"), "true or false");
        None
    }

    /// A whole number.
    pub fn int(&self, key: &'static str, cx: &mut Reading<'_>) -> Option<i64> {
        let node = self.get(key)?;
        if let NodeKind::Int(value) = node.kind {
            return Some(value);
        }
        cx.wrong_shape(node, &format!("`{key}`"), "a whole number");
        None
    }

    /// A whole number that is not negative.
    pub fn size(&self, key: &'static str, cx: &mut Reading<'_>) -> Option<usize> {
        let node = self.get(key)?;
        if let NodeKind::Int(value) = node.kind
            && let Ok(size) = usize::try_from(value)
        {
            return Some(size);
        }
        cx.wrong_shape(node, &format!("`{key}`"), "a whole number that is not negative");
        None
    }

    /// One word of a closed list.
    pub fn word<T: Copy>(
        &self,
        key: &'static str,
        table: &[(&'static str, T)],
        cx: &mut Reading<'_>,
    ) -> Option<(T, Span)> {
        let name = self.text(key, cx)?;
        word(&name, &format!("`{key}`"), table, cx).map(|value| (value, name.span))
    }

    /// A list of plain texts.
    pub fn texts(&self, key: &'static str, cx: &mut Reading<'_>) -> Vec<Name> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let NodeKind::List(items) = &node.kind else {
            cx.wrong_shape(node, &format!("`{key}`"), "a list");
            return Vec::new();
        };
        items.iter().filter_map(|item| plain_text(item, &format!("an element of `{key}`"), cx)).collect()
    }

    /// Ends the reading: every key that was not asked for is unknown.
    pub fn finish(self, cx: &mut Reading<'_>) {
        let asked = self.asked.into_inner();
        let misspelt = self.misspelt.into_inner();
        let mut said = BTreeSet::new();
        for entry in self.entries {
            if said.insert(&entry.key.text)
                && !misspelt.contains(entry.key.text.as_str())
                && !asked.contains(&entry.key.text.as_str())
            {
                let mut known: Vec<&str> = asked.clone();
                known.sort_unstable();
                known.dedup();
                let error = cx
                    .sink
                    .error(Code::UnknownKey, entry.key.span, format!("{} has no key `{}`", self.what, entry.key.text))
                    .label("unknown key");
                if matches!(entry.value.kind, NodeKind::Null) && entry.key.text.contains(' ') {
                    error.help("inside `{ }` a comma ends a text: put quotes around the text before it");
                } else {
                    error.suggest(&entry.key.text, known);
                }
            }
        }
    }
}

/// Looks a word up in a closed list.
pub fn word<T: Copy>(name: &Name, what: &str, table: &[(&'static str, T)], cx: &mut Reading<'_>) -> Option<T> {
    let found = table.iter().find(|(word, _)| *word == name.text).map(|(_, value)| *value);
    if found.is_none() {
        cx.sink
            .error(Code::UnknownWord, name.span, format!("`{}` is not possible for {what}", name.text))
            .suggest(&name.text, table.iter().map(|(word, _)| *word));
    }
    found
}

/// Whether a word can be a name in expressions and in generated code: `lower_case_1`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && text.len() <= 64
}

/// Words that expressions and templates give a meaning of their own.
const TAKEN: &[(&str, &str)] = &[
    ("output", "in templates it stands for the output"),
    ("warnings", "in templates it stands for the warnings of the call"),
    ("outcome", "in templates it stands for how the call ended"),
    ("loop", "in templates it stands for the loop around"),
    ("item", "in `keep`, `as` and the like it stands for the element"),
];

/// Words of the expression language.
const KEYWORDS: &[&str] = &["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "null"];

/// Says where a word cannot be a variable: what is no name, or means something already.
pub fn check_variable(name: &Name, what: &str, cx: &mut Reading<'_>) -> bool {
    if !check_name(name, what, cx) {
        return false;
    }
    let help = match TAKEN.iter().find(|(word, _)| *word == name.text) {
        Some((_, meaning)) => *meaning,
        None if KEYWORDS.contains(&name.text.as_str()) => "it is a word of the expression language",
        None => return true,
    };
    cx.sink.error(Code::BadName, name.span, format!("{what} cannot be called `{}`", name.text)).help(help);
    false
}

/// Says where a word cannot be a name.
pub fn check_name(name: &Name, what: &str, cx: &mut Reading<'_>) -> bool {
    let fits = is_name(&name.text);
    if !fits {
        cx.sink
            .error(Code::BadName, name.span, format!("`{}` cannot be the name of {what}", name.text))
            .help("a name has lowercase letters, digits and `_`, begins with a letter, and has at most 64 characters");
    }
    fits
}

/// A text without `{{ }}`.
pub fn plain_text(node: &Node, what: &str, cx: &mut Reading<'_>) -> Option<Name> {
    match &node.kind {
        NodeKind::Text(text) => Some(Name { text: text.clone(), span: node.span }),
        NodeKind::Map(entries) if looks_like_expression(entries) => {
            cx.sink.error(Code::WrongShape, node.span, format!("{what} must be plain text, not an expression"));
            None
        }
        NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Bool(_) => {
            cx.wrong_shape(node, what, "text");
            let mark = cx.sink.mark() - 1;
            cx.sink.since(mark)[0].help("put quotes around it, so that YAML reads it as text");
            None
        }
        _ => {
            cx.wrong_shape(node, what, "text");
            None
        }
    }
}

/// The entries of a mapping, each key once.
pub fn entries<'n>(node: &'n Node, what: &str, cx: &mut Reading<'_>) -> Vec<&'n Entry> {
    if let NodeKind::Map(entries) = &node.kind {
        duplicates(entries, what, cx.sink);
        let mut seen = BTreeSet::new();
        return entries.iter().filter(|entry| seen.insert(entry.key.text.as_str())).collect();
    }
    cx.wrong_shape(node, what, "a mapping");
    Vec::new()
}

/// The elements of a list.
pub fn elements<'n>(node: &'n Node, what: &str, cx: &mut Reading<'_>) -> &'n [Node] {
    if let NodeKind::List(items) = &node.kind {
        return items;
    }
    cx.wrong_shape(node, what, "a list");
    &[]
}

fn duplicates(entries: &[Entry], what: &str, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for entry in entries {
        if let Some(first) = seen.get(entry.key.text.as_str()) {
            sink.error(Code::Duplicate, entry.key.span, format!("{what} has the key `{}` twice", entry.key.text))
                .label("here again")
                .see(*first, "first here");
        } else {
            seen.insert(&entry.key.text, entry.key.span);
        }
    }
}

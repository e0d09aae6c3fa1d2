//! The size of answers.
//!
//! A model pays for every character. An answer is cut once: whole list items first, in the structured
//! output, so that the Markdown, rendered from what remains, shows the same; then, only where that was not
//! enough, the Markdown at a line end.

use serde_json::Value;

use crate::render::markdown;

/// Characters that Markdown and structured JSON text may each have.
pub const LIMIT: usize = 25_000;

/// Strings that are shortened as a last resort keep at least this many characters.
const SHORTEST_STRING: usize = 200;

/// What was left out of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Dotted path of the list in the output; `[]` stands for an element.
    pub path: String,
    /// Items that remain.
    pub kept: usize,
    /// Items that there were.
    pub of: usize,
}

/// Characters of a value as JSON text.
pub fn size(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(flag) => {
            if *flag {
                4
            } else {
                5
            }
        }
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text_size(text),
        Value::Array(items) => 2 + items.len().saturating_sub(1) + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields.len().saturating_sub(1)
                + fields.iter().map(|(name, value)| text_size(name) + 1 + size(value)).sum::<usize>()
        }
    }
}

/// Cuts a value to a size: the `first` list (a field of the root) by whole items from its end, then other
/// lists, largest first, then long strings. Every list keeps one item at least.
pub fn fit(value: &mut Value, first: Option<&str>, limit: usize) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut total = size(value);
    if let Some(name) = first
        && let Some(Value::Array(items)) = value.get_mut(name)
    {
        cuts.extend(shorten(items, name.to_owned(), &mut total, limit));
    }
    while total > limit {
        let Some(path) = largest_list(value) else { break };
        let Some(Value::Array(items)) = value.pointer_mut(&path) else { break };
        cuts.extend(shorten(items, shown_path(&path), &mut total, limit));
    }
    while total > limit {
        let Some(text) = longest_string(value) else { break };
        let length = text.chars().count();
        let keep = length.saturating_sub(total - limit + 40).max(SHORTEST_STRING);
        *text = format!("{}… ({} characters left out)", text.chars().take(keep).collect::<String>(), length - keep);
        total = size(value);
    }
    cuts
}

/// Cuts Markdown to a size at a line end; an open code block is closed, and a note says that something is
/// missing.
pub fn cut_markdown(text: &str, limit: usize) -> String {
    const NOTE: &str = "\n\n*The answer was longer than {limit} characters and ends here. Ask for less: fewer items (`limit`), one object, or fewer details.*";
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let note = NOTE.replace("{limit}", &limit.to_string());
    // A closing fence is as long as its opening one; few are longer than this.
    let room = limit.saturating_sub(note.chars().count() + 16);
    let end = text.char_indices().nth(room).map_or(text.len(), |(index, _)| index);
    let kept = text[..end].rfind('\n').map_or(&text[..end], |newline| &text[..newline]);
    let mut open: Option<&str> = None;
    for line in kept.lines() {
        match (open, markdown::fence_of(line)) {
            (None, Some(ticks)) => open = Some(ticks),
            (Some(ticks), Some(close)) if close.len() >= ticks.len() && line.trim() == close => open = None,
            _ => {}
        }
    }
    let closing = open.map(|ticks| format!("\n{ticks}")).unwrap_or_default();
    format!("{kept}{closing}{note}")
}

/// Takes items from the end until the whole fits, or one is left.
fn shorten(items: &mut Vec<Value>, path: String, total: &mut usize, limit: usize) -> Option<Cut> {
    let of = items.len();
    while *total > limit && items.len() > 1 {
        if let Some(item) = items.pop() {
            *total -= size(&item) + 1;
        }
    }
    (items.len() < of).then_some(Cut { path, kept: items.len(), of })
}

/// JSON pointer of the list that gives most when all but its first item go.
fn largest_list(value: &Value) -> Option<String> {
    fn look(value: &Value, path: &mut String, best: &mut Option<(usize, String)>) {
        let length = path.len();
        match value {
            Value::Array(items) => {
                let gain = items.iter().skip(1).map(|item| size(item) + 1).sum();
                if items.len() > 1 && best.as_ref().is_none_or(|(most, _)| gain > *most) {
                    *best = Some((gain, path.clone()));
                }
                for (index, item) in items.iter().enumerate() {
                    path.push('/');
                    path.push_str(&index.to_string());
                    look(item, path, best);
                    path.truncate(length);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    path.push('/');
                    path.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    look(field, path, best);
                    path.truncate(length);
                }
            }
            _ => {}
        }
    }
    let mut best = None;
    look(value, &mut String::new(), &mut best);
    best.map(|(_, path)| path)
}

/// The longest string that may be shortened.
fn longest_string(value: &mut Value) -> Option<&mut String> {
    fn look(value: &mut Value) -> Option<&mut String> {
        match value {
            Value::String(text) if text.chars().nth(SHORTEST_STRING + 40).is_some() => Some(text),
            Value::Array(items) => items.iter_mut().filter_map(look).max_by_key(|text| text.len()),
            Value::Object(fields) => fields.values_mut().filter_map(look).max_by_key(|text| text.len()),
            _ => None,
        }
    }
    look(value)
}

/// `/clusters/0/conditions` as `clusters[].conditions`.
fn shown_path(pointer: &str) -> String {
    let mut shown = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            shown.push_str("[]");
        } else {
            if !shown.is_empty() {
                shown.push('.');
            }
            shown.push_str(&part.replace("~1", "/").replace("~0", "~"));
        }
    }
    shown
}

/// Characters of a JSON string, escapes and quotes counted.
fn text_size(text: &str) -> usize {
    let escaped = |character: char| match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\u{0}'..='\u{1f}' => 6,
        _ => 1,
    };
    2 + text.chars().map(escaped).sum::<usize>()
}

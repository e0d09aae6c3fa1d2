//! Untrusted text inside Markdown.
//!
//! Values come from Kubernetes and from clients; templates come from specs. A value must not be able to
//! end the code span, table cell or list item it stands in, start HTML, or make a link or image. Backslash
//! escapes mean nothing inside code spans, so the few dangerous characters are replaced by look-alikes
//! that are safe in text, code spans and table cells alike; ordinary names pass unchanged.

use std::borrow::Cow;

use crate::expression;

/// A value within a line: no line breaks, code span ends, cell ends, HTML or links.
pub fn inline(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(replace(text, |_| '\''))
}

/// A sentence that this server wrote, with values in it: as [`inline`], but code spans stay where they are
/// closed.
pub fn sentence(text: &str) -> Cow<'_, str> {
    let balanced = text.matches('`').count().is_multiple_of(2) && !text.contains("``");
    if balanced && !text.contains(|character| character != '`' && is_dangerous(character)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(replace(text, |_| if balanced { '`' } else { '\'' }))
}

/// A code block that the text in it cannot end; control characters are dropped.
pub fn fence(text: &str, language: &str) -> String {
    let body: String =
        text.chars().filter(|character| matches!(character, '\n' | '\t') || !is_control(*character)).collect();
    expression::fence(&body, language)
}

/// At most one blank line in a row, none at the end, and no space at line ends; code blocks stay as they are.
pub fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut fence: Option<&str> = None;
    let mut blank = true;
    for line in text.lines() {
        let ticks = fence_of(line);
        match (fence, ticks) {
            (Some(open), Some(close)) if close.len() >= open.len() && line.trim() == close => fence = None,
            (None, Some(open)) => fence = Some(open),
            _ => {}
        }
        let line = if fence.is_some() { line } else { line.trim_end() };
        if line.is_empty() && fence.is_none() {
            if !blank {
                tidied.push('\n');
            }
            blank = true;
        } else {
            tidied.push_str(line);
            tidied.push('\n');
            blank = false;
        }
    }
    tidied.truncate(tidied.trim_end().len());
    tidied
}

/// The run of backticks that opens or closes a code block on this line.
pub fn fence_of(line: &str) -> Option<&str> {
    let start = line.trim_start();
    let ticks = start.len() - start.trim_start_matches('`').len();
    (ticks >= 3 && line.len() - start.len() <= 3).then(|| &start[..ticks])
}

fn replace(text: &str, backtick: impl Fn(char) -> char) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut open = false;
    while let Some(character) = characters.next() {
        match character {
            '`' => safe.push(backtick(character)),
            '|' => safe.push('¦'),
            '<' if characters
                .peek()
                .is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) =>
            {
                safe.push('‹');
                open = true;
            }
            '>' if open => {
                safe.push('›');
                open = false;
            }
            ']' if characters.peek().is_some_and(|next| matches!(next, '(' | ':' | '[')) => safe.push_str("] "),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => {
                if !safe.ends_with(' ') {
                    safe.push(' ');
                }
            }
            other if is_control(other) => {}
            other => safe.push(other),
        }
    }
    safe.truncate(safe.trim_end().len());
    safe
}

fn is_dangerous(character: char) -> bool {
    matches!(character, '`' | '|' | '<' | ']') || is_control(character)
}

/// Control characters, line separators, and what turns text around or hides in it.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

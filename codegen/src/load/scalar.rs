//! Where each byte of a scalar's value stands in the file.
//!
//! Quotes, escapes, folding and the indentation of blocks lie between the two. The value and its raw
//! text are walked together, so that an expression inside a folded block is still shown at its own line
//! and column.

use crate::source::Span;

/// A text with the place of each of its bytes.
#[derive(Debug, Clone)]
pub struct Text {
    /// The value.
    pub value: String,
    /// The whole scalar in the file.
    pub span: Span,
    /// Place of each byte of `value`, and of its end.
    offsets: Vec<u32>,
}

impl Text {
    /// A scalar of a YAML file; `source` is the whole file.
    #[must_use]
    pub fn of_scalar(value: &str, span: Span, source: &str) -> Self {
        Self { value: value.to_owned(), span, offsets: align(value, span, source) }
    }

    /// A file that is text as a whole.
    #[must_use]
    pub fn of_file(value: &str, span: Span) -> Self {
        Self { value: value.to_owned(), span, offsets: (0..=clip(value.len())).collect() }
    }

    /// Where a range of bytes of the value stands.
    #[must_use]
    pub fn place(&self, start: usize, end: usize) -> Span {
        let at = |byte: usize| self.offsets.get(byte).or(self.offsets.last()).copied().unwrap_or(self.span.start);
        let first = at(start);
        // The end is one past the last byte, which may lie before a fold.
        let last = if end > start { at(end - 1) + 1 } else { first };
        Span { file: self.span.file, start: first, end: last.max(first) }
    }
}

fn clip(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn align(value: &str, span: Span, source: &str) -> Vec<u32> {
    let (start, end) = (span.start as usize, (span.end as usize).min(source.len()));
    let Some(raw) = source.get(start..end) else { return vec![span.start; value.len() + 1] };
    let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\'') && !is_block(source, line_start, start));
    let mut walk = Walk { raw, at: usize::from(quote.is_some()), quote, indent: start - line_start };
    let mut offsets = Vec::with_capacity(value.len() + 1);
    for wanted in value.chars() {
        let place = clip(start + walk.step(wanted));
        offsets.extend((0..wanted.len_utf8()).map(|byte| place + if byte == 0 { 0 } else { clip(byte) }));
    }
    offsets.push(clip(start + walk.at.min(raw.len())));
    offsets
}

/// Whether a scalar is the text of a block (`|`, `>`), and so has no quotes of its own: a block's text begins on a line
/// of its own below the sign.
fn is_block(source: &str, line_start: usize, start: usize) -> bool {
    let header = source[..line_start].trim_end().rsplit('\n').next().unwrap_or_default();
    let header = header.split(" #").next().unwrap_or_default().trim_end();
    let sign = header.trim_end_matches(['-', '+', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    source[line_start..start].trim().is_empty() && sign.ends_with(['|', '>'])
}

struct Walk<'a> {
    raw: &'a str,
    at: usize,
    quote: Option<char>,
    indent: usize,
}

impl Walk<'_> {
    fn peek(&self) -> Option<char> {
        self.raw.get(self.at..).and_then(|rest| rest.chars().next())
    }

    /// Finds the character of the value in the raw text, and goes past it.
    fn step(&mut self, wanted: char) -> usize {
        while let Some(found) = self.peek() {
            let here = self.at;
            if self.quote == Some('"') && found == '\\' {
                let length = escape_length(&self.raw[here..]);
                self.at += length;
                if self.raw[here..].starts_with("\\\n") || self.raw[here..].starts_with("\\\r\n") {
                    self.skip_spaces(usize::MAX);
                    continue;
                }
                return here;
            }
            if self.quote == Some('\'') && wanted == '\'' && self.raw[here..].starts_with("''") {
                self.at += 2;
                return here;
            }
            if found == wanted || (wanted == ' ' && found == '\n') {
                self.at += found.len_utf8();
                if found == '\n' {
                    self.skip_spaces(self.indent);
                }
                return here;
            }
            if !found.is_whitespace() {
                return here;
            }
            self.at += found.len_utf8();
            if found == '\n' {
                self.skip_spaces(self.indent);
            }
        }
        self.raw.len()
    }

    fn skip_spaces(&mut self, most: usize) {
        let spaces = self.raw[self.at..].bytes().take(most).take_while(|byte| *byte == b' ').count();
        self.at += spaces;
    }
}

fn escape_length(raw: &str) -> usize {
    let length = match raw.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 1 + raw[1..].chars().next().map_or(0, char::len_utf8),
    };
    let mut length = length.min(raw.len());
    while !raw.is_char_boundary(length) {
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn place_of(source: &str, raw_start: &str, raw_end: usize, value: &str, needle: &str) -> String {
        let start = source.find(raw_start).unwrap_or(0);
        let span = Span { file: FileId(0), start: clip(start), end: clip(raw_end) };
        let text = Text::of_scalar(value, span, source);
        let at = value.find(needle).unwrap_or(0);
        let place = text.place(at, at + needle.len());
        source[place.start as usize..place.end as usize].to_owned()
    }

    #[test]
    fn quoted_text_with_escapes() {
        let source = r#"a: "x\u00e9\"{{ name }}""#;
        assert_eq!(place_of(source, "\"x", source.len(), "xé\"{{ name }}", "name"), "name");
    }

    #[test]
    fn single_quotes_are_doubled() {
        let source = "a: 'it''s {{ name }}'";
        assert_eq!(place_of(source, "'it", source.len(), "it's {{ name }}", "name"), "name");
    }

    #[test]
    fn folded_block() {
        let source = "a: >-\n    {{ one\n    and two }}\n";
        assert_eq!(place_of(source, "{{ one", source.len(), "{{ one and two }}", "two"), "two");
    }

    #[test]
    fn literal_block_keeps_deeper_indentation() {
        let source = "a: |\n  x\n    {{ name }}\n";
        assert_eq!(place_of(source, "x\n", source.len(), "x\n  {{ name }}\n", "name"), "name");
    }

    /// Every scalar of a file that has `name` in it knows where that stands, whatever the form of the scalar.
    #[test]
    fn every_form_of_scalar() {
        let source = concat!(
            "plain: x {{ name }}\n",
            "single: 'x ''y'' {{ name }}'\n",
            "double: \"x \\\"y\\\" \\u00e9 \\t {{ name }}\"\n",
            "below:\n  \"x {{ name }}\"\n",
            "long plain: x\n  y  z\n  {{ name }}\n",
            "long double: \"x\n  y \\\n  {{ name }}\"\n",
            "literal: |\n  x\n\n    {{ name }}\n",
            "quoted literal: |\n  \"x\" is {{ name }}\n",
            "quoted folded: >-   # why\n  'x' is\n  {{ name }}\n",
            "late literal: |2\n\n  \"x\" {{ name }}\n",
            "list:\n  - |\n    \"é\" {{ name }}\n",
            "wide: \"\u{1F600} {{ name }}\"\n",
        );
        for ends in ["\n", "\r\n"] {
            let source = source.replace('\n', ends);
            let mut sources = crate::source::SourceMap::default();
            let file = sources.add("x.yaml", source.clone());
            let mut sink = crate::diagnostic::Sink::default();
            let node = crate::load::parse_yaml(file, &sources, &mut sink);
            let mut found = 0;
            scalars(node.as_ref(), &mut |value, span| {
                let text = Text::of_scalar(value, span, &source);
                let at = value.find("name").unwrap_or(usize::MAX);
                let place = text.place(at, at + 4);
                assert_eq!(source.get(place.start as usize..place.end as usize), Some("name"), "{value:?}");
                found += 1;
            });
            assert_eq!(found, 12);
        }
    }

    fn scalars(node: Option<&crate::load::Node>, found: &mut impl FnMut(&str, Span)) {
        use crate::load::NodeKind;
        match node.map(|node| (&node.kind, node.span)) {
            Some((NodeKind::Text(text), span)) => found(text, span),
            Some((NodeKind::List(items), _)) => items.iter().for_each(|item| scalars(Some(item), found)),
            Some((NodeKind::Map(entries), _)) => entries.iter().for_each(|one| scalars(Some(&one.value), found)),
            _ => {}
        }
    }
}

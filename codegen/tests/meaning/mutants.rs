//! Changes of one thing in a spec.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use regex::Regex;

/// A spec with one thing changed.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// The file, below the specs.
    pub file: String,
    /// What kind of change it is.
    pub kind: &'static str,
    /// The lines that were changed, from 0, in the changed text.
    pub lines: BTreeSet<usize>,
    /// What stood there, and what stands there now.
    pub from: String,
    pub to: String,
    /// The changed text.
    pub text: String,
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.lines.first().map_or(0, |line| line + 1);
        write!(f, "{}:{line}: {}: `{}` -> `{}`", self.file, self.kind, self.from.trim(), self.to.trim())
    }
}

fn words(text: &str) -> BTreeSet<String> {
    let word = Regex::new(r"[A-Za-z_][A-Za-z0-9_.]{2,}").expect("a pattern");
    word.find_iter(text).flat_map(|found| found.as_str().split('.').map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

impl Mutant {
    /// Whether what is said of a line hangs on the change: line or message name what stood or stands there, or the line
    /// belongs to the same block.
    pub fn is_tied_to(&self, path: &str, text: &str, line: usize, said: &str) -> bool {
        let there: Vec<&str> = text.lines().collect();
        let mut named = words(there.get(line).copied().unwrap_or_default());
        named.extend(words(said));
        let mut own = words(&self.from);
        own.extend(words(&self.to));
        if named.iter().any(|word| own.contains(word)) {
            return true;
        }
        if path != self.file {
            // Another file takes this one in: a partial, a shared step, a kind.
            return true;
        }
        let own: Vec<&str> = self.text.lines().collect();
        let changed = self.lines.first().copied().unwrap_or_default();
        let depth = self.from.lines().find(|line| !line.trim().is_empty()).map_or(0, indent);
        let speaks = |line: &&&str| !line.trim().is_empty();
        if line < changed {
            // What holds it, or stands beside it.
            let outer = own.get(line).copied().map_or(0, indent);
            let between = own.get(line + 1..changed).unwrap_or_default();
            return outer <= depth && between.iter().filter(speaks).all(|line| indent(line) >= outer);
        }
        // What is in it, stands beside it, or ends the block.
        let before = own.get(changed..line).unwrap_or_default();
        before.iter().filter(speaks).all(|line| indent(line) >= depth)
    }
}

struct Maker<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<Mutant>,
}

impl Maker<'_> {
    /// The text with `range` replaced.
    fn replace(&mut self, kind: &'static str, start: usize, end: usize, with: &str) {
        let from = &self.text[start..end];
        if from == with {
            return;
        }
        let text = format!("{}{with}{}", &self.text[..start], &self.text[end..]);
        let first = self.text[..start].matches('\n').count();
        let lines = (first..=first + with.trim_end_matches('\n').matches('\n').count()).collect();
        self.found.push(Mutant {
            file: self.file.to_owned(),
            kind,
            lines,
            from: from.to_owned(),
            to: with.to_owned(),
            text,
        });
    }
}

/// Every mutant of a spec, in a fixed order.
pub fn mutants_of(file: &str, text: &str) -> Vec<Mutant> {
    let mut maker = Maker { file, text, found: Vec::new() };
    let markdown = Path::new(file).extension().is_some_and(|ending| ending == "md");
    if !markdown {
        keys(&mut maker);
        values(&mut maker);
        steps(&mut maker);
    }
    lines(&mut maker);
    code(&mut maker, markdown);
    // The same change may be found twice.
    let mut seen = BTreeSet::new();
    maker.found.retain(|mutant| seen.insert(mutant.text.clone()));
    maker.found
}

/// Offsets of the lines that say something, with their text.
fn spoken(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            found.push((at, line));
        }
        at += line.len();
    }
    found
}

/// Blocks of literal text begin after `|` or `>`, and reach as far as their lines are deeper.
fn in_block(text: &str, at: usize) -> bool {
    let before: Vec<&str> = text[..at].lines().collect();
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..];
    let own = indent(line.lines().next().unwrap_or_default());
    let opens = Regex::new(r"(: |- |^)[|>][-+]?\s*$").expect("a pattern");
    let mut depth = own;
    for line in before.iter().rev() {
        if line.trim().is_empty() || indent(line) >= depth {
            continue;
        }
        if opens.is_match(line) {
            return true;
        }
        depth = indent(line);
        if depth == 0 {
            break;
        }
    }
    false
}

fn keys(maker: &mut Maker<'_>) {
    let quoted = Regex::new(r#""[^"]*""#).expect("a pattern");
    let key = Regex::new(r"(^\s*|[{,]\s*|- )([A-Za-z_][A-Za-z0-9_.\-/]*):(?:\s|$)").expect("a pattern");
    for (at, line) in spoken(maker.text) {
        if in_block(maker.text, at) {
            continue;
        }
        let blank =
            quoted.replace_all(line.trim_end_matches('\n'), |found: &regex::Captures| "\u{1}".repeat(found[0].len()));
        for found in key.captures_iter(&blank) {
            let name = found.get(2).expect("a name");
            let twice = format!("{}{}", name.as_str(), name.as_str().chars().last().unwrap_or('x'));
            maker.replace("a key misspelt", at + name.start(), at + name.end(), &twice);
        }
    }
}

fn values(maker: &mut Maker<'_>) {
    const TYPES: [&str; 7] = ["bool", "int", "float", "string", "quantity", "time", "list<string>"];
    let ty = Regex::new(r"\btype: ([a-z<>]+)").expect("a pattern");
    let number = Regex::new(r"(: |\[|, )(-?[0-9]+)\b").expect("a pattern");
    let flag = Regex::new(r": (true|false)\b").expect("a pattern");
    let word = Regex::new(r"\b(effect|format|meaning|outcome|undo|missing|subresource|use|spread|kind|owner|parameter|by|plan|key|read): ([A-Za-z0-9_.]+)").expect("a pattern");
    let listed = Regex::new(r"\b(?:enum|names|prefixes): \[([^\]]+)\]").expect("a pattern");
    let pattern = Regex::new(r"pattern: (\S+)").expect("a pattern");
    for (at, line) in spoken(maker.text) {
        if in_block(maker.text, at) {
            continue;
        }
        for found in ty.captures_iter(line) {
            let name = found.get(1).expect("a type");
            for other in TYPES.iter().filter(|other| **other != name.as_str()).take(3) {
                maker.replace("a type changed", at + name.start(), at + name.end(), other);
            }
        }
        for found in number.captures_iter(line) {
            let digits = found.get(2).expect("a number");
            let value: i64 = digits.as_str().parse().unwrap_or(0);
            for other in [value.saturating_add(1), 99_999_999_999, -1] {
                maker.replace("a number changed", at + digits.start(), at + digits.end(), &other.to_string());
            }
        }
        for found in flag.captures_iter(line) {
            let flag = found.get(1).expect("a flag");
            let other = if flag.as_str() == "true" { "false" } else { "true" };
            maker.replace("a flag turned over", at + flag.start(), at + flag.end(), other);
        }
        for found in word.captures_iter(line) {
            let word = found.get(2).expect("a word");
            maker.replace("a word misspelt", at + word.start(), at + word.end(), &format!("{}x", word.as_str()));
        }
        for found in listed.captures_iter(line) {
            let list = found.get(1).expect("a list");
            let items: Vec<&str> = list.as_str().split(", ").collect();
            for leave in 0..items.len() {
                let rest: Vec<&str> =
                    items.iter().enumerate().filter(|(index, _)| *index != leave).map(|(_, item)| *item).collect();
                maker.replace("a word less in a list", at + list.start(), at + list.end(), &rest.join(", "));
            }
        }
        for found in pattern.captures_iter(line) {
            let pattern = found.get(1).expect("a pattern");
            maker.replace(
                "a pattern without its end",
                at + pattern.start(),
                at + pattern.end(),
                pattern.as_str().trim_end_matches('$'),
            );
        }
        if let Some((head, text)) = line.trim_end().split_once(": \"")
            && let Some(inner) = text.strip_suffix('"')
            && !inner.is_empty()
        {
            let start = at + head.len() + 3;
            maker.replace("a text emptied", start, start + inner.len(), "");
        }
    }
    let effects =
        [("effect: read", "effect: write"), ("effect: write", "effect: read"), ("effect: destroy", "effect: write")];
    for (from, to) in effects {
        if let Some(at) = maker.text.find(from) {
            maker.replace("an effect changed", at, at + from.len(), to);
        }
    }
}

/// Steps of a tool: one less, and two in the other order.
fn steps(maker: &mut Maker<'_>) {
    let Some(begin) = maker.text.find("\nsteps:\n").map(|at| at + "\nsteps:\n".len()) else { return };
    let body = &maker.text[begin..];
    let end = body.find("\noutput:").map_or(body.len(), |end| end + 1);
    let starts: Vec<usize> = std::iter::once(0)
        .chain(body[..end].match_indices("\n  - ").map(|(at, _)| at + 1))
        .filter(|at| body[*at..].starts_with("  - "))
        .collect();
    let blocks: Vec<(usize, usize)> = starts
        .iter()
        .enumerate()
        .map(|(index, from)| (begin + from, begin + starts.get(index + 1).copied().unwrap_or(end)))
        .collect();
    for (from, to) in &blocks {
        maker.replace("a step removed", *from, *to, "");
    }
    for pair in blocks.windows(2) {
        let [(first, middle), (_, last)] = [pair[0], pair[1]];
        let swapped = format!("{}{}", &maker.text[middle..last], &maker.text[first..middle]);
        maker.replace("two steps swapped", first, last, &swapped);
    }
}

fn lines(maker: &mut Maker<'_>) {
    for (at, line) in spoken(maker.text) {
        maker.replace("a line removed", at, at + line.len(), "");
    }
}

/// Expressions and templates.
fn code(maker: &mut Maker<'_>, markdown: bool) {
    const WORDS: &[&str] = &[
        "and", "or", "not", "in", "is", "if", "else", "for", "endif", "endfor", "elif", "true", "false", "include",
        "set",
    ];
    const FLIPS: &[(&str, &str)] = &[
        (" == ", " != "),
        (" != ", " == "),
        (" < ", " >= "),
        (" > ", " <= "),
        (" >= ", " < "),
        (" <= ", " > "),
        (" and ", " or "),
        (" or ", " and "),
        (" is set", " is not set"),
        (" is not set", " is set"),
        (" is not empty", " is empty"),
        (" in ", " not in "),
        ("not ", ""),
        (" + ", " - "),
    ];
    let block = Regex::new(r"(?s)\{\{.*?\}\}|\{%.*?%\}").expect("a pattern");
    let name = Regex::new(r"'[^']*'|[A-Za-z_][A-Za-z0-9_]*").expect("a pattern");
    let number = Regex::new(r"\b[0-9]+\b").expect("a pattern");
    let mut count = 0;
    for found in block.find_iter(maker.text) {
        let line = maker.text[..found.start()].rfind('\n').map_or(0, |end| end + 1);
        if !markdown && maker.text[line..].trim_start().starts_with('#') {
            continue;
        }
        for word in name.find_iter(found.as_str()) {
            let (from, to) = (found.start() + word.start(), found.start() + word.end());
            if word.as_str().starts_with('\'') {
                if word.as_str().len() > 2 {
                    maker.replace(
                        "a text in an expression changed",
                        from + 1,
                        to - 1,
                        &format!("{}x", &maker.text[from + 1..to - 1]),
                    );
                }
            } else if !WORDS.contains(&word.as_str()) {
                count += 1;
                // Names are many and alike: every third will do.
                if count % 3 == 0 {
                    maker.replace("a name misspelt", from, to, &format!("{}x", word.as_str()));
                }
            }
        }
        for (from, to) in FLIPS {
            for (at, _) in found.as_str().match_indices(from) {
                let start = found.start() + at;
                maker.replace("an operator turned over", start, start + from.len(), to);
            }
        }
        for digits in number.find_iter(found.as_str()) {
            let value: i64 = digits.as_str().parse().unwrap_or(0);
            let (from, to) = (found.start() + digits.start(), found.start() + digits.end());
            maker.replace("a number in an expression changed", from, to, &(value + 1).to_string());
        }
    }
}

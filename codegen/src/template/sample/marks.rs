//! Marks in the text of a template, by which each line of the result is traced to a line of a file.

use crate::expression::Statement;
use crate::load::Text;
use crate::source::Span;
use crate::template::layout::Line;

/// Begins and ends a mark: characters for private use, which no spec has a use for.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// Marks by their number, and where their line of the template stands.
#[derive(Debug, Default)]
pub struct Marks {
    /// The number of the first one.
    first: usize,
    places: Vec<Span>,
}

impl Marks {
    /// Marks with numbers that come after those of others.
    pub fn after(others: &Self) -> Self {
        Self { first: others.first + others.places.len(), places: Vec::new() }
    }

    /// The template with a mark before the first text of each line, and before what is printed.
    pub fn put(&mut self, text: &Text, statements: &[Statement]) -> String {
        let mut starts = Vec::new();
        starts_of(&text.value, statements, &mut starts);
        starts.sort_unstable();
        let mut marked = String::with_capacity(text.value.len() * 2);
        let mut done = 0;
        for at in starts {
            marked.push_str(&text.value[done..at]);
            done = at;
            marked.push(OPEN);
            marked.push_str(&(self.first + self.places.len()).to_string());
            marked.push(CLOSE);
            self.places.push(around(text, at));
        }
        marked.push_str(&text.value[done..]);
        marked
    }

    fn place(&self, number: usize) -> Option<Span> {
        self.places.get(number.checked_sub(self.first)?).copied()
    }

    /// The lines of a result without marks, each with the place of the first mark in it, else of the last
    /// one before it. `partials` are the marks of what the template includes.
    pub fn lines(&self, partials: &Self, rendered: &str, whole: Span) -> Vec<Line> {
        let mut place = Span { end: whole.start, ..whole };
        rendered
            .split('\n')
            .map(|line| {
                let mut text = String::with_capacity(line.len());
                let mut first = None;
                let mut rest = line;
                while let Some((before, after)) = rest.split_once(OPEN) {
                    text.push_str(before);
                    let Some((number, behind)) = after.split_once(CLOSE) else { break };
                    let number = number.parse().ok();
                    first = first.or(number.and_then(|number| self.place(number).or(partials.place(number))));
                    rest = behind;
                }
                text.push_str(rest);
                place = first.unwrap_or(place);
                Line { text, place }
            })
            .collect()
    }
}

/// The bytes at which something that is shown begins.
fn starts_of(template: &str, statements: &[Statement], into: &mut Vec<usize>) {
    for statement in statements {
        match statement {
            Statement::Text(range, _) => {
                let mut at = range.start;
                for line in template[range.clone()].split_inclusive('\n') {
                    let shown = line.trim_start();
                    if !shown.is_empty() {
                        into.push(at + line.len() - shown.len());
                    }
                    at += line.len();
                }
            }
            // `{{-` takes the white space before it away: a mark would be in its way.
            Statement::Emit(_, at) if !template[*at..].starts_with("{{-") => into.push(*at),
            Statement::For { body, otherwise, .. } => {
                starts_of(template, body, into);
                starts_of(template, otherwise, into);
            }
            Statement::If { then, otherwise, .. } => {
                starts_of(template, then, into);
                starts_of(template, otherwise, into);
            }
            Statement::Emit(..) | Statement::Set { .. } | Statement::Include(_) => {}
        }
    }
}

/// A line of a template, counted from 1, without white space around it.
pub fn line_of(text: &Text, line: usize) -> Span {
    let start: usize = text.value.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    around(text, start.min(text.value.len()))
}

/// The line that a byte of a template stands in, without white space around it.
fn around(text: &Text, at: usize) -> Span {
    let start = text.value[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text.value[at..].find('\n').map_or(text.value.len(), |newline| at + newline);
    let line = &text.value[start..end];
    let first = start + (line.len() - line.trim_start().len());
    let last = start + line.trim_end().len();
    text.place(first.min(last), last)
}

//! What the compiler has to say: one type for every part of it.

mod codes;
mod json;
mod render;
mod suggest;

use std::panic::Location;

use crate::source::{SourceMap, Span};

pub use codes::Code;
pub use json::{FORMAT_VERSION, json};
pub use render::{render, render_line};
pub use suggest::nearest;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can be generated.
    Error,
    /// Something is odd; code is generated all the same.
    Warning,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Words below the place.
    pub label: Option<String>,
    /// Other places that belong to it, with words.
    pub secondary: Vec<(Span, String)>,
    /// Facts behind it.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// What could stand there instead, where one thing is near enough.
    pub replacement: Option<Replacement>,
    /// Where in the compiler it was found: tests hold every such place to a case.
    pub site: &'static Location<'static>,
}

/// A text that could stand in a place instead of what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The place: exactly the wrong word.
    pub span: Span,
    /// The wrong word.
    pub wrong: String,
    /// The text to put there.
    pub text: String,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Diagnostic {
    /// Sets the words below the place.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a fact.
    pub fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the nearest of the names, where one is near; else lists them where they are few.
    pub fn suggest<'a>(&mut self, wrong: &str, names: impl IntoIterator<Item = &'a str>) -> &mut Self {
        let names: Vec<&str> = names.into_iter().collect();
        if let Some(near) = nearest(wrong, names.iter().copied()) {
            self.help = Some(format!("did you mean `{near}`?"));
            self.replacement = Some(Replacement { span: self.span, wrong: wrong.to_owned(), text: near.to_owned() });
        } else if !names.is_empty() && names.len() <= 16 {
            let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            self.notes.push(format!("known here: {}", listed.join(", ")));
        }
        self
    }

    /// Narrows what is replaced to the wrong word itself; where it does not stand there once, nothing is replaced.
    fn settle(&mut self, sources: &SourceMap) {
        let Some(replacement) = &mut self.replacement else { return };
        let span = replacement.span;
        let text = sources.text(span.file).get(span.start as usize..span.end as usize).unwrap_or_default();
        let mut found = text.match_indices(replacement.wrong.as_str()).map(|(at, _)| at);
        match (found.next().and_then(|at| u32::try_from(at).ok()), found.next()) {
            (Some(at), None) => {
                let length = u32::try_from(replacement.wrong.len()).unwrap_or(u32::MAX);
                replacement.span = Span { start: span.start + at, end: span.start + at + length, ..span };
            }
            _ => self.replacement = None,
        }
    }

    /// Points to another place.
    pub fn see(&mut self, span: Span, words: impl Into<String>) -> &mut Self {
        self.secondary.push((span, words.into()));
        self
    }
}

/// Collects what is found.
#[derive(Debug, Default)]
pub struct Sink {
    found: Vec<Diagnostic>,
}

impl Sink {
    /// Takes in an error; details are added to what is returned.
    #[track_caller]
    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Error, code, span, message.into())
    }

    /// Takes in a warning.
    #[track_caller]
    pub fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Warning, code, span, message.into())
    }

    #[track_caller]
    fn push(&mut self, severity: Severity, code: Code, span: Span, message: String) -> &mut Diagnostic {
        let at = self.found.len();
        self.found.push(Diagnostic {
            code,
            severity,
            message,
            span,
            label: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            replacement: None,
            site: Location::caller(),
        });
        &mut self.found[at]
    }

    /// How many were found so far; [`Sink::since`] looks at those that follow.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.found.len()
    }

    /// Those found since a mark.
    pub fn since(&mut self, mark: usize) -> &mut [Diagnostic] {
        &mut self.found[mark..]
    }

    /// The one taken in last.
    pub fn last(&mut self) -> Option<&mut Diagnostic> {
        self.found.last_mut()
    }

    /// Takes back what was found since a mark.
    pub fn forget_since(&mut self, mark: usize) {
        self.found.truncate(mark);
    }

    /// Takes back those since a mark that are such.
    pub fn forget(&mut self, mark: usize, such: impl Fn(&Diagnostic) -> bool) {
        let mut at = 0;
        self.found.retain(|one| {
            at += 1;
            at <= mark || !such(one)
        });
    }

    /// Whether any is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|one| one.severity == Severity::Error)
    }

    /// All of them by place, each once: shared steps and partials are checked for each tool that takes them in.
    #[must_use]
    pub fn finish(self, sources: &SourceMap) -> Vec<Diagnostic> {
        let mut found = self.found;
        found.sort_by(|a, b| {
            let place = |one: &Diagnostic| {
                (sources.path(one.span.file).to_owned(), one.span.start, one.span.end, one.code.id())
            };
            place(a).cmp(&place(b)).then_with(|| a.message.cmp(&b.message))
        });
        for one in &mut found {
            one.settle(sources);
        }
        found.dedup_by(|a, b| a.span == b.span && a.code == b.code && a.message == b.message);
        found
    }
}

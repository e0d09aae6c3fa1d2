//! Two versions of the specs, and what lies between them for whoever calls the tools.
//!
//! A client has read the schemas once, and has prompts, scripts and habits since. A change breaks it where a call that was
//! taken is refused or does something else, or where an answer lacks what was promised. Everything else does not.

mod outputs;
mod params;
mod places;
mod tools;

use serde::Serialize;

use crate::Compilation;
use crate::lowered::Program;
use crate::source::SourceMap;

use places::Places;

/// One version of the specs.
#[derive(Debug)]
pub struct Side<'a> {
    /// What the folder is called in places.
    pub called: &'a str,
    /// The program.
    pub program: &'a Program,
    /// Its files.
    pub sources: &'a SourceMap,
}

impl<'a> Side<'a> {
    /// Of a compilation; `None` where it has errors.
    #[must_use]
    pub fn of(called: &'a str, compilation: &'a Compilation) -> Option<Self> {
        Some(Self { called, program: compilation.program.as_ref()?, sources: &compilation.sources })
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Whether it breaks clients.
    pub breaking: bool,
    /// What sort of change it is, such as `parameter-removed`. Stable.
    pub change: &'static str,
    /// The tool.
    pub tool: String,
    /// What changed.
    pub message: String,
    /// Why it breaks clients, or why not.
    pub why: &'static str,
    /// The file, with the name of its side before it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// Everything that differs for clients: what breaks them first, then by tool and place.
#[must_use]
pub fn compare(old: &Side<'_>, new: &Side<'_>) -> Vec<Change> {
    let mut found = Found { old: Places::new(old), new: Places::new(new), changes: Vec::new() };
    tools::compare(old.program, new.program, &mut found);
    let mut changes = found.changes;
    changes.sort_by(|a, b| {
        (!a.breaking, &a.tool, &a.file, a.line, a.change, &a.message).cmp(&(
            !b.breaking,
            &b.tool,
            &b.file,
            b.line,
            b.change,
            &b.message,
        ))
    });
    changes
}

/// Where in the specs a change is.
enum At<'p> {
    /// A key of the tool.
    Key(&'p str),
    /// A parameter.
    Param(&'p str),
    /// A field of the output, by its path.
    Output(&'p [String]),
}

/// What was found so far.
struct Found<'a> {
    old: Places<'a>,
    new: Places<'a>,
    changes: Vec<Change>,
}

impl Found<'_> {
    /// A change that breaks clients, at its place in the new specs.
    fn breaks(&mut self, change: &'static str, tool: &str, at: &At<'_>, message: String, why: &'static str) {
        self.push(true, change, tool, at, message, why);
    }

    /// A change that breaks nobody.
    fn fits(&mut self, change: &'static str, tool: &str, at: &At<'_>, message: String, why: &'static str) {
        self.push(false, change, tool, at, message, why);
    }

    fn push(
        &mut self,
        breaking: bool,
        change: &'static str,
        tool: &str,
        at: &At<'_>,
        message: String,
        why: &'static str,
    ) {
        let (file, line) = self.new.find(tool, at);
        self.changes.push(Change { breaking, change, tool: tool.to_owned(), message, why, file, line });
    }

    /// Something that is gone: its place is in the old specs.
    fn gone(&mut self, change: &'static str, tool: &str, at: &At<'_>, message: String, why: &'static str) {
        let (file, line) = self.old.find(tool, at);
        self.changes.push(Change { breaking: true, change, tool: tool.to_owned(), message, why, file, line });
    }
}

//! Reference pages in Markdown: one a tool, and an index.
//!
//! A pure function of the lowered form and of the answers that the examples got elsewhere.

use crate::lowered::{Program, Tool};

/// What an example was answered, by a real call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleAnswer {
    /// The answer's Markdown.
    pub markdown: String,
    /// Whether it is a tool error.
    pub is_error: bool,
}

/// The page of a tool. `answers` stand in the order of the tool's examples; an example without one is shown without.
#[must_use]
pub fn page(_program: &Program, _tool: &Tool, _answers: &[ExampleAnswer]) -> String {
    String::new()
}

/// The page that leads to all others.
#[must_use]
pub fn index(_program: &Program) -> String {
    String::new()
}

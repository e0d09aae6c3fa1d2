//! Diagnostics for machines.
//!
//! One document:
//!
//! ```json
//! {
//!   "version": 1,
//!   "errors": 1,
//!   "warnings": 0,
//!   "diagnostics": [
//!     {
//!       "code": "E0102",
//!       "name": "unknown-key",
//!       "severity": "error",
//!       "message": "parameter `size` has no key `requird`",
//!       "place": {
//!         "file": "tools/x.yaml",
//!         "start": { "line": 9, "column": 35, "byte": 241 },
//!         "end": { "line": 9, "column": 42, "byte": 248 }
//!       },
//!       "label": "unknown key",
//!       "related": [],
//!       "notes": [],
//!       "helps": ["did you mean `required`?"],
//!       "replacement": { "place": { "…": "as above" }, "text": "required" }
//!     }
//!   ]
//! }
//! ```
//!
//! `file` is relative to the folder of specs. Lines and columns count from 1, columns count characters (Unicode scalar
//! values); `byte` counts from 0; an end is one past the last. `label` and `replacement` are `null` where there is
//! none; `related` has `{ "place", "label" }`. The order is that of the places. Keys may be added; `version` rises
//! when one goes or changes its meaning.

use serde_json::{Value, json};

use super::{Diagnostic, Severity};
use crate::source::{SourceMap, Span};

/// Rises when a key goes or changes its meaning.
pub const FORMAT_VERSION: u32 = 1;

/// All diagnostics as one JSON document; the form is described above and stays.
#[must_use]
pub fn json(sources: &SourceMap, diagnostics: &[Diagnostic]) -> Value {
    let count = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
    json!({
        "version": FORMAT_VERSION,
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "diagnostics": diagnostics.iter().map(|one| diagnostic(sources, one)).collect::<Vec<_>>(),
    })
}

fn diagnostic(sources: &SourceMap, one: &Diagnostic) -> Value {
    let related: Vec<Value> =
        one.secondary.iter().map(|(span, words)| json!({ "place": place(sources, *span), "label": words })).collect();
    let helps: Vec<&str> = one.help.iter().map(String::as_str).collect();
    let replacement = one
        .replacement
        .as_ref()
        .map(|replacement| json!({ "place": place(sources, replacement.span), "text": replacement.text }));
    json!({
        "code": one.code.id(),
        "name": one.code.name(),
        "severity": one.severity.word(),
        "message": one.message,
        "place": place(sources, one.span),
        "label": one.label,
        "related": related,
        "notes": one.notes,
        "helps": helps,
        "replacement": replacement,
    })
}

fn place(sources: &SourceMap, span: Span) -> Value {
    let length = u32::try_from(sources.text(span.file).len()).unwrap_or(u32::MAX);
    let point = |byte: u32| {
        let byte = byte.min(length);
        let (line, column) = sources.position(span.file, byte);
        json!({ "line": line, "column": column, "byte": byte })
    };
    json!({ "file": sources.path(span.file), "start": point(span.start), "end": point(span.end.max(span.start)) })
}

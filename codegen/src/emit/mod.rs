//! Emitters: everything that is made of a checked program.
//!
//! Each is a pure function of the lowered form, cannot fail, and gives the same text for the same specs.

pub mod docs;
pub mod kinds;
pub mod language_schema;
pub mod outputs;
pub mod rbac;
pub mod rust;
pub mod schema;
mod walk;

pub use rust::File;

/// Text of several lines as one paragraph.
pub(crate) fn one_paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

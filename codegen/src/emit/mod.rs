//! Emitters: everything that is made of a checked program.
//!
//! Each is a pure function of the lowered form, cannot fail, and gives the same text for the same specs.

pub mod docs;
#[cfg(test)]
mod fixture;
pub mod kinds;
pub mod language_schema;
mod meanings;
pub mod outputs;
pub mod rbac;
pub mod rust;
pub mod schema;

pub use rust::File;

/// Text of several lines as one paragraph.
pub(crate) fn one_paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name as words: `password_secret` → `Password secret.`
pub(crate) fn in_words(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

//! Spec files in one style.
//!
//! Indentation, the style of lists, spaces in flow mappings, blank lines, the file's end: those are laid out anew, by
//! [`pretty_yaml`]. Everything else is the writer's: the order of keys, comments, quotes, line breaks and the contents
//! of block scalars. Nobody has to believe that: what comes out is parsed and compared before it is given back.

mod same;
mod tokens;

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions};

use crate::diagnostic::Sink;
use crate::load::parse_yaml;
use crate::source::{FileId, SourceMap};

/// Lines are never broken: descriptions and expressions stay on the line they were written on.
const ANY_WIDTH: usize = 1_000_000;

/// Rounds after which a text that still changes is given up.
const ROUNDS: usize = 4;

/// Why a file is not formatted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FormatError {
    /// The file is no YAML; the diagnostic is in the sink.
    #[error("the file is not valid YAML")]
    Invalid,
    /// Formatted, it would be another document.
    #[error("formatting would change {0}, so the file was left as it is")]
    Unsafe(&'static str),
}

/// The text of a file of the map, formatted.
///
/// # Errors
/// [`FormatError::Invalid`] where the file is not YAML as specs are, with a diagnostic in `sink`, and
/// [`FormatError::Unsafe`] where the formatted text would say something else, have other comments, or change again
/// when formatted once more.
pub fn format(file: FileId, sources: &SourceMap, sink: &mut Sink) -> Result<String, FormatError> {
    let Some(before) = parse_yaml(file, sources, sink) else { return Err(FormatError::Invalid) };
    let text = sources.text(file);
    let formatted = settled(text)?;
    let mut checked = SourceMap::default();
    let copy = checked.add(sources.path(file), formatted.as_str());
    let after = parse_yaml(copy, &checked, &mut Sink::default())
        .ok_or(FormatError::Unsafe("the document into one that cannot be read"))?;
    if !same::same(&before, &after) {
        return Err(FormatError::Unsafe("what the document says"));
    }
    if tokens::comments(text) != tokens::comments(&formatted) {
        return Err(FormatError::Unsafe("a comment"));
    }
    Ok(formatted)
}

/// Formatted until nothing changes any more.
fn settled(text: &str) -> Result<String, FormatError> {
    let mut text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    for _ in 0..ROUNDS {
        let next = once(&text)?;
        if next == text {
            return Ok(next);
        }
        text = next;
    }
    Err(FormatError::Unsafe("the file anew on every run"))
}

fn once(text: &str) -> Result<String, FormatError> {
    let options = FormatOptions {
        layout: LayoutOptions { print_width: ANY_WIDTH, ..LayoutOptions::default() },
        // Blanks at a line's end may belong to a block scalar, whose contents are kept.
        language: LanguageOptions { trim_trailing_whitespaces: false, ..LanguageOptions::default() },
    };
    let laid_out = pretty_yaml::format_text(text, &options)
        .map_err(|_| FormatError::Unsafe("a construct that the formatter does not know"))?;
    Ok(tokens::with_quotes_of(text, &laid_out).unwrap_or(laid_out))
}

//! Text that is written as other languages write an expression: `${name}`, `$(name)`, `$name`, `{name}`. It stays as it
//! is, which is seldom meant where there is something of that name.

use std::sync::LazyLock;

use regex::Regex;

use super::typing::Typer;
use crate::diagnostic::Code;
use crate::load::Text;
use crate::source::Span;

/// What may be meant as an expression.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// As it is written.
    written: String,
    /// The path inside.
    path: String,
    span: Span,
}

static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let path = r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)";
    let forms = [r"\$\{\s*PATH\s*\}", r"\$\(\s*PATH\s*\)", r"\{\s*PATH\s*\}", r"\$PATH"].join("|");
    Regex::new(&forms.replace("PATH", path)).ok()
});

/// Those in a part of a text that is no expression. `start`: where in the text it begins.
pub(super) fn foreign(part: &str, text: &Text, start: usize) -> Vec<Foreign> {
    let Some(forms) = FORMS.as_ref() else { return Vec::new() };
    let found = forms.captures_iter(part).filter_map(|found| {
        let whole = found.get(0)?;
        let path = found.iter().skip(1).flatten().next()?;
        Some(Foreign {
            written: whole.as_str().to_owned(),
            path: path.as_str().to_owned(),
            span: text.place(start + whole.start(), start + whole.end()),
        })
    });
    found.collect()
}

impl Typer<'_> {
    /// Warns of those that name something.
    pub fn foreign(&mut self, found: &[Foreign]) {
        for one in found {
            let name = one.path.split('.').next().unwrap_or_default();
            if self.scope.peek(name).is_some() {
                self.sink
                    .warning(Code::ForeignExpression, one.span, format!("`{}` is text, not an expression", one.written))
                    .note("it is sent, or shown, as it stands here")
                    .help(format!(
                        "write `{{{{ {} }}}}`; where the text itself is meant, `{{{{ '{}' }}}}`",
                        one.path, one.written
                    ));
            }
        }
    }
}

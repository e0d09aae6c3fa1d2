//! Diagnostics as text: as rustc shows them, and as one line.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::source::{SourceMap, Span};

/// A diagnostic with the lines it is about, as rustc shows errors.
#[must_use]
pub fn render(sources: &SourceMap, diagnostic: &Diagnostic, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut main = snippet(sources, diagnostic.span);
    main = main.annotation(
        AnnotationKind::Primary
            .span(range(sources, diagnostic.span))
            .label(diagnostic.label.as_deref().unwrap_or_default()),
    );
    let mut others = Vec::new();
    for (span, words) in &diagnostic.secondary {
        let annotation = AnnotationKind::Context.span(range(sources, *span)).label(words.as_str());
        if span.file == diagnostic.span.file {
            main = main.annotation(annotation);
        } else {
            others.push(snippet(sources, *span).annotation(annotation));
        }
    }
    let mut group =
        level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.id()).element(main).elements(others);
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// A diagnostic in one line: `tools/x.yaml:3:7: error[E0102]: …`, the help behind it.
#[must_use]
pub fn render_line(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let (line, column) = sources.position(diagnostic.span.file, diagnostic.span.start);
    let level = diagnostic.severity.word();
    let help = diagnostic.help.as_ref().map(|help| format!(" ({})", help.replace('\n', " "))).unwrap_or_default();
    format!(
        "{}:{line}:{column}: {level}[{}]: {}{help}",
        sources.path(diagnostic.span.file),
        diagnostic.code.id(),
        diagnostic.message.replace('\n', " ")
    )
}

fn snippet(sources: &SourceMap, span: Span) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(sources.text(span.file)).path(sources.path(span.file)).fold(true)
}

/// The place inside the text, on character boundaries.
fn range(sources: &SourceMap, span: Span) -> std::ops::Range<usize> {
    let text = sources.text(span.file);
    let mut start = (span.start as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (span.end as usize).clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    // A place that goes on over lines is shown by its first one.
    if let Some(newline) = text[start..end].find('\n') {
        end = start + newline;
    }
    start..end
}

//! What holds between files: tools that cannot be told apart, and what is shared and used by none.

use std::collections::{BTreeMap, BTreeSet};

use super::words::simple;
use crate::diagnostic::{Code, Sink};
use crate::kinds::Kinds;
use crate::load::{Name, Text};
use crate::source::Span;
use crate::syntax::{Shared, SharedSteps, Tool};

/// Warns of tools with the same title or description.
pub fn between_tools(tools: &[Tool], sink: &mut Sink) {
    for (what, text_of) in [("title", (|tool| &tool.title) as fn(&Tool) -> &Name), ("description", |tool| &tool.about)]
    {
        let mut said: BTreeMap<String, &Tool> = BTreeMap::new();
        for tool in tools {
            let text = text_of(tool);
            if let Some(first) = said.get(&simple(&text.text)) {
                sink.warning(
                    Code::SameText,
                    text.span,
                    format!("tools `{}` and `{}` have the same {what}", first.name.text, tool.name.text),
                )
                .see(text_of(first).span, "the same words")
                .help("say in which they differ: models choose by these words");
            } else {
                said.insert(simple(&text.text), tool);
            }
        }
    }
}

/// Warns of what is shared and taken in by no tool. Only where nothing is wrong: a tool that could not be read
/// might use it.
pub fn unused_shared(
    params: &Shared,
    steps: &SharedSteps,
    kinds: &Kinds,
    partials: &BTreeMap<String, Text>,
    used_partials: &BTreeSet<String>,
    sink: &mut Sink,
) {
    let mut unused = |span: Span, what: &str, name: &str, how: &str| {
        sink.warning(Code::UnusedShared, span, format!("{what} `{name}` is used by no tool"))
            .help(format!("take it in by {how}, or take it out"));
    };
    for name in params.unused_params() {
        unused(name.span, "the shared parameter", &name.text, &format!("`{{ use: {} }}`", name.text));
    }
    for name in params.unused_groups() {
        unused(name.span, "the group of parameters", &name.text, &format!("`{{ spread: {} }}`", name.text));
    }
    for name in steps.unused() {
        unused(name.span, "the list of shared steps", &name.text, &format!("`- use: {}`", name.text));
    }
    for name in kinds.unused() {
        unused(name.span, "the description of the kind", &name.text, &format!("a step with `kind: {}`", name.text));
    }
    for (name, text) in partials.iter().filter(|(name, _)| !used_partials.contains(*name)) {
        let span = Span { end: text.span.start, ..text.span };
        unused(span, "the partial", name, &format!("`{{% include \"{name}\" %}}` or `plan:`"));
    }
}

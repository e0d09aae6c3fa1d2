//! Tool files.

use super::params::{Shared, read_params};
use super::reader::{Reader, Reading};
use super::steps::{SharedSteps, read_steps};
use super::value::{Fields, read_field};
use super::{Example, Tool, Value, ValueField};
use crate::diagnostic::Code;
use crate::load::{Name, Node, NodeKind, Text};
use crate::lowered::{Effect, Outcome};

pub const EFFECTS: &[(&str, Effect)] =
    &[("read", Effect::Read), ("write", Effect::Write), ("destroy", Effect::Destroy)];

/// Words for outcomes.
pub const OUTCOMES: &[(&str, Outcome)] = &[
    ("done", Outcome::Done),
    ("unchanged", Outcome::Unchanged),
    ("planned", Outcome::Planned),
    ("unconfirmed", Outcome::Unconfirmed),
    ("partial", Outcome::Partial),
    ("timed_out", Outcome::TimedOut),
];

/// Reads a tool file. Everything wrong in it is reported; `None` where too much is missing to go on.
pub fn read_tool(node: &Node, shared: &Shared, shared_steps: &SharedSteps, cx: &mut Reading<'_>) -> Option<Tool> {
    let (mark, passed_over) = (cx.sink.mark(), cx.passed_over);
    cx.lost.clear();
    let reader = Reader::new(node, "a tool", cx)?;
    let name = reader.need_text("tool", cx);
    if let Some(name) = &name {
        check_tool_name(name, cx);
    }
    let toolset = reader.need_text("toolset", cx);
    if let Some(toolset) = &toolset {
        super::check_name(toolset, "a toolset", cx);
        check_toolset(toolset, cx);
    }
    let core = reader.bool("core", cx).unwrap_or(false);
    let title = reader.need_text("title", cx);
    let effect = reader.need("effect", cx).and_then(|_| reader.word("effect", EFFECTS, cx));
    let idempotent = reader.bool("idempotent", cx);
    let about = reader.need_text("about", cx);
    let params = reader.get("params").map(|node| read_params(node, shared, cx)).unwrap_or_default();
    let steps = reader.need("steps", cx).map(|node| read_steps(node, shared_steps, cx));
    let output = reader.need("output", cx).map(|node| read_output(node, cx));
    let answers = reader.need("answer", cx).map(|node| read_answers(node, cx));
    let examples = reader.get("examples").map(|node| read_examples(node, cx)).unwrap_or_default();
    reader.finish(cx);
    let incomplete = cx.sink.mark() > mark || cx.passed_over > passed_over;
    let name = name?;
    if examples.is_empty() {
        cx.sink
            .error(Code::ExampleMissing, name.span, format!("tool `{}` has no example", name.text))
            .help("add `examples:` with at least one `call:`; its answer is shown in the docs");
    }
    Some(Tool {
        span: node.span,
        incomplete,
        lost: std::mem::take(&mut cx.lost),
        name,
        toolset: toolset?,
        core,
        title: title?,
        about: about?,
        effect: effect?,
        idempotent,
        params,
        steps: steps?,
        output: output?,
        answers: answers?,
        examples,
    })
}

/// Words of `--toolsets` that stand for several toolsets.
const SETS_OF_TOOLSETS: &[&str] = &["all", "core"];

fn check_toolset(toolset: &Name, cx: &mut Reading<'_>) {
    if SETS_OF_TOOLSETS.contains(&toolset.text.as_str()) {
        cx.sink
            .error(Code::BadName, toolset.span, format!("`{}` cannot be the name of a toolset", toolset.text))
            .help("name what its tools are for; `core: true` puts a tool into the toolset `core` too");
    }
}

fn check_tool_name(name: &Name, cx: &mut Reading<'_>) {
    if !super::check_name(name, "a tool", cx)
        && let Some(error) = cx.sink.last()
    {
        error.note(
            "MCP takes up to 128 letters, digits, `_`, `-` and `.`; the interfaces of language models take 64 and no `.`",
        );
    }
    let path = cx.sources.path(name.span.file);
    let stem = path.rsplit('/').next().and_then(|file| file.rsplit_once('.')).map_or(path, |(stem, _)| stem);
    if stem != name.text {
        let help = format!("rename the file to `{}.yaml`, or the tool to `{stem}`", name.text);
        cx.sink
            .error(Code::FileName, name.span, format!("tool `{}` stands in the file `{path}`", name.text))
            .help(help);
    }
}

fn read_output(node: &Node, cx: &mut Reading<'_>) -> Vec<ValueField> {
    let mut found = Vec::new();
    for entry in super::entries(node, "`output`", cx) {
        let what = format!("output `{}`", entry.key.text);
        super::check_name(&entry.key, "an output field", cx);
        match read_field(entry, &what, Fields::Described, cx) {
            Some(ValueField { value: Value::Null(span), .. }) => {
                cx.sink.error(Code::WrongShape, span, format!("{what} has no value"));
            }
            field => found.extend(field),
        }
    }
    found
}

fn read_answers(node: &Node, cx: &mut Reading<'_>) -> Vec<(Option<Outcome>, Text)> {
    match &node.kind {
        NodeKind::Text(text) => {
            let said = cx.says_something(node, "answer");
            said.map(|()| (None, cx.text_of(text, node.span))).into_iter().collect()
        }
        NodeKind::Map(entries) => {
            let mut found = Vec::new();
            for entry in super::entries(node, "`answer`", cx) {
                let outcome = super::word(&entry.key, "an answer", OUTCOMES, cx);
                if let NodeKind::Text(text) = &entry.value.kind {
                    cx.says_something(&entry.value, &entry.key.text);
                    found.extend(outcome.map(|outcome| (Some(outcome), cx.text_of(text, entry.value.span))));
                } else {
                    cx.wrong_shape(&entry.value, "an answer", "a template");
                }
            }
            if entries.iter().all(|entry| entry.key.text != "done") {
                cx.sink
                    .error(Code::MissingKey, node.span, "`answer` has no `done`")
                    .help("every outcome without an answer of its own is answered by `done`");
            }
            found
        }
        _ => {
            cx.wrong_shape(node, "`answer`", "a template, or one for each outcome");
            Vec::new()
        }
    }
}

fn read_examples(node: &Node, cx: &mut Reading<'_>) -> Vec<Example> {
    let mut found = Vec::new();
    for item in super::elements(node, "`examples`", cx) {
        let Some(reader) = Reader::new(item, "an example", cx) else { continue };
        let title = reader.text("title", cx);
        let call = reader.need("call", cx).cloned();
        reader.finish(cx);
        if let Some(call) = call {
            let _ = super::entries(&call, "`call`", cx);
            found.push(Example { title, call });
        }
    }
    found
}

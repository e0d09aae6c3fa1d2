//! Reference pages in Markdown: one a tool, and an index.
//!
//! A pure function of the lowered form and of the answers that the examples got elsewhere: this crate
//! runs no tool.

mod index;
mod kinds;
mod markdown;
mod objects;
mod output;
mod parameters;

use std::fmt::Write as _;

use serde_json::json;

use super::schema;
use crate::lowered::{Effect, Meaning, Program, Tool, Verb};
use markdown::{code, fence, quote};

pub use index::index;
pub use kinds::kinds;

/// What an example was answered, by a real call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleAnswer {
    /// The answer's Markdown.
    pub markdown: String,
    /// Whether it is a tool error.
    pub is_error: bool,
}

/// The page of a tool. `answers` stand in the order of the tool's examples; an example that has none is shown
/// without.
#[must_use]
pub fn page(program: &Program, tool: &Tool, answers: &[ExampleAnswer]) -> String {
    let mut text = format!("<!-- @generated from specs/{}; do not edit. -->\n\n# {}\n\n", tool.file, tool.title.trim());
    let _ = writeln!(
        text,
        "{} · toolset {} · {} · {}\n",
        code(&tool.name),
        code(&tool.toolset),
        effect(tool.effect),
        repeating(tool)
    );
    let _ = writeln!(text, "{}\n", tool.about.trim());
    section(&mut text, "Parameters", &parameters::parameters(tool), "None.");
    section(&mut text, "What it reads and writes", &objects::objects(program, tool), "Nothing in Kubernetes.");
    if tool.effect != Effect::Read {
        section(&mut text, "Dry run", &dry_run(tool), "None.");
    }
    if let Some(confirmation) = confirmation(tool) {
        section(&mut text, "Confirmation", &confirmation, "");
    }
    section(&mut text, "Rights", &objects::rights(program, tool), "");
    section(&mut text, "Output", &output(program, tool), "");
    section(&mut text, "Examples", &examples(tool, answers), "None.");
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn section(text: &mut String, title: &str, content: &str, otherwise: &str) {
    let content = if content.trim().is_empty() { otherwise } else { content };
    let _ = writeln!(text, "## {title}\n\n{}\n", content.trim_end());
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "reads",
        Effect::Write => "**writes**",
        Effect::Destroy => "**destroys**",
    }
}

fn repeating(tool: &Tool) -> &'static str {
    match (tool.effect, tool.idempotent) {
        (Effect::Read, _) => "may be repeated freely",
        (_, true) => "repeating it changes nothing more",
        (_, false) => "not to be repeated blindly",
    }
}

fn dry_run(tool: &Tool) -> String {
    let Some(param) = tool.params.iter().find(|param| param.meaning == Some(Meaning::DryRun)) else {
        return String::new();
    };
    let mut text = format!(
        "With {} every write is sent with the API server's own dry run: permissions, validation and admission are really asked, and nothing is changed. The answer has the outcome `planned` and shows what would change.",
        code(&format!("{}: true", param.name))
    );
    if tool.steps.iter().any(|step| matches!(step.verb, Verb::Wait(_))) {
        text.push_str(" Waits are left out.");
    }
    text
}

fn confirmation(tool: &Tool) -> Option<String> {
    let confirm = tool.steps.iter().find_map(|step| match &step.verb {
        Verb::Confirm(confirm) => Some((confirm, step.when.is_some() || confirm.when.is_some())),
        _ => None,
    });
    let (confirm, sometimes) = confirm?;
    let name = &tool.local(confirm.by).name;
    let start = if sometimes { "Where data would be lost, nothing" } else { "Nothing" };
    Some(format!(
        "{start} is deleted before somebody has agreed. {} agrees beforehand. Otherwise a client that can ask (MCP's `InputRequired`, or elicitation) shows the plan to a person; where nobody can be asked, the answer has the outcome `unconfirmed`, shows the plan and changes nothing.",
        code(&format!("{name}: true"))
    ))
}

fn output(program: &Program, tool: &Tool) -> String {
    format!(
        "{}\nThe schemas as clients see them: [input](../schemas/{name}.input.json), [output](../schemas/{name}.output.json).",
        output::output(&schema::output(program, tool)),
        name = tool.name
    )
}

fn examples(tool: &Tool, answers: &[ExampleAnswer]) -> String {
    let mut text = String::new();
    for (index, example) in tool.examples.iter().enumerate() {
        match &example.title {
            Some(title) => {
                let _ = writeln!(text, "### {}\n", title.trim());
            }
            None if tool.examples.len() > 1 => {
                let _ = writeln!(text, "### Example {}\n", index + 1);
            }
            None => {}
        }
        let call = json!({ "name": tool.name, "arguments": example.call });
        let _ = writeln!(text, "{}", fence("json", &format!("{call:#}")));
        if let Some(answer) = answers.get(index) {
            let _ = writeln!(
                text,
                "{}:\n\n{}",
                if answer.is_error { "Answer, an error" } else { "Answer" },
                quote(&answer.markdown)
            );
        }
    }
    text
}

#[cfg(test)]
mod tests;

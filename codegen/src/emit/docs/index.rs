//! The page that leads to all others.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::effect;
use super::markdown::{code, table};
use crate::emit::rbac;
use crate::lowered::{Program, Tool};
use crate::sentence::first_sentence;

/// The page that leads to all others: the tools by toolset, and the rights that they need.
#[must_use]
pub fn index(program: &Program) -> String {
    let mut text = "<!-- @generated from specs/; do not edit. -->\n\n# Tools\n\n".to_owned();
    let mut toolsets: BTreeMap<&str, Vec<&Tool>> = BTreeMap::new();
    for tool in &program.tools {
        toolsets.entry(&tool.toolset).or_default().push(tool);
    }
    let _ = writeln!(
        text,
        "{} tools in {} toolsets. Each page says what its tool takes, does, needs and answers; the examples are answered by the sandbox.\n",
        program.tools.len(),
        toolsets.len()
    );
    for (toolset, tools) in &toolsets {
        let _ = writeln!(text, "## {}\n", capitalized(toolset));
        let rows: Vec<Vec<String>> = tools
            .iter()
            .map(|tool| {
                vec![
                    format!("[{}]({}.md)", code(&tool.name), tool.name),
                    effect(tool.effect).to_owned(),
                    first_sentence(&tool.about).unwrap_or_default(),
                ]
            })
            .collect();
        let _ = writeln!(text, "{}", table(&["Tool", "Effect", "What it does"], &rows));
    }
    let core: Vec<String> = program
        .tools
        .iter()
        .filter(|tool| tool.core)
        .map(|tool| format!("[{}]({}.md)", code(&tool.name), tool.name))
        .collect();
    if !core.is_empty() {
        let _ = writeln!(
            text,
            "## Which of them a server offers\n\n`--toolsets` takes names of toolsets, `all`, or `core`, which is the default: {}.\n",
            core.join(", ")
        );
    }
    let _ = writeln!(text, "## Rights\n\n{}", rights(program, rbac::toolsets(program).into_keys()));
    text.push_str(
        "Which kinds and fields specs can name: [known kinds](known-kinds.md). What clients see: [`schemas/`](../schemas). The handlers as they are compiled: [`expanded/`](../expanded).\n",
    );
    text
}

fn rights<'t>(program: &Program, toolsets: impl Iterator<Item = &'t str>) -> String {
    let mut text = "Which verbs all tools together need on which kinds:\n\n".to_owned();
    let grants = rbac::grants_together(program, &program.tools);
    let rows: Vec<Vec<String>> = grants
        .iter()
        .map(|grant| {
            let resource = if grant.group.is_empty() {
                grant.resource.clone()
            } else {
                format!("{}.{}", grant.resource, grant.group)
            };
            vec![code(&resource), grant.verbs.join(", ")]
        })
        .collect();
    let _ = writeln!(text, "{}", table(&["Resource", "Verbs"], &rows));
    text.push_str("As roles:\n\n");
    let role = |name: &str| format!("[`{name}.yaml`](../rbac/{name}.yaml)");
    let _ = writeln!(text, "- {}: all tools", role("all-tools"));
    let _ = writeln!(text, "- {}: for a server with `--disable-destructive`", role("no-destructive"));
    let _ = writeln!(text, "- {}: for a server with `--read-only`", role("read-only"));
    for toolset in toolsets {
        let _ = writeln!(
            text,
            "- {}: the toolset {}; with `--disable-destructive` {}, with `--read-only` {}",
            role(&format!("toolset-{toolset}")),
            code(toolset),
            role(&format!("toolset-{toolset}-no-destructive")),
            role(&format!("toolset-{toolset}-read-only"))
        );
    }
    text.push_str("- one for each tool, named like it\n");
    text
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

//! Tools and instructions, as clients see them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};

use crate::registry::{Listed, Registry};
use crate::tool::{Effect, Meaning};

/// A tool as `tools/list` gives it.
pub(super) fn to_tool(listed: &Listed) -> Tool {
    let info = listed.info;
    let annotations = ToolAnnotations::from_raw(
        Some(info.title.to_owned()),
        Some(info.effect == Effect::Read),
        Some(info.effect == Effect::Destroy),
        Some(info.idempotent),
        // It talks to one Kubernetes API and to nothing else.
        Some(false),
    );
    Tool::new(info.name, info.about.trim(), Arc::clone(&listed.input_schema))
        .with_title(info.title)
        .with_raw_output_schema(Arc::clone(&listed.output_schema))
        .with_annotations(annotations)
}

/// What a model should know before it calls the first tool.
pub(super) fn instructions(registry: &Registry) -> String {
    let mut toolsets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for listed in registry.tools() {
        toolsets.entry(listed.info.toolset).or_default().push(listed.info.name);
    }
    let mut text = String::from("Manages PostgreSQL on Kubernetes through the CloudNativePG operator.\n\nTools:\n");
    for (toolset, names) in &toolsets {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        // Writing to a String does not fail.
        let _ = writeln!(text, "- {toolset}: {}", names.join(", "));
    }
    let has = |meaning: Meaning| registry.tools().any(|listed| listed.info.meaning(meaning).is_some());
    text.push_str("\nAnswers come as Markdown and as structured output with an `outcome`. Where `namespace` is not passed, the server's own is used.\n");
    if has(Meaning::Cursor) {
        text.push_str(
            "Lists come in pages: pass the `cursor` of an answer to get the next one, everything else unchanged.\n",
        );
    }
    if has(Meaning::DryRun) {
        text.push_str("Before a change that matters, call with `dry_run: true` and show what would happen. Nothing is changed by it.\n");
    }
    if has(Meaning::Confirmation) {
        text.push_str(
            "What destroys data is confirmed first: the answer `unconfirmed` shows what would go. Confirm only when the person has agreed to exactly that.\n",
        );
    }
    if registry.tools().all(|listed| listed.info.effect == Effect::Read) {
        text.push_str("This server only reads.\n");
    }
    text.push_str("The operator works in the background: a change that is accepted may take a while to show. Passwords are never shown; answers name the Secret that holds them.\n");
    text
}

//! What a tool reads and writes in Kubernetes, and the rights that it needs for it.

use std::fmt::Write as _;

use super::markdown::{code, fence, table};
use crate::emit::rbac;
use crate::lowered::{Body, BodyEntry, Edit, Kind, Program, Step, Tool, Undo, Verb};
use crate::types::KindId;

/// One row a kind: what happens to its objects, in the order of the steps.
pub fn objects(program: &Program, tool: &Tool) -> String {
    let mut kinds: Vec<KindId> = Vec::new();
    for kind in tool.steps.iter().filter_map(rbac::kind_of) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let rows: Vec<Vec<String>> = kinds
        .into_iter()
        .map(|id| {
            let kind = &program.kinds[id.0];
            let mut doings: Vec<String> = Vec::new();
            for doing in tool.steps.iter().filter(|step| rbac::kind_of(step) == Some(id)).map(|step| doing(step, kind))
            {
                if !doings.contains(&doing) {
                    doings.push(doing);
                }
            }
            vec![format!("{} ({})", code(&kind.kind), resource(kind)), doings.join("; ")]
        })
        .collect();
    table(&["Kind", "What the tool does with it"], &rows)
}

fn resource(kind: &Kind) -> String {
    if kind.group.is_empty() { code(&kind.plural) } else { code(&format!("{}.{}", kind.plural, kind.group)) }
}

fn doing(step: &Step, kind: &Kind) -> String {
    let mut text = match &step.verb {
        Verb::Get(_) => "reads one".to_owned(),
        Verb::List(list) => {
            let mut text = match (&list.newest, &list.page) {
                (Some(_), _) => "lists the newest",
                (None, Some(_)) => "lists page by page",
                (None, None) => "lists",
            }
            .to_owned();
            if list.all_namespaces.is_some() {
                text.push_str(", in one namespace or in all");
            }
            text
        }
        Verb::Read(text) => format!("reads the end of its {}", code(&text.subresource)),
        Verb::Create(create) => {
            let mut text = "creates one".to_owned();
            if create.existing.is_some() {
                text.push_str(" (or takes over one that an interrupted call left behind)");
            }
            text
        }
        Verb::Patch(patch) => {
            let mut fields = Vec::new();
            for (word, names) in [("label", &patch.labels), ("annotation", &patch.annotations)] {
                fields.extend(names.iter().map(|(name, _)| format!("the {word} {}", code(name))));
            }
            leaves("", &patch.set, &mut fields);
            let through = if patch.status { ", through its subresource `status`" } else { "" };
            format!("changes {}{through}", fields.join(", "))
        }
        Verb::Edit(edit) => format!("{} one element of {}", edit_word(edit), code(&edit.list.join("."))),
        Verb::Delete(_) => "deletes one".to_owned(),
        Verb::DeleteEach(_) => "deletes those it found".to_owned(),
        Verb::Wait(_) => "follows one until it is as wanted".to_owned(),
        Verb::Require(_) | Verb::Let(_) | Verb::Warn(_) | Verb::Stop(_) | Verb::Confirm(_) => String::new(),
    };
    if kind.metadata_only && matches!(step.verb, Verb::Get(_) | Verb::List(_)) {
        text.push_str(" (metadata only)");
    }
    if step.when.is_some() {
        text.push_str(", where needed");
    }
    match (step.missing_ok, step.forbidden_note.is_some()) {
        (true, true) => text.push_str(", and goes on where the kind is unknown or may not be read"),
        (true, false) => text.push_str(", and goes on where there is none"),
        (false, true) => text.push_str(", and goes on where it may not"),
        (false, false) => {}
    }
    match step.undo {
        Some(Undo::Delete) => text.push_str(", and takes it back if a later step fails"),
        Some(Undo::Restore) => text.push_str(", and puts it back if a later step fails"),
        None => {}
    }
    text
}

fn edit_word(edit: &Edit) -> &'static str {
    if edit.put.is_some() { "adds or replaces" } else { "changes" }
}

/// Paths of the fields that a patch names.
fn leaves(path: &str, body: &Body, found: &mut Vec<String>) {
    if let Body::When(_, then) = body {
        return leaves(path, then, found);
    }
    let Body::Object(entries) = body else {
        found.push(code(path));
        return;
    };
    for entry in entries {
        match entry {
            BodyEntry::Key(key, value) => {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(&path, value, found);
            }
            BodyEntry::Spread(_) => found.push(format!("fields of {}", code(path))),
        }
    }
}

/// The rights as a YAML block, and where to find them as a role.
pub fn rights(program: &Program, tool: &Tool) -> String {
    let grants = rbac::grants(program, tool);
    if grants.is_empty() {
        return "None.\n".to_owned();
    }
    let mut text = fence("yaml", &rbac::rules(program, &grants, &[tool]));
    let _ = writeln!(
        text,
        "\nAs a role: [`rbac/{name}.yaml`](../rbac/{name}.yaml); with the rest of its toolset: [`rbac/toolset-{set}.yaml`](../rbac/toolset-{set}.yaml).",
        name = tool.name,
        set = tool.toolset
    );
    text
}

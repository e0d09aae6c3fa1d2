//! The rights that the steps of a tool need, exactly those and no more.
//!
//! A pure function of the lowered form. What each verb asks of the API server is the runtime's own
//! table ("What a step needs of Kubernetes" in its `vocabulary` module): a write whose answer is lost is
//! settled by reading, so it needs `get` beside its own verb. A test across crates holds the result to
//! what the sandbox saw each tool ask.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::lowered::{Effect, Kind, Program, Step, Target, Tool, Undo, Verb};
use crate::types::KindId;

/// Verbs of the API server that steps can need, in the order in which they are written.
const VERBS: [&str; 6] = ["get", "list", "watch", "create", "patch", "delete"];

/// Verbs on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// API group; empty for the core group.
    pub group: String,
    /// Plural of the kind, with the subresource where it is one (`clusters`, `clusters/status`).
    pub resource: String,
    /// Verbs, each once: `get`, `list`, `watch`, `create`, `patch`, `delete` in this order.
    pub verbs: Vec<&'static str>,
}

/// The kind that a step works on.
#[must_use]
pub fn kind_of(step: &Step) -> Option<KindId> {
    match &step.verb {
        Verb::Get(get) => Some(get.kind),
        Verb::List(list) => Some(list.kind),
        Verb::Read(read) => Some(read.object.kind),
        Verb::Create(create) => Some(create.kind),
        Verb::Patch(patch) => Some(patch.kind),
        Verb::Edit(edit) => Some(edit.kind),
        Verb::Delete(delete) => Some(delete.kind),
        Verb::DeleteEach(delete) => Some(delete.kind),
        Verb::Wait(wait) => Some(wait.kind),
        Verb::Require(_) | Verb::Let(_) | Verb::Warn(_) | Verb::Stop(_) | Verb::Confirm(_) => None,
    }
}

/// What a step needs: resources of its kind, each with its verbs.
fn needs(step: &Step, kind: &Kind) -> Vec<(String, Vec<&'static str>)> {
    let below = |subresource: &str| format!("{}/{subresource}", kind.plural);
    let mut needs = vec![(kind.plural.clone(), verbs_of(step))];
    match &step.verb {
        Verb::Read(read) => needs.push((below(&read.subresource), vec!["get"])),
        Verb::Patch(patch) if patch.status => needs.push((below("status"), vec!["patch"])),
        _ => {}
    }
    needs.retain(|(_, verbs)| !verbs.is_empty());
    needs
}

/// The verbs that a step needs on its kind itself.
fn verbs_of(step: &Step) -> Vec<&'static str> {
    let mut verbs = match &step.verb {
        Verb::Get(_) => vec!["get"],
        Verb::List(_) => vec!["list"],
        Verb::Create(create) => {
            let mut verbs = vec!["get", "create"];
            verbs.extend(create.existing.is_some().then_some("patch"));
            verbs
        }
        Verb::Patch(patch) if patch.status => vec!["get"],
        Verb::Patch(_) | Verb::Edit(_) => vec!["get", "patch"],
        Verb::Delete(_) | Verb::DeleteEach(_) => vec!["delete"],
        Verb::Wait(_) => vec!["get", "watch"],
        Verb::Read(_) | Verb::Require(_) | Verb::Let(_) | Verb::Warn(_) | Verb::Stop(_) | Verb::Confirm(_) => {
            Vec::new()
        }
    };
    match step.undo {
        Some(Undo::Delete) => verbs.push("delete"),
        Some(Undo::Restore) => verbs.push("patch"),
        None => {}
    }
    let target = match &step.verb {
        Verb::Patch(patch) => Some(&patch.target),
        Verb::Edit(edit) => Some(&edit.target),
        Verb::Delete(delete) => Some(&delete.target),
        Verb::Wait(wait) => Some(&wait.target),
        _ => None,
    };
    // An object that is not bound is read first.
    verbs.extend(matches!(target, Some(Target::Named(_))).then_some("get"));
    verbs
}

/// What a tool needs, ordered by group and resource.
#[must_use]
pub fn grants(program: &Program, tool: &Tool) -> Vec<Grant> {
    let mut needed: BTreeMap<(&str, String), BTreeSet<&'static str>> = BTreeMap::new();
    for step in &tool.steps {
        if let Some(KindId(kind)) = kind_of(step) {
            let kind = &program.kinds[kind];
            for (resource, verbs) in needs(step, kind) {
                needed.entry((&kind.group, resource)).or_default().extend(verbs);
            }
        }
    }
    in_order(needed.into_iter().map(|((group, resource), verbs)| (group.to_owned(), resource, verbs)))
}

/// What several tools need together, ordered by group and resource.
#[must_use]
pub fn grants_together<'t>(program: &Program, tools: impl IntoIterator<Item = &'t Tool>) -> Vec<Grant> {
    let mut needed: BTreeMap<(String, String), BTreeSet<&'static str>> = BTreeMap::new();
    for grant in tools.into_iter().flat_map(|tool| grants(program, tool)) {
        needed.entry((grant.group, grant.resource)).or_default().extend(grant.verbs);
    }
    in_order(needed.into_iter().map(|((group, resource), verbs)| (group, resource, verbs)))
}

fn in_order(needed: impl Iterator<Item = (String, String, BTreeSet<&'static str>)>) -> Vec<Grant> {
    needed
        .map(|(group, resource, verbs)| Grant {
            group,
            resource,
            verbs: VERBS.into_iter().filter(|verb| verbs.contains(verb)).collect(),
        })
        .collect()
}

/// Whether a tool goes on where it may not use a resource of this kind: every step on it has a `forbidden` note.
fn can_do_without(kind: &Kind, id: KindId, resource: &str, tool: &Tool) -> bool {
    steps_on(kind, id, resource, tool).all(|step| step.forbidden_note.is_some())
}

/// The steps of a tool that need a resource of this kind.
fn steps_on<'t>(kind: &'t Kind, id: KindId, resource: &'t str, tool: &'t Tool) -> impl Iterator<Item = &'t Step> {
    tool.steps
        .iter()
        .filter(move |step| kind_of(step) == Some(id) && needs(step, kind).iter().any(|(name, _)| name == resource))
}

/// The files of `generated/rbac/`, by name, as YAML text: a `ClusterRole` for each tool; for all tools and for
/// each toolset (`core` too) one with the rights of all of them, of those that read, and of those that do not
/// destroy. A server with several toolsets is given the roles of each.
///
/// A `ClusterRole` can be bound in one namespace (`RoleBinding`) or in all (`ClusterRoleBinding`). Names of
/// sets contain a dash, names of tools never do, so the files cannot meet.
#[must_use]
pub fn roles(program: &Program) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for tool in &program.tools {
        let about = format!("Rights that `{}` needs, and no more.", tool.name);
        let source = format!("specs/{}", tool.file);
        files.push((format!("{}.yaml", tool.name), role(program, &tool.name, &about, &source, &[tool])));
    }
    let sets = toolsets(program)
        .into_iter()
        .flat_map(|(toolset, tools)| {
            [
                ("", String::new(), Effect::Destroy),
                ("-read-only", ", tools that only read (`--read-only`)".to_owned(), Effect::Read),
                ("-no-destructive", ", tools that destroy nothing (`--disable-destructive`)".to_owned(), Effect::Write),
            ]
            .map(|(ending, which, effect)| {
                let tools = tools.iter().copied().filter(|tool| tool.effect <= effect).collect();
                (format!("toolset-{toolset}{ending}"), format!("Rights of the toolset `{toolset}`{which}."), tools)
            })
        })
        .chain([
            (
                "read-only".to_owned(),
                "Rights of the tools that only read: all that a server with `--read-only` needs.".to_owned(),
                up_to(program, Effect::Read),
            ),
            (
                "no-destructive".to_owned(),
                "Rights of the tools that destroy nothing: all that a server with `--disable-destructive` needs."
                    .to_owned(),
                up_to(program, Effect::Write),
            ),
            ("all-tools".to_owned(), "Rights of all tools.".to_owned(), up_to(program, Effect::Destroy)),
        ]);
    for (name, about, tools) in sets {
        let text = role(program, &name, &about, "specs/tools", &tools);
        files.push((format!("{name}.yaml"), text));
    }
    files.sort();
    files
}

/// The files of `chart/files/rbac/`, by name, as YAML text: of [`roles`] those of sets of tools, and
/// `cluster-scoped.yaml`, which names the resources among them that are in no namespace. A role in a namespace
/// gives no right to those.
#[must_use]
pub fn for_chart(program: &Program) -> Vec<(String, String)> {
    let mut files: Vec<_> = roles(program).into_iter().filter(|(name, _)| name.contains('-')).collect();
    let everything = grants_together(program, &program.tools);
    let scoped: Vec<String> = everything
        .iter()
        .filter(|grant| kind_of_grant(program, grant).is_some_and(|(_, kind)| !kind.namespaced))
        .map(|grant| format!("{}/{}", grant.group, grant.resource))
        .collect();
    let text = format!(
        "# Resources in no namespace, as group/resource: a Role gives no right to them. @generated from specs/resources.\nresources: [{}]\n",
        scoped.join(", ")
    );
    files.push(("cluster-scoped.yaml".to_owned(), text));
    files.sort();
    files
}

fn kind_of_grant<'p>(program: &'p Program, grant: &Grant) -> Option<(usize, &'p Kind)> {
    let plural = grant.resource.split('/').next();
    program.kinds.iter().enumerate().find(|(_, kind)| kind.group == grant.group && plural == Some(&kind.plural))
}

/// The toolsets with their tools, ordered by name; `core` among them where it has any.
#[must_use]
pub fn toolsets(program: &Program) -> BTreeMap<&str, Vec<&Tool>> {
    let mut toolsets: BTreeMap<&str, Vec<&Tool>> = BTreeMap::new();
    for tool in &program.tools {
        toolsets.entry(&tool.toolset).or_default().push(tool);
        if tool.core {
            toolsets.entry("core").or_default().push(tool);
        }
    }
    toolsets
}

fn up_to(program: &Program, effect: Effect) -> Vec<&Tool> {
    program.tools.iter().filter(|tool| tool.effect <= effect).collect()
}

fn role(program: &Program, name: &str, about: &str, source: &str, tools: &[&Tool]) -> String {
    let mut text = format!("# {about} @generated from {source}.\n#\n");
    if tools.len() > 1 {
        text.push_str("# The tools:\n");
        for tool in tools {
            let _ = writeln!(text, "#   {}", tool.name);
        }
        text.push_str("#\n");
    }
    text.push_str(
        "# Bind it to the server's account: by a RoleBinding in each namespace that it may work in, or by a\n",
    );
    text.push_str("# ClusterRoleBinding for all of them.\n");
    let _ = write!(
        text,
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: cnpg-mcp-{}\n  labels:\n    app.kubernetes.io/name: cnpg-mcp\n",
        name.replace('_', "-")
    );
    let grants = grants_together(program, tools.iter().copied());
    if grants.is_empty() {
        text.push_str("rules: []\n");
        return text;
    }
    text.push_str("rules:\n");
    for line in rules(program, &grants, tools).lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// The `rules` of a role as YAML, one for each resource, with comments.
#[must_use]
pub fn rules(program: &Program, grants: &[Grant], tools: &[&Tool]) -> String {
    let mut text = String::new();
    for grant in grants {
        if let Some((index, kind)) = kind_of_grant(program, grant) {
            for note in notes(kind, KindId(index), grant, tools) {
                let _ = writeln!(text, "# {note}");
            }
        }
        let group = if grant.group.is_empty() { "\"\"" } else { &grant.group };
        let _ = write!(
            text,
            "- apiGroups: [{group}]\n  resources: [{}]\n  verbs: [{}]\n",
            grant.resource,
            grant.verbs.join(", ")
        );
    }
    text
}

fn notes(kind: &Kind, id: KindId, grant: &Grant, tools: &[&Tool]) -> Vec<String> {
    let mut notes = Vec::new();
    if kind.metadata_only
        && grant.resource == kind.plural
        && grant.verbs.iter().any(|verb| matches!(*verb, "get" | "list" | "watch"))
    {
        notes.push("Only metadata is ever read; Kubernetes has no right for that alone.".to_owned());
    }
    let users: Vec<&&Tool> =
        tools.iter().filter(|tool| steps_on(kind, id, &grant.resource, tool).next().is_some()).collect();
    if users.iter().all(|tool| can_do_without(kind, id, &grant.resource, tool)) {
        notes.push("Can be left out: the answer then says what is missing.".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests;

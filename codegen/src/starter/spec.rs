//! The text of a starting spec.

use std::fmt::Write as _;

use super::body::body;
use super::fields::{Leaf, changeable, conditions, shown};
use super::names::{Names, snake};
use super::{Start, Started, StarterError, StarterVerb, params};
use crate::emit::File;
use crate::lowered::Effect;
use crate::yaml;

/// Parts of a spec, put together in one order.
#[derive(Default)]
struct Parts {
    title: String,
    about: String,
    params: String,
    steps: String,
    output: String,
    answer: String,
    /// Arguments of the example, as YAML.
    example: Vec<(String, String)>,
}

/// The files of a starting spec: the tool, and with a deletion the partial that says what would go.
///
/// # Errors
/// Where the kind has nothing for the verb to work on.
pub fn starter(start: &Start<'_>) -> Started {
    let mut names = Names::default();
    let binding = names.fresh(&snake(&start.kind.kind));
    let parts = match start.verb {
        StarterVerb::Get => get(start, &binding, &mut names),
        StarterVerb::List => list(start, &mut names),
        StarterVerb::Create => create(start, &binding, &mut names),
        StarterVerb::Patch => patch(start, &binding, &mut names)?,
        StarterVerb::Delete => delete(start, &binding),
    };
    let mut files = vec![File { path: format!("tools/{}.yaml", start.tool), text: whole(start, &parts) }];
    if start.verb == StarterVerb::Delete {
        files.push(File { path: format!("partials/{}", plan_file(start)), text: plan(start) });
    }
    Ok(files)
}

fn whole(start: &Start<'_>, parts: &Parts) -> String {
    let (kind, tool) = (&start.kind.kind, start.tool);
    let toolset = start.toolset.map_or_else(|| snake(&start.kind.plural), str::to_owned);
    let effect = match start.verb.effect() {
        Effect::Read => "read # changes nothing; a step that writes would be an error",
        Effect::Write => "write # makes or changes objects",
        Effect::Destroy => "destroy # deletes objects",
    };
    let again = match start.verb {
        StarterVerb::Get | StarterVerb::List => "",
        StarterVerb::Patch => "idempotent: true # calling it again with the same arguments changes nothing more\n",
        StarterVerb::Create | StarterVerb::Delete => "idempotent: false\n",
    };
    let call: Vec<String> = parts.example.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let call = if call.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", call.join(", ")) };
    format!(
        "# yaml-language-server: $schema=../../generated/schemas/spec-language.json
# A start for a tool on the kind {kind}, made by `cnpg-mcp-codegen new`. Change what you like: `check` says what does
# not fit, and the README of the specs explains every key.
tool: {tool}
toolset: {toolset}
title: {title}
effect: {effect}
{again}# For models: what it does, and when to take it.
about: |
  {about}

# What it takes. `{{ use: … }}` takes in a parameter of params.yaml.
params:
{params}
# What it does, in order. The name after a verb is the name of the result.
steps:
{steps}
# What a program gets.
output:
{output}
# What a person reads, made of the output and of nothing else.
answer: |
{answer}
# Calls that the documentation shows, run on the sandbox.
examples:
  - call: {call}
",
        title = yaml::scalar(&parts.title),
        about = parts.about,
        params = parts.params,
        steps = parts.steps,
        output = parts.output,
        answer = indented(&parts.answer),
    )
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let _ = if line.is_empty() { writeln!(all) } else { writeln!(all, "  {line}") };
        all
    })
}

/// `in namespace …` where the kind has one.
fn place(start: &Start<'_>) -> &'static str {
    if start.kind.namespaced { " in namespace `{{ output.namespace }}`" } else { "" }
}

/// `a`, or `an` before a vowel.
fn article(word: &str) -> &'static str {
    if word.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" }
}

fn scope_param(start: &Start<'_>) -> String {
    if start.kind.namespaced { params::namespace(start.shared) } else { String::new() }
}

fn identity(start: &Start<'_>, binding: &str) -> String {
    let mut output = format!("  name: \"{{{{ {binding}.metadata.name }}}}\"\n");
    if start.kind.namespaced {
        output.push_str("  namespace: \"{{ namespace }}\"\n");
    }
    output
}

/// Output fields of what an object shows, and the Markdown for each.
fn shown_fields(start: &Start<'_>, object: &str, from: &str, names: &mut Names) -> Vec<(String, String, String)> {
    let absent = |leaf: &Leaf<'_>| if leaf.optional { " | default('not set')" } else { "" };
    shown(start.kind)
        .iter()
        .map(|leaf| {
            let name = names.of_path(&leaf.path);
            let value = format!("{{{{ {object}.{} }}}}", leaf.dotted());
            let text = format!("{}: {{{{ {from}.{name}{} }}}}", name.replace('_', " "), absent(leaf));
            (name, value, text)
        })
        .collect()
}

fn get(start: &Start<'_>, binding: &str, names: &mut Names) -> Parts {
    let kind = &start.kind.kind;
    let mut output = identity(start, binding);
    let _ = writeln!(output, "  created: \"{{{{ {binding}.metadata.creationTimestamp }}}}\"");
    let mut answer = format!("{kind} **{{{{ output.name }}}}**{}\n\n", place(start));
    for (name, value, text) in shown_fields(start, binding, "output", names) {
        let _ = writeln!(output, "  {name}: \"{value}\"");
        let _ = writeln!(answer, "- {text}");
    }
    answer.push_str("- created: {{ output.created | default('unknown') }}\n");
    if let Some(fields) = conditions(start.kind) {
        let conditions = names.fresh("conditions");
        let _ = write!(
            output,
            "  {conditions}:\n    each: \"{{{{ {binding}.status.conditions }}}}\"\n    as: {{ type: \"{{{{ item.type }}}}\", \
             status: \"{{{{ item.status }}}}\", message: \"{{{{ item.message }}}}\" }}\n"
        );
        let part = |name: &str| {
            let optional = fields.iter().any(|field| field.name == name && !field.required);
            format!("{{{{ condition.{name}{} }}}}", if optional { " | default('not set')" } else { "" })
        };
        let (ty, status, message) = (part("type"), part("status"), part("message"));
        let _ = write!(
            answer,
            "{{% for condition in output.{conditions} %}}\n- {ty}: {status} ({message})\n{{% endfor %}}\n"
        );
    }
    Parts {
        title: format!("Get {} {kind}", article(kind)),
        about: format!("Read one {kind}: what is wanted of it, and how it is doing."),
        params: params::object_name(kind, false) + &scope_param(start),
        steps: format!("  - get: {binding}\n    kind: {kind}\n    name: \"{{{{ name }}}}\"\n"),
        output,
        answer,
        example: vec![("name".to_owned(), "example".to_owned())],
    }
}

fn list(start: &Start<'_>, names: &mut Names) -> Parts {
    let kind = &start.kind.kind;
    let plural = names.fresh(&snake(&start.kind.plural));
    let pages = params::shares_page(start.shared);
    let mut params = scope_param(start);
    if pages {
        params.push_str("  page: { spread: page }\n");
    }
    let mut output = format!(
        "  {plural}:\n    each: \"{{{{ {plural} }}}}\"\n    as:\n      name: \"{{{{ item.metadata.name }}}}\"\n"
    );
    if start.kind.namespaced {
        output.push_str("      namespace: \"{{ item.metadata.namespace }}\"\n");
    }
    let mut line = "- **{{ one.name }}**".to_owned();
    let mut separator = ": ";
    for (name, value, text) in shown_fields(start, "item", "one", &mut Names::default()) {
        let _ = writeln!(output, "      {name}: \"{value}\"");
        let _ = write!(line, "{separator}{text}");
        separator = ", ";
    }
    let nowhere = if start.kind.namespaced { " in namespace `{{ namespace }}`" } else { "" };
    let answer = format!(
        "{{% for one in output.{plural} %}}\n{line}\n{{% else %}}\nThere is no {kind}{nowhere}.\n{{% endfor %}}\n"
    );
    let mut steps = format!("  - list: {plural}\n    kind: {kind}\n");
    if pages {
        steps.push_str("    page: \"{{ page }}\"\n");
    }
    let none = if params.is_empty() { "  {}\n" } else { "" };
    Parts {
        title: format!("List objects of the kind {kind}"),
        about: format!(
            "List every {kind}{}, with what matters of each.",
            if start.kind.namespaced { " of a namespace" } else { "" }
        ),
        params: format!("{params}{none}"),
        steps,
        output,
        answer,
        example: Vec::new(),
    }
}

fn create(start: &Start<'_>, binding: &str, names: &mut Names) -> Parts {
    let kind = &start.kind.kind;
    if start.kind.namespaced {
        names.take("namespace");
    }
    names.take("moment");
    let body = body(start.kind, names);
    let mut params = params::object_name(kind, true);
    let mut example = vec![("name".to_owned(), "example".to_owned())];
    for (name, param) in &body.params {
        params.push_str(&param.text);
        if param.text.contains("\n    required: true\n") {
            example.push((name.clone(), param.example.clone()));
        }
    }
    example.push(("dry_run".to_owned(), "true".to_owned()));
    params.push_str(&scope_param(start));
    params.push_str(&params::dry_run(start.shared));
    let mut steps = String::new();
    if body.needs_now {
        steps.push_str("  - let: moment\n    be: \"{{ now() }}\"\n");
    }
    let _ = write!(steps, "  - create: {binding}\n    kind: {kind}\n    name: \"{{{{ name }}}}\"\n");
    if !body.lines.is_empty() {
        steps.push_str("    # A parameter that is not passed leaves its key out.\n    body:\n");
        for line in &body.lines {
            let _ = writeln!(steps, "      {line}");
        }
    }
    Parts {
        title: format!("Create {} {kind}", article(kind)),
        about: format!("Create {} {kind}. What is not passed is left to its defaults.", article(kind)),
        params,
        steps,
        output: identity(start, binding),
        answer: format!("Created {kind} **{{{{ output.name }}}}**{}.\n", place(start)),
        example,
    }
}

fn patch(start: &Start<'_>, binding: &str, names: &mut Names) -> Result<Parts, StarterError> {
    let kind = &start.kind.kind;
    let leaves = changeable(start.kind);
    let Some(first) = leaves.first() else { return Err(StarterError::NothingToPatch(kind.clone())) };
    let mut params = params::object_name(kind, false);
    let mut example = vec![("name".to_owned(), "example".to_owned())];
    let mut given: Vec<String> = Vec::new();
    let only = leaves.len() == 1;
    let mut set = Vec::new();
    for leaf in &leaves {
        let name = names.of_path(&leaf.path);
        let param = params::of_field(&name, leaf.field, &leaf.dotted(), only);
        params.push_str(&param.text);
        if leaf.path == first.path {
            example.push((name.clone(), param.example));
        }
        set.push((leaf.path.clone(), name.clone()));
        given.push(name);
    }
    example.push(("dry_run".to_owned(), "true".to_owned()));
    params.push_str(&scope_param(start));
    params.push_str(&params::dry_run(start.shared));
    let mut steps = String::new();
    if !only {
        let asked: Vec<String> = given.iter().map(|name| format!("{name} is set")).collect();
        let listed: Vec<String> = given.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(
            steps,
            "  - require:\n      that: \"{{{{ {} }}}}\"\n      otherwise: \"Nothing to change: pass at least one of {}.\"\n",
            asked.join(" or "),
            listed.join(", ")
        );
    }
    let _ = write!(steps, "  - get: {binding}\n    kind: {kind}\n    name: \"{{{{ name }}}}\"\n");
    steps.push_str("  # What is not named here stays as it is; a parameter that is not passed leaves its key out.\n");
    let _ = write!(steps, "  - patch: {binding}\n    set:\n");
    let mut open: Vec<&str> = Vec::new();
    for (path, name) in &set {
        let inner = &path[..path.len() - 1];
        let common = open.iter().zip(inner).take_while(|(a, b)| a == b).count();
        for (depth, part) in inner.iter().enumerate().skip(common) {
            let _ = writeln!(steps, "{}{part}:", "  ".repeat(depth + 3));
        }
        let _ = writeln!(steps, "{}{}: \"{{{{ {name} }}}}\"", "  ".repeat(path.len() + 2), path[path.len() - 1]);
        open = inner.to_vec();
    }
    Ok(Parts {
        title: format!("Change {} {kind}", article(kind)),
        about: format!("Change fields of {} {kind}. What is not passed stays as it is.", article(kind)),
        params,
        steps,
        output: identity(start, binding),
        answer: format!("Changed {kind} **{{{{ output.name }}}}**{}.\n", place(start)),
        example,
    })
}

fn delete(start: &Start<'_>, binding: &str) -> Parts {
    let kind = &start.kind.kind;
    Parts {
        title: format!("Delete {} {kind}", article(kind)),
        about: format!("Delete {} {kind}. It asks for confirmation first.", article(kind)),
        params: params::object_name(kind, false)
            + &params::confirm_deletion(start.shared)
            + &scope_param(start)
            + &params::dry_run(start.shared),
        steps: format!(
            "  - get: {binding}\n    kind: {kind}\n    name: \"{{{{ name }}}}\"\n  # Nothing is deleted before somebody said \
             yes. The plan is a template in partials/.\n  - confirm: {{ by: confirm_deletion, plan: {} }}\n  - delete: {binding}\n",
            plan_file(start)
        ),
        output: identity(start, binding),
        answer: format!("Deleted {kind} **{{{{ output.name }}}}**{}.\n", place(start)),
        example: vec![("name".to_owned(), "example".to_owned()), ("dry_run".to_owned(), "true".to_owned())],
    }
}

fn plan_file(start: &Start<'_>) -> String {
    format!("{}_plan.md", start.tool)
}

fn plan(start: &Start<'_>) -> String {
    format!(
        "**Nothing was deleted yet.** {} **{{{{ output.name }}}}**{} would go, beyond recall.\n\nTo go ahead, call again with \
         `confirm_deletion: true`.\n",
        start.kind.kind,
        place(start)
    )
}

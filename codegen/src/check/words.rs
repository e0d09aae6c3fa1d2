//! Titles and descriptions: what models choose tools and arguments by.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Sink};
use crate::load::Name;
use crate::lowered::Effect;
use crate::syntax::{Param, ParamDecl, Tool, Value, ValueField, Verb};

/// Longest title, in characters: clients show it on one line.
const MAX_TITLE: usize = 60;

/// Longest description of a tool, in characters; some clients cut at 1,024 bytes or a little above.
const MAX_TOOL_ABOUT: usize = 1200;

/// Longest description of a parameter, in characters.
const MAX_PARAM_ABOUT: usize = 400;

/// Words that stand for a text that is not written yet.
const PLACEHOLDERS: &[&str] = &["TODO", "TBD", "FIXME", "XXX", "WIP"];

/// Verbs that say that something is created or changed.
const CHANGES: &[&str] = &[
    "add",
    "adjust",
    "adopt",
    "alter",
    "apply",
    "ask",
    "assign",
    "attach",
    "back",
    "begin",
    "bootstrap",
    "cancel",
    "change",
    "configure",
    "convert",
    "copy",
    "create",
    "declare",
    "detach",
    "disable",
    "edit",
    "enable",
    "expand",
    "extend",
    "fail",
    "fence",
    "give",
    "grant",
    "grow",
    "hibernate",
    "import",
    "increase",
    "initiate",
    "install",
    "label",
    "launch",
    "lower",
    "make",
    "migrate",
    "modify",
    "move",
    "paint",
    "patch",
    "pause",
    "perform",
    "promote",
    "provision",
    "put",
    "raise",
    "rebuild",
    "recover",
    "reduce",
    "rehydrate",
    "reload",
    "rename",
    "replace",
    "request",
    "reset",
    "resize",
    "restart",
    "restore",
    "resume",
    "revoke",
    "rotate",
    "save",
    "scale",
    "schedule",
    "set",
    "shrink",
    "start",
    "stop",
    "suspend",
    "switch",
    "take",
    "trigger",
    "turn",
    "unfence",
    "update",
    "upgrade",
    "wake",
    "write",
];

/// Verbs that say that something is gone afterwards.
const DESTROYS: &[&str] =
    &["delete", "destroy", "discard", "drop", "erase", "lose", "purge", "remove", "revoke", "terminate", "wipe"];

/// Words that say the same without a verb.
const FOR_GOOD: &[&str] =
    &["deletion", "destructive", "irreversible", "irreversibly", "lost", "permanently", "removal"];

/// Warns of what is said of a tool.
pub(super) fn tool_words(tool: &Tool, sink: &mut Sink) {
    long(&tool.title, "the title", MAX_TITLE, sink);
    long(&tool.about, "the description of the tool", MAX_TOOL_ABOUT, sink);
    for (text, what) in [(&tool.title, "the title"), (&tool.about, "the description of the tool")] {
        placeholder(text, what, sink);
    }
    let about = simple(&tool.about.text);
    if about == simple(&tool.title.text) || about == simple(&tool.name.text) {
        sink.warning(Code::Placeholder, tool.about.span, "the description says no more than the title or name")
            .help("say what the tool does, to what, and what the answer tells");
    }
    silent_effect(tool, sink);
    for param in tool.params.iter().flat_map(ParamDecl::params) {
        param_words(param, sink);
    }
    same_words(tool, sink);
    for step in &tool.steps {
        if let Verb::Let(value) = &step.verb {
            field_words(value, sink);
        }
    }
    for field in &tool.output {
        described_field(field, sink);
    }
    for example in &tool.examples {
        if let Some(title) = &example.title {
            placeholder(title, "the title of an example", sink);
        }
    }
}

/// Warns of what is said of a field, and of those inside it.
fn described_field(field: &ValueField, sink: &mut Sink) {
    if let Some(about) = &field.about {
        placeholder(about, &format!("the description of `{}`", field.key.text), sink);
    }
    field_words(&field.value, sink);
}

fn field_words(value: &Value, sink: &mut Sink) {
    match value {
        Value::Object(fields, _) => fields.iter().for_each(|field| described_field(field, sink)),
        Value::List(items, _) => items.iter().for_each(|item| field_words(item, sink)),
        Value::Each(each) => each.map.iter().for_each(|map| field_words(map, sink)),
        Value::When(parts, _) => field_words(&parts.1, sink),
        Value::Scalar(_) | Value::Null(_) => {}
    }
}

/// Warns of what is said of a parameter.
pub fn param_words(param: &Param, sink: &mut Sink) {
    let what = format!("the description of parameter `{}`", param.name.text);
    long(&param.about, &what, MAX_PARAM_ABOUT, sink);
    placeholder(&param.about, &what, sink);
}

fn long(text: &Name, what: &str, most: usize, sink: &mut Sink) {
    let length = text.text.trim().chars().count();
    if length > most {
        sink.warning(Code::LongText, text.span, format!("{what} has {length} characters"))
            .help(format!("at most {most}: models read all of them before each choice"));
    }
}

fn placeholder(text: &Name, what: &str, sink: &mut Sink) {
    let mut words = text.text.split(|c: char| !c.is_alphanumeric());
    let found = words.find(|word| PLACEHOLDERS.contains(word)).map(str::to_owned);
    let lorem = text.text.to_lowercase().contains("lorem ipsum").then(|| "lorem ipsum".to_owned());
    if let Some(word) = found.or(lorem) {
        sink.warning(Code::Placeholder, text.span, format!("{what} is a placeholder: `{word}`"))
            .help("write it: models choose by these words");
    } else if !text.text.chars().any(char::is_alphanumeric) {
        sink.warning(Code::Placeholder, text.span, format!("{what} has no word"))
            .help("write it: models choose by these words");
    }
}

/// A description that does not say what the tool does to the world.
fn silent_effect(tool: &Tool, sink: &mut Sink) {
    let text = tool.about.text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let says = |verbs: &[&str]| words.iter().any(|word| verbs.iter().any(|verb| is_form(word, verb)));
    let gone = says(DESTROYS) || words.iter().any(|word| FOR_GOOD.contains(word));
    let (effect, span) = tool.effect;
    let (said, does, help) = match effect {
        Effect::Read => return,
        Effect::Write => (
            gone || says(CHANGES),
            "creates or changes something",
            "begin with a verb that says so: create, change, add, scale, restart, …",
        ),
        Effect::Destroy => {
            (gone, "deletes something", "say it: delete, remove, drop, …, and what cannot be brought back")
        }
    };
    if !said {
        sink.warning(Code::SilentEffect, tool.about.span, format!("the description does not say that the tool {does}"))
            .see(span, "its effect")
            .help(help);
    }
}

/// Whether a word is a form of a verb: `create`, `creates`, `created`, `creating`; `dropped`; `copies`.
fn is_form(word: &str, verb: &str) -> bool {
    let stem = verb.strip_suffix('e').or(verb.strip_suffix('y')).unwrap_or(verb);
    let Some(rest) = word.strip_prefix(verb).or_else(|| word.strip_prefix(stem)) else { return false };
    let doubled = verb.chars().last().and_then(|last| rest.strip_prefix(last));
    let is_ending = |ending: &str| matches!(ending, "s" | "es" | "d" | "ed" | "ing" | "ies" | "ied");
    word == verb || is_ending(rest) || doubled.is_some_and(|ending| matches!(ending, "ed" | "ing"))
}

/// Two parameters that are described alike.
fn same_words(tool: &Tool, sink: &mut Sink) {
    let mut said: BTreeMap<String, &Param> = BTreeMap::new();
    for param in tool.params.iter().flat_map(ParamDecl::params) {
        if let Some(first) = said.get(&simple(&param.about.text)) {
            sink.warning(
                Code::SameText,
                param.about.span,
                format!("parameters `{}` and `{}` are described alike", first.name.text, param.name.text),
            )
            .see(first.about.span, "the same words")
            .help("say in which they differ");
        } else {
            said.insert(simple(&param.about.text), param);
        }
    }
}

/// A text without case, signs and spaces.
pub(super) fn simple(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        words.push(word.to_lowercase());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_verbs() {
        for (word, verb) in [
            ("create", "create"),
            ("creates", "create"),
            ("created", "create"),
            ("creating", "create"),
            ("dropped", "drop"),
            ("stopping", "stop"),
            ("copies", "copy"),
            ("applied", "apply"),
            ("switches", "switch"),
        ] {
            assert!(is_form(word, verb), "{word} {verb}");
        }
        for (word, verb) in [("settings", "set"), ("address", "add"), ("addition", "add"), ("start", "stop")] {
            assert!(!is_form(word, verb), "{word} {verb}");
        }
    }
}

//! Steps: the verb, its clauses, and shared steps taken in by `use`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::reader::{Reader, Reading};
use super::tool::OUTCOMES;
use super::value::{Fields, read_each, read_newest, read_page, read_scalars, read_value};
use super::{Create, Edit, List, Object, Patch, Progress, Read, Require, Scalar, Step, Value, Verb, Wait};
use crate::diagnostic::{Code, nearest};
use crate::load::{Name, Node, NodeKind};
use crate::lowered::{AdviceOn, Undo};

/// What `steps.yaml` has.
#[derive(Debug, Default)]
pub struct SharedSteps {
    lists: BTreeMap<String, SharedList>,
    /// Lists that could not be read, with the results that they would give: their names are not spoken of again.
    broken: BTreeMap<String, Vec<Name>>,
    /// Whether more is missing than can be named.
    unreadable: bool,
    /// Lists that were taken in.
    used: RefCell<BTreeSet<String>>,
}

#[derive(Debug)]
struct SharedList {
    name: Name,
    steps: Vec<Step>,
}

impl SharedSteps {
    /// Lists that nobody took in.
    pub fn unused(&self) -> impl Iterator<Item = &Name> {
        let used = self.used.borrow().clone();
        self.lists.values().map(|list| &list.name).filter(move |name| !used.contains(&name.text))
    }

    /// The steps of a list; `None` where there is no such list, which is said.
    fn take(&self, name: &Name, cx: &mut Reading<'_>) -> Option<&[Step]> {
        if let Some(list) = self.lists.get(&name.text) {
            self.used.borrow_mut().insert(name.text.clone());
            return Some(&list.steps);
        }
        if let Some(lost) = self.broken.get(&name.text) {
            cx.passed_over += 1;
            cx.lost.extend(lost.iter().cloned());
            return None;
        }
        if self.unreadable {
            cx.passed_over += 1;
            return None;
        }
        cx.sink
            .error(Code::UnknownShared, name.span, format!("there are no shared steps `{}`", name.text))
            .suggest(&name.text, self.lists.keys().map(String::as_str));
        None
    }
}

const VERBS: &[&str] =
    &["get", "list", "read", "create", "patch", "edit", "delete", "wait", "require", "let", "warn", "stop", "confirm"];

pub const ADVICE: &[(&str, AdviceOn)] = &[
    ("forbidden", AdviceOn::Forbidden),
    ("not_found", AdviceOn::NotFound),
    ("already_exists", AdviceOn::AlreadyExists),
    ("conflict", AdviceOn::Conflict),
    ("invalid", AdviceOn::Invalid),
];

/// What takes a step back.
pub const UNDO: &[(&str, Undo)] = &[("delete", Undo::Delete), ("restore", Undo::Restore)];

/// Reads `steps.yaml`; `unreadable` where it is there and is no YAML.
pub fn read_shared_steps(node: Option<&Node>, unreadable: bool, cx: &mut Reading<'_>) -> SharedSteps {
    let mut shared = SharedSteps { unreadable, ..SharedSteps::default() };
    let Some(node) = node else { return shared };
    let Some(reader) = Reader::new(node, "the file of shared steps", cx) else {
        shared.unreadable = true;
        return shared;
    };
    let lists = reader.need("steps", cx);
    shared.unreadable |= !lists.is_some_and(|lists| matches!(lists.kind, NodeKind::Map(_)));
    let Some(lists) = lists else {
        reader.finish(cx);
        return shared;
    };
    for entry in super::entries(lists, "`steps`", cx) {
        let name = &entry.key;
        let (mark, passed_over) = (cx.sink.mark(), cx.passed_over);
        cx.lost.clear();
        // Shared steps may take in those that stand before them.
        let steps = read_steps(&entry.value, &shared, cx);
        if cx.sink.mark() > mark || cx.passed_over > passed_over {
            let mut lost = std::mem::take(&mut cx.lost);
            lost.extend(steps.into_iter().filter_map(|step| step.binding));
            shared.broken.insert(name.text.clone(), lost);
        } else {
            shared.lists.insert(name.text.clone(), SharedList { name: name.clone(), steps });
        }
    }
    reader.finish(cx);
    shared
}

/// Reads a list of steps, shared ones taken in.
pub fn read_steps(node: &Node, shared: &SharedSteps, cx: &mut Reading<'_>) -> Vec<Step> {
    let mut found = Vec::new();
    for item in super::elements(node, "`steps`", cx) {
        let Some(reader) = Reader::new(item, "a step", cx) else { continue };
        if reader.has("use") {
            if let Some(name) = reader.text("use", cx)
                && let Some(steps) = shared.take(&name, cx)
            {
                found.extend(steps.iter().map(|step| Step { taken_in_at: Some(name.span), ..step.clone() }));
            }
            reader.finish(cx);
        } else {
            let step = read_step(reader, cx);
            if step.is_none() {
                // Which of the keys was meant as the verb is not known: any of them may give a name.
                for key in VERBS.iter().filter(|verb| !matches!(**verb, "require" | "warn" | "stop" | "confirm")) {
                    if let Some(Node { kind: NodeKind::Text(text), span }) = item.get(key) {
                        cx.lost.push(Name { text: text.clone(), span: *span });
                    }
                }
            }
            found.extend(step);
        }
    }
    found
}

fn verb_of(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Name> {
    let found: Vec<&Name> = reader.keys().filter(|key| VERBS.contains(&key.text.as_str())).collect();
    let edits = found.iter().any(|key| key.text == "edit");
    let verbs: Vec<&Name> =
        found.into_iter().filter(|key| !(edits && matches!(key.text.as_str(), "list" | "require"))).collect();
    match verbs.as_slice() {
        [one] => Some((*one).clone()),
        [first, second, ..] => {
            cx.sink
                .error(
                    Code::UnknownVerb,
                    second.span,
                    format!("a step has two verbs, `{}` and `{}`", first.text, second.text),
                )
                .label("second verb")
                .see(first.span, "first verb")
                .help("make two steps of it");
            None
        }
        [] => {
            let keys: Vec<&Name> = reader.keys().collect();
            let near = keys.iter().find_map(|key| nearest(&key.text, VERBS.iter().copied()).map(|verb| (key, verb)));
            let error = cx.sink.error(
                Code::UnknownVerb,
                near.map(|(key, _)| key.span).or(keys.first().map(|key| key.span)).unwrap_or(reader.span()),
                "a step has no verb",
            );
            match near {
                Some((_, verb)) => error.help(format!("did you mean `{verb}`?")),
                None => error.help(format!("a step has one of: {}, use", VERBS.join(", "))),
            };
            None
        }
    }
}

fn read_step(reader: Reader<'_>, cx: &mut Reading<'_>) -> Option<Step> {
    let verb_name = verb_of(&reader, cx)?;
    let mut when = reader.scalar("when", cx);
    let forbidden = reader.scalar("forbidden", cx);
    let missing_ok = reader.word("missing", &[("ok", ())], cx).map(|((), span)| span);
    let undo = reader.word("undo", UNDO, cx);
    let advice = read_advice(&reader, cx);
    let mut binding = None;
    let verb = match verb_name.text.as_str() {
        "get" => {
            binding = reader.text("get", cx);
            read_object(&reader, cx).map(Verb::Get)
        }
        "list" => {
            binding = reader.text("list", cx);
            read_list(&reader, cx)
        }
        "read" => {
            binding = reader.text("read", cx);
            read_text(&reader, cx)
        }
        "create" => {
            binding = reader.text("create", cx);
            read_create(&reader, cx)
        }
        "patch" => {
            binding = reader.text("patch", cx);
            Some(read_patch(&reader, cx))
        }
        "edit" => {
            binding = reader.text("edit", cx);
            read_edit(&reader, cx)
        }
        "delete" => {
            binding = reader.text("delete", cx);
            match reader.scalar("each", cx) {
                Some(each) => Some(Verb::DeleteEach { each }),
                None => Some(Verb::Delete { target: read_target(&reader, cx) }),
            }
        }
        "wait" => {
            binding = reader.text("wait", cx);
            read_wait(&reader, cx)
        }
        "require" => reader.need("require", cx).and_then(|node| read_require(node, cx)).map(Verb::Require),
        "let" => {
            binding = reader.text("let", cx);
            read_let(&reader, cx)
        }
        "warn" => reader.need_scalar("warn", cx).map(Verb::Warn),
        "stop" => read_stop(&reader, cx),
        _ => read_confirm(&reader, when.take(), cx),
    };
    reader.finish(cx);
    if let Some(name) = &binding {
        super::check_variable(name, "a result", cx);
    }
    Some(Step {
        span: verb_name.span,
        taken_in_at: None,
        when,
        binding,
        verb: verb?,
        verb_span: verb_name.span,
        missing_ok,
        forbidden,
        advice,
        undo,
    })
}

fn read_advice(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Vec<(AdviceOn, Scalar)> {
    let Some(node) = reader.get("advice") else { return Vec::new() };
    let mut found = Vec::new();
    for entry in super::entries(node, "`advice`", cx) {
        let on = super::word(&entry.key, "advice", ADVICE, cx);
        let text = cx.says_something(&entry.value, &entry.key.text).and_then(|()| cx.scalar(&entry.value, "advice"));
        if let (Some(on), Some(text)) = (on, text) {
            found.push((on, text));
        }
    }
    found
}

fn read_object(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Object> {
    let kind = reader.need_text("kind", cx);
    let name = reader.need_scalar("name", cx);
    let namespace = reader.scalar("namespace", cx);
    Some(Object { kind: kind?, name: name?, namespace })
}

/// `kind` and `name` where the object is not a binding.
fn read_target(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Object> {
    if reader.has("kind") || reader.has("name") || reader.has("namespace") { read_object(reader, cx) } else { None }
}

fn read_list(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Verb> {
    let kind = reader.need_text("kind", cx);
    let namespace = reader.scalar("namespace", cx);
    let all_namespaces = reader.scalar("all_namespaces", cx);
    let labels = read_scalars(reader, "labels", cx);
    let fields = read_scalars(reader, "fields", cx);
    let keep = reader.scalar("keep", cx);
    let newest = read_newest(reader, cx);
    let page = read_page(reader, cx);
    Some(Verb::List(Box::new(List { kind: kind?, namespace, all_namespaces, labels, fields, keep, newest, page })))
}

fn read_create(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Verb> {
    let object = read_object(reader, cx);
    let owner = reader.text("owner", cx);
    let labels = read_scalars(reader, "labels", cx);
    let annotations = read_scalars(reader, "annotations", cx);
    let body = reader.get("body").and_then(|node| read_value(node, "`body`", Fields::Plain, cx));
    let existing = reader.get("existing").and_then(|node| {
        let inner = Reader::new(node, "`existing`", cx)?;
        let adopt = inner.need_scalar("adopt", cx);
        let otherwise = inner.scalar("otherwise", cx);
        inner.finish(cx);
        Some((adopt?, otherwise))
    });
    Some(Verb::Create(Box::new(Create { object: object?, owner, labels, annotations, body, existing })))
}

fn read_patch(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Verb {
    let target = read_target(reader, cx);
    let status = reader.word("subresource", &[("status", ())], cx).map(|((), span)| span);
    let labels = read_scalars(reader, "labels", cx);
    let annotations = read_scalars(reader, "annotations", cx);
    let metadata = reader.has("labels") || reader.has("annotations");
    let set = if metadata { reader.get("set") } else { reader.need("set", cx) };
    let set = set.and_then(|node| read_value(node, "`set`", Fields::Plain, cx));
    Verb::Patch(Box::new(Patch { target, status, labels, annotations, set }))
}

/// A text that belongs to an object, such as the log of a Pod.
fn read_text(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Verb> {
    let object = read_object(reader, cx);
    let subresource = reader.need_text("subresource", cx);
    let query = read_scalars(reader, "query", cx);
    let max_bytes = reader.need_scalar("max_bytes", cx);
    Some(Verb::Read(Box::new(Read { object: object?, subresource: subresource?, query, max_bytes: max_bytes? })))
}

fn read_edit(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Verb> {
    let target = read_target(reader, cx);
    let list = reader.need_text("list", cx);
    let key_span = reader.need("key", cx).map(|node| node.span);
    let key = read_scalars(reader, "key", cx);
    let require = reader.get("require").and_then(|node| read_require(node, cx));
    let value = |key: &'static str, cx: &mut Reading<'_>| -> Option<Value> {
        reader.get(key).and_then(|node| read_value(node, &format!("`{key}`"), Fields::Plain, cx))
    };
    let put = value("put", cx);
    let set = value("set", cx);
    let remove = reader.texts("remove", cx);
    Some(Verb::Edit(Box::new(Edit { target, list: list?, key, key_span: key_span?, require, put, set, remove })))
}

fn read_wait(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Verb> {
    let target = read_target(reader, cx);
    let after = reader.scalar("after", cx);
    let until = reader.need_scalar("until", cx);
    let fail = reader.get("fail").and_then(|node| {
        let inner = Reader::new(node, "`fail`", cx)?;
        let when = inner.need_scalar("when", cx);
        let message = inner.need_scalar("message", cx);
        inner.finish(cx);
        Some((when?, message?))
    });
    let timeout = reader.scalar("timeout", cx);
    if !reader.has("timeout") {
        cx.sink
            .error(Code::TimeoutMissing, reader.span(), "a wait has no `timeout`")
            .help("say how long to wait at most, in seconds: `timeout: \"{{ timeout }}\"`");
    }
    let progress = reader.get("progress").and_then(|node| {
        let inner = Reader::new(node, "`progress`", cx)?;
        let done = inner.need_scalar("done", cx);
        let of = inner.need_scalar("of", cx);
        let say = inner.need_scalar("say", cx);
        inner.finish(cx);
        Some(Progress { done: done?, of: of?, say: say? })
    });
    Some(Verb::Wait(Box::new(Wait { target, after, until: until?, fail, timeout: timeout?, progress })))
}

fn read_require(node: &Node, cx: &mut Reading<'_>) -> Option<Require> {
    let reader = Reader::new(node, "`require`", cx)?;
    let that = reader.need_scalar("that", cx);
    let otherwise = reader.need_scalar("otherwise", cx);
    let parameter = reader.text("parameter", cx);
    reader.finish(cx);
    Some(Require { that: that?, otherwise: otherwise?, parameter })
}

fn read_let(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Verb> {
    match (reader.get("be"), reader.has("each")) {
        (Some(node), true) => {
            cx.sink
                .error(Code::Clause, node.span, "a `let` has both `be` and `each`")
                .help("`be` names one value, `each` goes through a list: keep one of them");
            None
        }
        (Some(node), false) => read_value(node, "`be`", Fields::Described, cx).map(Verb::Let),
        (None, true) => read_each(reader, Fields::Described, cx).map(|each| Verb::Let(Value::Each(Box::new(each)))),
        (None, false) => {
            cx.sink
                .error(Code::MissingKey, reader.span(), "a `let` has neither `be` nor `each`")
                .help("`be: \"{{ … }}\"` names a value, `each: \"{{ … }}\"` goes through a list");
            None
        }
    }
}

fn read_stop(reader: &Reader<'_>, cx: &mut Reading<'_>) -> Option<Verb> {
    let inner = Reader::new(reader.need("stop", cx)?, "`stop`", cx)?;
    let when = inner.need_scalar("when", cx);
    let outcome = inner.need("outcome", cx).and_then(|_| inner.word("outcome", OUTCOMES, cx));
    inner.finish(cx);
    Some(Verb::Stop { when: when?, outcome: outcome?.0 })
}

/// `when` beside `confirm` means the same as inside it.
fn read_confirm(reader: &Reader<'_>, outer: Option<Scalar>, cx: &mut Reading<'_>) -> Option<Verb> {
    let node = reader.need("confirm", cx)?;
    if !matches!(node.kind, NodeKind::Map(_)) {
        cx.wrong_shape(node, "`confirm`", "a mapping of `by`, `plan` and, where wanted, `when`");
        return None;
    }
    let inner = Reader::new(node, "`confirm`", cx)?;
    let by = inner.need_text("by", cx);
    let plan = inner.need_text("plan", cx);
    let when = inner.scalar("when", cx);
    inner.finish(cx);
    if let (Some(when), Some(outer)) = (&when, &outer) {
        cx.sink
            .error(Code::Clause, outer.span, "a `confirm` has two conditions")
            .see(when.span, "the other one")
            .help("join them by `and`");
    }
    Some(Verb::Confirm { by: by?, plan: plan?, when: when.or(outer) })
}

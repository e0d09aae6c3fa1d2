//! Going through the expressions of a tool.

use crate::lowered::{
    Body, BodyEntry, Comprehension, Expr, ExprKind, Get, Let, LocalId, ParamDefault, Step, Target, Tool, Verb,
};

/// Every expression of a tool, outer before inner.
pub fn tool<'t>(tool: &'t Tool, see: &mut impl FnMut(&'t Expr)) {
    for param in &tool.params {
        if let Some(ParamDefault::Computed(default)) = &param.default {
            expr(default, see);
        }
    }
    for one in &tool.steps {
        step(one, see);
    }
    for field in &tool.output {
        expr(&field.value, see);
    }
}

/// Every expression of a step, outer before inner.
pub fn step<'t>(step: &'t Step, see: &mut impl FnMut(&'t Expr)) {
    let mut top = Vec::new();
    step_expressions(step, &mut top);
    for one in top {
        expr(one, see);
    }
}

/// The outermost expressions of a step.
pub fn top<'t>(step: &'t Step, see: &mut impl FnMut(&'t Expr)) {
    let mut top = Vec::new();
    step_expressions(step, &mut top);
    top.into_iter().for_each(see);
}

fn step_expressions<'t>(step: &'t Step, top: &mut Vec<&'t Expr>) {
    top.extend(&step.when);
    top.extend(&step.forbidden_note);
    top.extend(step.advice.iter().map(|advice| &advice.text));
    match &step.verb {
        Verb::Get(get) => get_expressions(get, top),
        Verb::List(list) => {
            top.extend(&list.namespace);
            top.extend(&list.all_namespaces);
            top.extend(list.labels.iter().chain(&list.fields).map(|(_, value)| value));
            top.extend(&list.keep);
            if let Some(newest) = &list.newest {
                top.extend([&newest.count, &newest.by]);
            }
            if let Some(page) = &list.page {
                top.extend(&page.by);
            }
        }
        Verb::Create(create) => {
            top.extend(&create.namespace);
            top.push(&create.name);
            top.extend(create.labels.iter().chain(&create.annotations).map(|(_, value)| value));
            body_expressions(&create.body, top);
            if let Some(existing) = &create.existing {
                top.push(&existing.adopt);
                top.extend(&existing.otherwise);
            }
        }
        Verb::Read(read) => {
            get_expressions(&read.object, top);
            top.extend(read.query.iter().map(|(_, value)| value));
            top.push(&read.max_bytes);
        }
        Verb::Patch(patch) => {
            target_expressions(&patch.target, top);
            top.extend(patch.labels.iter().chain(&patch.annotations).map(|(_, value)| value));
            body_expressions(&patch.set, top);
        }
        Verb::Edit(edit) => {
            target_expressions(&edit.target, top);
            top.extend(edit.key.iter().map(|(_, value)| value));
            if let Some(require) = &edit.require {
                top.extend([&require.that, &require.otherwise]);
            }
            for body in edit.put.iter().chain(&edit.set) {
                body_expressions(body, top);
            }
        }
        Verb::Delete(delete) => target_expressions(&delete.target, top),
        Verb::DeleteEach(delete) => top.push(&delete.each),
        Verb::Wait(wait) => {
            target_expressions(&wait.target, top);
            top.extend(&wait.after);
            top.extend([&wait.until, &wait.timeout]);
            if let Some(fail) = &wait.fail {
                top.extend([&fail.when, &fail.message]);
            }
            if let Some(progress) = &wait.progress {
                top.extend([&progress.done, &progress.of, &progress.say]);
            }
        }
        Verb::Require(require) => top.extend([&require.that, &require.otherwise]),
        Verb::Let(Let::Be(value)) => top.push(value),
        Verb::Let(Let::Each(comprehension)) => comprehension_expressions(comprehension, top),
        Verb::Warn(text) => top.push(text),
        Verb::Stop(end) => top.push(&end.when),
        Verb::Confirm(confirm) => top.extend(&confirm.when),
    }
}

fn get_expressions<'t>(get: &'t Get, top: &mut Vec<&'t Expr>) {
    top.push(&get.name);
    top.extend(&get.namespace);
}

fn target_expressions<'t>(target: &'t Target, top: &mut Vec<&'t Expr>) {
    if let Target::Named(get) = target {
        get_expressions(get, top);
    }
}

fn body_expressions<'t>(body: &'t Body, top: &mut Vec<&'t Expr>) {
    match body {
        Body::Object(entries) => {
            for entry in entries {
                match entry {
                    BodyEntry::Key(_, value) => body_expressions(value, top),
                    BodyEntry::Spread(group) => top.push(group),
                }
            }
        }
        Body::List(elements) => elements.iter().for_each(|element| body_expressions(element, top)),
        Body::Value(value) => top.push(value),
        Body::When(condition, then) => {
            top.push(condition);
            body_expressions(then, top);
        }
        Body::Null => {}
    }
}

fn comprehension_expressions<'t>(comprehension: &'t Comprehension, top: &mut Vec<&'t Expr>) {
    top.push(&comprehension.source);
    top.extend(&comprehension.keep);
    top.extend(&comprehension.map);
    if let Some(newest) = &comprehension.newest {
        top.extend([&newest.count, &newest.by]);
    }
    if let Some(page) = &comprehension.page {
        top.extend(&page.by);
    }
}

/// An expression and everything in it, outer before inner.
pub fn expr<'t>(root: &'t Expr, see: &mut impl FnMut(&'t Expr)) {
    let mut waiting = vec![root];
    while let Some(next) = waiting.pop() {
        see(next);
        let mut inner = Vec::new();
        children(next, &mut |child| inner.push(child));
        waiting.extend(inner.into_iter().rev());
    }
}

/// The expressions directly inside one.
pub fn children<'t>(expr: &'t Expr, see: &mut impl FnMut(&'t Expr)) {
    match &expr.kind {
        ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::String(_)
        | ExprKind::Local(_)
        | ExprKind::IsGiven(_) => {}
        ExprKind::Concat(parts) | ExprKind::List(parts) => parts.iter().for_each(see),
        ExprKind::Field { of, .. } | ExprKind::Unary(_, of) | ExprKind::IsSet(of) | ExprKind::Widen(of) => see(of),
        ExprKind::Index { of, key } => {
            see(of);
            see(key);
        }
        ExprKind::Binary(_, left, right) => {
            see(left);
            see(right);
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            see(condition);
            see(then);
            see(otherwise);
        }
        ExprKind::IfSet { subject, then, otherwise, .. } => {
            see(subject);
            see(then);
            see(otherwise);
        }
        ExprKind::Default { of, fallback } => {
            see(of);
            see(fallback);
        }
        ExprKind::Call { args, .. } => args.iter().for_each(see),
        ExprKind::Comprehension(comprehension) => {
            let mut inner = Vec::new();
            comprehension_expressions(comprehension, &mut inner);
            inner.into_iter().for_each(see);
        }
        ExprKind::Object { fields, .. } => fields.iter().for_each(|(_, value)| see(value)),
        ExprKind::When { set, condition, then, otherwise } => {
            for (subject, _) in set {
                see(subject);
            }
            if let Some(condition) = condition {
                see(condition);
            }
            see(then);
            if let Some(otherwise) = otherwise {
                see(otherwise);
            }
        }
    }
}

/// The bindings that a step works on by name: its target, the owner, what it finds set, what it deletes
/// later (a `confirm` shows it).
pub fn targets(step: &Step, see: &mut impl FnMut(LocalId)) {
    step.narrows.iter().for_each(|(old, _)| see(*old));
    let target = match &step.verb {
        Verb::Patch(patch) => Some(&patch.target),
        Verb::Edit(edit) => Some(&edit.target),
        Verb::Delete(delete) => Some(&delete.target),
        Verb::Wait(wait) => Some(&wait.target),
        _ => None,
    };
    if let Some(Target::Bound(local)) = target {
        see(*local);
    }
    match &step.verb {
        Verb::Create(create) => create.owner.into_iter().for_each(see),
        Verb::Require(require) => require.narrows.iter().for_each(|(old, _)| see(*old)),
        Verb::Confirm(confirm) => see(confirm.by),
        _ => {}
    }
}

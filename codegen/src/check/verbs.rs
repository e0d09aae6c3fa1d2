//! Verbs: kinds and bindings looked up, expressions typed.

use super::Lowering;
use crate::diagnostic::Code;
use crate::expression::Context;
use crate::load::Name;
use crate::lowered::{
    Confirm, Create, Delete, DeleteEach, Existing, Expr, ExprKind, Let, List, LocalId, LocalKind, Meaning, Progress,
    Require, Stop, Target, Verb, Wait, WaitFailure,
};
use crate::source::Span;
use crate::syntax::{self, Scalar, Value};
use crate::types::{KindId, Type};

/// What a step gives to those that follow.
pub(super) struct Given {
    pub ty: Option<Type>,
    pub kind: LocalKind,
    /// Whether the step does something even where its result is not looked at.
    pub acts: bool,
}

impl Lowering<'_> {
    /// Lowers a verb. `bound` says whether the step's name was there before it.
    pub(super) fn verb(&mut self, step: &syntax::Step, bound: bool) -> Option<(Verb, Given)> {
        let nothing = || Given { ty: None, kind: LocalKind::Value, acts: true };
        match &step.verb {
            syntax::Verb::Get(object) => {
                let get = self.object(object)?;
                // To read an object is to ask that it is there, unless it may be missing.
                let result = self.resource(get.kind, step.missing_ok.is_none());
                Some((Verb::Get(get), result))
            }
            syntax::Verb::List(list) => self.list(list),
            syntax::Verb::Create(create) => self.create(create),
            syntax::Verb::Read(read) => self.read_text(read),
            syntax::Verb::Patch(patch) => {
                let (kind, target) = self.target(step, patch.target.as_ref(), bound)?;
                let result = self.resource(kind, true);
                self.patch(patch, kind, target).map(|patch| (Verb::Patch(patch), result))
            }
            syntax::Verb::Edit(edit) => {
                let (kind, target) = self.target(step, edit.target.as_ref(), bound)?;
                let result = self.resource(kind, true);
                self.edit(edit, kind, target).map(|edit| (Verb::Edit(Box::new(edit)), result))
            }
            syntax::Verb::Delete { target } => {
                let (kind, target) = self.target(step, target.as_ref(), bound)?;
                Some((Verb::Delete(Delete { kind, target }), nothing()))
            }
            syntax::Verb::DeleteEach { each } => {
                let each = self.typer.scalar(each, None)?;
                let kind = match &each.ty {
                    Type::List(inner) => self.kind_of(inner),
                    _ => None,
                };
                let Some(kind) = kind else {
                    self.typer
                        .sink
                        .error(
                            Code::TypeMismatch,
                            each.span,
                            "`each` of a delete goes through a list of objects of a kind",
                        )
                        .help("name the result of a `list` step");
                    return None;
                };
                let object = crate::kinds::delete_result(self.typer.types);
                let result = Given { ty: Some(Type::Object(object)), kind: LocalKind::Value, acts: true };
                Some((Verb::DeleteEach(DeleteEach { kind, each }), result))
            }
            syntax::Verb::Wait(wait) => {
                let (kind, target) = self.target(step, wait.target.as_ref(), bound)?;
                let result = self.resource(kind, true);
                self.wait(wait, kind, target).map(|wait| (Verb::Wait(Box::new(wait)), result))
            }
            syntax::Verb::Require(require) => {
                let lowered = self.require(require);
                let narrows = if step.when.is_none() {
                    let mark = self.typer.scope.mark();
                    let narrows = self.narrows(&require.that);
                    self.typer.scope.reset(mark);
                    narrows
                } else {
                    Vec::new()
                };
                lowered.map(|require| (Verb::Require(Require { narrows, ..require }), nothing()))
            }
            syntax::Verb::Let(value) => {
                self.typer.context = Context::Let;
                let result = self.let_value(value, step.binding.as_ref());
                self.typer.context = Context::Mapping;
                let (value, ty) = result?;
                Some((Verb::Let(value), Given { ty: Some(ty), kind: LocalKind::Value, acts: false }))
            }
            syntax::Verb::Warn(text) => {
                self.typer.scalar_of(text, &Type::String).map(|text| (Verb::Warn(text), nothing()))
            }
            syntax::Verb::Stop { when, outcome } => {
                let when = self.typer.scalar_condition(when)?;
                Some((Verb::Stop(Stop { when, outcome: *outcome }), nothing()))
            }
            syntax::Verb::Confirm { by, plan, when } => {
                self.confirm(by, plan, when.as_ref()).map(|verb| (verb, nothing()))
            }
        }
    }

    fn list(&mut self, list: &syntax::List) -> Option<(Verb, Given)> {
        let kind = self.shared.kinds.find(&list.kind, self.typer.sink);
        let namespace = kind.and_then(|kind| self.namespace(kind, list.namespace.as_ref(), &list.kind));
        let all_namespaces = list.all_namespaces.as_ref().map(|all| self.typer.scalar_bool(all));
        let labels = self.strings(&list.labels);
        let fields = self.strings(&list.fields);
        let kind = kind?;
        let object = Type::Object(self.shared.kinds.kind(kind).object);
        let mark = self.typer.scope.mark();
        let item = self.typer.local("item", object.clone(), LocalKind::Item);
        self.typer.scope.declare("item", item, Some(object.clone()));
        let keep = list.keep.as_ref().map(|keep| self.typer.scalar_condition(keep));
        let newest = list.newest.as_ref().map(|newest| self.typer.newest(newest, item));
        self.typer.scope.reset(mark);
        let page = list.page.as_ref().map(|page| self.typer.page(page, None, false));
        if let (Some(newest), Some(page)) = (&list.newest, &list.page) {
            self.typer
                .sink
                .error(
                    Code::Clause,
                    page.span,
                    "`newest` and `page` exclude each other: the newest ones have no next page",
                )
                .see(newest.count.span, "newest");
            return None;
        }
        if let Some(page) = &list.page {
            self.take_page(page.span);
        }
        let list = List {
            kind,
            namespace: namespace?,
            all_namespaces: flat(all_namespaces)?,
            labels: labels?,
            fields: fields?,
            item,
            keep: flat(keep)?,
            newest: flat(newest)?,
            page: flat(page)?,
        };
        let result = Given { ty: Some(Type::List(Box::new(object))), kind: LocalKind::Value, acts: false };
        Some((Verb::List(list), result))
    }

    /// Notes that the step's result is a page; its local comes when it is bound.
    fn take_page(&mut self, span: Span) {
        if let Some((_, first)) = self.paged {
            self.typer
                .sink
                .error(Code::Paging, span, "a tool pages one list alone: there is one cursor")
                .see(first, "the first page");
        } else {
            self.paged = Some((LocalId(usize::MAX), span));
        }
    }

    /// Names with string values: labels, annotations, selectors.
    pub(super) fn strings(&mut self, entries: &[(Name, Scalar)]) -> Option<Vec<(String, Expr)>> {
        let typed: Vec<Option<_>> = entries
            .iter()
            .map(|(name, value)| self.typer.scalar_of(value, &Type::String).map(|value| (name.text.clone(), value)))
            .collect();
        typed.into_iter().collect()
    }

    fn create(&mut self, create: &syntax::Create) -> Option<(Verb, Given)> {
        let get = self.object(&create.object);
        let owner = create.owner.as_ref().map(|owner| {
            let seen = self.typer.scope.look_up(&owner.text);
            let ty = seen.as_ref().and_then(|seen| seen.ty.clone());
            match (seen, ty) {
                (Some(seen), Some(ty)) if self.kind_of(&ty).is_some() => Some(seen.local),
                (Some(_), None) => None,
                (Some(_), Some(ty)) if self.kind_of(ty.required()).is_some() => {
                    if !self.typer.scope.doubtful {
                        self.typer
                            .sink
                            .error(Code::MaybeAbsent, owner.span, format!("`{}` may be absent here", owner.text))
                            .help(format!("ask before, by a `require` that `{} is set`", owner.text));
                    }
                    None
                }
                (seen, _) => {
                    let message = format!("`{}` is no object that a step before this one gave", owner.text);
                    let code = if seen.is_some() { Code::TypeMismatch } else { Code::UnknownName };
                    self.typer.sink.error(code, owner.span, message).help("name the result of a `get` or `create`");
                    None
                }
            }
        });
        let labels = self.strings(&create.labels);
        let annotations = self.strings(&create.annotations);
        let get = get?;
        let body = self.create_body(create.body.as_ref(), get.kind, create.object.kind.span);
        let object = Type::Object(self.shared.kinds.kind(get.kind).object);
        let existing = create.existing.as_ref().map(|(adopt, otherwise)| {
            let mark = self.typer.scope.mark();
            let local = self.typer.local("existing", object.clone(), LocalKind::Existing);
            self.typer.shadows("existing", adopt.span);
            self.typer.scope.declare("existing", local, Some(object.clone()));
            let adopt = self.typer.scalar_condition(adopt);
            let otherwise = otherwise.as_ref().map(|text| self.typer.scalar_of(text, &Type::String));
            self.typer.scope.reset(mark);
            Some(Existing { local, adopt: adopt?, otherwise: flat(otherwise)? })
        });
        let lowered = Create {
            kind: get.kind,
            namespace: get.namespace,
            name: get.name,
            owner: flat(owner)?,
            labels: labels?,
            annotations: annotations?,
            body: body?,
            existing: flat(existing)?,
        };
        let result = self.resource(lowered.kind, true);
        Some((Verb::Create(lowered), result))
    }

    fn wait(&mut self, wait: &syntax::Wait, kind: KindId, target: Target) -> Option<Wait> {
        let timeout = self.typer.scalar_of(&wait.timeout, &Type::Int);
        let object = Type::Object(self.shared.kinds.kind(kind).object);
        let mark = self.typer.scope.mark();
        let item = self.typer.local("item", object.clone(), LocalKind::Item);
        self.typer.scope.declare("item", item, Some(object));
        let after = wait.after.as_ref().map(|after| self.typer.scalar_condition(after));
        let until = self.typer.scalar_bool(&wait.until);
        let fail = wait.fail.as_ref().map(|(when, message)| {
            let when = self.typer.scalar_condition(when);
            let message = self.typer.scalar_of(message, &Type::String);
            Some(WaitFailure { when: when?, message: message? })
        });
        let progress = wait.progress.as_ref().map(|progress| {
            let done = self.typer.scalar_of(&progress.done, &Type::Int);
            let of = self.typer.scalar_of(&progress.of, &Type::Int);
            let say = self.typer.scalar_of(&progress.say, &Type::String);
            Some(Progress { done: done?, of: of?, say: say? })
        });
        self.typer.scope.reset(mark);
        let lowered = Wait {
            kind,
            target,
            item,
            after: flat(after)?,
            until: until?,
            fail: flat(fail)?,
            timeout: timeout?,
            progress: flat(progress)?,
        };
        self.check_wait(wait, &lowered);
        Some(lowered)
    }

    pub(super) fn require(&mut self, require: &syntax::Require) -> Option<Require> {
        let that = self.typer.scalar_condition(&require.that);
        let otherwise = self.typer.scalar_of(&require.otherwise, &Type::String);
        if let Some(parameter) = &require.parameter
            && !self.param_names.iter().any(|name| name.text == parameter.text)
        {
            let names: Vec<&str> = self.param_names.iter().map(|name| name.text.as_str()).collect();
            self.typer
                .sink
                .error(Code::UnknownName, parameter.span, format!("the tool has no parameter `{}`", parameter.text))
                .suggest(&parameter.text, names);
            return None;
        }
        let parameter = require.parameter.as_ref().map(|name| name.text.clone());
        Some(Require { that: that?, otherwise: otherwise?, parameter, narrows: Vec::new() })
    }

    fn let_value(&mut self, value: &Value, name: Option<&Name>) -> Option<(Let, Type)> {
        let hint = format!(
            "{}{}",
            crate::expression::camel(&self.tool.name.text),
            name.map(|name| crate::expression::camel(&name.text)).unwrap_or_default()
        );
        if let Value::Each(each) = value {
            let (expr, paged) = self.typer.comprehension(each, &hint)?;
            if paged {
                self.take_page(each.page.as_ref().map_or(each.span, |page| page.span));
            }
            let ty = expr.ty;
            return match expr.kind {
                ExprKind::Comprehension(comprehension) => Some((Let::Each(comprehension), ty)),
                kind => Some((Let::Be(Expr { kind, ty: ty.clone(), span: expr.span }), ty)),
            };
        }
        let expr = self.typer.value(value, &hint, None)?;
        let ty = expr.ty.clone();
        Some((Let::Be(expr), ty))
    }

    fn confirm(&mut self, by: &Name, plan: &Name, when: Option<&Scalar>) -> Option<Verb> {
        let param = self.params.iter().find(|param| param.name == by.text);
        let local = param.filter(|param| param.meaning == Some(Meaning::Confirmation)).map(|param| param.local);
        if let Some(local) = local {
            self.typer.scope.mark_used(local);
        } else if !self.tool.incomplete {
            let message = format!("`{}` is no parameter with the meaning `confirmation`", by.text);
            self.typer
                .sink
                .error(Code::Confirmation, by.span, message)
                .help("take in the shared parameter by `confirm_deletion: { use: confirm_deletion }`");
        }
        if !self.shared.partials.contains_key(&plan.text) {
            self.typer
                .sink
                .error(Code::UnknownShared, plan.span, format!("there is no partial `{}`", plan.text))
                .suggest(&plan.text, self.shared.partials.keys().map(String::as_str));
            return None;
        }
        let when = when.map(|when| self.typer.scalar_condition(when));
        Some(Verb::Confirm(Confirm { by: local?, plan: plan.text.clone(), when: flat(when)? }))
    }
}

/// `None` where a part that is there was wrong.
#[allow(clippy::option_option)]
pub(super) fn flat<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

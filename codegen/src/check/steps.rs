//! Steps: their clauses, the names that they give, and what they say is set.

use super::verbs::Given;
use super::{Binding, Lowering};
use crate::diagnostic::Code;
use crate::load::Name;
use crate::lowered::{Advice, Let, LocalId, LocalKind, Step, Verb};
use crate::syntax::{self, Scalar};
use crate::types::Type;

impl Lowering<'_> {
    /// Lowers all steps in order. Each is looked at, whatever is wrong with others.
    pub(super) fn steps(&mut self) -> Vec<Step> {
        let steps = &self.tool.steps;
        for step in steps {
            if let Some(name) = &step.binding {
                self.typer.scope.later.entry(name.text.clone()).or_insert(name.span);
            }
        }
        let mut lowered = Vec::new();
        for step in steps {
            let mark = self.typer.sink.mark();
            let one = self.step(step);
            if let Some(place) = step.taken_in_at {
                for diagnostic in self.typer.sink.since(mark) {
                    if diagnostic.span.file != place.file {
                        diagnostic.see(place, "taken in here");
                    }
                }
            }
            lowered.extend(self.keep(one));
        }
        lowered
    }

    fn step(&mut self, step: &syntax::Step) -> Option<Step> {
        self.typer.facts.shared = step.taken_in_at.is_some();
        let lowered = self.one_step(step);
        self.typer.facts.shared = false;
        lowered
    }

    fn one_step(&mut self, step: &syntax::Step) -> Option<Step> {
        let when = step.when.as_ref().map(|when| self.typer.scalar_condition(when));
        // The binding as it was before: a result takes its place.
        let before = step.binding.as_ref().and_then(|name| self.typer.scope.peek(&name.text).cloned());
        let mark = self.typer.scope.mark();
        let doubtful = self.typer.scope.doubtful;
        self.typer.scope.doubtful |= matches!(when, Some(None));
        let narrows = step.when.as_ref().map(|when| self.narrows(when)).unwrap_or_default();
        let advice: Vec<Option<Advice>> = step
            .advice
            .iter()
            .map(|(on, text)| self.typer.scalar_of(text, &Type::String).map(|text| Advice { on: *on, text }))
            .collect();
        let forbidden = step.forbidden.as_ref().map(|note| self.typer.scalar_of(note, &Type::String));
        let verb = self.verb(step, before.is_some());
        self.typer.scope.reset(mark);
        // A requirement that could not be typed might have said what is set from here on.
        self.typer.scope.doubtful = doubtful || (verb.is_none() && matches!(step.verb, syntax::Verb::Require(_)));

        let (verb, result) = match verb {
            Some((verb, result)) => (Some(verb), Some(result)),
            None => (None, None),
        };
        let may_be_absent = step.when.is_some() || step.missing_ok.is_some() || step.forbidden.is_some();
        let range = match &verb {
            Some(Verb::Let(Let::Be(value))) => Some(self.typer.range(value)),
            _ => None,
        };
        let binding =
            step.binding.as_ref().and_then(|name| self.bind(name, step, result, before.as_ref(), may_be_absent));
        if let (Some(local), Some(range)) = (binding, range) {
            self.typer.facts.named.insert(local, range);
        }
        if let Some(local) = binding {
            self.filled(local, verb.as_ref(), step);
        }
        if let Some(Verb::Require(require)) = &verb {
            let narrows = require.narrows.clone();
            for (old, new) in narrows {
                let (name, ty) = (self.typer.locals[old.0].name.clone(), self.typer.locals[new.0].ty.clone());
                let after_stop = self.stopped;
                self.typer.scope.declare(name, new, Some(ty)).after_stop = after_stop;
            }
        }
        if matches!(step.verb, syntax::Verb::Stop { .. } | syntax::Verb::Confirm { .. }) {
            self.stopped = true;
        }
        let advice = advice.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Step {
            span: step.span,
            when: match when {
                Some(when) => Some(when?),
                None => None,
            },
            narrows,
            binding,
            verb: verb?,
            missing_ok: step.missing_ok.is_some(),
            forbidden_note: match forbidden {
                Some(note) => Some(note?),
                None => None,
            },
            advice,
            undo: step.undo.map(|(undo, _)| undo),
        })
    }

    /// Whether the status of the object behind a name can be there after a step.
    fn filled(&mut self, local: LocalId, verb: Option<&Verb>, step: &syntax::Step) {
        match verb {
            // One that is taken over was there before, with its status.
            Some(Verb::Create(create)) if create.existing.is_none() => {
                if self.shared.kinds.kind(create.kind).status_subresource {
                    self.typer.facts.unfilled.insert(local, step.verb_span);
                }
            }
            Some(Verb::Wait(_)) | None => {
                self.typer.facts.unfilled.remove(&local);
            }
            Some(_) => {}
        }
    }

    /// Names that a condition says are set, as locals without `?`, in scope from here on.
    pub(super) fn narrows(&mut self, condition: &Scalar) -> Vec<(LocalId, LocalId)> {
        let mark = self.typer.sink.mark();
        let tree = self.typer.whole_expression(condition);
        self.typer.sink.forget_since(mark);
        let Some(Err(tree)) = tree else { return Vec::new() };
        let mut found = Vec::new();
        for part in tree.conjuncts() {
            let Some(name) =
                part.set_subject().and_then(crate::expression::Tree::path).filter(|path| !path.contains('.'))
            else {
                continue;
            };
            let Some(seen) = self.typer.scope.peek(&name).cloned() else { continue };
            if let Some(Type::Optional(inner)) = seen.ty {
                let kind = self.typer.locals[seen.local.0].kind;
                let kind = if matches!(kind, LocalKind::Param(_)) { LocalKind::Value } else { kind };
                let local = self.typer.local(&name, (*inner).clone(), kind);
                self.typer.scope.declare(name, local, Some(*inner)).after_stop = seen.after_stop;
                found.push((seen.local, local));
            }
        }
        found
    }

    /// Gives the result its name.
    fn bind(
        &mut self,
        name: &Name,
        step: &syntax::Step,
        result: Option<Given>,
        before: Option<&crate::expression::Seen>,
        may_be_absent: bool,
    ) -> Option<LocalId> {
        let rebinds = matches!(
            step.verb,
            syntax::Verb::Patch(_) | syntax::Verb::Edit(_) | syntax::Verb::Wait(_) | syntax::Verb::Delete { .. }
        );
        let same = |before: &crate::expression::Seen| match (
            &before.ty,
            result.as_ref().and_then(|result| result.ty.as_ref()),
        ) {
            (Some(before), Some(now)) => before.required() == now,
            _ => true,
        };
        if let Some(before) = before.filter(|before| rebinds && same(before)) {
            return (!matches!(step.verb, syntax::Verb::Delete { .. })).then_some(before.local);
        }
        if matches!(step.verb, syntax::Verb::Delete { .. }) {
            return None;
        }
        if before.is_some() && self.tool.lost.iter().all(|lost| lost.text != name.text) {
            let first =
                self.bindings.iter().find(|binding| binding.name.text == name.text).map(|binding| binding.name.span);
            let param = self.param_names.iter().find(|param| param.text == name.text).map(|param| param.span);
            let error = self.typer.sink.error(Code::Duplicate, name.span, format!("the name `{}` is taken", name.text));
            if let Some(first) = first.or(param) {
                error.see(first, "here");
            }
            error.help("choose another name for the result");
            return None;
        }
        self.typer.scope.later.remove(&name.text);
        let (ty, kind, acts) = match result {
            Some(result) => (result.ty, result.kind, result.acts),
            None => (None, LocalKind::Value, true),
        };
        let ty = ty.map(|ty| if may_be_absent { ty.optional() } else { ty });
        let local = self.typer.local(&name.text, ty.clone().unwrap_or(Type::Bool), kind);
        let after_stop = self.stopped;
        self.typer.scope.declare(&name.text, local, ty).after_stop = after_stop;
        self.bindings.push(Binding { name: name.clone(), local, own: step.taken_in_at.is_none(), acts });
        if let Some((LocalId(usize::MAX), span)) = self.paged {
            self.paged = Some((local, span));
        }
        Some(local)
    }
}

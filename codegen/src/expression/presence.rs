//! Presence: what `is set` says in one part of an expression holds in the parts that depend on it.

use super::tree::Tree;
use super::typing::Typer;
use crate::lowered::{BinaryOp, Expr, ExprKind, LocalId, LocalKind};
use crate::source::Span;
use crate::syntax::Scalar;
use crate::types::Type;

impl Typer<'_> {
    /// `a and b and …`: what is known to be set in one part is so in those that follow.
    pub(super) fn all_of(&mut self, parts: &[&Tree], span: Span) -> Option<Expr> {
        let [first, rest @ ..] = parts else { return None };
        if rest.is_empty() {
            return self.condition(first);
        }
        let subject = first.set_subject().and_then(|subject| self.narrowable(subject));
        let left = self.condition(first);
        let (right, bound) =
            self.doubting(left.is_none(), |typer| typer.narrowing(subject.as_ref(), |typer| typer.all_of(rest, span)));
        let (left, right) = (left?, right?);
        let kind = match (subject, bound) {
            (Some((_, subject)), Some(bound)) => ExprKind::IfSet {
                subject: Box::new(subject),
                bound,
                then: Box::new(right),
                otherwise: Box::new(Expr { kind: ExprKind::Bool(false), ty: Type::Bool, span }),
            },
            _ => ExprKind::Binary(BinaryOp::And, Box::new(left), Box::new(right)),
        };
        Some(Expr { kind, ty: Type::Bool, span })
    }

    /// `a or b or …`: where `x is not set` did not hold, `x` is set in what follows.
    pub(super) fn any_of(&mut self, parts: &[&Tree], span: Span) -> Option<Expr> {
        let [first, rest @ ..] = parts else { return None };
        if rest.is_empty() {
            return self.condition(first);
        }
        let subject = first.unset_subject().and_then(|subject| self.narrowable(subject));
        let left = self.condition(first);
        let (right, bound) =
            self.doubting(left.is_none(), |typer| typer.narrowing(subject.as_ref(), |typer| typer.any_of(rest, span)));
        let (left, right) = (left?, right?);
        let kind = match (subject, bound) {
            (Some((_, subject)), Some(bound)) => ExprKind::IfSet {
                subject: Box::new(subject),
                bound,
                then: Box::new(right),
                otherwise: Box::new(Expr { kind: ExprKind::Bool(true), ty: Type::Bool, span }),
            },
            _ => ExprKind::Binary(BinaryOp::Or, Box::new(left), Box::new(right)),
        };
        Some(Expr { kind, ty: Type::Bool, span })
    }

    /// Types something that depends on a condition; where that could not be typed, absence is not spoken of.
    pub fn doubting<T>(&mut self, doubtful: bool, inner: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.scope.doubtful;
        self.scope.doubtful |= doubtful;
        let result = inner(self);
        self.scope.doubtful = before;
        result
    }

    /// A path whose presence can be known, with its optional value.
    pub fn narrowable(&mut self, subject: &Tree) -> Option<(String, Expr)> {
        let path = subject.path()?;
        // What is wrong with it is said where it is typed as a condition.
        let mark = self.sink.mark();
        let spoken_of = self.scope.unknown.clone();
        let expr = self.infer(subject, None);
        self.sink.forget_since(mark);
        self.scope.unknown = spoken_of;
        expr.filter(|expr| expr.ty.is_optional()).map(|expr| (path, expr))
    }

    /// Types something with a path known to be set; gives the local of its value where that was used.
    pub fn narrowing<T>(
        &mut self,
        subject: Option<&(String, Expr)>,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> (T, Option<LocalId>) {
        let Some((path, subject)) = subject else { return (inner(self), None) };
        let mark = self.scope.mark();
        let ty = subject.ty.required().clone();
        let bound = self.local(last_of(path), ty.clone(), LocalKind::Item);
        self.scope.narrow(path.clone(), bound, ty);
        let result = inner(self);
        self.scope.reset(mark);
        let used = self.scope.is_used(bound);
        if !used && self.locals.len() == bound.0 + 1 {
            self.locals.pop();
        }
        (result, used.then_some(bound))
    }

    /// `{ when, then }`: what the condition says is set is so in `then`, and in the rest of the condition.
    pub(super) fn when(
        &mut self,
        condition: &Scalar,
        then: impl FnOnce(&mut Self) -> Option<Expr>,
        span: Span,
    ) -> Option<Expr> {
        let tree = match self.whole_expression(condition) {
            Some(Err(tree)) => tree,
            // Written out as `true` or `false`, or no condition at all.
            other => {
                let written = other.is_some();
                let asked = if written { self.scalar_condition(condition) } else { None };
                let then = self.doubting(asked.is_none(), then)?;
                return asked.map(|asked| when_of(Vec::new(), Some(asked), then, span));
            }
        };
        // As a whole it is typed for what is wrong with it, and to know whether to trust it.
        let asked = self.condition(&tree);
        let parts = tree.conjuncts();
        let mut subjects: Vec<(String, Expr)> = Vec::new();
        let mut rest: Vec<&Tree> = Vec::new();
        for part in parts {
            match part.set_subject().and_then(|subject| self.narrowable(subject)) {
                Some(subject) => subjects.push(subject),
                None => rest.push(part),
            }
        }
        let ((rest, then), set) = self.doubting(asked.is_none(), |typer| {
            typer.narrowing_all(&subjects, |typer| {
                let said = typer.sink.mark();
                let rest = (!rest.is_empty()).then(|| typer.all_of(&rest, tree.span));
                typer.sink.forget_since(said);
                (rest, then(typer))
            })
        });
        asked?;
        let condition = match rest {
            Some(rest) => Some(rest?),
            None => None,
        };
        Some(when_of(set, condition, then?, span))
    }

    /// Types something with several paths known to be set; gives those with the locals of their values.
    fn narrowing_all<T>(
        &mut self,
        subjects: &[(String, Expr)],
        inner: impl FnOnce(&mut Self) -> T,
    ) -> (T, Vec<(Expr, LocalId)>) {
        let mark = self.scope.mark();
        let mut set = Vec::new();
        for (path, subject) in subjects {
            let ty = subject.ty.required().clone();
            let bound = self.local(last_of(path), ty.clone(), LocalKind::Item);
            self.scope.narrow(path.clone(), bound, ty);
            set.push((subject.clone(), bound));
        }
        let result = inner(self);
        self.scope.reset(mark);
        (result, set)
    }

    /// `a if condition else b`: what the condition says is set is so in the branch.
    pub(super) fn conditional(
        &mut self,
        condition: &Tree,
        then: &Tree,
        otherwise: &Tree,
        span: Span,
        wanted: Option<&Type>,
    ) -> Option<Expr> {
        let parts = condition.conjuncts();
        let mut subjects: Vec<(String, Expr)> = Vec::new();
        for part in &parts {
            subjects.extend(part.set_subject().and_then(|subject| self.narrowable(subject)));
        }
        let unset = match parts.as_slice() {
            [one] => one.unset_subject().and_then(|subject| self.narrowable(subject)),
            _ => None,
        };
        let asked = self.condition(condition);
        let before = self.scope.doubtful;
        self.scope.doubtful |= asked.is_none();
        let (then, bound) = self.narrowing(subjects.first(), |typer| {
            let (then, inner) = typer.narrowing(subjects.get(1), |typer| typer.infer(then, wanted));
            then.map(|then| match (inner, subjects.get(1)) {
                (Some(inner), Some((_, subject))) => (then, Some((inner, subject.clone()))),
                _ => (then, None),
            })
        });
        let (otherwise, unset_bound) = self.narrowing(unset.as_ref(), |typer| typer.infer(otherwise, wanted));
        self.scope.doubtful = before;
        let (asked, (then, second), otherwise) = (asked?, then?, otherwise?);
        let (then, otherwise) = self.unify(then, otherwise, "the two branches")?;
        let ty = then.ty.clone();
        let if_set = |subject: Expr, bound, then: Expr, otherwise: Expr| Expr {
            kind: ExprKind::IfSet {
                subject: Box::new(subject),
                bound,
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            },
            ty: ty.clone(),
            span,
        };
        if let (Some((_, subject)), Some(bound)) = (unset, unset_bound) {
            // `a if x is not set else b(x)` is `b(x) if x is set else a`.
            return Some(if_set(subject, bound, otherwise, then));
        }
        let one_question = parts.len() == 1;
        let whole = |then: Expr| Expr {
            kind: ExprKind::Conditional {
                condition: Box::new(asked.clone()),
                then: Box::new(then),
                otherwise: Box::new(otherwise.clone()),
            },
            ty: ty.clone(),
            span,
        };
        // The whole question is asked inside; outside stands only the presence that the branch needs.
        let mut result = if one_question && bound.is_some() { then } else { whole(then) };
        if let Some((inner, subject)) = second {
            result = if_set(subject, inner, result, otherwise.clone());
        }
        if let (Some(bound), Some((_, subject))) = (bound, subjects.first()) {
            result = if_set(subject.clone(), bound, result, otherwise.clone());
        }
        Some(result)
    }
}

/// `{ when, then }`, absent (or an empty list or map) where it is not reached.
fn when_of(set: Vec<(Expr, LocalId)>, condition: Option<Expr>, then: Expr, span: Span) -> Expr {
    let ty = then.ty.clone().optional();
    Expr { kind: ExprKind::When { set, condition: condition.map(Box::new), then: Box::new(then) }, ty, span }
}

/// The last name of a path: what its value is called.
fn last_of(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

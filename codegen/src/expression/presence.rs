//! Presence: what `is set` says in one part of an expression holds in the parts that depend on it.

use super::tree::Tree;
use super::typing::Typer;
use crate::lowered::{BinaryOp, Expr, ExprKind, LocalId, LocalKind, UnaryOp};
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
        let (asked, set, condition, then) = self.split(&tree, then);
        asked?;
        Some(when_of(set, all(condition)?, then?, span))
    }

    /// A condition as what it says is set, and the rest of it; what depends on it is typed with that knowledge.
    #[allow(clippy::type_complexity)]
    fn split<T>(
        &mut self,
        tree: &Tree,
        then: impl FnOnce(&mut Self) -> T,
    ) -> (Option<Expr>, Vec<(Expr, LocalId)>, Option<Option<Expr>>, T) {
        // As a whole it is typed for what is wrong with it, and to know whether to trust it.
        let asked = self.condition(tree);
        let mut subjects: Vec<(String, Expr)> = Vec::new();
        let mut rest: Vec<&Tree> = Vec::new();
        for part in tree.conjuncts() {
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
        (asked, set, rest, then)
    }

    /// Paths that a scalar condition says are set.
    pub(super) fn said_set(&mut self, condition: &Scalar) -> Vec<(String, Expr)> {
        let mark = self.sink.mark();
        let tree = self.whole_expression(condition);
        // What is wrong with it is said where it is typed.
        self.sink.forget_since(mark);
        let Some(Err(tree)) = tree else { return Vec::new() };
        let parts = tree.conjuncts();
        parts.into_iter().filter_map(|part| part.set_subject().and_then(|subject| self.narrowable(subject))).collect()
    }

    /// Types something with several paths known to be set; gives those with the locals of their values.
    pub(super) fn narrowing_all<T>(
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

    /// `a if condition else b`: what the condition says is set is so in `a`, and what it says is not set is set in `b`.
    pub(super) fn conditional(
        &mut self,
        condition: &Tree,
        then: &Tree,
        otherwise: &Tree,
        span: Span,
        wanted: Option<&Type>,
    ) -> Option<Expr> {
        let (mut unset, mut rest) = (Vec::new(), Vec::new());
        for part in condition.disjuncts() {
            match part.unset_subject().and_then(|subject| self.narrowable(subject)) {
                Some(subject) => unset.push(subject),
                None => rest.push(part),
            }
        }
        if !unset.is_empty() {
            return self.conditional_on_absence(condition, &unset, &rest, (then, otherwise), span, wanted);
        }
        let (asked, set, rest, then) = self.split(condition, |typer| typer.infer(then, wanted));
        let otherwise = self.doubting(asked.is_none(), |typer| typer.infer(otherwise, wanted));
        let (asked, rest, then, otherwise) = (asked?, all(rest)?, then?, otherwise?);
        let (then, otherwise) = self.unify(then, otherwise, "the two branches")?;
        Some(self.choice(asked, set, rest, (then, otherwise), span))
    }

    /// `a if x is not set or … else b(x)` is `b(x) if x is set and not … else a`.
    fn conditional_on_absence(
        &mut self,
        condition: &Tree,
        unset: &[(String, Expr)],
        rest: &[&Tree],
        (then, otherwise): (&Tree, &Tree),
        span: Span,
        wanted: Option<&Type>,
    ) -> Option<Expr> {
        // As a whole it is typed for what is wrong with it.
        let asked = self.condition(condition);
        let (then, ((rest, otherwise), set)) = self.doubting(asked.is_none(), |typer| {
            let then = typer.infer(then, wanted);
            let narrowed = typer.narrowing_all(unset, |typer| {
                let said = typer.sink.mark();
                let rest = (!rest.is_empty()).then(|| typer.any_of(rest, condition.span));
                typer.sink.forget_since(said);
                (rest, typer.infer(otherwise, wanted))
            });
            (then, narrowed)
        });
        let (asked, rest, then, otherwise) = (asked?, all(rest)?, then?, otherwise?);
        let (then, otherwise) = self.unify(then, otherwise, "the two branches")?;
        if set.iter().any(|(_, bound)| self.scope.is_used(*bound)) {
            return Some(self.choice(not(asked), set, rest.map(not), (otherwise, then), span));
        }
        Some(self.choice(asked, Vec::new(), None, (then, otherwise), span))
    }

    /// One value where the condition holds, else the other. `set`: what the condition says is there; `rest`: what else
    /// it asks.
    fn choice(
        &self,
        asked: Expr,
        set: Vec<(Expr, LocalId)>,
        rest: Option<Expr>,
        (then, otherwise): (Expr, Expr),
        span: Span,
    ) -> Expr {
        let ty = then.ty.clone();
        let (then, otherwise) = (Box::new(then), Box::new(otherwise));
        let looked_at = set.iter().filter(|(_, bound)| self.scope.is_used(*bound)).count();
        let kind = match set.as_slice() {
            [(subject, bound)] if looked_at == 1 && rest.is_none() => {
                ExprKind::IfSet { subject: Box::new(subject.clone()), bound: *bound, then, otherwise }
            }
            _ if looked_at > 0 => {
                ExprKind::When { set, condition: rest.map(Box::new), then, otherwise: Some(otherwise) }
            }
            _ => ExprKind::Conditional { condition: Box::new(asked), then, otherwise },
        };
        Expr { kind, ty, span }
    }
}

/// The opposite of a condition.
fn not(condition: Expr) -> Expr {
    let span = condition.span;
    Expr { kind: ExprKind::Unary(UnaryOp::Not, Box::new(condition)), ty: Type::Bool, span }
}

/// `None` where a part that is there was wrong.
#[allow(clippy::option_option)]
fn all<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

/// `{ when, then }`, absent (or an empty list or map) where it is not reached.
pub(super) fn when_of(set: Vec<(Expr, LocalId)>, condition: Option<Expr>, then: Expr, span: Span) -> Expr {
    let ty = then.ty.clone().optional();
    let (condition, then) = (condition.map(Box::new), Box::new(then));
    Expr { kind: ExprKind::When { set, condition, then, otherwise: None }, ty, span }
}

/// The last name of a path: what its value is called.
fn last_of(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

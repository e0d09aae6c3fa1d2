//! Conditions whose answer is known before any call: nothing depends on them, so they say something else
//! than was meant. What never holds is an error, what always holds a warning.

use std::collections::BTreeMap;

use super::range::Range;
use super::tree::{Comparison, Tree, TreeKind};
use super::typing::Typer;
use crate::diagnostic::Code;
use crate::lowered::{BinaryOp, Expr, ExprKind};
use crate::source::Span;
use crate::types::Type;

/// How the parts of a chain hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// By `and`.
    All,
    /// By `or`.
    Any,
}

impl Typer<'_> {
    /// Says that a condition is a plain `true` or `false`.
    pub fn written_out(&mut self, value: bool, span: Span) {
        self.foregone(value, span).note("the condition is written out, so no call changes it");
    }

    fn foregone(&mut self, holds: bool, span: Span) -> &mut crate::diagnostic::Diagnostic {
        if holds {
            let warning = self.sink.warning(Code::Foregone, span, "this always holds");
            warning.help("take the condition out, or ask what was meant")
        } else {
            let error = self.sink.error(Code::Foregone, span, "this never holds");
            error.help("take out what depends on it, or ask what was meant")
        }
    }

    /// Two sides that are written alike, or both written out.
    pub(super) fn compared_with_itself(&mut self, left: &Tree, right: &Tree, span: Span) {
        let literal = |tree: &Tree| {
            matches!(tree.kind, TreeKind::Bool(_) | TreeKind::Int(_) | TreeKind::Float(_) | TreeKind::Text(_))
        };
        if literal(left) && literal(right) {
            self.sink
                .error(Code::Foregone, span, "both sides of this comparison are written out")
                .note("no call changes what comes of it")
                .help("compare a parameter or a field with one of them");
        } else if left.shape() == right.shape() {
            self.sink
                .error(Code::Foregone, span, "a value is compared with itself")
                .note("no call changes what comes of it")
                .help("name another value on one side; whether it is there is asked by `is set`");
        }
    }

    /// A comparison whose sides lie apart, whatever the call. Gives it back.
    pub(super) fn sides_apart(&mut self, expr: Expr) -> Expr {
        let ExprKind::Binary(op, left, right) = &expr.kind else { return expr };
        let known = match op {
            BinaryOp::In | BinaryOp::NotIn => self.known_membership(*op, left, right),
            _ => self.known_order(*op, left, right).or_else(|| self.known_text(*op, left, right)),
        };
        let Some((holds, why)) = known else { return expr };
        self.foregone(holds, expr.span).note(why);
        expr
    }

    fn known_order(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<(bool, String)> {
        let (a, b) = (self.range(left), self.range(right));
        let below = |a: Range, b: Range| a.most.zip(b.least).is_some_and(|(a, b)| a < b);
        let at_most = |a: Range, b: Range| a.most.zip(b.least).is_some_and(|(a, b)| a <= b);
        let apart = below(a, b) || below(b, a);
        let same = a.least.is_some() && a == b && a.least == a.most;
        // What may be absent equals nothing.
        let there = !left.ty.is_optional() && !right.ty.is_optional();
        let holds = match op {
            BinaryOp::Eq if apart => false,
            BinaryOp::Ne if apart => true,
            BinaryOp::Eq if same && there => true,
            BinaryOp::Ne if same && there => false,
            BinaryOp::Lt if below(a, b) => true,
            BinaryOp::Lt if at_most(b, a) => false,
            BinaryOp::Le if at_most(a, b) => true,
            BinaryOp::Le if below(b, a) => false,
            BinaryOp::Gt if below(b, a) => true,
            BinaryOp::Gt if at_most(a, b) => false,
            BinaryOp::Ge if at_most(b, a) => true,
            BinaryOp::Ge if below(a, b) => false,
            _ => return None,
        };
        Some((holds, format!("the left side is {}, the right side is {}", in_words(a), in_words(b))))
    }

    fn known_text(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<(bool, String)> {
        let why = match (literal_text(left), literal_text(right)) {
            (None, Some(text)) => self.excludes(left, text)?,
            (Some(text), None) => self.excludes(right, text)?,
            _ => return None,
        };
        match op {
            BinaryOp::Eq => Some((false, why)),
            BinaryOp::Ne => Some((true, why)),
            _ => None,
        }
    }

    fn known_membership(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<(bool, String)> {
        let ExprKind::List(items) = &plain(right).kind else { return None };
        let inside = if items.is_empty() {
            (false, "the list is empty".to_owned())
        } else if let Type::Enum(words) = &plain(left).ty
            && words.iter().all(|word| items.iter().any(|item| literal_text(item) == Some(word)))
        {
            (true, format!("the list has every word that it can be: {}", words.join(", ")))
        } else {
            let reasons: Option<Vec<String>> = items
                .iter()
                .map(|item| match literal_text(item) {
                    Some(text) => self.excludes(left, text),
                    None => self.known_order(BinaryOp::Eq, left, item).filter(|(holds, _)| !holds).map(|(_, why)| why),
                })
                .collect();
            (false, reasons?.into_iter().next()?)
        };
        Some((inside.0 == (op == BinaryOp::In), inside.1))
    }

    /// Parts of a chain that repeat or contradict each other; gives their places.
    pub(super) fn agree(&mut self, parts: &[&Tree], chain: Chain) -> Vec<Span> {
        let mut known = Known::default();
        let mut said = Vec::new();
        for part in parts {
            // A part is asked where those before it hold (`and`) or do not (`or`).
            let follows = known.tells(part);
            known.take(part, chain == Chain::All);
            let Some((earlier, holds)) = follows else { continue };
            said.push(part.span);
            let decided = holds == (chain == Chain::Any);
            let diagnostic = match (chain, decided) {
                (Chain::All, true) => self.sink.error(Code::Foregone, part.span, "this never holds together"),
                (Chain::Any, true) => self.sink.error(Code::Foregone, part.span, "one of the two always holds"),
                (_, false) => self.sink.warning(Code::Foregone, part.span, "this part adds nothing"),
            };
            diagnostic.see(earlier, if decided { "with this" } else { "this says it already" });
            match (chain, decided) {
                (Chain::All, true) => diagnostic
                    .note("`and` asks for both in the same call")
                    .help("join them by `or`, or correct one of them"),
                (Chain::Any, true) => diagnostic
                    .note("where the first does not hold, the second does")
                    .help("join them by `and`, or correct one of them"),
                (_, false) => diagnostic.help("take it out, or correct it"),
            };
        }
        said
    }
}

/// What is known of conditions, by their shape, and where it was learnt.
#[derive(Default)]
struct Known {
    holds: BTreeMap<String, (Span, bool)>,
    /// Values that are equal to something written out.
    equal: BTreeMap<String, (Span, String)>,
}

impl Known {
    fn take(&mut self, tree: &Tree, holds: bool) {
        self.holds.entry(tree.shape()).or_insert((tree.span, holds));
        self.holds.entry(negation(tree)).or_insert((tree.span, !holds));
        if let Some((op, subject, word)) = compared(tree)
            && op == if holds { Comparison::Eq } else { Comparison::Ne }
        {
            self.equal.entry(subject).or_insert((tree.span, word));
        }
    }

    /// Whether a condition holds, where that follows.
    fn tells(&self, tree: &Tree) -> Option<(Span, bool)> {
        if let Some(known) = self.holds.get(&tree.shape()) {
            return Some(*known);
        }
        let (op, subject, word) = compared(tree)?;
        let (place, _) = self.equal.get(&subject).filter(|(_, equal)| *equal != word)?;
        match op {
            Comparison::Eq => Some((*place, false)),
            Comparison::Ne => Some((*place, true)),
            _ => None,
        }
    }
}

/// The shape of the opposite.
fn negation(tree: &Tree) -> String {
    let opposite = |op, left: &Tree, right: &Tree| format!("({} {op:?} {})", left.shape(), right.shape());
    match &tree.kind {
        TreeKind::Not(inner) => inner.shape(),
        TreeKind::Compare(Comparison::Eq, left, right) => opposite(Comparison::Ne, left, right),
        TreeKind::Compare(Comparison::Ne, left, right) => opposite(Comparison::Eq, left, right),
        TreeKind::Compare(Comparison::In, left, right) => opposite(Comparison::NotIn, left, right),
        TreeKind::Compare(Comparison::NotIn, left, right) => opposite(Comparison::In, left, right),
        _ => format!("not({})", tree.shape()),
    }
}

/// A comparison with something that is written out.
fn compared(tree: &Tree) -> Option<(Comparison, String, String)> {
    let TreeKind::Compare(op, left, right) = &tree.kind else { return None };
    let literal = |tree: &Tree| matches!(tree.kind, TreeKind::Bool(_) | TreeKind::Int(_) | TreeKind::Text(_));
    match (literal(left), literal(right)) {
        (false, true) => Some((*op, left.shape(), right.shape())),
        (true, false) => Some((*op, right.shape(), left.shape())),
        _ => None,
    }
}

/// The value without widening around it.
fn plain(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Widen(inner) => plain(inner),
        _ => expr,
    }
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match &plain(expr).kind {
        ExprKind::String(text) => Some(text),
        _ => None,
    }
}

fn in_words(range: Range) -> String {
    match (range.least, range.most) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("between {least} and {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => "any number".to_owned(),
    }
}

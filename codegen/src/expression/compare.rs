//! Comparisons.

use super::describe;
use super::tree::{Comparison, Tree, TreeKind};
use super::typing::{Context, Typer};
use crate::diagnostic::Code;
use crate::lowered::{BinaryOp, Expr, ExprKind};
use crate::source::Span;
use crate::types::Type;

impl Typer<'_> {
    /// `==` and its relatives.
    pub(super) fn compare(&mut self, op: Comparison, left: &Tree, right: &Tree, span: Span) -> Option<Expr> {
        let mark = self.sink.mark();
        self.compared_with_itself(left, right, span);
        let said = self.sink.mark() > mark;
        let expr = self.comparison(op, left, right, span)?;
        Some(if said { expr } else { self.sides_apart(expr) })
    }

    fn comparison(&mut self, op: Comparison, left: &Tree, right: &Tree, span: Span) -> Option<Expr> {
        if matches!(op, Comparison::In | Comparison::NotIn) {
            return self.contains(op, left, right, span);
        }
        // A literal takes the type of the other side, so that a word outside an enum is found.
        let (first, second) = if is_literal(left) {
            let second = self.infer(right, None);
            let wanted = second.as_ref().map(|expr| expr.ty.required().clone());
            (self.infer(left, wanted.as_ref()), second)
        } else {
            let first = self.infer(left, None);
            let wanted = first.as_ref().map(|expr| expr.ty.required().clone());
            (first, self.infer(right, wanted.as_ref()))
        };
        let (first, second) = (first?, second?);
        for side in [&first, &second] {
            if *side.ty.required() == Type::Secret {
                self.leak(side.span);
                return None;
            }
        }
        let equality = matches!(op, Comparison::Eq | Comparison::Ne);
        if !equality {
            for side in [&first, &second] {
                if !self.has_order(side) {
                    return None;
                }
            }
        }
        let (first, second) = self.same_type(first, second)?;
        if matches!(first.ty.required(), Type::List(_) | Type::Map(_) | Type::Object(_) | Type::Opaque) {
            let has = describe(self.types, &first.ty);
            self.sink
                .error(Code::TypeMismatch, span, format!("values of type {has} cannot be compared"))
                .help("compare their fields or elements");
            return None;
        }
        let op = match op {
            Comparison::Eq => BinaryOp::Eq,
            Comparison::Ne => BinaryOp::Ne,
            Comparison::Lt => BinaryOp::Lt,
            Comparison::Le => BinaryOp::Le,
            Comparison::Gt => BinaryOp::Gt,
            _ => BinaryOp::Ge,
        };
        Some(Expr { kind: ExprKind::Binary(op, Box::new(first), Box::new(second)), ty: Type::Bool, span })
    }

    fn has_order(&mut self, side: &Expr) -> bool {
        match &side.ty {
            Type::Int | Type::Float | Type::Time | Type::Duration | Type::String | Type::Enum(_) => true,
            // Templates have quantities as text, which has another order.
            Type::Quantity if self.context != Context::Template => true,
            Type::Optional(_) => {
                self.maybe_absent(side);
                false
            }
            other => {
                let has = describe(self.types, other);
                self.sink.error(Code::TypeMismatch, side.span, format!("values of type {has} have no order"));
                false
            }
        }
    }

    /// Both sides in one type, each optional or not as it was.
    fn same_type(&mut self, first: Expr, second: Expr) -> Option<(Expr, Expr)> {
        let (a, b) = (first.ty.required().clone(), second.ty.required().clone());
        if a == b {
            return Some((first, second));
        }
        let foreign = match (&a, &b) {
            // Enums without a word in common can never be equal.
            (Type::Enum(a), Type::Enum(b)) => !a.iter().any(|word| b.contains(word)),
            (Type::Enum(_) | Type::String, Type::Enum(_) | Type::String)
            | (Type::Int | Type::Float, Type::Int | Type::Float) => false,
            _ => true,
        };
        if foreign {
            let (has, other) = (describe(self.types, &first.ty), describe(self.types, &second.ty));
            self.sink
                .error(Code::TypeMismatch, second.span, format!("{has} and {other} are never equal"))
                .label(format!("this is {other}"))
                .see(first.span, format!("this is {has}"));
            return None;
        }
        let common = self.common(&a, &b)?;
        let widen = |typer: &mut Self, expr: Expr| {
            let wanted = if expr.ty.is_optional() { common.clone().optional() } else { common.clone() };
            typer.coerce(expr, &wanted)
        };
        Some((widen(self, first)?, widen(self, second)?))
    }

    /// `in` and `not in`. The left side may be absent: then it is in nothing.
    fn contains(&mut self, op: Comparison, left: &Tree, right: &Tree, span: Span) -> Option<Expr> {
        let (first, second) = if matches!(right.kind, TreeKind::List(_)) {
            let first = self.infer(left, None);
            let wanted = first.as_ref().map(|expr| Type::List(Box::new(expr.ty.required().clone())));
            (first, self.infer(right, wanted.as_ref()))
        } else {
            let second = self.infer(right, None);
            let wanted = match second.as_ref().map(|expr| &expr.ty) {
                Some(Type::List(inner)) => Some((**inner).clone()),
                Some(_) => Some(Type::String),
                None => None,
            };
            (self.infer(left, wanted.as_ref()), second)
        };
        let (first, second) = (first?, second?);
        if *first.ty.required() == Type::Secret {
            self.leak(first.span);
            return None;
        }
        let element = match &second.ty {
            Type::List(inner) => (**inner).clone(),
            Type::Map(_) | Type::String | Type::Enum(_) => Type::String,
            Type::Optional(_) => {
                self.maybe_absent(&second);
                return None;
            }
            Type::Secret => {
                self.leak(second.span);
                return None;
            }
            other => {
                let has = describe(self.types, other);
                self.sink.error(Code::TypeMismatch, second.span, format!("nothing can be `in` a value of type {has}"));
                return None;
            }
        };
        let has = first.ty.required().clone();
        let (first, second) = if has == element {
            (first, second)
        } else if super::coerce::widens(self.types, &has, &element) {
            let wanted = if first.ty.is_optional() { element.optional() } else { element };
            (self.coerce(first, &wanted)?, second)
        } else if super::coerce::widens(self.types, &element, &has) && matches!(second.ty, Type::List(_)) {
            let wanted = Type::List(Box::new(has));
            (first, self.coerce(second, &wanted)?)
        } else {
            let (has, list) = (describe(self.types, &first.ty), describe(self.types, &second.ty));
            self.sink
                .error(Code::TypeMismatch, first.span, format!("{has} is never in {list}"))
                .label(format!("this is {has}"))
                .see(second.span, format!("this is {list}"));
            return None;
        };
        let op = if op == Comparison::In { BinaryOp::In } else { BinaryOp::NotIn };
        Some(Expr { kind: ExprKind::Binary(op, Box::new(first), Box::new(second)), ty: Type::Bool, span })
    }
}

fn is_literal(tree: &Tree) -> bool {
    matches!(tree.kind, TreeKind::Text(_) | TreeKind::Int(_))
}

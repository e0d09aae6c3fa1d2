//! Which types go where: widening, and the type that two values have in common.

use super::describe;
use super::typing::Typer;
use crate::diagnostic::Code;
use crate::lowered::{Expr, ExprKind};
use crate::types::{Field, Origin, Type, Types};

/// Whether a value of type `from` may stand where `to` is wanted, without a word.
#[must_use]
pub fn widens(types: &Types, from: &Type, to: &Type) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (Type::Enum(_), Type::String) | (Type::Int, Type::Float) => true,
        (Type::Enum(some), Type::Enum(all)) => some.iter().all(|word| all.contains(word)),
        (Type::Optional(from), Type::Optional(to))
        | (Type::List(from), Type::List(to))
        | (Type::Map(from), Type::Map(to)) => widens(types, from, to),
        (from, Type::Optional(to)) => widens(types, from, to),
        (Type::Object(from), Type::Object(to)) => {
            let (from, to) = (types.object(*from), types.object(*to));
            from.fields.iter().all(|field| to.field(&field.name).is_some())
                && to.fields.iter().all(|wanted| match from.field(&wanted.name) {
                    Some(field) => widens(types, &field.ty, &wanted.ty),
                    None => matches!(wanted.ty, Type::Optional(_) | Type::List(_) | Type::Map(_)),
                })
        }
        _ => false,
    }
}

/// A name for what two types have in common: `RolesManaged` and `RolesDeclared` give `RolesManagedOrDeclared`.
fn either_name(a: &str, b: &str) -> String {
    let shared = a.char_indices().zip(b.chars()).take_while(|((_, a), b)| a == b).count();
    // Words stay whole.
    let start = a.char_indices().take(shared + 1).filter(|(_, c)| c.is_uppercase()).last().map_or(0, |(at, _)| at);
    let rest = b.get(start..).filter(|rest| !rest.is_empty() && *rest != &a[start..]);
    rest.map_or_else(|| a.to_owned(), |rest| format!("{a}Or{rest}"))
}

/// Whether a value has a form as text.
#[must_use]
pub fn printable(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Bool
            | Type::Int
            | Type::Float
            | Type::String
            | Type::Enum(_)
            | Type::Quantity
            | Type::Time
            | Type::Duration
    )
}

impl Typer<'_> {
    /// The expression in a wanted type; says where it does not fit.
    pub fn coerce(&mut self, expr: Expr, wanted: &Type) -> Option<Expr> {
        if expr.ty == *wanted {
            return Some(expr);
        }
        if widens(self.types, &expr.ty, wanted) {
            let span = expr.span;
            return Some(Expr { kind: ExprKind::Widen(Box::new(expr)), ty: wanted.clone(), span });
        }
        let (has, wants) = (describe(self.types, &expr.ty), describe(self.types, wanted));
        if *expr.ty.required() == Type::Secret && *wanted.required() != Type::Secret {
            self.leak(expr.span);
        } else if expr.ty.is_optional() && !wanted.is_optional() && widens(self.types, expr.ty.required(), wanted) {
            self.maybe_absent(&expr);
        } else {
            let literal = matches!(expr.kind, ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_));
            let error = self.sink.error(Code::TypeMismatch, expr.span, format!("expected {wants}, found {has}"));
            error.label(format!("this is {has}"));
            if literal && *wanted.required() == Type::String {
                error.help("put quotes around it, so that it is text");
            }
        }
        None
    }

    /// Whether a value of a type may stand where another is wanted.
    pub fn fits(&self, from: &Type, to: &Type) -> bool {
        widens(self.types, from, to)
    }

    /// Says that a value may be absent where it must be there.
    pub fn maybe_absent(&mut self, expr: &Expr) {
        if self.scope.doubtful {
            return;
        }
        let has = describe(self.types, &expr.ty);
        self.sink
            .error(Code::MaybeAbsent, expr.span, "this value may be absent here")
            .label(format!("this is {has}"))
            .help("give a value for that case by `| default(…)`, or ask `is set` before");
    }

    /// Says that a secret would get out.
    pub fn leak(&mut self, span: crate::source::Span) {
        self.sink
            .error(Code::SecretLeak, span, "a secret cannot go here")
            .label("this is secret")
            .help("a secret goes only into fields marked secret; of itself one may ask `is set` alone");
    }

    /// The type that two values have in common.
    pub fn common(&mut self, a: &Type, b: &Type) -> Option<Type> {
        if a == b {
            return Some(a.clone());
        }
        if a.is_optional() || b.is_optional() {
            let (a, b) = (a.required().clone(), b.required().clone());
            return self.common(&a, &b).map(Type::optional);
        }
        match (a, b) {
            (Type::Enum(_) | Type::String, Type::Enum(_) | Type::String) => Some(Type::String),
            (Type::Int | Type::Float, Type::Int | Type::Float) => Some(Type::Float),
            (Type::List(a), Type::List(b)) => self.common(a, b).map(|inner| Type::List(Box::new(inner))),
            (Type::Map(a), Type::Map(b)) => self.common(a, b).map(|inner| Type::Map(Box::new(inner))),
            (Type::Object(a), Type::Object(b)) => {
                let (a, b) = (self.types.object(*a).clone(), self.types.object(*b).clone());
                if [a.origin, b.origin].iter().any(|origin| !matches!(origin, Origin::Mapping | Origin::Group)) {
                    return None;
                }
                let mut fields = Vec::new();
                for field in &a.fields {
                    let ty = match b.field(&field.name) {
                        Some(other) => self.common(&field.ty, &other.ty)?,
                        None => field.ty.clone().optional(),
                    };
                    fields.push(Field { name: field.name.clone(), ty, about: field.about.clone() });
                }
                for field in b.fields.iter().filter(|field| a.field(&field.name).is_none()) {
                    fields.push(Field {
                        name: field.name.clone(),
                        ty: field.ty.clone().optional(),
                        about: field.about.clone(),
                    });
                }
                Some(Type::Object(self.types.mapping(&either_name(&a.name, &b.name), fields)))
            }
            // What a template prints is text in the end.
            (a, b) if self.in_template() && printable(a) && printable(b) => Some(Type::String),
            _ => None,
        }
    }

    /// Two expressions in the type that they have in common.
    pub fn unify(&mut self, a: Expr, b: Expr, what: &str) -> Option<(Expr, Expr)> {
        let Some(ty) = self.common(&a.ty, &b.ty) else {
            let (first, second) = (describe(self.types, &a.ty), describe(self.types, &b.ty));
            self.sink
                .error(Code::TypeMismatch, b.span, format!("{what} have different types: {first} and {second}"))
                .label(format!("this is {second}"))
                .see(a.span, format!("this is {first}"));
            return None;
        };
        if self.in_template() {
            // Types of templates are looked at, and thrown away.
            let (a, b) = (Expr { ty: ty.clone(), ..a }, Expr { ty, ..b });
            return Some((a, b));
        }
        Some((self.coerce(a, &ty)?, self.coerce(b, &ty)?))
    }
}

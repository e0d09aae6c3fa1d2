//! Filters, tests and functions.

use super::coerce::printable;
use super::describe;
use super::tree::{Tree, TreeKind, Word};
use super::typing::{Context, Typer};
use crate::diagnostic::Code;
use crate::lowered::{Expr, ExprKind, LocalKind};
use crate::source::Span;
use crate::types::{Field, Origin, Type};
use crate::vocabulary::{self, Form, Gives, Place, Shape};

impl Typer<'_> {
    /// `x | default(y)`.
    pub(super) fn default(&mut self, name: &Word, subject: &Tree, args: &[Tree], span: Span) -> Option<Expr> {
        let of = self.infer(subject, None);
        let [fallback] = args else {
            self.sink
                .error(Code::Arguments, name.span, "`default` takes one argument")
                .help("write `x | default(value for the case that x is absent)`");
            return None;
        };
        let wanted = of.as_ref().filter(|_| !self.in_template()).map(|of| of.ty.required().clone());
        let fallback = self.infer(fallback, wanted.as_ref());
        let (of, fallback) = (of?, fallback?);
        if !of.ty.is_optional() {
            if !self.in_template() {
                let has = describe(self.types, &of.ty);
                self.sink
                    .warning(
                        Code::NeverAbsent,
                        name.span,
                        format!("this `default` never applies: {has} is always there"),
                    )
                    .help("leave it out");
            }
            return Some(of);
        }
        let has = of.ty.required().clone();
        let Some(common) = self.common(&has, fallback.ty.required()) else {
            let (has, other) = (describe(self.types, &has), describe(self.types, &fallback.ty));
            self.sink
                .error(Code::TypeMismatch, fallback.span, format!("the value is {has}, its default {other}"))
                .label(format!("this is {other}"))
                .see(of.span, format!("this is {has}?"));
            return None;
        };
        let ty = if fallback.ty.is_optional() { common.clone().optional() } else { common.clone() };
        if self.in_template() {
            // Types of templates are looked at, and thrown away.
            return Some(Expr { kind: ExprKind::Default { of: Box::new(of), fallback: Box::new(fallback) }, ty, span });
        }
        let of = self.coerce(of, &common.optional())?;
        let fallback = self.coerce(fallback, &ty)?;
        Some(Expr { kind: ExprKind::Default { of: Box::new(of), fallback: Box::new(fallback) }, ty, span })
    }

    /// A filter of the vocabulary.
    pub(super) fn filter(&mut self, name: &Word, subject: &Tree, args: &[Tree], span: Span) -> Option<Expr> {
        let mut all = vec![subject];
        all.extend(args);
        self.apply(Form::Filter, name, &all, span)
    }

    /// `is set`, `is given`, or a test of the vocabulary.
    pub(super) fn test(&mut self, name: &Word, subject: &Tree, args: &[Tree], span: Span) -> Option<Expr> {
        let make = |kind| Some(Expr { kind, ty: Type::Bool, span });
        match name.text.as_str() {
            "set" | "given" if !args.is_empty() => {
                self.sink.error(Code::Arguments, name.span, format!("`is {}` takes no argument", name.text));
                None
            }
            "set" => {
                let subject = self.infer(subject, None)?;
                if subject.ty.is_optional() {
                    return make(ExprKind::IsSet(Box::new(subject)));
                }
                if !self.in_template() {
                    let has = describe(self.types, &subject.ty);
                    let warning =
                        self.sink.warning(Code::NeverAbsent, span, format!("this always holds: {has} is never absent"));
                    if matches!(subject.ty, Type::List(_) | Type::Map(_)) {
                        warning.help("an absent list or map is empty: ask `is not empty`");
                    }
                }
                make(ExprKind::Bool(true))
            }
            "given" if self.in_template() => {
                self.sink
                    .error(
                        Code::Arguments,
                        span,
                        "a template cannot ask `is given`: it sees values, not what the caller passed",
                    )
                    .help("put what is to be told into `output`");
                None
            }
            "given" => {
                let TreeKind::Name(param) = &subject.kind else {
                    return self.not_a_param(subject);
                };
                let Some(seen) = self.scope.peek(param).cloned() else {
                    // Says that the name is unknown.
                    return self.infer(subject, None);
                };
                if !matches!(self.locals.get(seen.local.0).map(|local| local.kind), Some(LocalKind::Param(_))) {
                    return self.not_a_param(subject);
                }
                self.scope.mark_used(seen.local);
                make(ExprKind::IsGiven(seen.local))
            }
            _ => {
                let mut all = vec![subject];
                all.extend(args);
                self.apply(Form::Test, name, &all, span)
            }
        }
    }

    fn not_a_param(&mut self, subject: &Tree) -> Option<Expr> {
        self.sink
            .error(Code::Arguments, subject.span, "`is given` asks whether the caller passed a parameter; this is none")
            .help("ask `is set` of other values");
        None
    }

    /// A function of the vocabulary.
    pub(super) fn call(&mut self, name: &Word, args: &[Tree], span: Span) -> Option<Expr> {
        let all: Vec<&Tree> = args.iter().collect();
        self.apply(Form::Function, name, &all, span)
    }

    fn apply(&mut self, form: Form, name: &Word, args: &[&Tree], span: Span) -> Option<Expr> {
        let what = match form {
            Form::Function => "function",
            Form::Filter => "filter",
            Form::Test => "test",
        };
        let Some(word) = vocabulary::find(form, &name.text) else {
            let error =
                self.sink.error(Code::UnknownFunction, name.span, format!("there is no {what} `{}`", name.text));
            error.suggest(&name.text, vocabulary::names(form));
            if name.text == "defined" || name.text == "none" {
                error.help("ask `is set`");
            }
            return None;
        };
        match (word.place, self.context) {
            (Place::Let, Context::Mapping | Context::Template) => {
                self.sink
                    .error(
                        Code::Impure,
                        name.span,
                        format!("`{}` gives another value each time, so it may stand in a `let` alone", word.name),
                    )
                    .help("name its value by a `let` step, and use that name here: a retry then sees the same value");
                return None;
            }
            (Place::Template, Context::Mapping | Context::Let) => {
                self.sink
                    .error(Code::Arguments, name.span, format!("`{}` is for templates alone", word.name))
                    .help("put the value into `output`, and call it in the answer");
                return None;
            }
            _ => {}
        }
        if word.takes.len() != args.len() {
            let own = usize::from(form != Form::Function);
            let (takes, given) = (word.takes.len() - own, args.len().saturating_sub(own));
            let arguments = if takes == 1 { "argument" } else { "arguments" };
            self.sink
                .error(Code::Arguments, name.span, format!("`{}` takes {takes} {arguments}, not {given}", word.name))
                .note(format!("`{}`: {}", word.name, word.about));
            return None;
        }
        let mut typed = Vec::new();
        for (shape, arg) in word.takes.iter().zip(args) {
            typed.push(self.argument(*shape, arg, word.name));
        }
        let typed: Vec<Expr> = typed.into_iter().collect::<Option<_>>()?;
        if word.name == "random_password" {
            self.password_length(typed.first()?)?;
        }
        let ty = self.gives(word.gives, typed.first());
        Some(Expr { kind: ExprKind::Call { function: word.name, args: typed }, ty, span })
    }

    /// The runtime makes passwords of some lengths alone (`cnpg_mcp_runtime::expression::random_password`).
    fn password_length(&mut self, length: &Expr) -> Option<()> {
        const SHORTEST: i64 = 16;
        const LONGEST: i64 = 1024;
        let range = self.range(length);
        let never = range.most.is_some_and(|most| most < SHORTEST) || range.least.is_some_and(|least| least > LONGEST);
        let always =
            range.least.is_some_and(|least| least >= SHORTEST) && range.most.is_some_and(|most| most <= LONGEST);
        let note = format!("a password has {SHORTEST} to {LONGEST} characters; the call fails with any other number");
        if never {
            self.sink.error(Code::OutOfBounds, length.span, "no password is of this length").note(note);
            return None;
        }
        if !always && self.param_bounds(length).is_some() {
            self.sink
                .warning(Code::OutOfBounds, length.span, "passwords of some of these lengths are refused")
                .note(note)
                .help(format!("give the parameter `min: {SHORTEST}` and `max: {LONGEST}`"));
        }
        Some(())
    }

    fn argument(&mut self, shape: Shape, tree: &Tree, function: &str) -> Option<Expr> {
        let expr = self.infer(tree, None)?;
        if *expr.ty.required() == Type::Secret {
            self.leak(expr.span);
            return None;
        }
        let fits = |ty: &Type, typer: &Self| match (shape, ty) {
            (Shape::Text, Type::String | Type::Enum(_))
            | (Shape::Int, Type::Int)
            | (Shape::Time | Shape::TimeMaybe, Type::Time)
            | (Shape::List, Type::List(_))
            | (Shape::Map, Type::Map(_))
            | (Shape::Sized | Shape::Emptyable, Type::List(_) | Type::Map(_) | Type::String | Type::Enum(_))
            | (Shape::Pattern, Type::String) => true,
            (Shape::Resource, Type::Object(id)) => matches!(typer.types.object(*id).origin, Origin::Resource(_)),
            (Shape::Emptyable, Type::Object(id)) => typer
                .types
                .object(*id)
                .fields
                .iter()
                .all(|field| matches!(field.ty, Type::Optional(_) | Type::List(_) | Type::Map(_))),
            (Shape::Scalar, ty) => printable(ty),
            (Shape::Joinable, Type::List(inner)) => matches!(**inner, Type::String | Type::Enum(_) | Type::Int),
            (Shape::Ints, Type::List(inner)) => **inner == Type::Int,
            (Shape::Ordered, Type::List(inner)) => {
                matches!(**inner, Type::String | Type::Enum(_) | Type::Int | Type::Time)
            }
            _ => false,
        };
        if shape == Shape::Pattern {
            return self.pattern(expr, function);
        }
        if shape == Shape::TimeMaybe && fits(expr.ty.required(), self) {
            return Some(expr);
        }
        if fits(&expr.ty, self) {
            // Words of an enum are texts to a function.
            return match (shape, &expr.ty) {
                (Shape::Text | Shape::Sized | Shape::Emptyable, Type::Enum(_)) => self.coerce(expr, &Type::String),
                _ => Some(expr),
            };
        }
        if fits(expr.ty.required(), self) {
            self.maybe_absent(&expr);
            return None;
        }
        let (wanted, has) = (wanted(shape), describe(self.types, &expr.ty));
        let error = self.sink.error(Code::Arguments, expr.span, format!("`{function}` takes {wanted}, not {has}"));
        error.label(format!("this is {has}"));
        if shape == Shape::Text && printable(&expr.ty) {
            error.help("make text of it by `| string`");
        }
        None
    }

    fn pattern(&mut self, expr: Expr, function: &str) -> Option<Expr> {
        let ExprKind::String(pattern) = &expr.kind else {
            self.sink
                .error(
                    Code::Arguments,
                    expr.span,
                    format!("`{function}` takes a regular expression that is written out"),
                )
                .help("write the pattern as a text in quotes, so that it can be checked now");
            return None;
        };
        if let Err(error) = regex::Regex::new(pattern) {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.sink.error(Code::Pattern, expr.span, format!("this is not a regular expression: {reason}"));
            return None;
        }
        Some(expr)
    }

    fn gives(&mut self, gives: Gives, first: Option<&Expr>) -> Type {
        let subject = first.map_or(Type::String, |expr| expr.ty.clone());
        match gives {
            Gives::Bool => Type::Bool,
            Gives::Int => Type::Int,
            Gives::IntMaybe => Type::Int.optional(),
            Gives::TextLifted if subject.is_optional() => Type::String.optional(),
            Gives::Text | Gives::TextLifted => Type::String,
            Gives::Texts => Type::List(Box::new(Type::String)),
            Gives::Secret => Type::Secret,
            Gives::Time => Type::Time,
            Gives::Same => subject,
            Gives::Element => match subject {
                Type::List(inner) => inner.optional(),
                other => other,
            },
            Gives::Values => match subject {
                Type::Map(inner) => Type::List(inner),
                other => other,
            },
            Gives::Entries => {
                let Type::Map(inner) = subject else { return subject };
                let name = format!("{}Entry", super::camel(&describe(self.types, &inner)));
                let field = |name: &str, ty| Field { name: name.to_owned(), ty, about: None };
                let id = self.types.builtin(&name, vec![field("key", Type::String), field("value", *inner)]);
                Type::List(Box::new(Type::Object(id)))
            }
        }
    }
}

fn wanted(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a string",
        Shape::Int => "an int",
        Shape::Time | Shape::TimeMaybe => "a time",
        Shape::Resource => "an object of a Kubernetes kind",
        Shape::List => "a list",
        Shape::Map => "a map",
        Shape::Sized => "a list, map or string",
        Shape::Emptyable => "a list, map, string, or an object whose fields may all be absent",
        Shape::Scalar => "a value that has a form as text",
        Shape::Joinable => "a list of strings or ints",
        Shape::Ints => "a list of ints",
        Shape::Ordered => "a list of strings, ints or times",
        Shape::Pattern => "a regular expression",
    }
}

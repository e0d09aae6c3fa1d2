//! Steps as statements.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Code, Form, Level, is_copy};
use super::expression::{argument, can_fail, condition_of, empty_value, owned, read};
use super::output::Builder;
use super::scope::{Bound, Scope};
use super::verb;
use crate::lowered::{
    BinaryOp, Confirm, Expr, ExprKind, Let, LocalId, LocalKind, Outcome, Require, Step, Stop, Target, Verb,
};
use crate::types::Type;

/// The statements of a step. What it binds is in scope afterwards.
pub fn step(scope: &mut Scope<'_>, step: &Step, output: Option<&Builder>) -> TokenStream {
    let guard = Guard::enter(scope, step);
    match &step.verb {
        Verb::Require(require) => require_step(scope, guard, require),
        Verb::Warn(text) => {
            let text = owned(scope, text);
            guarded(scope, guard, quote!(call.warn(#text);))
        }
        Verb::Stop(end) => {
            let statements = stop_step(scope, end, output);
            guarded(scope, guard, statements)
        }
        Verb::Confirm(confirm) => {
            let statements = confirm_step(scope, step, confirm, output);
            guarded(scope, guard, statements)
        }
        Verb::Let(Let::Be(value)) => let_step(scope, step, guard, value),
        Verb::Let(Let::Each(comprehension)) => {
            let ty = step.binding.map_or(Type::Bool, |binding| scope.local(binding).ty.clone());
            // Under a condition the comprehension's own type is the one without `?`.
            let ty = if guard.is_some() && !comprehension.first { ty.required().clone() } else { ty };
            let value = Expr { kind: ExprKind::Comprehension(comprehension.clone()), ty, span: step.span };
            let_step(scope, step, guard, &value)
        }
        _ => {
            let code = verb::call(scope, step);
            let ty = result_type(scope, step);
            bind_result(scope, step, guard, code, &ty)
        }
    }
}

/// The condition of a step, while the step's own expressions are emitted.
struct Guard {
    condition: TokenStream,
    outer: Vec<(LocalId, Option<Bound>)>,
}

impl Guard {
    /// Emits the condition; inside, what it says is set is no longer optional.
    fn enter(scope: &mut Scope<'_>, step: &Step) -> Option<Self> {
        let when = step.when.as_ref()?;
        if step.narrows.is_empty() {
            return Some(Self { condition: condition_of(scope, when), outer: Vec::new() });
        }
        let mut outer = Vec::new();
        let mut parts = Vec::new();
        for (old, new) in &step.narrows {
            let Some(bound) = scope.get(*old).cloned() else { continue };
            let name = bound.ident.clone();
            let code = Code::atom(quote!(#name), bound.form);
            let subject = match bound.ty.required() {
                Type::Object(_) if bound.form == Form::Place => quote!(&#name),
                _ => code.exact(&bound.ty),
            };
            parts.push(quote!(let Some(#name) = #subject));
            let form = if is_copy(&bound.ty) { Form::Place } else { Form::Borrowed };
            let inner = Bound::new(name, form, bound.ty.required().clone());
            outer.push((*old, Some(bound)));
            outer.push((*new, None));
            scope.bind(*old, inner.clone());
            scope.bind(*new, inner);
        }
        let narrowed: Vec<LocalId> = step.narrows.iter().map(|(old, _)| *old).collect();
        parts.extend(rest_without(scope, when, &narrowed));
        Some(Self { condition: quote!(#(#parts)&&*), outer })
    }

    /// The condition, with the names as they were outside.
    fn leave(self, scope: &mut Scope<'_>) -> TokenStream {
        for (local, bound) in self.outer {
            match bound {
                Some(bound) => scope.bind(local, bound),
                None => scope.unbind(local),
            }
        }
        self.condition
    }
}

/// Under the step's condition, where it has one.
fn guarded(scope: &mut Scope<'_>, guard: Option<Guard>, statements: TokenStream) -> TokenStream {
    match guard {
        Some(guard) => {
            let condition = guard.leave(scope);
            quote!(if #condition { #statements })
        }
        None => statements,
    }
}

fn let_step(scope: &mut Scope<'_>, step: &Step, guard: Option<Guard>, value: &Expr) -> TokenStream {
    let code = owned(scope, value);
    bind_result(scope, step, guard, code, &value.ty)
}

/// What a condition says beside that the given names are set.
fn rest_without(scope: &mut Scope<'_>, condition: &Expr, set: &[LocalId]) -> Option<TokenStream> {
    let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Local(id) if set.contains(id));
    match &condition.kind {
        ExprKind::IsSet(of) if is_it(of) => None,
        ExprKind::IfSet { subject, bound, then, otherwise }
            if is_it(subject) && matches!(otherwise.kind, ExprKind::Bool(false)) =>
        {
            if let ExprKind::Local(id) = &subject.kind
                && let Some(inner) = scope.get(*id).cloned()
            {
                scope.bind(*bound, inner);
            }
            rest_without(scope, then, set)
        }
        ExprKind::Binary(BinaryOp::And, left, right) => {
            match (rest_without(scope, left, set), rest_without(scope, right, set)) {
                (Some(left), Some(right)) => Some(quote!(#left && #right)),
                (left, right) => left.or(right),
            }
        }
        ExprKind::Bool(true) => None,
        _ => Some(read(scope, condition).at(Level::Comparison)),
    }
}

/// The Rust type of a step's result before its `when`.
fn result_type(scope: &Scope<'_>, step: &Step) -> Type {
    let Some(binding) = step.binding else { return Type::Bool };
    let local = scope.local(binding);
    let may_be_missing =
        matches!(step.verb, Verb::Get(_) | Verb::Read(_)) && (step.missing_ok || step.forbidden_note.is_some());
    match (&local.kind, &step.verb) {
        (LocalKind::Resource(kind), _) => {
            let object = Type::Object(scope.program.kinds[kind.0].object);
            if may_be_missing { object.optional() } else { object }
        }
        (_, Verb::Read(_)) if may_be_missing => local.ty.required().clone().optional(),
        _ => local.ty.required().clone(),
    }
}

/// `let x = …;`, with the condition of the step around it.
fn bind_result(scope: &mut Scope<'_>, step: &Step, guard: Option<Guard>, code: TokenStream, ty: &Type) -> TokenStream {
    let pure = matches!(step.verb, Verb::Let(_));
    let Some(binding) = step.binding.filter(|binding| scope.is_needed_later(*binding)) else {
        // A value that nobody looks at need not be worked out; a request is sent all the same.
        return if pure { TokenStream::new() } else { guarded(scope, guard, quote!(#code;)) };
    };
    let Some(guard) = guard else {
        let variable = scope.step_ident(binding);
        scope.bind(binding, Bound::new(variable.clone(), Form::Place, ty.clone()));
        return quote!(let #variable = #code;);
    };
    let condition = guard.leave(scope);
    let variable = scope.step_ident(binding);
    if let Some(before) = scope.get(binding).cloned() {
        let code = if before.ty.is_optional() && !ty.is_optional() { quote!(Some(#code)) } else { code };
        return quote!(let #variable = if #condition { #code } else { #variable };);
    }
    let (found, missing) = optional_result(code, ty);
    scope.bind(binding, Bound::new(variable.clone(), Form::Place, ty.clone().optional()));
    quote!(let #variable = if #condition { #found } else { #missing };)
}

/// A result as an optional one, and what stands for it where it is not there.
fn optional_result(code: TokenStream, ty: &Type) -> (TokenStream, TokenStream) {
    match ty {
        Type::List(_) | Type::Map(_) => (code, empty_value(ty)),
        Type::Optional(_) => (code, quote!(None)),
        _ => (quote!(Some(#code)), quote!(None)),
    }
}

/// `call.require(…)?`, or `let … else` where the guard is that something is set.
fn require_step(scope: &mut Scope<'_>, guard: Option<Guard>, require: &Require) -> TokenStream {
    if let (None, [(old, new)]) = (&guard, require.narrows.as_slice())
        && let Some(outer) = scope.get(*old).cloned()
        && let Some(found) = narrowing_guard(scope, require, *old, &outer)
    {
        let name = outer.ident;
        scope.bind(*new, Bound::new(name.clone(), outer.form, outer.ty.required().clone()));
        let failure = refusal(scope, require);
        return quote!(let Some(#name) = #found else { return Err(#failure); };);
    }
    let that = read(scope, &require.that).tokens;
    let otherwise = message(scope, &require.otherwise);
    let statement = if let Some(parameter) = &require.parameter {
        quote!(call.require_param(#parameter, #that, #otherwise)?;)
    } else {
        quote!(call.require(#that, #otherwise)?;)
    };
    let statement = guarded(scope, guard, statement);
    let mut narrowed = Vec::new();
    for (old, new) in &require.narrows {
        let Some(outer) = scope.get(*old).cloned() else { continue };
        let name = outer.ident.clone();
        let failure = refusal(scope, require);
        scope.bind(*new, Bound::new(name.clone(), outer.form, outer.ty.required().clone()));
        narrowed.push(quote!(let Some(#name) = #name else { return Err(#failure); };));
    }
    quote!(#statement #(#narrowed)*)
}

/// The value whose being there is all that the guard asks: `x`, or `x.filter(…)`.
fn narrowing_guard(scope: &mut Scope<'_>, require: &Require, old: LocalId, outer: &Bound) -> Option<TokenStream> {
    let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Local(id) if *id == old);
    let name = &outer.ident;
    match &require.that.kind {
        ExprKind::IsSet(of) if is_it(of) => Some(quote!(#name)),
        ExprKind::IfSet { subject, bound, then, otherwise }
            if is_it(subject) && matches!(otherwise.kind, ExprKind::Bool(false)) && !can_fail(then) =>
        {
            scope.bind(*bound, Bound::new(name.clone(), Form::Borrowed, outer.ty.required().clone()));
            let test = scope.in_closure(|scope| read(scope, then)).tokens;
            Some(quote!(#name.filter(|#name| #test)))
        }
        _ => None,
    }
}

fn refusal(scope: &mut Scope<'_>, require: &Require) -> TokenStream {
    let text = owned(scope, &require.otherwise);
    let parameter = require.parameter.as_ref().map(|parameter| quote!(.parameter(#parameter)));
    quote!(Failure::refused(#text)#parameter)
}

/// `|| text`, made only where it is needed.
pub fn message(scope: &mut Scope<'_>, text: &Expr) -> TokenStream {
    if let ExprKind::String(text) = &text.kind {
        return quote!(|| #text);
    }
    let value = scope.in_closure(|scope| owned(scope, text));
    if can_fail(text) { quote!(|| Ok::<String, Failure>(#value)) } else { quote!(|| #value) }
}

fn stop_step(scope: &mut Scope<'_>, stop: &Stop, output: Option<&Builder>) -> TokenStream {
    let condition = condition_of(scope, &stop.when);
    let outcome = outcome(stop.outcome);
    let end = output.map(|output| output.call(scope, true));
    quote!(if #condition { call.stop(Outcome::#outcome); return #end; })
}

/// The variant of the runtime's `Outcome`.
pub fn outcome(outcome: Outcome) -> Ident {
    let name = match outcome {
        Outcome::Done => "Done",
        Outcome::Unchanged => "Unchanged",
        Outcome::Planned => "Planned",
        Outcome::Unconfirmed => "Unconfirmed",
        Outcome::Partial => "Partial",
        Outcome::TimedOut => "TimedOut",
    };
    Ident::new(name, proc_macro2::Span::call_site())
}

/// Asks, with the output so far as the plan and the objects that would go.
fn confirm_step(scope: &mut Scope<'_>, step: &Step, confirm: &Confirm, output: Option<&Builder>) -> TokenStream {
    let by = scope.get(confirm.by).map(|bound| bound.ident.clone());
    let objects = going(scope, step);
    let plan = output.map(|output| output.call(scope, false));
    let ask = quote! {
        let plan = #plan;
        if !call.confirm(#by, &plan, #objects).await? {
            return Ok(plan);
        }
    };
    match &confirm.when {
        Some(when) => {
            let condition = condition_of(scope, when);
            quote!(if #condition { #ask })
        }
        None => ask,
    }
}

/// The objects that later steps delete, as far as they are known by now.
fn going(scope: &mut Scope<'_>, confirm: &Step) -> TokenStream {
    let tool = scope.tool;
    let later = tool.steps.iter().skip_while(|step| step.span != confirm.span).skip(1);
    let (mut single, mut lists) = (Vec::new(), Vec::new());
    for step in later {
        match &step.verb {
            Verb::Delete(delete) => {
                if let Target::Bound(local) = delete.target
                    && let Some(bound) = scope.get(local)
                {
                    let name = &bound.ident;
                    single.push(if bound.ty.is_optional() { (true, quote!(#name)) } else { (false, quote!(#name)) });
                }
            }
            Verb::DeleteEach(delete) => lists.push(argument(scope, &delete.each)),
            _ => {}
        }
    }
    let plain = single.iter().filter(|(optional, _)| !optional).map(|(_, name)| quote!(&#name.metadata));
    let optional = single
        .iter()
        .filter(|(optional, _)| *optional)
        .map(|(_, name)| quote!(.chain(#name.iter().map(|object| &object.metadata))));
    if lists.is_empty() && !single.iter().any(|(optional, _)| *optional) {
        return quote!(&[#(#plain),*]);
    }
    let lists = lists.iter().map(|list| {
        let list = quote!((#list)).to_string();
        let list: TokenStream = list.trim_start_matches("(&").trim_end_matches(')').parse().unwrap_or_default();
        quote!(.chain(#list.iter().map(|object| &object.metadata)))
    });
    quote!(&[#(#plain),*].into_iter() #(#optional)* #(#lists)* .collect::<Vec<_>>())
}

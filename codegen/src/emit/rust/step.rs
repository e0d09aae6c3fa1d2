//! Steps as statements.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Form, Level};
use super::expression::{argument, condition_of, empty_value, owned, read};
use super::output::Builder;
use super::scope::{Bound, Scope};
use super::verb;
use crate::lowered::{Confirm, Expr, ExprKind, Let, LocalId, LocalKind, Outcome, Require, Step, Stop, Target, Verb};
use crate::types::Type;

/// The statements of a step. What it binds is in scope afterwards.
pub fn step(scope: &mut Scope<'_>, step: &Step, output: Option<&Builder>) -> TokenStream {
    match &step.verb {
        Verb::Require(require) => require_step(scope, step, require),
        Verb::Warn(text) => {
            let text = owned(scope, text);
            guarded(scope, step, quote!(call.warn(#text);))
        }
        Verb::Stop(stop) => stop_step(scope, step, stop, output),
        Verb::Confirm(confirm) => confirm_step(scope, step, confirm, output),
        Verb::Let(Let::Be(value)) => let_step(scope, step, value),
        Verb::Let(Let::Each(comprehension)) => {
            let ty = step.binding.map_or(Type::Bool, |binding| scope.local(binding).ty.clone());
            let value = Expr { kind: ExprKind::Comprehension(comprehension.clone()), ty, span: step.span };
            let_step(scope, step, &value)
        }
        _ => acting(scope, step),
    }
}

/// Under the step's condition, where it has one.
fn guarded(scope: &mut Scope<'_>, step: &Step, statements: TokenStream) -> TokenStream {
    match &step.when {
        Some(when) => {
            let condition = condition_of(scope, when);
            quote!(if #condition { #statements })
        }
        None => statements,
    }
}

fn let_step(scope: &mut Scope<'_>, step: &Step, value: &Expr) -> TokenStream {
    let code = owned(scope, value);
    bind_result(scope, step, code, &value.ty)
}

/// Steps that ask something of the API server.
fn acting(scope: &mut Scope<'_>, step: &Step) -> TokenStream {
    let narrowed = narrow_target(scope, step);
    let code = verb::call(scope, step);
    let ty = result_type(scope, step);
    let Some(narrowed) = narrowed else { return bind_result(scope, step, code, &ty) };

    // The object may be absent: then the step is not taken.
    let name = &narrowed.name;
    let rest = rest_of_condition(scope, step, narrowed.local);
    let rebinds = step.binding == Some(narrowed.local);
    scope.bind(narrowed.local, narrowed.outer);
    if rebinds {
        let guard = rest.map(|rest| quote!(if #rest));
        return quote! {
            let #name = match #name {
                Some(#name) #guard => Some(#code),
                other => other,
            };
        };
    }
    let guard = rest.map(|rest| quote!(&& #rest));
    match step.binding {
        Some(binding) => {
            let variable = scope.step_ident(binding);
            let (found, missing) = optional_result(code, &ty);
            scope.bind(binding, Bound { ident: variable.clone(), form: Form::Place, ty: ty.optional() });
            quote!(let #variable = if let Some(#name) = &#name #guard { #found } else { #missing };)
        }
        None => quote!(if let Some(#name) = &#name #guard { #code; }),
    }
}

/// A target that may be absent, as the step sees it.
struct Narrowed {
    local: LocalId,
    name: Ident,
    outer: Bound,
}

fn narrow_target(scope: &mut Scope<'_>, step: &Step) -> Option<Narrowed> {
    let local = target(step)?;
    let outer = scope.get(local)?.clone();
    if !outer.ty.is_optional() {
        return None;
    }
    let name = outer.ident.clone();
    let form = if step.binding == Some(local) { Form::Place } else { Form::Borrowed };
    scope.bind(local, Bound { ident: name.clone(), form, ty: outer.ty.required().clone() });
    Some(Narrowed { local, name, outer })
}

/// The binding that a step works on.
pub fn target(step: &Step) -> Option<LocalId> {
    let target = match &step.verb {
        Verb::Patch(patch) => &patch.target,
        Verb::Edit(edit) => &edit.target,
        Verb::Delete(delete) => &delete.target,
        Verb::Wait(wait) => &wait.target,
        _ => return None,
    };
    match target {
        Target::Bound(local) => Some(*local),
        Target::Named(_) => None,
    }
}

/// What a step's condition says beside that the object is set.
fn rest_of_condition(scope: &mut Scope<'_>, step: &Step, local: LocalId) -> Option<TokenStream> {
    let when = step.when.as_ref()?;
    rest_without(scope, when, local)
}

fn rest_without(scope: &mut Scope<'_>, condition: &Expr, local: LocalId) -> Option<TokenStream> {
    let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Local(id) if *id == local);
    match &condition.kind {
        ExprKind::IsSet(of) if is_it(of) => None,
        ExprKind::IfSet { subject, bound, then, otherwise } if is_it(subject) && matches!(otherwise.kind, ExprKind::Bool(false)) => {
            let outer = scope.get(local)?.clone();
            scope.bind(*bound, outer);
            if matches!(then.kind, ExprKind::Bool(true)) {
                return None;
            }
            Some(read(scope, then).at(Level::And))
        }
        ExprKind::Binary(crate::lowered::BinaryOp::And, left, right) => {
            match (rest_without(scope, left, local), rest_without(scope, right, local)) {
                (Some(left), Some(right)) => Some(quote!(#left && #right)),
                (left, right) => left.or(right),
            }
        }
        _ => Some(read(scope, condition).at(Level::And)),
    }
}

/// The Rust type of a step's result before its `when`.
fn result_type(scope: &Scope<'_>, step: &Step) -> Type {
    let Some(binding) = step.binding else { return Type::Bool };
    let local = scope.local(binding);
    let may_be_missing = matches!(step.verb, Verb::Get(_)) && (step.missing_ok || step.forbidden_note.is_some());
    match (&local.kind, &step.verb) {
        (LocalKind::Resource(kind), _) => {
            let object = Type::Object(scope.program.kinds[kind.0].object);
            if may_be_missing { object.optional() } else { object }
        }
        _ => local.ty.required().clone(),
    }
}

/// `let x = …;`, with the condition of the step around it.
fn bind_result(scope: &mut Scope<'_>, step: &Step, code: TokenStream, ty: &Type) -> TokenStream {
    let Some(binding) = step.binding else { return guarded(scope, step, quote!(#code;)) };
    let before = scope.get(binding).cloned();
    let variable = scope.step_ident(binding);
    let Some(when) = &step.when else {
        scope.bind(binding, Bound { ident: variable.clone(), form: Form::Place, ty: ty.clone() });
        return quote!(let #variable = #code;);
    };
    let condition = condition_of(scope, when);
    if let Some(before) = before {
        let code = if before.ty.is_optional() && !ty.is_optional() { quote!(Some(#code)) } else { code };
        return quote!(let #variable = if #condition { #code } else { #variable };);
    }
    let (found, missing) = optional_result(code, ty);
    scope.bind(binding, Bound { ident: variable.clone(), form: Form::Place, ty: ty.clone().optional() });
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
fn require_step(scope: &mut Scope<'_>, step: &Step, require: &Require) -> TokenStream {
    if let (None, [(old, new)]) = (&step.when, require.narrows.as_slice())
        && let Some(outer) = scope.get(*old).cloned()
        && let Some(found) = narrowing_guard(scope, require, *old, &outer)
    {
        let name = outer.ident;
        scope.bind(*new, Bound { ident: name.clone(), form: outer.form, ty: outer.ty.required().clone() });
        let failure = refusal(scope, require);
        return quote!(let Some(#name) = #found else { return Err(#failure); };);
    }
    let that = read(scope, &require.that).tokens;
    let otherwise = message(scope, &require.otherwise);
    let guard = match &require.parameter {
        Some(parameter) => quote!(call.require_param(#parameter, #that, #otherwise)?;),
        None => quote!(call.require(#that, #otherwise)?;),
    };
    let guard = guarded(scope, step, guard);
    let mut narrowed = Vec::new();
    for (old, new) in &require.narrows {
        let Some(outer) = scope.get(*old).cloned() else { continue };
        let name = outer.ident.clone();
        let failure = refusal(scope, require);
        scope.bind(*new, Bound { ident: name.clone(), form: outer.form, ty: outer.ty.required().clone() });
        narrowed.push(quote!(let Some(#name) = #name else { return Err(#failure); };));
    }
    quote!(#guard #(#narrowed)*)
}

/// The value whose being there is all that the guard asks: `x`, or `x.filter(…)`.
fn narrowing_guard(scope: &mut Scope<'_>, require: &Require, old: LocalId, outer: &Bound) -> Option<TokenStream> {
    let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Local(id) if *id == old);
    let name = &outer.ident;
    match &require.that.kind {
        ExprKind::IsSet(of) if is_it(of) => Some(quote!(#name)),
        ExprKind::IfSet { subject, bound, then, otherwise }
            if is_it(subject) && matches!(otherwise.kind, ExprKind::Bool(false)) && !super::expression::can_fail(then) =>
        {
            scope.bind(*bound, Bound { ident: name.clone(), form: Form::Borrowed, ty: outer.ty.required().clone() });
            let test = scope.in_closure(|scope| read(scope, then)).tokens;
            Some(quote!(#name.filter(|#name| #test)))
        }
        _ => None,
    }
}

fn refusal(scope: &mut Scope<'_>, require: &Require) -> TokenStream {
    let text = owned(scope, &require.otherwise);
    match &require.parameter {
        Some(parameter) => quote!(Failure::refused(#text).parameter(#parameter)),
        None => quote!(Failure::refused(#text)),
    }
}

/// `|| text`, made only where it is needed.
pub fn message(scope: &mut Scope<'_>, text: &Expr) -> TokenStream {
    let text = scope.in_closure(|scope| owned(scope, text));
    quote!(|| #text)
}

fn stop_step(scope: &mut Scope<'_>, step: &Step, stop: &Stop, output: Option<&Builder>) -> TokenStream {
    let condition = read(scope, &stop.when);
    let condition = match &step.when {
        Some(when) => {
            let when = read(scope, when).at(Level::And);
            let condition = condition.at(Level::And);
            quote!(#when && #condition)
        }
        None => condition.tokens,
    };
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
    let mut conditions: Vec<TokenStream> = Vec::new();
    for when in step.when.iter().chain(&confirm.when) {
        conditions.push(read(scope, when).at(Level::Comparison));
    }
    quote! {
        if #(#conditions &&)* !call.confirm(#by, &#plan, #objects).await? {
            return Ok(#plan);
        }
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
    let optional = single.iter().filter(|(optional, _)| *optional).map(|(_, name)| quote!(.chain(#name.iter().map(|object| &object.metadata))));
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

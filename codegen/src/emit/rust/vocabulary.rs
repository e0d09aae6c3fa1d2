//! Calls of the vocabulary: functions, filters and tests by their names in the spec language.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::code::{Code, Form, Level, is_copy};
use super::expression::{argument, read};
use super::field::{Chain, behind};
use super::scope::Scope;
use crate::lowered::{Expr, ExprKind};
use crate::types::{ObjectId, Type};

/// Functions that the call itself answers. They are asked for once, before the first step.
const SETTINGS: &[&str] = &["current_namespace", "image_registry", "now"];

/// Whether a function's Rust gives a `Result`.
pub fn can_fail(function: &str) -> bool {
    matches!(function, "random_password" | "abs")
}

/// The call of a function. Arguments are borrowed, results are new.
pub fn call(scope: &mut Scope<'_>, function: &'static str, args: &[Expr]) -> Code {
    if SETTINGS.contains(&function) && scope.ask_on_the_spot {
        let name = Ident::new(function, Span::call_site());
        return Code::owned(quote!(call.#name()));
    }
    if SETTINGS.contains(&function) {
        scope.settings.insert(function);
        let name = setting_ident(scope, function);
        return Code::atom(quote!(#name), Form::Place);
    }
    match (function, args) {
        ("empty", [of]) => empty(scope, of),
        ("age", [time]) => {
            scope.settings.insert("now");
            let now = setting_ident(scope, "now");
            let time = read(scope, time).tokens;
            Code::owned(quote!(expression::age(#time, #now)))
        }
        ("startingwith", [text, beginning]) => method(scope, text, &quote!(starts_with), beginning),
        ("endingwith", [text, end]) => method(scope, text, &quote!(ends_with), end),
        ("lower", [text]) => {
            let text = read(scope, text).receiver();
            Code::owned(quote!(#text.to_lowercase()))
        }
        ("upper", [text]) => {
            let text = read(scope, text).receiver();
            Code::owned(quote!(#text.to_uppercase()))
        }
        ("string", [value]) => {
            let value = read(scope, value).receiver();
            Code::owned(quote!(#value.to_string()))
        }
        ("entries" | "keys" | "values", [map])
            if matches!(map.kind, ExprKind::Field { .. } | ExprKind::Index { .. }) =>
        {
            let name = Ident::new(function, Span::call_site());
            if let Some(Chain { base, step, value, declared, .. }) = behind(scope, map) {
                let map = value.argument(&declared);
                return Code::owned(quote!(#base.map(|#step| expression::#name(#map)).unwrap_or_default()));
            }
            let code = read(scope, map);
            if code.form == Form::AbsentIsEmpty {
                let receiver = code.receiver();
                return Code::owned(quote!(#receiver.map(expression::#name).unwrap_or_default()));
            }
            let map = code.argument(&map.ty);
            Code::owned(quote!(expression::#name(#map)))
        }
        _ => {
            let name = Ident::new(function, Span::call_site());
            let args = args.iter().map(|arg| argument(scope, arg)).collect::<Vec<_>>();
            let question = can_fail(function).then(|| quote!(?));
            Code::owned(quote!(expression::#name(#(#args),*) #question))
        }
    }
}

/// The variable that keeps a setting of the call.
pub fn setting_ident(scope: &Scope<'_>, function: &str) -> Ident {
    let taken = scope.tool.locals.iter().any(|local| local.name == function);
    Ident::new(&if taken { format!("{function}_setting") } else { function.to_owned() }, Span::call_site())
}

fn method(scope: &mut Scope<'_>, text: &Expr, name: &TokenStream, with: &Expr) -> Code {
    let text = read(scope, text).receiver();
    let with = match &with.kind {
        ExprKind::String(literal) if literal.chars().count() == 1 => {
            let letter = literal.chars().next().unwrap_or_default();
            quote!(#letter)
        }
        _ => argument(scope, with),
    };
    Code::owned(quote!(#text.#name(#with)))
}

/// `x is empty`: of lists, maps and text, and of groups of optional parameters.
fn empty(scope: &mut Scope<'_>, of: &Expr) -> Code {
    if let Type::Object(id) = &of.ty {
        let parts = parts(scope, of, *id);
        let tests: Vec<_> = parts.iter().map(|part| absent(scope, part)).collect();
        return joined(&tests, &quote!(&&), Level::And);
    }
    absent_code(scope, of)
}

/// `x is not empty` of a group: one of it is set.
pub fn any_set(scope: &mut Scope<'_>, of: &Expr) -> Option<Code> {
    let Type::Object(id) = &of.ty else { return None };
    let parts = parts(scope, of, *id);
    let tests: Vec<_> = parts
        .iter()
        .map(|part| {
            let is_absent = absent_code(scope, part);
            if part.ty.is_optional() {
                let receiver = read(scope, part).receiver();
                quote!(#receiver.is_some())
            } else {
                let is_absent = is_absent.at(Level::Prefix);
                quote!(!#is_absent)
            }
        })
        .collect();
    Some(joined(&tests, &quote!(||), Level::Or))
}

fn joined(tests: &[TokenStream], sign: &TokenStream, level: Level) -> Code {
    match tests {
        [] => Code::owned(quote!(true)),
        [one] => Code::operator(one.clone(), Level::Prefix),
        [first, rest @ ..] => Code::operator(quote!(#first #(#sign #rest)*), level),
    }
}

fn parts(scope: &Scope<'_>, of: &Expr, object: ObjectId) -> Vec<Expr> {
    let fields = scope.object(object).fields.iter();
    fields
        .map(|field| Expr {
            kind: ExprKind::Field { of: Box::new(of.clone()), name: field.name.clone() },
            ty: field.ty.clone(),
            span: of.span,
        })
        .collect()
}

fn absent(scope: &mut Scope<'_>, part: &Expr) -> TokenStream {
    absent_code(scope, part).at(Level::Comparison)
}

fn absent_code(scope: &mut Scope<'_>, part: &Expr) -> Code {
    let code = read(scope, part);
    let receiver = code.receiver();
    if code.form == Form::AbsentIsEmpty {
        return match part.ty {
            Type::Map(_) => Code::owned(quote!(#receiver.is_none_or(BTreeMap::is_empty))),
            _ => Code::owned(quote!(#receiver.is_none_or(Vec::is_empty))),
        };
    }
    if part.ty.is_optional() {
        return Code::owned(quote!(#receiver.is_none()));
    }
    if is_copy(&part.ty) { Code::owned(quote!(false)) } else { Code::owned(quote!(#receiver.is_empty())) }
}

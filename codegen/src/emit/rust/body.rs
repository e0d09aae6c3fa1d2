//! JSON to send: `Fields::new().set(…)`.

use proc_macro2::TokenStream;
use quote::quote;

use super::code::{Form, is_copy};
use super::expression::{owned, read};
use super::scope::Scope;
use crate::lowered::{Body, BodyEntry, Expr, ExprKind};
use crate::types::Type;

/// An object of a body as `Fields`.
pub fn fields(scope: &mut Scope<'_>, body: &Body) -> TokenStream {
    match body {
        Body::Object(entries) => {
            let sets: Vec<_> = entries.iter().map(|entry| entry_set(scope, entry)).collect();
            quote!(Fields::new()#(#sets)*)
        }
        Body::Value(value) => object(scope, value),
        Body::List(_) | Body::Null | Body::When(..) => quote!(Fields::new()),
    }
}

fn entry_set(scope: &mut Scope<'_>, entry: &BodyEntry) -> TokenStream {
    match entry {
        BodyEntry::Key(key, Body::Null) => quote!(.null(#key)),
        BodyEntry::Key(key, body) => {
            let value = value(scope, body);
            quote!(.set(#key, #value))
        }
        BodyEntry::Spread(group) => object_sets(scope, group),
    }
}

fn value(scope: &mut Scope<'_>, body: &Body) -> TokenStream {
    match body {
        Body::Object(_) => fields(scope, body),
        Body::List(elements) => {
            let elements: Vec<_> = elements.iter().map(|element| value(scope, element)).collect();
            quote!(vec![#(#elements),*])
        }
        Body::Null => quote!(Value::Null),
        Body::When(condition, then) => {
            let condition = read(scope, condition).tokens;
            let then = value(scope, then);
            quote!(if #condition { Some(#then) } else { None })
        }
        Body::Value(expr) => sent(scope, expr),
    }
}

/// A value as the runtime's `IntoField` takes it.
pub fn sent(scope: &mut Scope<'_>, expr: &Expr) -> TokenStream {
    match &expr.ty {
        Type::Object(_) => object(scope, expr),
        Type::Int => {
            if let ExprKind::Int(value) = expr.kind {
                let literal = proc_macro2::Literal::i64_suffixed(value);
                return quote!(#literal);
            }
            read(scope, expr).tokens
        }
        ty if is_copy(ty) => read(scope, expr).tokens,
        Type::List(_) | Type::Map(_) => {
            let code = read(scope, expr);
            if matches!(code.form, Form::Place | Form::Movable) { code.argument(&expr.ty) } else { owned(scope, expr) }
        }
        ty => {
            let code = read(scope, expr);
            if code.form == Form::Owned { code.tokens } else { code.argument(ty) }
        }
    }
}

fn object(scope: &mut Scope<'_>, expr: &Expr) -> TokenStream {
    let sets = object_sets(scope, expr);
    quote!(Fields::new()#sets)
}

/// Every field of an object, each under its own name; absent ones are left out.
fn object_sets(scope: &mut Scope<'_>, expr: &Expr) -> TokenStream {
    let Type::Object(id) = expr.ty.required() else { return TokenStream::new() };
    if let ExprKind::Object { fields, .. } = &expr.kind {
        let sets: Vec<_> = fields
            .iter()
            .map(|(key, value)| {
                let value = sent(scope, value);
                quote!(.set(#key, #value))
            })
            .collect();
        return quote!(#(#sets)*);
    }
    let fields = scope.object(*id).fields.clone();
    let sets: Vec<_> = fields
        .iter()
        .map(|field| {
            let ty = if expr.ty.is_optional() { field.ty.clone().optional() } else { field.ty.clone() };
            let member = Expr {
                kind: ExprKind::Field { of: Box::new(expr.clone()), name: field.name.clone() },
                ty,
                span: expr.span,
            };
            let key = &field.name;
            let value = sent(scope, &member);
            quote!(.set(#key, #value))
        })
        .collect();
    quote!(#(#sets)*)
}

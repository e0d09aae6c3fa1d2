//! The same value in a wider type.

use proc_macro2::TokenStream;
use quote::quote;

use super::code::{Code, Form, Level, is_copy, is_text};
use super::expression::{empty_value, owned, read};
use super::names::{ident, local_ident};
use super::scope::Scope;
use super::types::struct_name;
use crate::lowered::{Expr, ExprKind};
use crate::types::Type;

/// In its cheapest form.
pub fn widen(scope: &mut Scope<'_>, to: &Type, inner: &Expr) -> Code {
    if is_text(to) && is_text(&inner.ty) {
        return read(scope, inner);
    }
    if let (Type::Optional(to), from) = (to, &inner.ty)
        && !from.is_optional()
        && (is_copy(to) && is_copy(from) && **to == *from || is_text(to) && is_text(from))
    {
        let code = read(scope, inner);
        let form = if code.form == Form::Owned { Form::Owned } else { Form::Borrowed };
        let value = if form == Form::Owned { code.tokens } else { code.exact(from) };
        return Code::atom(quote!(Some(#value)), form);
    }
    if same_rust(to, &inner.ty) {
        return read(scope, inner);
    }
    Code { tokens: widen_owned(scope, to, inner), form: Form::Owned, level: Level::Block }
}

/// Whether both are one type in Rust.
fn same_rust(left: &Type, right: &Type) -> bool {
    match (left, right) {
        (Type::Optional(left), Type::Optional(right))
        | (Type::List(left), Type::List(right))
        | (Type::Map(left), Type::Map(right)) => same_rust(left, right),
        (left, right) => left == right || is_text(left) && is_text(right),
    }
}

/// As a value of its own.
pub fn widen_owned(scope: &mut Scope<'_>, to: &Type, inner: &Expr) -> TokenStream {
    if same_rust(to, &inner.ty) {
        return owned(scope, inner);
    }
    match (to, &inner.ty) {
        (Type::List(to), Type::List(from)) => {
            let list = owned(scope, inner);
            let list = Code { tokens: list, form: Form::Owned, level: Level::Atom }.receiver();
            let item = local_ident("item");
            let value = convert(scope, to, from, &quote!(#item));
            quote!(#list.into_iter().map(|#item| #value).collect::<Vec<_>>())
        }
        (Type::Optional(to), from) if !from.is_optional() => {
            let value = if same_rust(to, from) { owned(scope, inner) } else { widen_owned(scope, to, inner) };
            quote!(Some(#value))
        }
        (to, from) => {
            let value = owned(scope, inner);
            match to.required() {
                // Every field is named, so the value needs a name.
                Type::Object(_) if !matches!(inner.kind, ExprKind::Local(_)) => {
                    let converted = convert(scope, to, from, &quote!(value));
                    quote!({ let value = #value; #converted })
                }
                _ => convert(scope, to, from, &value),
            }
        }
    }
}

/// The owned value in `value`, of type `from`, as one of type `to`.
fn convert(scope: &Scope<'_>, to: &Type, from: &Type, value: &TokenStream) -> TokenStream {
    if same_rust(to, from) {
        return value.clone();
    }
    match (to, from) {
        (Type::Float, Type::Int) => quote!(expression::to_float(#value)),
        (Type::Optional(to), Type::Optional(from)) => {
            let inner = convert(scope, to, from, &quote!(value));
            quote!(#value.map(|value| #inner))
        }
        (Type::Optional(to), from) => {
            let inner = convert(scope, to, from, value);
            quote!(Some(#inner))
        }
        (Type::List(to), Type::List(from)) => {
            let inner = convert(scope, to, from, &quote!(item));
            quote!(#value.into_iter().map(|item| #inner).collect())
        }
        (Type::Object(to), Type::Object(from)) => {
            let name = struct_name(scope.program, scope.tool, *to);
            let source = scope.object(*from);
            let fields = scope.object(*to).fields.iter().map(|field| {
                let name = ident(&field.name);
                let value = source.field(&field.name).map_or_else(
                    || empty_value(&field.ty),
                    |have| convert(scope, &field.ty, &have.ty, &quote!(#value.#name)),
                );
                quote!(#name: #value)
            });
            quote!(#name { #(#fields),* })
        }
        _ => value.clone(),
    }
}

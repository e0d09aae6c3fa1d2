//! Fields and entries: of objects, of objects that may be absent, of maps.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Code, Form, is_copy, is_text};
use super::expression::{argument, local, read};
use super::handler::names_ident;
use super::names::{ident, local_ident};
use super::scope::Scope;
use crate::lowered::{Expr, ExprKind};
use crate::types::{Origin, Type};

/// A field of the struct in `base`, which is a place or a reference.
fn member(scope: &Scope<'_>, object: &Type, base: &TokenStream, name: &str, ty: &Type) -> Code {
    if let Type::Object(id) = object {
        let object = scope.object(*id);
        // The runtime has the namespace of namespaced kinds as a method: it is never absent there.
        if object.origin == Origin::Part(None) && name == "namespace" && !ty.is_optional() {
            return Code::borrowed(quote!(#base.namespace()));
        }
    }
    let field = ident(name);
    Code::atom(quote!(#base.#field), Form::Place)
}

/// The type that a field is declared with, whatever chaining makes of it.
pub fn declared_type(scope: &Scope<'_>, object: &Type, name: &str, seen: &Type) -> Type {
    match object {
        Type::Object(id) => {
            scope.object(*id).field(name).map_or_else(|| seen.required().clone(), |field| field.ty.clone())
        }
        _ => seen.required().clone(),
    }
}

/// `of.name`, in its cheapest form.
pub fn field(scope: &mut Scope<'_>, expr: &Expr, of: &Expr, name: &str) -> Code {
    if let Some(param) = scope.group_member(of, name) {
        let member = Expr { kind: ExprKind::Local(param), ty: expr.ty.clone(), span: expr.span };
        return local(scope, &member);
    }
    if !of.ty.is_optional() {
        let base = read(scope, of);
        let mut code = member(scope, &of.ty, &base.receiver(), name, &expr.ty);
        if matches!(base.form, Form::Owned | Form::Movable) && code.form == Form::Place {
            code.form = base.form;
        }
        return code;
    }
    let Chain { base, step, value, declared, .. } = chain(scope, of, name, &expr.ty);
    let exact = value.exact(&declared);
    match &declared {
        Type::Optional(_) => Code::borrowed(quote!(#base.and_then(|#step| #exact))),
        Type::List(_) | Type::Map(_) => {
            let inner = value.argument(&Type::Opaque);
            Code::atom(quote!(#base.map(|#step| #inner)), Form::AbsentIsEmpty)
        }
        _ => Code::borrowed(quote!(#base.map(|#step| #exact))),
    }
}

/// `base.map(|step| value)`: a field behind an optional object.
pub struct Chain {
    /// An `Option` of a reference to the object.
    pub base: TokenStream,
    /// An iterator over it.
    pub each: TokenStream,
    /// The closure's argument.
    pub step: Ident,
    /// The field inside the closure.
    pub value: Code,
    /// The field's type as declared, before chaining made it optional.
    pub declared: Type,
}

/// Takes a field behind an optional object apart. Objects that are always there are gone through in one closure.
pub fn chain(scope: &mut Scope<'_>, of: &Expr, name: &str, seen: &Type) -> Chain {
    let declared = declared_type(scope, of.ty.required(), name, seen);
    if let ExprKind::Field { of: outer, name: between } = &of.kind
        && outer.ty.is_optional()
        && scope.group_member(outer, between).is_none()
        && let Type::Object(_) = declared_type(scope, outer.ty.required(), between, &of.ty)
    {
        let Chain { base, each, step, value, .. } = chain(scope, outer, between, &of.ty);
        let value = member(scope, of.ty.required(), &value.receiver(), name, &declared);
        return Chain { base, each, step, value, declared };
    }
    let step = match &of.kind {
        ExprKind::Field { name, .. } => local_ident(name),
        ExprKind::Local(id) => scope.get(*id).map_or_else(|| local_ident("value"), |bound| bound.ident.clone()),
        _ => local_ident("value"),
    };
    let code = read(scope, of);
    let place = code.receiver();
    let base = Code { tokens: code.exact(&of.ty), ..code }.receiver();
    let each = if code.form == Form::Place { quote!(#place.iter()) } else { quote!(#base.into_iter()) };
    let value = member(scope, of.ty.required(), &quote!(#step), name, &declared);
    Chain { base, each, step, value, declared }
}

/// A field behind an optional object, as a value of its own: only the field is cloned.
pub fn field_owned(scope: &mut Scope<'_>, expr: &Expr, of: &Expr, name: &str) -> TokenStream {
    let declared = declared_type(scope, of.ty.required(), name, &expr.ty);
    if is_copy(&declared) {
        return read(scope, expr).into_owned(&expr.ty);
    }
    let Chain { base, step, value, declared, .. } = chain(scope, of, name, &expr.ty);
    let value = value.into_owned(&declared);
    match &declared {
        Type::Optional(_) => quote!(#base.and_then(|#step| #value)),
        Type::List(_) | Type::Map(_) => quote!(#base.map(|#step| #value).unwrap_or_default()),
        _ => quote!(#base.map(|#step| #value)),
    }
}

/// A list or map behind an optional object, taken apart: one closure then does for the object and for what
/// is asked of its field.
pub fn behind(scope: &mut Scope<'_>, of: &Expr) -> Option<Chain> {
    let ExprKind::Field { of: object, name } = &of.kind else { return None };
    if !object.ty.is_optional() || scope.group_member(object, name).is_some() {
        return None;
    }
    let chain = chain(scope, object, name, &of.ty);
    matches!(chain.declared, Type::List(_) | Type::Map(_)).then_some(chain)
}

/// `map[key]`.
pub fn index(scope: &mut Scope<'_>, expr: &Expr, of: &Expr, key: &Expr) -> Code {
    let map = read(scope, of);
    let key = argument(scope, key);
    let receiver = map.receiver();
    let chained = behind(scope, of).filter(|chain| !names_ident(key.clone(), &chain.step.to_string()));
    let found = if let Some(Chain { base, step, value, .. }) = chained {
        let map = value.receiver();
        quote!(#base.and_then(|#step| #map.get(#key)))
    } else if map.form == Form::AbsentIsEmpty {
        quote!(#receiver.and_then(|map| map.get(#key)))
    } else {
        quote!(#receiver.get(#key))
    };
    let element = match &of.ty {
        Type::Map(element) => &**element,
        _ => expr.ty.required(),
    };
    let form = if map.form == Form::Owned { Form::Owned } else { Form::Borrowed };
    let code = match element {
        Type::List(_) | Type::Map(_) => Code::atom(found, Form::AbsentIsEmpty),
        element if is_copy(element) => Code::owned(quote!(#found.copied())),
        element if is_text(element) => Code::borrowed(quote!(#found.map(String::as_str))),
        _ => Code::borrowed(found),
    };
    // What is found in a map made on the spot goes with it.
    if form == Form::Owned && code.form != Form::Owned { Code::owned(code.into_owned(&expr.ty)) } else { code }
}

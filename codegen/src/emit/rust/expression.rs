//! Typed expressions as Rust.
//!
//! [`read`] gives the cheapest form of a value, borrowed where there is something to borrow from;
//! [`owned`] gives a value of its own. Both are total: whatever the checker lets through can be emitted.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::code::{Code, Form, Level, is_copy, is_text};
use super::comprehension::comprehension;
use super::names::{ident, local_ident};
use super::operator::{binary, unary};
use super::scope::{Bound, Scope};
use super::text::concat;
use super::types::struct_name;
use super::vocabulary;
use crate::lowered::{BinaryOp, Expr, ExprKind, LocalKind, UnaryOp};
use crate::types::{ObjectId, Origin, Type};

/// The value in its cheapest form.
pub fn read(scope: &mut Scope<'_>, expr: &Expr) -> Code {
    match &expr.kind {
        ExprKind::Bool(value) => Code::owned(quote!(#value)),
        ExprKind::Int(value) => int(*value),
        ExprKind::Float(value) => Code::owned(TokenStream::from(proc_macro2::TokenTree::from(Literal::f64_unsuffixed(*value)))),
        ExprKind::String(text) => Code::borrowed(quote!(#text)),
        ExprKind::Concat(parts) => concat(scope, parts),
        ExprKind::List(elements) => {
            let elements: Vec<_> = elements.iter().map(|element| owned(scope, element)).collect();
            Code::owned(quote!(vec![#(#elements),*]))
        }
        ExprKind::Local(_) => local(scope, expr),
        ExprKind::Field { of, name } => field(scope, expr, of, name),
        ExprKind::Index { of, key } => index(scope, expr, of, key),
        ExprKind::Unary(operator, operand) => unary(scope, *operator, operand),
        ExprKind::Binary(operator, left, right) => binary(scope, *operator, left, right),
        ExprKind::Conditional { condition, then, otherwise } => {
            // Where one branch has to be made, the other one is made too.
            let (then_code, otherwise_code) = (read(scope, then), read(scope, otherwise));
            if then_code.form == Form::Owned || otherwise_code.form == Form::Owned || is_copy(&expr.ty) {
                return Code { tokens: owned(scope, expr), form: Form::Owned, level: Level::Block };
            }
            let condition = condition_of(scope, condition);
            let (then, otherwise) = (then_code.exact(&then.ty), otherwise_code.exact(&otherwise.ty));
            Code { tokens: quote!(if #condition { #then } else { #otherwise }), form: Form::Borrowed, level: Level::Block }
        }
        ExprKind::IfSet { .. } => if_set(scope, expr),
        ExprKind::IsSet(of) => is_set(scope, of),
        ExprKind::IsGiven(param) => is_given(scope, *param),
        ExprKind::Default { of, fallback } => default(scope, of, fallback),
        ExprKind::Call { function, args } => vocabulary::call(scope, function, args),
        ExprKind::Widen(inner) => widen(scope, &expr.ty, inner),
        ExprKind::Comprehension(inner) => comprehension(scope, inner, &expr.ty, false),
        ExprKind::Object { object, fields } => object_literal(scope, *object, fields),
        ExprKind::When { condition, then } => when(scope, condition, then),
    }
}

/// A value of its own.
pub fn owned(scope: &mut Scope<'_>, expr: &Expr) -> TokenStream {
    match &expr.kind {
        ExprKind::Conditional { condition, then, otherwise } => {
            let condition = condition_of(scope, condition);
            let (then, otherwise) = (owned(scope, then), owned(scope, otherwise));
            quote!(if #condition { #then } else { #otherwise })
        }
        ExprKind::Comprehension(inner) => comprehension(scope, inner, &expr.ty, true).into_owned(&expr.ty),
        ExprKind::Field { of, name } if of.ty.is_optional() && scope.group_member(of, name).is_none() => field_owned(scope, expr, of, name),
        ExprKind::Local(_) | ExprKind::Field { .. } if scope.can_move(expr) => {
            let mut code = read(scope, expr);
            if code.form == Form::Place {
                code.form = Form::Movable;
            }
            code.into_owned(&expr.ty)
        }
        ExprKind::Widen(inner) => widen_owned(scope, &expr.ty, inner),
        _ => read(scope, expr).into_owned(&expr.ty),
    }
}

/// A condition, as `if` takes it.
pub fn condition_of(scope: &mut Scope<'_>, expr: &Expr) -> TokenStream {
    read(scope, expr).tokens
}

/// The argument of a function whose parameter has a known borrowed type.
pub fn argument(scope: &mut Scope<'_>, expr: &Expr) -> TokenStream {
    read(scope, expr).argument(&expr.ty)
}

/// Whether the value can fail to be worked out, so that `?` stands in its Rust.
pub fn can_fail(expr: &Expr) -> bool {
    let mut fails = false;
    crate::emit::walk::expr(expr, &mut |inner| {
        fails |= match &inner.kind {
            ExprKind::Unary(UnaryOp::Neg, of) => of.ty == Type::Int && !matches!(of.kind, ExprKind::Int(_)),
            ExprKind::Binary(
                BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Rem,
                left,
                _,
            ) => left.ty == Type::Int,
            ExprKind::Call { function, .. } => vocabulary::can_fail(function),
            ExprKind::Comprehension(inner) => inner.page.is_some(),
            _ => false,
        };
    });
    fails
}

fn int(value: i64) -> Code {
    let literal = Literal::i64_unsuffixed(value);
    if value < 0 { Code::operator(quote!(#literal), Level::Prefix) } else { Code::owned(quote!(#literal)) }
}

fn local(scope: &mut Scope<'_>, expr: &Expr) -> Code {
    let ExprKind::Local(id) = &expr.kind else { return Code::owned(TokenStream::new()) };
    if let LocalKind::Group(group) = scope.local(*id).kind {
        let group = &scope.tool.groups[group];
        let name = struct_name(scope.program, scope.tool, group.object);
        let mut fields = Vec::new();
        for member in &group.members {
            let param = &scope.tool.params[*member];
            let field = ident(&param.name);
            let member =
                Expr { kind: ExprKind::Local(param.local), ty: param.value_type.clone(), span: expr.span };
            let value = owned(scope, &member);
            fields.push(if value.to_string() == field.to_string() { quote!(#field) } else { quote!(#field: #value) });
        }
        return Code::owned(quote!(#name { #(#fields),* }));
    }
    match scope.get(*id) {
        Some(bound) => {
            let ident = &bound.ident;
            let code = Code::atom(quote!(#ident), bound.form);
            if expr.ty.is_optional() && !bound.ty.is_optional() {
                // It is known to be set by now.
                let value = code.exact(&bound.ty);
                return Code::borrowed(quote!(Some(#value)));
            }
            code
        }
        // Not reached yet by this call: an early end's output.
        None => Code::owned(empty_value(&expr.ty)),
    }
}

/// What stands for a binding that was not reached.
pub fn empty_value(ty: &Type) -> TokenStream {
    match ty {
        Type::Optional(_) => quote!(None),
        Type::List(_) => quote!(Vec::new()),
        _ => quote!(BTreeMap::new()),
    }
}

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
fn declared_type(scope: &Scope<'_>, object: &Type, name: &str, seen: &Type) -> Type {
    match object {
        Type::Object(id) => scope.object(*id).field(name).map_or_else(|| seen.required().clone(), |field| field.ty.clone()),
        _ => seen.required().clone(),
    }
}

fn field(scope: &mut Scope<'_>, expr: &Expr, of: &Expr, name: &str) -> Code {
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
    pub step: proc_macro2::Ident,
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
fn field_owned(scope: &mut Scope<'_>, expr: &Expr, of: &Expr, name: &str) -> TokenStream {
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

fn index(scope: &mut Scope<'_>, expr: &Expr, of: &Expr, key: &Expr) -> Code {
    let map = read(scope, of);
    let key = argument(scope, key);
    let receiver = map.receiver();
    let found = if map.form == Form::AbsentIsEmpty {
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

/// `x is set`.
pub fn is_set(scope: &mut Scope<'_>, of: &Expr) -> Code {
    if !of.ty.is_optional() {
        return Code::owned(quote!(true));
    }
    // A field that is always there is set where its object is.
    if let ExprKind::Field { of: object, name } = &of.kind
        && object.ty.is_optional()
        && !declared_type(scope, object.ty.required(), name, &of.ty).is_optional()
    {
        return is_set(scope, object);
    }
    let receiver = read(scope, of).receiver();
    Code::owned(quote!(#receiver.is_some()))
}

/// The variable that keeps whether a parameter with a computed default was given.
pub fn given_ident(scope: &Scope<'_>, param: crate::lowered::LocalId) -> proc_macro2::Ident {
    local_ident(&format!("{}_given", scope.local(param).name))
}

fn is_given(scope: &mut Scope<'_>, param: crate::lowered::LocalId) -> Code {
    let local = scope.local(param);
    if local.ty.is_optional() {
        let variable = ident(&local.name);
        return Code::owned(quote!(#variable.is_some()));
    }
    scope.asked_given.insert(param);
    let variable = given_ident(scope, param);
    Code::owned(quote!(#variable))
}

fn default(scope: &mut Scope<'_>, of: &Expr, fallback: &Expr) -> Code {
    let value = read(scope, of);
    if !of.ty.is_optional() {
        return value;
    }
    let other = read(scope, fallback);
    let cheap = match &fallback.kind {
        ExprKind::Local(_) | ExprKind::String(_) | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) => true,
        ExprKind::Field { of, .. } => !of.ty.is_optional() && other.form == Form::Place,
        _ => false,
    };
    let borrow = is_copy(&fallback.ty) || (value.form != Form::Owned && other.form != Form::Owned);
    let (receiver, other, form) = if borrow {
        (Code { tokens: value.exact(&of.ty), ..value }.receiver(), other.exact(&fallback.ty), Form::Borrowed)
    } else {
        let value = Code { tokens: value.clone().into_owned(&of.ty), ..value };
        (value.receiver(), owned(scope, fallback), Form::Owned)
    };
    if can_fail(fallback) {
        let none = if fallback.ty.is_optional() { quote!(value => value) } else { quote!(Some(value) => value) };
        let tokens = if fallback.ty.is_optional() {
            quote!(match #receiver { None => #other, #none })
        } else {
            quote!(match #receiver { #none, None => #other })
        };
        return Code { tokens, form, level: Level::Block };
    }
    if let ExprKind::Field { of: object, name } = &of.kind
        && object.ty.is_optional()
        && cheap
        && form == Form::Borrowed
        && !fallback.ty.is_optional()
    {
        let Chain { base, step, value, declared, .. } = chain(scope, object, name, &of.ty);
        if !declared.is_optional() {
            let value = value.exact(&declared);
            return Code::atom(quote!(#base.map_or(#other, |#step| #value)), form);
        }
    }
    let tokens = match (fallback.ty.is_optional(), cheap && form == Form::Borrowed) {
        (true, true) => quote!(#receiver.or(#other)),
        (true, false) => quote!(#receiver.or_else(|| #other)),
        (false, true) => quote!(#receiver.unwrap_or(#other)),
        (false, false) => quote!(#receiver.unwrap_or_else(|| #other)),
    };
    Code::atom(tokens, form)
}

fn if_set(scope: &mut Scope<'_>, expr: &Expr) -> Code {
    let ExprKind::IfSet { subject, bound, then, otherwise } = &expr.kind else { return Code::owned(TokenStream::new()) };
    let name = scope.inner_ident(*bound, &[then]);
    let movable = expr.ty != Type::Bool && scope.can_move(subject);
    let value = read(scope, subject);
    let receiver = if movable { value.tokens.clone() } else { Code { tokens: value.exact(&subject.ty), ..value.clone() }.receiver() };
    let form = if movable { Form::Movable } else { Form::Borrowed };
    scope.bind(*bound, Bound::new(name.clone(), form, subject.ty.required().clone()));
    let simple = !can_fail(then) && !can_fail(otherwise) && !movable;
    if simple && expr.ty == Type::Bool {
        let inner = scope.in_closure(|scope| read(scope, then)).tokens;
        match otherwise.kind {
            ExprKind::Bool(false) => {
                let test = closure(&name, &inner);
                return Code::owned(quote!(#receiver.is_some_and(#test)));
            }
            ExprKind::Bool(true) => {
                let test = closure(&name, &inner);
                return Code::owned(quote!(#receiver.is_none_or(#test)));
            }
            _ => {}
        }
    }
    let (then, otherwise) = (owned(scope, then), owned(scope, otherwise));
    Code { tokens: quote!(if let Some(#name) = #receiver { #then } else { #otherwise }), form: Form::Owned, level: Level::Block }
}

/// `|name| body`, or the function itself where the body does nothing but call it.
pub fn closure(name: &proc_macro2::Ident, body: &TokenStream) -> TokenStream {
    let text = body.to_string();
    let ending = format!("({name})");
    let path = text.strip_suffix(&ending).or_else(|| text.strip_suffix(&format!(" {ending}"))).map(str::trim);
    if let Some(path) = path
        && path.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':' | ' '))
        && let Ok(path) = path.parse::<TokenStream>()
    {
        return path;
    }
    quote!(|#name| #body)
}

fn object_literal(scope: &mut Scope<'_>, object: ObjectId, fields: &[(String, Expr)]) -> Code {
    let name = struct_name(scope.program, scope.tool, object);
    let fields: Vec<_> = fields
        .iter()
        .map(|(field, value)| {
            let field = ident(field);
            let value = owned(scope, value);
            if value.to_string() == field.to_string() { quote!(#field) } else { quote!(#field: #value) }
        })
        .collect();
    Code::owned(quote!(#name { #(#fields),* }))
}

fn when(scope: &mut Scope<'_>, condition: &Expr, then: &Expr) -> Code {
    let plain = !can_fail(then);
    let test = read(scope, condition);
    let (missing, optional) = match &then.ty {
        Type::List(_) | Type::Map(_) => (empty_value(&then.ty), true),
        other => (quote!(None), other.is_optional()),
    };
    if plain && !optional {
        let receiver = test.receiver();
        let value = scope.in_closure(|scope| owned(scope, then));
        return Code::owned(quote!(#receiver.then(|| #value)));
    }
    let test = test.tokens;
    let value = owned(scope, then);
    let value = if optional { value } else { quote!(Some(#value)) };
    Code { tokens: quote!(if #test { #value } else { #missing }), form: Form::Owned, level: Level::Block }
}

fn widen(scope: &mut Scope<'_>, to: &Type, inner: &Expr) -> Code {
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
        (Type::Optional(left), Type::Optional(right)) | (Type::List(left), Type::List(right)) | (Type::Map(left), Type::Map(right)) => {
            same_rust(left, right)
        }
        (left, right) => left == right || is_text(left) && is_text(right),
    }
}

fn widen_owned(scope: &mut Scope<'_>, to: &Type, inner: &Expr) -> TokenStream {
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

/// A type's name as a path, for closures that say what they take.
pub fn object_path(scope: &Scope<'_>, object: ObjectId) -> TokenStream {
    let name = struct_name(scope.program, scope.tool, object);
    quote!(#name)
}

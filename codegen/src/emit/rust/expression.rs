//! Typed expressions as Rust.
//!
//! [`read`] gives the cheapest form of a value, borrowed where there is something to borrow from;
//! [`owned`] gives a value of its own. Both are total: whatever the checker lets through can be emitted.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::code::{Code, Form, Level, is_copy};
use super::comprehension::comprehension;
use super::field::{Chain, chain, declared_type, field, field_owned, index};
use super::names::{ident, local_ident};
use super::operator::{binary, unary};
use super::scope::{Bound, Scope};
use super::text::concat;
use super::types::struct_name;
use super::vocabulary;
use super::widen::{widen, widen_owned};
use crate::lowered::{BinaryOp, Expr, ExprKind, LocalId, LocalKind, UnaryOp};
use crate::types::{ObjectId, Type};

/// The value in its cheapest form.
pub fn read(scope: &mut Scope<'_>, expr: &Expr) -> Code {
    match &expr.kind {
        ExprKind::Bool(value) => Code::owned(quote!(#value)),
        ExprKind::Int(value) => int(*value),
        ExprKind::Float(value) => {
            Code::owned(TokenStream::from(proc_macro2::TokenTree::from(Literal::f64_unsuffixed(*value))))
        }
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
            Code {
                tokens: quote!(if #condition { #then } else { #otherwise }),
                form: Form::Borrowed,
                level: Level::Block,
            }
        }
        ExprKind::IfSet { .. } => if_set(scope, expr),
        ExprKind::IsSet(of) => is_set(scope, of),
        ExprKind::IsGiven(param) => is_given(scope, *param),
        ExprKind::Default { of, fallback } => default(scope, of, fallback),
        ExprKind::Call { function, args } => vocabulary::call(scope, function, args),
        ExprKind::Widen(inner) => widen(scope, &expr.ty, inner),
        ExprKind::Comprehension(inner) => comprehension(scope, inner, &expr.ty, false),
        ExprKind::Object { object, fields, .. } => object_literal(scope, *object, fields),
        ExprKind::When { set, condition, then, otherwise } => {
            when(scope, set, condition.as_deref(), then, otherwise.as_deref())
        }
    }
}

/// A value of its own.
pub fn owned(scope: &mut Scope<'_>, expr: &Expr) -> TokenStream {
    match &expr.kind {
        ExprKind::String(text) if text.is_empty() => quote!(String::new()),
        ExprKind::Conditional { condition, then, otherwise } => {
            let condition = condition_of(scope, condition);
            let (then, otherwise) = (owned(scope, then), owned(scope, otherwise));
            quote!(if #condition { #then } else { #otherwise })
        }
        ExprKind::Comprehension(inner) => comprehension(scope, inner, &expr.ty, true).into_owned(&expr.ty),
        ExprKind::Field { of, name } if of.ty.is_optional() && scope.group_member(of, name).is_none() => {
            field_owned(scope, expr, of, name)
        }
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
    crate::lowered::walk::expr(expr, &mut |inner| {
        fails |= match &inner.kind {
            ExprKind::Unary(UnaryOp::Neg, of) => of.ty == Type::Int && !matches!(of.kind, ExprKind::Int(_)),
            ExprKind::Binary(
                BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Rem,
                left,
                _,
            ) => left.ty == Type::Int,
            ExprKind::Binary(BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, _) => {
                left.ty == Type::Quantity
            }
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

/// A name: a variable, or a group as a struct of its members.
pub fn local(scope: &mut Scope<'_>, expr: &Expr) -> Code {
    let ExprKind::Local(id) = &expr.kind else { return Code::owned(TokenStream::new()) };
    if let LocalKind::Group(group) = scope.local(*id).kind {
        let group = &scope.tool.groups[group];
        let name = struct_name(scope.program, scope.tool, group.object);
        let mut fields = Vec::new();
        for member in &group.members {
            let param = &scope.tool.params[*member];
            let field = ident(&param.name);
            let member = Expr { kind: ExprKind::Local(param.local), ty: param.value_type.clone(), span: expr.span };
            let value = owned(scope, &member);
            fields.push(field_init(&field, &value));
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
pub fn given_ident(scope: &Scope<'_>, param: LocalId) -> proc_macro2::Ident {
    local_ident(&format!("{}_given", scope.local(param).name))
}

fn is_given(scope: &mut Scope<'_>, param: LocalId) -> Code {
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
        ExprKind::Unary(UnaryOp::Neg, of) => matches!(of.kind, ExprKind::Int(_) | ExprKind::Float(_)),
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
    if let (false, true, ExprKind::Index { .. }) =
        (fallback.ty.is_optional(), cheap && form == Form::Borrowed, &of.kind)
        && let Some(found) = receiver.to_string().strip_suffix(". map (String :: as_str)")
        && let Ok(found) = found.parse::<TokenStream>()
    {
        return Code::atom(quote!(#found.map_or(#other, String::as_str)), form);
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
    let ExprKind::IfSet { subject, bound, then, otherwise } = &expr.kind else {
        return Code::owned(TokenStream::new());
    };
    let name = scope.inner_ident(*bound, &[then]);
    let movable = expr.ty != Type::Bool && scope.can_move(subject);
    let value = read(scope, subject);
    let receiver = if movable {
        value.tokens.clone()
    } else {
        Code { tokens: value.exact(&subject.ty), ..value.clone() }.receiver()
    };
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
    Code {
        tokens: quote!(if let Some(#name) = #receiver { #then } else { #otherwise }),
        form: Form::Owned,
        level: Level::Block,
    }
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

/// `field: value`, or `field` alone where a variable of that name is the value.
pub fn field_init(field: &proc_macro2::Ident, value: &TokenStream) -> TokenStream {
    if *field == value.to_string() { quote!(#field) } else { quote!(#field: #value) }
}

fn object_literal(scope: &mut Scope<'_>, object: ObjectId, fields: &[(String, Expr)]) -> Code {
    let name = struct_name(scope.program, scope.tool, object);
    let fields: Vec<_> = fields
        .iter()
        .map(|(field, value)| {
            let field = ident(field);
            let value = owned(scope, value);
            field_init(&field, &value)
        })
        .collect();
    Code::owned(quote!(#name { #(#fields),* }))
}

/// `{ when, then }`: `condition.then(|| …)`, `subject.map(|value| …)`, or `if let … && condition { … }`.
fn when(
    scope: &mut Scope<'_>,
    set: &[(Expr, LocalId)],
    condition: Option<&Expr>,
    then: &Expr,
    otherwise: Option<&Expr>,
) -> Code {
    let plain = !can_fail(then) && otherwise.is_none();
    let (missing, optional) = match &then.ty {
        Type::List(_) | Type::Map(_) => (empty_value(&then.ty), true),
        other => (quote!(None), other.is_optional()),
    };
    // What is asked to be there and not looked at needs no name.
    let bodies: Vec<&Expr> = condition.into_iter().chain([then]).collect();
    let named = |local: LocalId| {
        let mut named = false;
        for body in &bodies {
            crate::lowered::walk::expr(body, &mut |expr| {
                named |= matches!(expr.kind, ExprKind::Local(other) if other == local);
            });
        }
        named
    };
    let (looked_at, asked): (Vec<_>, Vec<_>) = set.iter().partition(|(_, local)| named(*local));
    let mut tests: Vec<Code> = asked.iter().map(|(subject, _)| is_set(scope, subject)).collect();
    let mut values = Vec::new();
    for (subject, local) in looked_at {
        let name = scope.inner_ident(*local, &bodies);
        let value = read(scope, subject);
        let receiver = Code { tokens: value.exact(&subject.ty), ..value.clone() }.receiver();
        // In `if let` a reference reads better than `as_ref()`.
        let matched = match subject.ty.required() {
            Type::Object(_) if value.form == Form::Place => {
                let place = value.at(Level::Prefix);
                quote!(&#place)
            }
            _ => receiver.clone(),
        };
        let form = if is_copy(subject.ty.required()) { Form::Place } else { Form::Borrowed };
        scope.bind(*local, Bound::new(name.clone(), form, subject.ty.required().clone()));
        values.push((name, receiver, matched));
    }
    tests.extend(condition.map(|condition| read(scope, condition)));
    // The closures here are called once at most, so that what nobody else needs is moved into them.
    if plain && !optional && values.is_empty() {
        let test = all_of(&tests).receiver();
        let value = owned(scope, then);
        // What costs nothing to work out needs no closure.
        let cheap = matches!(then.kind, ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_))
            || matches!(then.kind, ExprKind::Local(_)) && is_copy(&then.ty);
        return Code::owned(if cheap { quote!(#test.then_some(#value)) } else { quote!(#test.then(|| #value)) });
    }
    if let (true, [], [(name, receiver, _)]) = (plain, tests.as_slice(), values.as_slice()) {
        let value = owned(scope, then);
        if *name == value.to_string() && !optional {
            return Code::owned(receiver.clone());
        }
        let step = closure(name, &value);
        return Code::owned(match &then.ty {
            Type::List(_) | Type::Map(_) => quote!(#receiver.map(#step).unwrap_or_default()),
            Type::Optional(_) => quote!(#receiver.and_then(#step)),
            _ => quote!(#receiver.map(#step)),
        });
    }
    let lets = values.iter().map(|(name, _, matched)| quote!(let Some(#name) = #matched));
    let tests = tests.iter().map(|test| test.at(Level::Comparison));
    let parts: Vec<_> = lets.chain(tests).collect();
    let value = owned(scope, then);
    let (value, missing) = match otherwise {
        Some(otherwise) => (value, owned(scope, otherwise)),
        None if optional => (value, missing),
        None => (quote!(Some(#value)), missing),
    };
    Code { tokens: quote!(if #(#parts)&&* { #value } else { #missing }), form: Form::Owned, level: Level::Block }
}

/// Several tests as one.
fn all_of(tests: &[Code]) -> Code {
    match tests {
        [] => Code::owned(quote!(true)),
        [one] => one.clone(),
        several => {
            let several = several.iter().map(|test| test.at(Level::Comparison));
            Code::operator(quote!(#(#several)&&*), Level::And)
        }
    }
}

/// A type's name as a path, for closures that say what they take.
pub fn object_path(scope: &Scope<'_>, object: ObjectId) -> TokenStream {
    let name = struct_name(scope.program, scope.tool, object);
    quote!(#name)
}

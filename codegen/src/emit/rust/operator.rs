//! Operators.

use proc_macro2::TokenStream;
use quote::quote;

use super::code::{Code, Form, Level, is_copy, is_text};
use super::expression::{argument, owned, read};
use super::scope::Scope;
use super::vocabulary;
use crate::lowered::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::types::Type;

/// `not` and `-`.
pub fn unary(scope: &mut Scope<'_>, operator: UnaryOp, operand: &Expr) -> Code {
    match operator {
        UnaryOp::Not => not(scope, operand),
        UnaryOp::Neg if operand.ty == Type::Int => {
            if let ExprKind::Int(value) = operand.kind
                && let Some(value) = value.checked_neg()
            {
                let literal = proc_macro2::Literal::i64_unsuffixed(value);
                return Code::operator(quote!(#literal), Level::Prefix);
            }
            let operand = read(scope, operand).tokens;
            Code::owned(quote!(expression::neg(#operand)?))
        }
        UnaryOp::Neg => {
            let operand = read(scope, operand).at(Level::Prefix);
            Code::operator(quote!(-#operand), Level::Prefix)
        }
    }
}

/// `not x`, said as people say it: `a != b`, `x.is_none()`.
fn not(scope: &mut Scope<'_>, operand: &Expr) -> Code {
    match &operand.kind {
        ExprKind::IsSet(of) if of.ty.is_optional() => {
            let receiver = read(scope, of).receiver();
            return Code::owned(quote!(#receiver.is_none()));
        }
        ExprKind::Binary(BinaryOp::Eq, left, right) => return binary(scope, BinaryOp::Ne, left, right),
        ExprKind::Binary(BinaryOp::Ne, left, right) => return binary(scope, BinaryOp::Eq, left, right),
        ExprKind::Binary(BinaryOp::In, left, right) => return binary(scope, BinaryOp::NotIn, left, right),
        // Of two floats neither need be the greater.
        ExprKind::Binary(operator, left, right) if left.ty != Type::Float => {
            let opposite = match operator {
                BinaryOp::Lt => Some(BinaryOp::Ge),
                BinaryOp::Le => Some(BinaryOp::Gt),
                BinaryOp::Gt => Some(BinaryOp::Le),
                BinaryOp::Ge => Some(BinaryOp::Lt),
                _ => None,
            };
            if let Some(opposite) = opposite {
                return binary(scope, opposite, left, right);
            }
        }
        ExprKind::Unary(UnaryOp::Not, inner) => return read(scope, inner),
        ExprKind::Call { function: "empty", args } => {
            if let [of] = args.as_slice()
                && let Some(code) = vocabulary::any_set(scope, of)
            {
                return code;
            }
        }
        _ => {}
    }
    let operand = read(scope, operand).at(Level::Prefix);
    Code::operator(quote!(!#operand), Level::Prefix)
}

/// Infix operators.
pub fn binary(scope: &mut Scope<'_>, operator: BinaryOp, left: &Expr, right: &Expr) -> Code {
    match operator {
        BinaryOp::And => logical(scope, left, right, Level::And),
        BinaryOp::Or => logical(scope, left, right, Level::Or),
        BinaryOp::Eq | BinaryOp::Ne => equality(scope, operator, left, right),
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            let (left, right) = (ordered(scope, left), ordered(scope, right));
            let sign = match operator {
                BinaryOp::Lt => quote!(<),
                BinaryOp::Le => quote!(<=),
                BinaryOp::Gt => quote!(>),
                _ => quote!(>=),
            };
            Code::operator(quote!(#left #sign #right), Level::Comparison)
        }
        BinaryOp::In => contains(scope, left, right),
        BinaryOp::NotIn => {
            let inside = contains(scope, left, right).at(Level::Prefix);
            Code::operator(quote!(!#inside), Level::Prefix)
        }
        BinaryOp::Concat => {
            let (left, right) = (owned(scope, left), owned(scope, right));
            Code::owned(quote!(expression::concat(#left, #right)))
        }
        _ => arithmetic(scope, operator, left, right),
    }
}

/// A side of a comparison; quantities are compared by what they amount to.
fn ordered(scope: &mut Scope<'_>, side: &Expr) -> TokenStream {
    if side.ty == Type::Quantity {
        let text = argument(scope, side);
        return quote!(expression::amount(#text)?);
    }
    let code = read(scope, side);
    Code { tokens: code.exact(&side.ty), ..code }.at(Level::Sum)
}

fn logical(scope: &mut Scope<'_>, left: &Expr, right: &Expr, level: Level) -> Code {
    // An operand of the other logical operator gets parentheses, as readers want and clippy asks.
    let side = |scope: &mut Scope<'_>, operand: &Expr| {
        let code = read(scope, operand);
        let wanted = if code.level == level { level } else { Level::Comparison };
        code.at(wanted)
    };
    let (left, right) = (side(scope, left), side(scope, right));
    let sign = if level == Level::And { quote!(&&) } else { quote!(||) };
    Code::operator(quote!(#left #sign #right), level)
}

/// `==` and `!=`, where absent equals nothing, not even absent.
fn equality(scope: &mut Scope<'_>, operator: BinaryOp, left: &Expr, right: &Expr) -> Code {
    let sign = if operator == BinaryOp::Eq { quote!(==) } else { quote!(!=) };
    let (left_code, right_code) = (read(scope, left), read(scope, right));
    let tokens = match (left.ty.is_optional(), right.ty.is_optional()) {
        (false, false) => {
            if left.ty == Type::Bool
                && let ExprKind::Bool(value) = right.kind
            {
                return if value == (operator == BinaryOp::Eq) { left_code } else { not(scope, left) };
            }
            let (left, right) = (plain(&left_code), plain(&right_code));
            quote!(#left #sign #right)
        }
        (true, false) => {
            let (left, right) = (exact(&left_code, &left.ty), right_code.exact(&right.ty));
            quote!(#left #sign Some(#right))
        }
        (false, true) => {
            let (left, right) = (left_code.exact(&left.ty), exact(&right_code, &right.ty));
            quote!(Some(#left) #sign #right)
        }
        (true, true) => {
            let side = |code: &Code, ty: &Type| {
                if is_copy(ty) {
                    let receiver = code.receiver();
                    quote!(#receiver.as_ref())
                } else {
                    code.exact(ty)
                }
            };
            let (left, right) = (side(&left_code, &left.ty), side(&right_code, &right.ty));
            let same = quote!(expression::same(#left, #right));
            return if operator == BinaryOp::Eq {
                Code::owned(same)
            } else {
                Code::operator(quote!(!#same), Level::Prefix)
            };
        }
    };
    Code::operator(tokens, Level::Comparison)
}

/// Text may be `String` on one side and `&str` on the other: Rust compares them as they are.
fn plain(code: &Code) -> TokenStream {
    code.at(Level::Sum)
}

fn exact(code: &Code, ty: &Type) -> TokenStream {
    Code { tokens: code.exact(ty), ..code.clone() }.at(Level::Sum)
}

/// `in`: element in list, key in map, text in text. An absent element is in nothing.
fn contains(scope: &mut Scope<'_>, element: &Expr, of: &Expr) -> Code {
    if let ExprKind::List(words) = &of.kind
        && is_text(element.ty.required())
        && !words.is_empty()
        && words.iter().all(|word| matches!(word.kind, ExprKind::String(_)))
    {
        let code = read(scope, element);
        let subject = Code { tokens: code.exact(&element.ty), ..code };
        let words: Vec<_> = words.iter().map(|word| read(scope, word).tokens).collect();
        if element.ty.is_optional() {
            let subject = subject.receiver();
            return Code::owned(quote!(#subject.is_some_and(|value| [#(#words),*].contains(&value))));
        }
        let subject = subject.at(Level::Prefix);
        return Code::owned(quote!([#(#words),*].contains(&#subject)));
    }
    if element.ty.is_optional() {
        let code = read(scope, element);
        let subject = Code { tokens: code.exact(&element.ty), ..code }.receiver();
        let inside = scope.in_closure(|scope| test(scope, &quote!(value), element.ty.required(), of));
        return Code::owned(quote!(#subject.is_some_and(|value| #inside)));
    }
    let subject = argument(scope, element);
    let tokens = test(scope, &subject, &element.ty, of);
    Code::owned(tokens)
}

/// `subject in of`, with the subject borrowed already (or copied).
fn test(scope: &mut Scope<'_>, subject: &TokenStream, ty: &Type, of: &Expr) -> TokenStream {
    let code = read(scope, of);
    let receiver = code.receiver();
    let absent = code.form == Form::AbsentIsEmpty;
    let subject_of_list = if is_copy(ty) { quote!(&#subject) } else { subject.clone() };
    match (&of.ty, absent) {
        (Type::List(_), true) => quote!(#receiver.is_some_and(|list| expression::contains(list, #subject_of_list))),
        (Type::List(_), false) => {
            let list = code.argument(&of.ty);
            quote!(expression::contains(#list, #subject_of_list))
        }
        (Type::Map(_), true) => quote!(#receiver.is_some_and(|map| map.contains_key(#subject))),
        (Type::Map(_), false) => quote!(#receiver.contains_key(#subject)),
        (Type::Optional(_), _) => {
            let text = Code { tokens: code.exact(&of.ty), ..code.clone() }.receiver();
            quote!(#text.is_some_and(|text| text.contains(#subject)))
        }
        _ => quote!(#receiver.contains(#subject)),
    }
}

fn arithmetic(scope: &mut Scope<'_>, operator: BinaryOp, left: &Expr, right: &Expr) -> Code {
    let (left_code, right_code) = (read(scope, left), read(scope, right));
    if left.ty == Type::Int {
        let function = match operator {
            BinaryOp::Add => quote!(add),
            BinaryOp::Sub => quote!(sub),
            BinaryOp::Mul => quote!(mul),
            BinaryOp::Div => quote!(div),
            BinaryOp::FloorDiv => quote!(floor_div),
            _ => quote!(rem),
        };
        let (left, right) = (left_code.tokens, right_code.tokens);
        return Code::owned(quote!(expression::#function(#left, #right)?));
    }
    let (level, sign) = match operator {
        BinaryOp::Add => (Level::Sum, quote!(+)),
        BinaryOp::Sub => (Level::Sum, quote!(-)),
        BinaryOp::Mul => (Level::Product, quote!(*)),
        BinaryOp::Rem => (Level::Product, quote!(%)),
        _ => (Level::Product, quote!(/)),
    };
    let left = left_code.at(level);
    let right = right_code.at(if level == Level::Sum { Level::Product } else { Level::Prefix });
    let tokens = quote!(#left #sign #right);
    if operator == BinaryOp::FloorDiv { Code::owned(quote!((#tokens).floor())) } else { Code::operator(tokens, level) }
}

//! Text put together from parts: `format!`.

use quote::quote;

use super::code::Code;
use super::expression::read;
use super::scope::Scope;
use crate::lowered::{Expr, ExprKind};

/// `format!`, with names inside the text where a part is nothing but a name.
pub fn concat(scope: &mut Scope<'_>, parts: &[Expr]) -> Code {
    let mut text = String::new();
    let mut arguments = Vec::new();
    for part in parts {
        add(scope, part, &mut text, &mut arguments);
    }
    if arguments.is_empty() && !text.contains('{') {
        let plain = text.replace("{{", "{").replace("}}", "}");
        return Code::borrowed(quote!(#plain));
    }
    Code::owned(quote!(format!(#text #(, #arguments)*)))
}

fn add(scope: &mut Scope<'_>, part: &Expr, text: &mut String, arguments: &mut Vec<proc_macro2::TokenStream>) {
    match &part.kind {
        ExprKind::String(literal) => text.push_str(&literal.replace('{', "{{").replace('}', "}}")),
        ExprKind::Int(value) => text.push_str(&value.to_string()),
        ExprKind::Concat(inner) => inner.iter().for_each(|part| add(scope, part, text, arguments)),
        ExprKind::Widen(inner)
            if !part.ty.is_optional() && !inner.ty.is_optional() && super::code::is_text(&part.ty) =>
        {
            add(scope, inner, text, arguments);
        }
        _ => {
            let value = read(scope, part).tokens;
            let name = value.to_string();
            if name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name != "true"
                && name != "false"
            {
                text.push('{');
                text.push_str(&name);
                text.push('}');
            } else {
                text.push_str("{}");
                arguments.push(value);
            }
        }
    }
}

//! Pieces of Rust, with what has to be known to put them together.

use proc_macro2::TokenStream;
use quote::quote;

use crate::types::Type;

/// How the value of a piece is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An owned value in a variable or field: can be borrowed, must be cloned to be had.
    Place,
    /// The same, and nobody needs it afterwards: can be moved.
    Movable,
    /// A borrowed value: `&str`, `&T`, `&[T]`, `Option<&T>`.
    Borrowed,
    /// A fresh value.
    Owned,
    /// `Option` of a borrowed list or map, where absent stands for empty.
    AbsentIsEmpty,
}

/// How tightly the outermost operator of a piece binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `if`, blocks, closures.
    Block,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`, `<`
    Comparison,
    /// `+`, `-`
    Sum,
    /// `*`, `/`
    Product,
    /// `!x`, `-x`, `&x`, `*x`
    Prefix,
    /// Names, literals, calls, fields.
    Atom,
}

/// A piece of Rust.
#[derive(Debug, Clone)]
pub struct Code {
    /// Its tokens.
    pub tokens: TokenStream,
    /// How its value is at hand.
    pub form: Form,
    /// How tightly it binds.
    pub level: Level,
}

/// Types whose values are copied.
pub fn is_copy(ty: &Type) -> bool {
    match ty {
        Type::Bool | Type::Int | Type::Float | Type::Duration | Type::Time => true,
        Type::Optional(inner) => is_copy(inner),
        _ => false,
    }
}

/// Types that are a `String` in Rust.
pub fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::String | Type::Enum(_) | Type::Quantity)
}

impl Code {
    /// A name, literal, call or field.
    pub fn atom(tokens: TokenStream, form: Form) -> Self {
        Self { tokens, form, level: Level::Atom }
    }

    /// A fresh value made by a name, literal or call.
    pub fn owned(tokens: TokenStream) -> Self {
        Self::atom(tokens, Form::Owned)
    }

    /// A borrowed value made by a name, literal or call.
    pub fn borrowed(tokens: TokenStream) -> Self {
        Self::atom(tokens, Form::Borrowed)
    }

    /// A fresh value with an operator outermost.
    pub fn operator(tokens: TokenStream, level: Level) -> Self {
        Self { tokens, form: Form::Owned, level }
    }

    /// The tokens as an operand of something that binds as `level`; in parentheses where needed.
    pub fn at(&self, level: Level) -> TokenStream {
        let tokens = &self.tokens;
        if self.level < level { quote!((#tokens)) } else { tokens.clone() }
    }

    /// The tokens as the receiver of a method or field.
    pub fn receiver(&self) -> TokenStream {
        self.at(Level::Atom)
    }

    /// Borrowed, for the argument of a function whose parameter has a known type: `&x` where that is
    /// enough for Rust to get from `String` to `str` and from `Vec` to slice.
    pub fn argument(&self, ty: &Type) -> TokenStream {
        if is_copy(ty) || matches!(self.form, Form::Borrowed | Form::AbsentIsEmpty) || ty.is_optional() {
            return self.exact(ty);
        }
        let operand = self.at(Level::Prefix);
        quote!(&#operand)
    }

    /// Borrowed, with exactly the borrowed type: `&str`, `&[T]`, `&T`, `Option<&str>`.
    pub fn exact(&self, ty: &Type) -> TokenStream {
        if is_copy(ty) || self.form == Form::Borrowed {
            return self.tokens.clone();
        }
        let receiver = self.receiver();
        if self.form == Form::AbsentIsEmpty {
            return if matches!(ty, Type::Map(_)) {
                quote!(#receiver.unwrap_or(const { &BTreeMap::new() }))
            } else {
                quote!(#receiver.map(Vec::as_slice).unwrap_or_default())
            };
        }
        match ty {
            ty if is_text(ty) => quote!(#receiver.as_str()),
            Type::List(_) => quote!(#receiver.as_slice()),
            Type::Optional(inner) if is_text(inner) => quote!(#receiver.as_deref()),
            Type::Optional(_) => quote!(#receiver.as_ref()),
            _ => {
                let operand = self.at(Level::Prefix);
                quote!(&#operand)
            }
        }
    }

    /// Owned.
    pub fn into_owned(self, ty: &Type) -> TokenStream {
        if is_copy(ty) || matches!(self.form, Form::Owned | Form::Movable) {
            return self.tokens;
        }
        let receiver = self.receiver();
        match (self.form, ty) {
            (Form::AbsentIsEmpty, _) => quote!(#receiver.cloned().unwrap_or_default()),
            (Form::Borrowed, ty) if is_text(ty) => quote!(#receiver.to_owned()),
            (Form::Borrowed, Type::List(_)) => quote!(#receiver.to_vec()),
            (Form::Borrowed, Type::Optional(inner)) if is_text(inner) => quote!(#receiver.map(str::to_owned)),
            (Form::Borrowed, Type::Optional(_)) => quote!(#receiver.cloned()),
            _ => quote!(#receiver.clone()),
        }
    }
}

//! The output of a tool: a struct literal at the end, or a function of its own where the call can end in
//! several places.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use super::code::{Code, Form, is_copy, is_text};
use super::expression::{can_fail, field_init, owned};
use super::names::ident;
use super::scope::{Bound, Scope};
use super::types::borrowed_type;
use crate::lowered::walk;
use crate::lowered::{ExprKind, LocalId, LocalKind};
use crate::types::Type;

/// `Output { … }` at the end of the handler: names are moved into it.
pub fn literal(scope: &mut Scope<'_>) -> TokenStream {
    scope.enter_output();
    fields(scope)
}

fn fields(scope: &mut Scope<'_>) -> TokenStream {
    let tool = scope.tool;
    let fields = tool.output.iter().map(|field| {
        let name = ident(&field.name);
        let value = owned(scope, &field.value);
        field_init(&name, &value)
    });
    let fields: Vec<_> = fields.collect();
    quote!(Output { #(#fields),* })
}

/// A function that makes the output of whatever the call has reached.
pub struct Builder {
    /// What it takes: names and their types as the output sees them.
    takes: Vec<(LocalId, Type)>,
    /// Settings that the output names.
    settings: Vec<proc_macro2::Ident>,
    signature: Vec<TokenStream>,
    body: TokenStream,
    fails: bool,
}

impl Builder {
    /// Emits the function's body, in which everything is borrowed.
    pub fn new(scope: &mut Scope<'_>) -> Self {
        let tool = scope.tool;
        let mut takes: BTreeMap<LocalId, Type> = BTreeMap::new();
        for field in &tool.output {
            walk::expr(&field.value, &mut |expr| {
                let ExprKind::Local(local) = &expr.kind else { return };
                match tool.local(*local).kind {
                    LocalKind::Group(group) => {
                        for member in &tool.groups[group].members {
                            let param = &tool.params[*member];
                            takes.insert(param.local, param.value_type.clone());
                        }
                    }
                    LocalKind::Item | LocalKind::Before | LocalKind::Existing => {}
                    _ => {
                        let ty = takes.entry(*local).or_insert_with(|| expr.ty.clone());
                        if expr.ty.is_optional() {
                            *ty = expr.ty.clone();
                        }
                    }
                }
            });
        }
        let takes: Vec<_> = takes.into_iter().collect();
        scope.keep_all();
        let mut signature = Vec::new();
        let mut shadowed = Vec::new();
        for (local, ty) in &takes {
            let name = scope.get(*local).map_or_else(|| scope.step_ident(*local), |bound| bound.ident.clone());
            let rust = borrowed_type(scope.program, tool, ty);
            signature.push(quote!(#name: #rust));
            let form = if is_copy(ty) { Form::Place } else { Form::Borrowed };
            shadowed.push((*local, scope.get(*local).cloned()));
            scope.bind(*local, Bound::new(name, form, ty.clone()));
        }
        let before = std::mem::take(&mut scope.settings);
        let body = fields(scope);
        let mut settings = Vec::new();
        for setting in scope.settings.clone() {
            let name = super::vocabulary::setting_ident(scope, setting);
            signature.push(if setting == "now" { quote!(#name: Time) } else { quote!(#name: &str) });
            settings.push(name);
        }
        scope.settings.extend(before);
        for (local, bound) in shadowed {
            match bound {
                Some(bound) => scope.bind(local, bound),
                None => scope.unbind(local),
            }
        }
        let fails = tool.output.iter().any(|field| can_fail(&field.value));
        Self { takes, settings, signature, body, fails }
    }

    /// `output(…)` with what is at hand, as a `Result` where `result` says so.
    pub fn call(&self, scope: &mut Scope<'_>, result: bool) -> TokenStream {
        let takes = self.takes.iter().map(|(local, ty)| given(scope, *local, ty));
        let settings = self.settings.iter().map(|name| if name == "now" { quote!(#name) } else { quote!(&#name) });
        let call = quote!(output(#(#takes),* #(, #settings)*));
        match (self.fails, result) {
            (true, false) => quote!(#call?),
            (false, true) => quote!(Ok(#call)),
            _ => call,
        }
    }

    /// The function.
    pub fn function(self) -> TokenStream {
        let Self { signature, body, fails, .. } = self;
        let (result, body) =
            if fails { (quote!(Result<Output, Failure>), quote!(Ok(#body))) } else { (quote!(Output), body) };
        quote! {
            /// The output with what the call has reached.
            fn output(#(#signature),*) -> #result {
                #body
            }
        }
    }
}

/// A variable as the argument of `output`.
fn given(scope: &Scope<'_>, local: LocalId, wanted: &Type) -> TokenStream {
    let Some(bound) = scope.get(local) else {
        return match wanted {
            Type::List(_) => quote!(&[]),
            Type::Map(_) => quote!(const { &BTreeMap::new() }),
            _ => quote!(None),
        };
    };
    let name = &bound.ident;
    let code = Code::atom(quote!(#name), bound.form);
    if wanted.is_optional() && !bound.ty.is_optional() {
        let value = if is_text(&bound.ty) { code.exact(&bound.ty) } else { code.argument(&bound.ty) };
        return quote!(Some(#value));
    }
    code.argument(&bound.ty)
}

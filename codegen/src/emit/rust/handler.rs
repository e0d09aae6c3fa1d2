//! The one straight-line function of a tool.

use proc_macro2::TokenStream;
use quote::quote;

use super::expression::{can_fail, given_ident, owned};
use super::names::ident;
use super::output;
use super::scope::Scope;
use super::step;
use super::vocabulary::setting_ident;
use crate::lowered::{Param, ParamDefault, Program, Tool, Verb};

/// Stands for an empty line; the printer knows none.
pub fn blank() -> TokenStream {
    quote!(__blank_line!();)
}

/// `run`, and `output` where the call can end in several places.
pub fn handler(program: &Program, tool: &Tool) -> TokenStream {
    let mut scope = Scope::new(program, tool);
    let steps: Vec<_> = tool.steps.iter().collect();
    let ends_early = steps.iter().any(|step| matches!(step.verb, Verb::Stop(_) | Verb::Confirm(_)));
    let builder = ends_early.then(|| output::Builder::new(&mut scope));

    let mut statements = Vec::new();
    for (at, one) in steps.into_iter().enumerate() {
        scope.enter_step(at);
        let code = step::step(&mut scope, one, builder.as_ref());
        if !code.is_empty() {
            statements.push(code);
        }
    }
    let last = if let Some(builder) = &builder {
        builder.call(&mut scope, true)
    } else {
        let output = output::literal(&mut scope);
        quote!(Ok(#output))
    };
    let opening = opening(&mut scope);
    let doc = format!(" Handler of `{}`.", tool.name);
    let function = builder.map(output::Builder::function);
    let blank = blank();
    let call = uses_call(&opening, &statements, &last);
    quote! {
        #[doc = #doc]
        pub async fn run(params: Params, #call: &mut Call) -> Result<Output, Failure> {
            #(#opening)*
            #(#blank #statements)*
            #blank
            #last
        }
        #function
    }
}

/// `call`, or `_call` where no step needs it.
fn uses_call(opening: &[TokenStream], statements: &[TokenStream], last: &TokenStream) -> TokenStream {
    let named = opening.iter().chain(statements).chain([last]).any(|tokens| names_ident(tokens.clone(), "call"));
    if named { quote!(call) } else { quote!(_call) }
}

/// Whether an identifier stands anywhere in the tokens, or inside the text of a `format!`.
pub fn names_ident(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Group(group) => names_ident(group.stream(), name),
        proc_macro2::TokenTree::Ident(ident) => ident == name,
        proc_macro2::TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}}}")),
        proc_macro2::TokenTree::Punct(_) => false,
    })
}

/// Parameters by name, computed defaults, settings of the call.
fn opening(scope: &mut Scope<'_>) -> Vec<TokenStream> {
    let tool = scope.tool;
    let mut names = Vec::new();
    let mut rest = false;
    for param in &tool.params {
        if super::scope::is_named(tool, param) {
            names.push(ident(&param.name));
        } else {
            rest = true;
        }
    }
    let mut statements = Vec::new();
    if !names.is_empty() {
        let rest = rest.then(|| quote!(..));
        statements.push(quote!(let Params { #(#names,)* #rest } = params;));
    }
    for param in &tool.params {
        if let Some(ParamDefault::Computed(default)) = &param.default {
            statements.extend(computed(scope, param, default));
        }
    }
    for setting in scope.settings.clone() {
        let name = setting_ident(scope, setting);
        let function = proc_macro2::Ident::new(setting, proc_macro2::Span::call_site());
        statements.push(quote!(let #name = call.#function();));
    }
    statements
}

/// A default that is worked out, and held to the parameter's bounds like a value that was passed.
fn computed(scope: &mut Scope<'_>, param: &Param, default: &crate::lowered::Expr) -> Vec<TokenStream> {
    let mut statements = Vec::new();
    let name = ident(&param.name);
    if scope.asked_given.contains(&param.local) {
        let given = given_ident(scope, param.local);
        statements.push(quote!(let #given = #name.is_some();));
    }
    // Most often this is the only place that asks for a setting.
    scope.keep_all();
    scope.ask_on_the_spot = true;
    let value = owned(scope, default);
    scope.ask_on_the_spot = false;
    statements.push(if can_fail(default) {
        quote!(let #name = match #name { Some(value) => value, None => #value };)
    } else {
        quote!(let #name = #name.unwrap_or_else(|| #value);)
    });
    let json = &param.name;
    statements.push(quote!(call.check_param(#json, &#name)?;));
    statements
}

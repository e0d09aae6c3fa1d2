//! The module of a tool, and `tools.rs` that lists them.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::handler::handler;
use super::info::info;
use super::kinds::struct_names;
use super::names::{ident, type_ident};
use super::print::print;
use super::structs::{mappings, output, params};
use crate::emit::one_paragraph;
use crate::lowered::{Program, Tool};

/// What the runtime's vocabulary exports and generated code may name.
pub const VOCABULARY: &[&str] = &[
    "AdviceOn",
    "Call",
    "Deleted",
    "Effect",
    "Entry",
    "FailedDelete",
    "Failure",
    "Fields",
    "Format",
    "Grant",
    "Kind",
    "KindInfo",
    "Literal",
    "Meaning",
    "ObjectMeta",
    "Outcome",
    "ParamInfo",
    "Progress",
    "Rule",
    "Scope",
    "SecretText",
    "TextRule",
    "Time",
    "Tool",
    "ToolInfo",
    "OwnerReference",
    "entry",
];

/// The function by which generated structs read `null` as absent; attributes name it as text.
const NULL_DEFAULT: &str = "null_default";

/// The text of a tool's module.
pub fn tool_module(program: &Program, tool: &Tool) -> String {
    let (params, output, mappings, info, handler) = (
        params(program, tool),
        output(program, tool),
        mappings(program, tool),
        info(program, tool),
        handler(program, tool),
    );
    let body = quote!(#params #output #(#mappings)* #info #handler);
    let imports = imports(&body, &struct_names(program));
    let title = format!(" {}. @generated from specs/{}.", tool.title.trim_end_matches('.'), tool.file);
    let about = tool.about.trim_end().lines().map(|line| format!(" {line}"));
    let allowed = allowed();
    print(&quote! {
        #![doc = #title]
        //!
        #(#![doc = #about])*
        #allowed
        #imports
        #body
    })
}

/// Lints that texts and parameters of specs decide about.
pub fn allowed() -> TokenStream {
    quote! {
        #![allow(
            clippy::doc_markdown,
            clippy::struct_excessive_bools,
            clippy::too_many_arguments,
            clippy::redundant_closure_for_method_calls,
            reason = "texts, parameters and results are the specs' own"
        )]
    }
}

/// The `use` lines for what `body` names.
pub fn imports(body: &TokenStream, kinds: &[String]) -> TokenStream {
    let mut named = BTreeSet::new();
    identifiers(body.clone(), &mut named);
    let serde: Vec<_> =
        ["Deserialize", "Serialize"].into_iter().filter(|name| named.contains(*name)).map(type_ident).collect();
    let null_default = mentions_null_default(body.clone()).then_some(NULL_DEFAULT);
    let vocabulary: Vec<_> =
        VOCABULARY.iter().filter(|name| named.contains(**name)).copied().chain(null_default).map(type_ident).collect();
    let expression = named.contains("expression").then(|| {
        quote!(
            use cnpg_mcp_runtime::expression;
        )
    });
    let maps = named.contains("BTreeMap").then(|| {
        quote!(
            use std::collections::BTreeMap;
        )
    });
    let value = named.contains("Value").then(|| {
        quote!(
            use serde_json::Value;
        )
    });
    let kinds: BTreeSet<&String> = kinds.iter().filter(|name| named.contains(*name)).collect();
    let kinds: Vec<_> = kinds.into_iter().map(|name| type_ident(name)).collect();
    let kinds = (!kinds.is_empty()).then(|| quote!(use super::kinds::{#(#kinds),*};));
    let serde = (!serde.is_empty()).then(|| quote!(use serde::{#(#serde),*};));
    quote! {
        #maps
        #expression
        use cnpg_mcp_runtime::vocabulary::{#(#vocabulary),*};
        #serde
        #value
        #kinds
    }
}

fn identifiers(tokens: TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => identifiers(group.stream(), into),
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            _ => {}
        }
    }
}

fn mentions_null_default(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions_null_default(group.stream()),
        TokenTree::Literal(literal) => literal.to_string() == format!("\"{NULL_DEFAULT}\""),
        _ => false,
    })
}

/// The text of `tools.rs`.
pub fn tools_module(program: &Program) -> String {
    let modules = program.tools.iter().map(|tool| {
        let name = ident(&tool.name);
        let doc = format!(" {}", one_paragraph(&tool.title));
        quote!(#[doc = #doc] pub mod #name;)
    });
    let names: Vec<_> = program.tools.iter().map(|tool| ident(&tool.name)).collect();
    print(&quote! {
        /// What tools read of Kubernetes objects.
        pub mod kinds;
        /// Templates of answers.
        pub mod templates;
        #(#modules)*

        /// Every tool, ordered by name.
        pub fn tools() -> Vec<cnpg_mcp_runtime::vocabulary::Tool> {
            vec![#(#names::TOOL),*]
        }
    })
}

//! Structs of a tool's module: parameters, output, and the objects inside it.

use proc_macro2::TokenStream;
use quote::quote;

use super::names::ident;
use super::types::{objects_of, rust_type, serialized_field, struct_name};
use crate::emit::meanings::Meanings;
use crate::emit::one_paragraph;
use crate::lowered::{ParamDefault, Program, Tool};
use crate::types::{Origin, Type};

/// `Params`: what the runtime reads the checked arguments into.
pub fn params(program: &Program, tool: &Tool) -> TokenStream {
    let doc = format!(" Parameters of `{}`.", tool.name);
    let fields = tool.params.iter().map(|param| {
        let name = ident(&param.name);
        let json = &param.name;
        let about = format!(" {}", one_paragraph(&param.about));
        // What is worked out when the call comes may not have been passed.
        let ty = match param.default {
            Some(ParamDefault::Computed(_)) => param.value_type.clone().optional(),
            _ => param.value_type.clone(),
        };
        let rust = rust_type(program, Some(tool), &ty);
        let rename = (name.to_string().trim_start_matches("r#") != json).then(|| quote!(#[serde(rename = #json)]));
        let default = matches!(ty, Type::List(_) | Type::Map(_)).then(|| quote!(#[serde(default)]));
        quote!(#[doc = #about] #rename #default pub #name: #rust)
    });
    quote! {
        #[doc = #doc]
        #[derive(Debug, Deserialize)]
        pub struct Params { #(#fields),* }
    }
}

/// `Output`: what the tool itself says; the runtime adds the outcome and what goes with it.
pub fn output(program: &Program, tool: &Tool) -> TokenStream {
    let doc = format!(" Output of `{}`; the runtime adds the outcome, warnings and the like.", tool.name);
    let meanings = Meanings::new(&program.types, tool);
    let fields = tool.output.iter().map(|field| {
        let declared = program.types.object(tool.output_type).field(&field.name);
        let ty = declared.map_or_else(|| field.value.ty.clone(), |declared| declared.ty.clone());
        serialized_field(
            program,
            tool,
            &field.name,
            &ty,
            meanings.of_field(field.about.as_ref(), &field.value).as_deref(),
        )
    });
    quote! {
        #[doc = #doc]
        #[derive(Debug, Serialize)]
        pub struct Output { #(#fields),* }
    }
}

/// The objects that mappings of the tool make.
pub fn mappings(program: &Program, tool: &Tool) -> Vec<TokenStream> {
    let objects = objects_of(program, tool);
    objects
        .into_iter()
        .map(|id| {
            let object = program.types.object(id);
            let name = struct_name(program, tool, id);
            let doc = match object.origin {
                Origin::Group => " Parameters that go together.".to_owned(),
                _ => format!(" `{name}` of the output."),
            };
            let fields = object
                .fields
                .iter()
                .map(|field| serialized_field(program, tool, &field.name, &field.ty, field.about.as_deref()));
            quote! {
                #[doc = #doc]
                #[derive(Debug, Clone, Serialize)]
                pub struct #name { #(#fields),* }
            }
        })
        .collect()
}

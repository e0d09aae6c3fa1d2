//! `TOOL` and `INFO`: what a tool says of itself.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use serde_json::Value;

use super::step::outcome;
use super::templates::answer_name;
use crate::emit::rbac;
use crate::lowered::{Bounds, Effect, Meaning, Param, ParamDefault, ParamType, Program, StringFormat, Tool, Verb};

/// Both items.
pub fn info(program: &Program, tool: &Tool) -> TokenStream {
    let (name, title, toolset) = (&tool.name, &tool.title, &tool.toolset);
    let about = tool.about.trim_end();
    let effect = match tool.effect {
        Effect::Read => quote!(Effect::Read),
        Effect::Write => quote!(Effect::Write),
        Effect::Destroy => quote!(Effect::Destroy),
    };
    let (idempotent, core) = (tool.idempotent, tool.core);
    let input_schema = format!("schemas/{name}.input.json");
    let output_schema = format!("schemas/{name}.output.json");
    let params = tool.params.iter().map(param);
    let paged_output = option(tool.paged_output.as_ref().map(|field| quote!(#field)));
    let answers = tool.answers.iter().map(|(for_outcome, _)| {
        let template = answer_name(tool, *for_outcome);
        let for_outcome = option(for_outcome.map(|for_outcome| {
            let for_outcome = outcome(for_outcome);
            quote!(Outcome::#for_outcome)
        }));
        quote!((#for_outcome, #template))
    });
    let plan = tool.steps.iter().find_map(|step| match &step.verb {
        Verb::Confirm(confirm) => Some(&confirm.plan),
        _ => None,
    });
    let plan = option(plan.map(|plan| quote!(#plan)));
    let grants = rbac::grants(program, tool).into_iter().map(|grant| {
        let rbac::Grant { group, resource, verbs } = grant;
        quote!(Grant { group: #group, resource: #resource, verbs: &[#(#verbs),*] })
    });
    quote! {
        /// The tool, for the registry.
        pub const TOOL: Tool = Tool { info: &INFO, run: |arguments, call| entry(arguments, call, run) };

        static INFO: ToolInfo = ToolInfo {
            name: #name,
            title: #title,
            about: #about,
            effect: #effect,
            idempotent: #idempotent,
            toolset: #toolset,
            core: #core,
            input_schema: include_str!(#input_schema),
            output_schema: include_str!(#output_schema),
            params: &[#(#params),*],
            paged_output: #paged_output,
            answers: &[#(#answers),*],
            confirm_plan: #plan,
            grants: &[#(#grants),*],
        };
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    if let Some(value) = value { quote!(Some(#value)) } else { quote!(None) }
}

fn param(param: &Param) -> TokenStream {
    let name = &param.name;
    let about = crate::emit::one_paragraph(&param.about);
    let rule = rule(param);
    let required = param.required;
    let secret = param.ty == ParamType::Secret;
    let default = option(match &param.default {
        Some(ParamDefault::Literal(value)) => Some(literal(&param.ty, value)),
        _ => None,
    });
    let meaning = option(param.meaning.map(|meaning| {
        let meaning = Ident::new(
            match meaning {
                Meaning::DryRun => "DryRun",
                Meaning::Confirmation => "Confirmation",
                Meaning::Limit => "Limit",
                Meaning::Cursor => "Cursor",
            },
            Span::call_site(),
        );
        quote!(Meaning::#meaning)
    }));
    quote!(ParamInfo {
        name: #name,
        about: #about,
        rule: #rule,
        required: #required,
        secret: #secret,
        default: #default,
        meaning: #meaning,
    })
}

fn literal(ty: &ParamType, value: &Value) -> TokenStream {
    match value {
        Value::Bool(value) => quote!(Literal::Bool(#value)),
        Value::Number(number) => match (ty, number.as_i64()) {
            (ParamType::Float, _) | (_, None) => {
                let value = Literal::f64_unsuffixed(number.as_f64().unwrap_or_default());
                quote!(Literal::Float(#value))
            }
            (_, Some(value)) => {
                let value = Literal::i64_unsuffixed(value);
                quote!(Literal::Int(#value))
            }
        },
        Value::Array(items) => {
            let items = items.iter().filter_map(Value::as_str);
            quote!(Literal::TextList(&[#(#items),*]))
        }
        other => {
            let text = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            quote!(Literal::Text(#text))
        }
    }
}

fn rule(param: &Param) -> TokenStream {
    let bounds = &param.bounds;
    match &param.ty {
        ParamType::Bool => quote!(Rule::Bool),
        ParamType::Int => {
            let (min, max) = range(bounds);
            quote!(Rule::Int { min: #min, max: #max })
        }
        ParamType::Float => {
            let (min, max) = range(bounds);
            quote!(Rule::Float { min: #min, max: #max })
        }
        ParamType::String | ParamType::Secret => {
            let rule = text_rule(bounds);
            quote!(Rule::Text(#rule))
        }
        ParamType::Enum(words) => quote!(Rule::Enum(&[#(#words),*])),
        ParamType::Quantity => quote!(Rule::Quantity),
        ParamType::StringList => {
            let rule = text_rule(bounds);
            quote!(Rule::TextList(#rule))
        }
    }
}

fn range(bounds: &Bounds) -> (TokenStream, TokenStream) {
    let number = |value: Option<i64>| {
        option(value.map(|value| {
            let value = Literal::i64_unsuffixed(value);
            quote!(#value)
        }))
    };
    (number(bounds.min), number(bounds.max))
}

fn text_rule(bounds: &Bounds) -> TokenStream {
    let mut parts = Vec::new();
    let length = |value: usize| {
        let value = Literal::usize_unsuffixed(value);
        quote!(Some(#value))
    };
    if let Some(value) = bounds.min_length {
        let value = length(value);
        parts.push(quote!(min_length: #value));
    }
    if let Some(value) = bounds.max_length {
        let value = length(value);
        parts.push(quote!(max_length: #value));
    }
    if let Some(pattern) = &bounds.pattern {
        parts.push(quote!(pattern: Some(#pattern)));
    }
    if let Some(format) = bounds.format {
        let format = match format {
            StringFormat::Dns1123Label => quote!(Dns1123Label),
            StringFormat::Dns1123Subdomain => quote!(Dns1123Subdomain),
            StringFormat::Dns1035Label => quote!(Dns1035Label),
        };
        parts.push(quote!(format: Some(Format::#format)));
    }
    if let Some(reserved) = &bounds.reserved {
        let (names, prefixes) = (&reserved.names, &reserved.prefixes);
        if !names.is_empty() {
            parts.push(quote!(reserved_names: &[#(#names),*]));
        }
        if !prefixes.is_empty() {
            parts.push(quote!(reserved_prefixes: &[#(#prefixes),*]));
        }
    }
    if parts.is_empty() { quote!(TextRule::ANY) } else { quote!(TextRule { #(#parts,)* ..TextRule::ANY }) }
}

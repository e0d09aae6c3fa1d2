//! Templates: the answers of tools and the partials they include.

use proc_macro2::TokenStream;
use quote::quote;

use super::print::print;
use crate::lowered::{Outcome, Program, Tool};

/// Name of the template for an outcome: `create_postgres_role/done.md`, or `…/answer.md` for every one.
pub fn answer_name(tool: &Tool, outcome: Option<Outcome>) -> String {
    format!("{}/{}.md", tool.name, outcome.map_or("answer", word))
}

/// The word for an outcome in specs, outputs and file names.
pub fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Unchanged => "unchanged",
        Outcome::Planned => "planned",
        Outcome::Unconfirmed => "unconfirmed",
        Outcome::Partial => "partial",
        Outcome::TimedOut => "timed_out",
    }
}

/// Every template by name: partials first, then answers.
pub fn template_files(program: &Program) -> Vec<(String, String)> {
    let answers = program
        .tools
        .iter()
        .flat_map(|tool| tool.answers.iter().map(|(outcome, text)| (answer_name(tool, *outcome), text.clone())));
    program.partials.iter().cloned().chain(answers).collect()
}

/// The text of `templates.rs`.
pub fn templates_module(program: &Program) -> String {
    let entries = template_files(program).into_iter().map(|(name, _)| -> TokenStream {
        let file = format!("templates/{name}");
        quote!((#name, include_str!(#file)))
    });
    print(&quote! {
        //! Templates by name. @generated from specs/partials and the answers in specs/tools.

        /// Name and text of every template.
        pub const TEMPLATES: &[(&str, &str)] = &[#(#entries),*];
    })
}

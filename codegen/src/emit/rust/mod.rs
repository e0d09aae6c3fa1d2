//! Typed handlers: one module a tool, the kinds they touch, the list of tools, the templates.
//!
//! What comes out reads as if a person had written it: the build compiles it, `expand` shows it, and
//! `generated/expanded/` keeps a copy for reviewers.

mod body;
mod code;
mod comprehension;
mod expression;
mod field;
mod handler;
mod info;
mod kinds;
mod module;
mod names;
mod operator;
mod output;
mod print;
mod scope;
mod step;
mod structs;
mod templates;
mod text;
mod types;
mod verb;
mod vocabulary;
mod widen;

use crate::lowered::Program;

pub use templates::word as outcome_word;

/// A file that an emitter gives: its path relative to where such files go, and its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// With forward slashes.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Everything that the generated crate includes, in a fixed order.
pub fn files(program: &Program) -> Vec<File> {
    let mut files = vec![
        File { path: "kinds.rs".to_owned(), text: kinds::kinds_module(program) },
        File { path: "tools.rs".to_owned(), text: module::tools_module(program) },
        File { path: "templates.rs".to_owned(), text: templates::templates_module(program) },
    ];
    for tool in &program.tools {
        files.push(File { path: format!("{}.rs", tool.name), text: module::tool_module(program, tool) });
        files.push(File {
            path: format!("schemas/{}.input.json", tool.name),
            text: compact(&crate::emit::schema::input(tool)),
        });
        files.push(File {
            path: format!("schemas/{}.output.json", tool.name),
            text: compact(&crate::emit::schema::output(program, tool)),
        });
    }
    files.extend(
        templates::template_files(program)
            .into_iter()
            .map(|(name, text)| File { path: format!("templates/{name}"), text }),
    );
    files
}

/// The Rust of one tool and of what it shares with others, for reading.
pub fn expanded(program: &Program) -> Vec<File> {
    files(program)
        .into_iter()
        .filter(|file| std::path::Path::new(&file.path).extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn compact(value: &serde_json::Value) -> String {
    value.to_string()
}

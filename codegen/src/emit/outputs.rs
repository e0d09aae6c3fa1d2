//! What is committed for people to read: everything below `generated/` but the crate itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::docs::{self, ExampleAnswer};
use super::{File, kinds, language_schema, rbac, rust, schema};
use crate::lowered::Program;

/// The file that keeps the answers of examples, so that the pages can be made again without a server.
pub const ANSWERS: &str = "examples.json";

/// The folders of `generated/` that hold outputs and nothing else.
pub const FOLDERS: [&str; 5] = ["docs", "schemas", "rbac", "kinds", "expanded"];

/// The folder of `chart/files/` that holds outputs and nothing else.
pub const CHART_FOLDERS: [&str; 1] = ["rbac"];

/// What the examples of the tools were answered: by tool, in the order of its spec.
pub type Answers = BTreeMap<String, Vec<Answer>>;

/// What an example was answered, as [`ANSWERS`] keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The Markdown of the answer.
    pub markdown: String,
    /// Whether it is a tool error.
    #[serde(default)]
    pub is_error: bool,
}

/// Every output by its path below `generated/`, in order.
#[must_use]
pub fn outputs(program: &Program, answers: &Answers) -> Vec<File> {
    let mut files = Vec::new();
    let mut add = |folder: &str, name: &str, text: String| files.push(File { path: format!("{folder}/{name}"), text });
    add("docs", "README.md", docs::index(program));
    // A dash cannot stand in the name of a tool, so the pages cannot meet.
    add("docs", "known-kinds.md", docs::kinds(program));
    for tool in &program.tools {
        let own: Vec<ExampleAnswer> = answers
            .get(&tool.name)
            .into_iter()
            .flatten()
            .map(|answer| ExampleAnswer { markdown: answer.markdown.clone(), is_error: answer.is_error })
            .collect();
        add("docs", &format!("{}.md", tool.name), docs::page(program, tool, &own));
    }
    for file in schema::files(program) {
        add("schemas", &file.path, file.text);
    }
    for (name, schema) in language_schema::schemas() {
        add("schemas", &name, pretty(&schema));
    }
    for (name, text) in rbac::roles(program) {
        add("rbac", &name, text);
    }
    for (name, document) in kinds::crds(program) {
        add("kinds", &name, pretty(&document));
    }
    for file in rust::expanded(program) {
        add("expanded", &file.path, file.text);
    }
    files.sort();
    files
}

/// Every output by its path below `chart/files/`, in order: the rights that the chart puts together.
#[must_use]
pub fn chart_files(program: &Program) -> Vec<File> {
    rbac::for_chart(program).into_iter().map(|(name, text)| File { path: format!("rbac/{name}"), text }).collect()
}

/// The answers as the text of [`ANSWERS`].
#[must_use]
pub fn answers_text(answers: &Answers) -> String {
    serde_json::to_value(answers).map_or_else(|_| "{}\n".to_owned(), |value| pretty(&value))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

//! Compiler from YAML tool specs to typed Rust handlers, JSON schemas, docs and RBAC.
//!
//! The way of a spec: [`load`] reads YAML and keeps the place of every value, [`syntax`] reads the keys,
//! [`kinds`] and [`check`] look names up, type expressions ([`expression`]) and templates ([`template`]) and
//! hold the rules; what comes out is a [`lowered::Program`], and everything wrong as [`diagnostic::Diagnostic`]s.

pub mod build;
pub mod check;
pub mod command;
pub mod compare;
pub mod diagnostic;
pub mod emit;
pub mod expression;
pub mod format;
pub mod import;
pub mod kinds;
pub mod load;
pub mod lowered;
mod sentence;
pub mod source;
pub mod starter;
pub mod syntax;
pub mod template;
pub mod types;
pub mod vocabulary;
mod yaml;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use diagnostic::{Code, Diagnostic, Severity, Sink};
use load::{Specs, Text};
use lowered::Program;
use source::{SourceMap, Span};
use syntax::Reading;
use types::Types;

/// What came of reading a folder of specs.
#[derive(Debug)]
pub struct Compilation {
    /// The files that were read.
    pub sources: SourceMap,
    /// The program; `None` where anything is an error.
    pub program: Option<Program>,
    /// Everything that was found, by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compilation {
    /// Whether anything is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }
}

/// Compiles the specs in a folder (`tools/`, `resources/`, `params.yaml`, `steps.yaml`, `partials/`).
///
/// What is wrong in the specs is in the diagnostics; an error is returned only where files cannot be read.
pub fn compile(specs: &Path) -> std::io::Result<Compilation> {
    let mut sources = SourceMap::default();
    let mut sink = Sink::default();
    let loaded = load::load(specs, &mut sources, &mut sink)?;
    let program = lower(&loaded, &sources, &mut sink);
    let program = (!sink.has_errors()).then_some(program);
    let diagnostics = sink.finish(&sources);
    Ok(Compilation { sources, program, diagnostics })
}

fn lower(specs: &Specs, sources: &SourceMap, sink: &mut Sink) -> Program {
    let mut types = Types::default();
    let kinds = kinds::read_kinds(&specs.resources, specs.resources_unreadable, &mut types, sources, sink);
    let partials: BTreeMap<String, Text> = specs
        .partials
        .iter()
        .map(|(name, file)| {
            let text = sources.text(*file);
            let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
            (name.clone(), Text::of_file(text, Span { file: *file, start: 0, end }))
        })
        .collect();
    // Also those that no tool includes yet.
    for text in partials.values() {
        let _ = expression::parse_template(text, sink);
    }
    let mut cx = Reading::new(sources, sink);
    let params = syntax::read_shared(specs.params.as_ref(), specs.shared_unreadable, &mut cx);
    let steps = syntax::read_shared_steps(specs.steps.as_ref(), specs.shared_unreadable, &mut cx);
    let mut read: Vec<syntax::Tool> = Vec::new();
    let mut named: BTreeMap<String, Span> = BTreeMap::new();
    for node in &specs.tools {
        let Some(tool) = syntax::read_tool(node, &params, &steps, &mut cx) else { continue };
        if let Some(first) = named.get(&tool.name.text) {
            cx.sink
                .error(Code::Duplicate, tool.name.span, format!("there are two tools `{}`", tool.name.text))
                .see(*first, "first here");
            continue;
        }
        named.insert(tool.name.text.clone(), tool.name.span);
        read.push(tool);
    }
    // Also those that no tool takes in; what a tool finds again is said once.
    for param in params.params() {
        let _ = check::check_bounds(param, sources, sink);
        check::param_words(param, sink);
    }
    read.sort_by(|a, b| a.name.text.cmp(&b.name.text));
    let used_partials = RefCell::default();
    let sampler = template::sample::Sampler::new(&partials);
    let shared =
        check::Shared { kinds: &kinds, partials: &partials, used_partials: &used_partials, sources, sampler: &sampler };
    let mut tools = Vec::new();
    for tool in &read {
        tools.extend(check::lower_tool(tool, shared, &mut types, sink));
    }
    check::between_tools(&read, sink);
    if !sink.has_errors() {
        check::unused_shared(&params, &steps, &kinds, &partials, &used_partials.borrow(), sink);
    }
    let partials = specs.partials.iter().map(|(name, file)| (name.clone(), sources.text(*file).to_owned())).collect();
    Program { types, kinds: kinds.list, tools, partials }
}

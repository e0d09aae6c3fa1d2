//! From a tool as written to its lowered form: names looked up, expressions typed, rules held.

mod between;
mod body;
mod bounds;
mod deleted;
mod examples;
mod fit;
mod given;
mod output;
mod params;
mod pattern;
mod portable;
mod rules;
mod samples;
mod steps;
mod subresources;
mod targets;
mod verbs;
mod waits;
mod words;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Sink};
use crate::expression::{Context, Facts, Scope, Typer};
use crate::kinds::Kinds;
use crate::load::{Name, Text};
use crate::lowered::{self, LocalId, Param, ParamGroup};
use crate::source::{SourceMap, Span};
use crate::syntax;
use crate::template::sample::Sampler;
use crate::types::{Type, Types};

pub use between::{between_tools, unused_shared};
pub use bounds::check_bounds;
pub(crate) use bounds::text_fits;
pub use words::param_words;

/// What all tools share.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// Kinds.
    pub kinds: &'a Kinds,
    /// Templates that others include, by file name.
    pub partials: &'a BTreeMap<String, Text>,
    /// Those of them that some tool takes in.
    pub used_partials: &'a RefCell<BTreeSet<String>>,
    /// The files.
    pub sources: &'a SourceMap,
    /// Tries templates on samples.
    pub sampler: &'a Sampler<'a>,
}

impl<'a> Shared<'a> {
    /// A partial that a tool takes in.
    #[must_use]
    pub fn partial(&self, name: &str) -> Option<&'a Text> {
        let text = self.partials.get(name)?;
        self.used_partials.borrow_mut().insert(name.to_owned());
        Some(text)
    }
}

/// Lowers a tool. Everything wrong in it is reported; `None` where anything was.
pub fn lower_tool(
    tool: &syntax::Tool,
    shared: Shared<'_>,
    types: &mut Types,
    sink: &mut Sink,
) -> Option<lowered::Tool> {
    let mark = sink.mark();
    let mut scope = Scope::default();
    scope.incomplete = tool.incomplete;
    let expressions = Typer {
        types,
        kinds: shared.kinds,
        sink,
        locals: Vec::new(),
        scope,
        context: Context::Mapping,
        facts: Facts::default(),
    };
    let mut lowering = Lowering {
        tool,
        shared,
        typer: expressions,
        params: Vec::new(),
        param_names: Vec::new(),
        groups: Vec::new(),
        group_names: Vec::new(),
        bindings: Vec::new(),
        paged: None,
        stopped: false,
        sound: !tool.incomplete,
    };
    // Nothing is said of names whose declaration could not be read.
    for name in &tool.lost {
        let local = lowering.typer.local(&name.text, Type::Bool, lowered::LocalKind::Value);
        lowering.typer.scope.declare(&name.text, local, None);
    }
    lowering.params();
    let steps = lowering.steps();
    let (output, output_type, paged_output) = lowering.output();
    lowering.answers(&output, output_type, paged_output.as_deref());
    lowering.rules(&steps);
    lowering.examples();
    words::tool_words(tool, lowering.typer.sink);
    let lowered = lowering.finish(steps, output, output_type, paged_output);
    if let Some(lowered) = &lowered {
        given::check(lowered, sink);
        portable::check(tool, lowered, types, sink);
    }
    let failed = sink.since(mark).iter().any(|one| one.severity == crate::diagnostic::Severity::Error);
    if lowered.is_none() && !sink.has_errors() {
        let name = &tool.name;
        // not reached: whatever cannot be lowered was reported where it was found.
        sink.error(
            Code::Unsupported,
            name.span,
            format!("tool `{}` cannot be lowered, and nothing says why", name.text),
        )
        .help("this is a mistake of the compiler: report it with the spec");
        return None;
    }
    lowered.filter(|_| !failed)
}

/// A name that a step gave.
#[derive(Debug, Clone)]
struct Binding {
    name: Name,
    local: LocalId,
    /// Shared steps give names that not every tool uses.
    own: bool,
    /// Whether the step does something even where its result is not looked at.
    acts: bool,
}

/// The state of a tool's lowering.
struct Lowering<'a> {
    tool: &'a syntax::Tool,
    shared: Shared<'a>,
    typer: Typer<'a>,
    params: Vec<Param>,
    /// Where each parameter is declared.
    param_names: Vec<Name>,
    groups: Vec<ParamGroup>,
    /// Where each group is declared.
    group_names: Vec<Name>,
    bindings: Vec<Binding>,
    /// The binding that holds a page, and where it is asked for.
    paged: Option<(LocalId, Span)>,
    /// Whether a `stop` or `confirm` was passed.
    stopped: bool,
    /// Whether everything could be lowered so far.
    sound: bool,
}

impl Lowering<'_> {
    /// Notes that something was wrong and is reported.
    fn keep<T>(&mut self, value: Option<T>) -> Option<T> {
        self.sound &= value.is_some();
        value
    }

    fn finish(
        mut self,
        mut steps: Vec<lowered::Step>,
        output: Vec<lowered::OutputField>,
        output_type: Option<crate::types::ObjectId>,
        paged_output: Option<String>,
    ) -> Option<lowered::Tool> {
        if !self.sound {
            return None;
        }
        for step in &mut steps {
            step.narrows.retain(|(_, narrowed)| self.typer.scope.is_used(*narrowed));
            if let lowered::Verb::Require(require) = &mut step.verb {
                require.narrows.retain(|(_, narrowed)| self.typer.scope.is_used(*narrowed));
            }
        }
        let tool = self.tool;
        let effect = tool.effect.0;
        Some(lowered::Tool {
            name: tool.name.text.clone(),
            file: self.shared.sources.path(tool.name.span.file).to_owned(),
            toolset: tool.toolset.text.clone(),
            core: tool.core,
            title: tool.title.text.clone(),
            about: tool.about.text.clone(),
            effect,
            idempotent: tool.idempotent.unwrap_or(effect == lowered::Effect::Read),
            params: std::mem::take(&mut self.params),
            groups: std::mem::take(&mut self.groups),
            locals: std::mem::take(&mut self.typer.locals),
            steps,
            output,
            output_type: output_type?,
            paged_output,
            answers: tool.answers.iter().map(|(outcome, text)| (*outcome, text.value.clone())).collect(),
            examples: tool
                .examples
                .iter()
                .filter_map(|example| match example.call.to_json() {
                    serde_json::Value::Object(call) => {
                        let title = example.title.as_ref().map(|title| title.text.clone());
                        Some(lowered::Example { title, call })
                    }
                    _ => None,
                })
                .collect(),
        })
    }
}

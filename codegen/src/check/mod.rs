//! From a tool as written to its lowered form: names looked up, expressions typed, rules held.

mod body;
mod examples;
mod given;
mod output;
mod params;
mod rules;
mod steps;
mod subresources;
mod targets;
mod verbs;

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Sink};
use crate::expression::{Context, Scope, Typer};
use crate::kinds::Kinds;
use crate::load::{Name, Text};
use crate::lowered::{self, LocalId, Param, ParamGroup};
use crate::source::{SourceMap, Span};
use crate::syntax;
use crate::types::Types;

/// What all tools share.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// Kinds.
    pub kinds: &'a Kinds,
    /// Templates that others include, by file name.
    pub partials: &'a BTreeMap<String, Text>,
    /// The files.
    pub sources: &'a SourceMap,
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
    let expressions = Typer { types, kinds: shared.kinds, sink, locals: Vec::new(), scope, context: Context::Mapping };
    let mut lowering = Lowering {
        tool,
        shared,
        typer: expressions,
        params: Vec::new(),
        param_names: Vec::new(),
        groups: Vec::new(),
        bindings: Vec::new(),
        paged: None,
        stopped: false,
        sound: !tool.incomplete,
    };
    lowering.params();
    let steps = lowering.steps();
    let (output, output_type, paged_output) = lowering.output();
    lowering.answers(output_type, paged_output.as_deref());
    lowering.rules(&steps);
    lowering.examples();
    let lowered = lowering.finish(steps, output, output_type, paged_output);
    if let Some(tool) = &lowered {
        given::check(tool, sink);
    }
    let failed = sink.since(mark).iter().any(|one| one.severity == crate::diagnostic::Severity::Error);
    if lowered.is_none() && !sink.has_errors() {
        let name = &tool.name;
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
                    serde_json::Value::Object(call) => Some(lowered::Example { title: example.title.clone(), call }),
                    _ => None,
                })
                .collect(),
        })
    }
}

//! What a call answers: Markdown for people and models, structured output for programs, both from the
//! same values and within the same budget.

mod structured;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::arguments::Problem;
use crate::budget::{self, Cut};
use crate::call::{CallReport, Settings};
use crate::failure::{Failure, FailureKind};
use crate::render::{RenderError, Scene, Templates, markdown};
use crate::time::Time;
use crate::tool::{Outcome, ToolInfo};

/// Characters kept free for fields and notes that are added after the cut.
const RESERVE: usize = 800;

/// Times that lists are cut again because the Markdown was still too long.
const ROUNDS: usize = 6;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// For people and models.
    pub markdown: String,
    /// For programs.
    pub content: Content,
    /// The call's id.
    pub call_id: String,
}

/// The part of an answer that is for programs.
#[derive(Debug, Clone)]
pub enum Content {
    /// The call ended in good order.
    Output {
        /// How it ended.
        outcome: Outcome,
        /// The output, as the tool's schema says.
        structured: Value,
    },
    /// The call failed.
    Failure {
        /// Word for the kind of failure.
        code: &'static str,
        /// Machine form: code, reason, object, whether trying again can help.
        machine: Value,
    },
}

impl Answer {
    /// Whether the call failed.
    pub fn is_error(&self) -> bool {
        matches!(self.content, Content::Failure { .. })
    }

    /// The outcome, or the code of the failure.
    pub fn outcome(&self) -> &'static str {
        match &self.content {
            Content::Output { outcome, .. } => outcome.as_str(),
            Content::Failure { code, .. } => code,
        }
    }

    /// The answer of a failed call.
    pub(crate) fn failed(failure: &Failure, call_id: String) -> Self {
        Self {
            markdown: budget::cut_markdown(&failure.markdown(), budget::LIMIT),
            content: Content::Failure { code: failure.kind().as_str(), machine: machine(failure) },
            call_id,
        }
    }

    /// The answer to arguments that the tool does not take.
    pub(crate) fn invalid(tool: &ToolInfo, problems: &[Problem], call_id: String) -> Self {
        let lines: Vec<String> = problems.iter().map(Problem::to_markdown).collect();
        let heading = if problems.len() == 1 { "An argument is" } else { "Some arguments are" };
        let text = format!(
            "**{heading} not what `{}` takes. Nothing was done.**\n\n{}\n\nCorrect this and call again.",
            tool.name,
            lines.join("\n")
        );
        let names: Vec<&str> = problems.iter().map(|problem| problem.parameter.as_str()).collect();
        let machine = json!({ "code": "invalid_parameter", "retryable": false, "parameter": names.first(), "parameters": names, "problems": problems });
        Self {
            markdown: budget::cut_markdown(&text, budget::LIMIT),
            content: Content::Failure { code: "invalid_parameter", machine },
            call_id,
        }
    }
}

/// The machine form of a failure: `code`, the API server's `reason` where it gave one, whether calling
/// again unchanged can help (`retryable`), and everything else that the failure knows.
fn machine(failure: &Failure) -> Value {
    let mut machine = Map::new();
    machine.insert(String::from("code"), failure.kind().as_str().into());
    if let Some(status) = failure.status() {
        machine.insert(String::from("reason"), status.reason.clone().into());
    }
    machine.insert(String::from("retryable"), is_retryable(failure.kind()).into());
    if let Value::Object(rest) = failure.machine() {
        machine.extend(rest.into_iter().filter(|(name, _)| name != "kind"));
    }
    Value::Object(machine)
}

/// Whether the same call can succeed later although nobody changes anything for it.
fn is_retryable(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Conflict
            | FailureKind::Expired
            | FailureKind::TooManyRequests
            | FailureKind::ServerError
            | FailureKind::WebhookUnavailable
            | FailureKind::TimedOut
            | FailureKind::Unreachable
    )
}

/// What answers are made with.
#[derive(Debug)]
pub(crate) struct Maker<'a> {
    pub(crate) templates: &'a Templates,
    pub(crate) tool: &'static ToolInfo,
    /// Fields of the tool's output schema.
    pub(crate) published: &'a Map<String, Value>,
    /// Parameters that are not secret, defaults filled in.
    pub(crate) params: &'a Map<String, Value>,
    pub(crate) settings: &'a Arc<Settings>,
    pub(crate) current_namespace: String,
    pub(crate) now: Time,
}

impl Maker<'_> {
    /// The answer of a call that ended in good order: lists cut to the budget, then Markdown rendered from
    /// what remains.
    pub(crate) fn answer(&self, output: &Value, report: &CallReport, call_id: String) -> Answer {
        let mut room = budget::LIMIT - RESERVE;
        let mut round = 0;
        loop {
            round += 1;
            let (structured, cuts) = structured::build(self.tool, self.published, output, report, room);
            let text = self.markdown(&structured, &report.warnings, report.outcome).unwrap_or_else(|error| {
                tracing::error!(tool = self.tool.name, %error, "an answer could not be rendered");
                fallback(&structured)
            });
            let text = [text, notes(self.tool, &structured, &cuts)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("\n\n");
            let length = text.chars().count();
            if length <= budget::LIMIT || round == ROUNDS {
                return Answer {
                    markdown: budget::cut_markdown(&text, budget::LIMIT),
                    content: Content::Output { outcome: report.outcome, structured },
                    call_id,
                };
            }
            // The lists shrink in the proportion in which the text is too long, and a little more.
            room = (budget::size(&structured).min(room) * (budget::LIMIT - RESERVE) / length).saturating_sub(RESERVE);
        }
    }

    /// The plan that is shown when a confirmation is asked for.
    pub(crate) fn plan(&self, output: &Value, warnings: &[String]) -> String {
        let mut output = output.clone();
        budget::fit(&mut output, None, budget::LIMIT);
        self.markdown(&output, warnings, Outcome::Unconfirmed).unwrap_or_else(|error| {
            tracing::error!(tool = self.tool.name, %error, "a plan could not be rendered");
            fallback(&output)
        })
    }

    fn markdown(&self, output: &Value, warnings: &[String], outcome: Outcome) -> Result<String, RenderError> {
        let scene = Scene {
            params: self.params,
            output,
            warnings,
            outcome,
            now: self.now,
            current_namespace: &self.current_namespace,
            image_registry: &self.settings.image_registry,
        };
        self.templates.answer(self.tool, &scene)
    }
}

/// The output as it is, where its template fails: what was done must not be lost over a template.
fn fallback(output: &Value) -> String {
    markdown::fence(&serde_json::to_string_pretty(output).unwrap_or_default(), "json")
}

/// What is missing, and how to get it.
fn notes(tool: &ToolInfo, structured: &Value, cuts: &[Cut]) -> String {
    let mut notes = Vec::new();
    for cut in cuts.iter().filter(|cut| Some(cut.path.as_str()) != tool.paged_output) {
        notes.push(format!(
            "*{} of {} `{}` are shown; the rest did not fit into the answer.*",
            cut.kept, cut.of, cut.path
        ));
    }
    if let Some(cursor) = structured.get("cursor").and_then(Value::as_str) {
        let returned = structured.get("returned").and_then(Value::as_u64).unwrap_or_default();
        let of =
            structured.get("total").and_then(Value::as_u64).map(|total| format!(" of {total}")).unwrap_or_default();
        notes.push(format!("*{returned}{of} shown, and there are more. For the next ones call again with everything unchanged and `cursor: {cursor}`*"));
    }
    notes.join("\n\n")
}

//! What a compiled tool says of itself.
//!
//! Everything here is made at build time and lives in statics: the schemas that clients see, the rules
//! that arguments are held to, the templates that answers are made with, the rights a tool needs. The
//! registry, the argument checks, the MCP adapter and the command line all read it; none of them knows a
//! tool by name.

use std::fmt;

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::failure::Failure;

/// Arguments of a call, checked, with literal defaults filled in.
pub type Arguments = Map<String, Value>;

/// A handler behind a uniform signature; [`entry`] makes one from a typed function.
pub type Handler = for<'call> fn(Arguments, &'call mut Call) -> BoxFuture<'call, Result<Value, Failure>>;

/// A compiled tool.
#[derive(Clone, Copy)]
pub struct Tool {
    /// What it says of itself.
    pub info: &'static ToolInfo,
    /// What it does.
    pub run: Handler,
}

impl fmt::Debug for Tool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tool").field("name", &self.info.name).finish_non_exhaustive()
    }
}

/// Runs a typed handler on checked arguments.
///
/// Generated code writes `run: |arguments, call| entry(arguments, call, run)`.
///
/// # Errors
/// What the handler says, or [`Failure::internal`] where checked arguments do not fit the parameter
/// struct or an output cannot be written as JSON (both mean that codegen and runtime disagree).
pub fn entry<'call, P, O, F, R>(
    arguments: Arguments,
    call: &'call mut Call,
    run: F,
) -> BoxFuture<'call, Result<Value, Failure>>
where
    P: DeserializeOwned + Send + 'call,
    O: Serialize + Send + 'call,
    F: FnOnce(P, &'call mut Call) -> R + Send + 'call,
    R: Future<Output = Result<O, Failure>> + Send + 'call,
{
    Box::pin(async move {
        let params = P::deserialize(Value::Object(arguments))
            .map_err(|_| Failure::internal("The checked arguments do not fit the tool's parameters."))?;
        let output = run(params, call).await?;
        serde_json::to_value(output).map_err(|_| Failure::internal("The tool's output cannot be written as JSON."))
    })
}

/// What a tool says of itself.
#[derive(Debug)]
pub struct ToolInfo {
    /// Name, as clients call it.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// Description for models.
    pub about: &'static str,
    /// What it does to the world.
    pub effect: Effect,
    /// Whether calling again with the same arguments changes nothing more.
    pub idempotent: bool,
    /// The group of tools it belongs to.
    pub toolset: &'static str,
    /// Whether it is in the toolset `core` too, which is on unless others are chosen.
    pub core: bool,
    /// JSON Schema of the arguments, as JSON text.
    pub input_schema: &'static str,
    /// JSON Schema of the structured output, as JSON text.
    pub output_schema: &'static str,
    /// Parameters in the order of the spec.
    pub params: &'static [ParamInfo],
    /// The output list that `limit` and the budget cut first, where the tool pages.
    pub paged_output: Option<&'static str>,
    /// Template names of the answer by outcome; `None` serves every outcome without one of its own.
    pub answers: &'static [(Option<Outcome>, &'static str)],
    /// Template that shows what would go, where the tool asks for confirmation.
    pub confirm_plan: Option<&'static str>,
    /// Kubernetes rights that its steps need.
    pub grants: &'static [Grant],
}

impl ToolInfo {
    /// The parameter of that name.
    pub fn param(&self, name: &str) -> Option<&'static ParamInfo> {
        self.params.iter().find(|param| param.name == name)
    }

    /// The parameter with that meaning.
    pub fn meaning(&self, meaning: Meaning) -> Option<&'static ParamInfo> {
        self.params.iter().find(|param| param.meaning == Some(meaning))
    }

    /// Template for an outcome: its own, else the planned or unconfirmed default, else the general one.
    pub fn answer_template(&self, outcome: Outcome) -> Option<&'static str> {
        let of = |wanted: Option<Outcome>| self.answers.iter().find(|(have, _)| *have == wanted).map(|(_, name)| *name);
        let own = of(Some(outcome));
        match outcome {
            Outcome::Planned => own.or(Some(PLANNED_TEMPLATE)),
            Outcome::Unconfirmed => own.or(self.confirm_plan),
            _ => own,
        }
        .or_else(|| of(None))
        .or_else(|| of(Some(Outcome::Done)))
    }
}

/// Template of every dry run whose tool has none of its own.
pub const PLANNED_TEMPLATE: &str = "planned.md";

/// Template appended to every answer.
pub const FOOT_TEMPLATE: &str = "foot.md";

/// A parameter.
///
/// A computed default is not here: the parameter then has neither `default` nor `required`; generated
/// code works the value out and hands it to `Call::check_param`, which holds it to the rule and keeps it
/// for the templates.
#[derive(Debug)]
pub struct ParamInfo {
    /// Name, as clients pass it.
    pub name: &'static str,
    /// Description for models and people.
    pub about: &'static str,
    /// What it takes.
    pub rule: Rule,
    /// Whether it must be passed.
    pub required: bool,
    /// Never shown: not in logs, audit lines, templates or errors.
    pub secret: bool,
    /// What stands where it is not passed.
    pub default: Option<Literal>,
    /// A role that the runtime knows.
    pub meaning: Option<Meaning>,
}

/// A literal default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Literal {
    /// JSON boolean.
    Bool(bool),
    /// JSON integer.
    Int(i64),
    /// JSON number.
    Float(f64),
    /// JSON string.
    Text(&'static str),
    /// JSON array of strings.
    TextList(&'static [&'static str]),
}

impl Literal {
    /// The default as JSON.
    pub fn to_value(self) -> Value {
        match self {
            Self::Bool(value) => Value::from(value),
            Self::Int(value) => Value::from(value),
            Self::Float(value) => Value::from(value),
            Self::Text(value) => Value::from(value),
            Self::TextList(values) => Value::from(values.to_vec()),
        }
    }
}

/// What a parameter takes.
#[derive(Debug)]
pub enum Rule {
    /// JSON boolean.
    Bool,
    /// JSON integer within bounds, both included.
    Int {
        /// Least value.
        min: Option<i64>,
        /// Greatest value.
        max: Option<i64>,
    },
    /// JSON number within bounds, both included.
    Float {
        /// Least value.
        min: Option<i64>,
        /// Greatest value.
        max: Option<i64>,
    },
    /// JSON string.
    Text(TextRule),
    /// One of these words.
    Enum(&'static [&'static str]),
    /// A Kubernetes quantity greater than zero.
    Quantity,
    /// JSON array of strings, each held to the rule.
    TextList(TextRule),
}

/// Bounds on text. Lengths count characters.
#[derive(Debug)]
pub struct TextRule {
    /// Fewest characters.
    pub min_length: Option<usize>,
    /// Most characters.
    pub max_length: Option<usize>,
    /// Anchored regular expression.
    pub pattern: Option<&'static str>,
    /// A named form.
    pub format: Option<Format>,
    /// Names that are taken.
    pub reserved_names: &'static [&'static str],
    /// Beginnings of names that are taken.
    pub reserved_prefixes: &'static [&'static str],
}

impl TextRule {
    /// Any text; a start for `TextRule { pattern: …, ..TextRule::ANY }`.
    pub const ANY: Self = Self {
        min_length: None,
        max_length: None,
        pattern: None,
        format: None,
        reserved_names: &[],
        reserved_prefixes: &[],
    };
}

/// Named forms of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 1123 label: lower-case letters, digits and `-`, at most 63 characters.
    Dns1123Label,
    /// RFC 1123 subdomain: labels joined by dots, at most 253 characters.
    Dns1123Subdomain,
    /// RFC 1035 label: an RFC 1123 label that starts with a letter.
    Dns1035Label,
}

/// Roles of parameters that the runtime knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing is changed; every write carries the API server's dry run.
    DryRun,
    /// Stands for being asked.
    Confirmation,
    /// Page size.
    Limit,
    /// Where to go on.
    Cursor,
}

/// What a tool does to the world; annotations, read-only mode, confirmation and audit follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Creates or changes objects.
    Write,
    /// Deletes objects or drops data.
    Destroy,
}

impl Effect {
    /// The word that specs and docs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destroy => "destroy",
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All was done.
    Done,
    /// It already was so.
    Unchanged,
    /// A dry run.
    Planned,
    /// Waits for confirmation.
    Unconfirmed,
    /// Written, but not all of it.
    Partial,
    /// Written, and not ready within the time.
    TimedOut,
}

impl Outcome {
    /// The word that outputs carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Unconfirmed => "unconfirmed",
            Self::Partial => "partial",
            Self::TimedOut => "timed_out",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Verbs on one resource that a tool's steps need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Plural name, with `/status` and the like where a subresource is meant.
    pub resource: &'static str,
    /// Kubernetes verbs, ordered.
    pub verbs: &'static [&'static str],
}

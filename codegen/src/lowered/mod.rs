//! The lowered form: what every emitter is a pure function of.
//!
//! Names are resolved, expressions are typed, shared parameters and steps are taken in, defaults are
//! filled in. Nothing here looks at YAML, and nothing here can be wrong: emission does not fail.

mod expr;
mod kind;
mod param;
mod step;
pub mod walk;

pub use expr::{BinaryOp, Comprehension, Expr, ExprKind, Local, LocalId, LocalKind, Newest, Paging, UnaryOp};
pub use kind::{Kind, KindField, KindFieldType, TextSubresource};
pub use param::{Bounds, Meaning, Param, ParamDefault, ParamGroup, ParamType, Reserved, StringFormat};
pub use step::{
    Advice, AdviceOn, Body, BodyEntry, Confirm, Create, Delete, DeleteEach, Edit, Existing, Get, Let, List, Patch,
    Progress, Read, Require, Step, Stop, Target, Undo, Verb, Wait, WaitFailure,
};

use crate::types::{ObjectId, Types};

/// Everything that the specs say, checked.
#[derive(Debug, Clone)]
pub struct Program {
    /// Object types of kinds, mappings and vocabulary.
    pub types: Types,
    /// Kinds, ordered by name.
    pub kinds: Vec<Kind>,
    /// Tools, ordered by name.
    pub tools: Vec<Tool>,
    /// Template partials by file name, ordered.
    pub partials: Vec<(String, String)>,
}

/// One tool.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Name, as MCP clients call it; also the name of the Rust module.
    pub name: String,
    /// Spec file, relative to the specs folder, with forward slashes.
    pub file: String,
    /// Toolset, for grouping and RBAC.
    pub toolset: String,
    /// Whether it is in the toolset `core` too.
    pub core: bool,
    /// Title for people.
    pub title: String,
    /// Description for models.
    pub about: String,
    /// What the tool does to the world.
    pub effect: Effect,
    /// Whether calling again with the same arguments changes nothing more.
    pub idempotent: bool,
    /// Parameters, in the order of the spec, groups taken apart.
    pub params: Vec<Param>,
    /// Groups taken in by `spread`; expressions may name them as one object.
    pub groups: Vec<ParamGroup>,
    /// Everything that an expression can name.
    pub locals: Vec<Local>,
    /// Steps in order.
    pub steps: Vec<Step>,
    /// The tool's own output: field name, value, description. `outcome`, `warnings`, `changes` and the
    /// paging fields are added by the runtime, and to the schema by the emitter.
    pub output: Vec<OutputField>,
    /// Rust struct of the output.
    pub output_type: ObjectId,
    /// Output list that `limit` and the response budget cut first, where the tool pages.
    pub paged_output: Option<String>,
    /// Templates of the answer by outcome; `None` serves every outcome without one of its own.
    pub answers: Vec<(Option<Outcome>, String)>,
    /// Examples, run on the sandbox for the docs.
    pub examples: Vec<Example>,
}

impl Tool {
    /// The local behind an id of this tool.
    #[must_use]
    pub fn local(&self, id: LocalId) -> &Local {
        &self.locals[id.0]
    }
}

/// A field of a tool's output.
#[derive(Debug, Clone)]
pub struct OutputField {
    /// Its name in JSON.
    pub name: String,
    /// Its value. Bindings that the call may not have reached are optional here.
    pub value: Expr,
    /// One sentence for the schema, where the spec gives one.
    pub about: Option<String>,
}

/// What a tool does to the world; annotations, read-only mode, confirmation rules and audit follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Creates or changes objects.
    Write,
    /// Deletes objects or drops data.
    Destroy,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// An example call.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows.
    pub title: Option<String>,
    /// Arguments.
    pub call: serde_json::Map<String, serde_json::Value>,
}

//! Spec files as they are written: keys read and known, names not yet looked up, expressions not yet parsed.

mod params;
mod reader;
mod steps;
mod tool;
mod value;

use crate::load::{Name, Node, Text};
use crate::lowered::{AdviceOn, Effect, Meaning, Outcome, ParamType, Reserved, StringFormat, Undo};
use crate::source::Span;

/// The words that the reader takes, by key: the schemas for editors are made of these.
pub(crate) mod tables {
    pub use super::params::{FORMATS, MEANINGS, TYPES};
    pub use super::steps::{ADVICE, UNDO};
    pub use super::tool::{EFFECTS, OUTCOMES};
}

pub use params::{Shared, read_shared};
pub use reader::{Reader, Reading, check_name, check_variable, elements, entries, is_name, plain_text, word};
pub use steps::{SharedSteps, read_shared_steps};
pub use tool::read_tool;

/// A scalar that may hold `{{ }}`.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// Its form.
    pub kind: ScalarKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a scalar.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ScalarKind {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
}

/// A value in a mapping: body, output, `as`.
#[derive(Debug, Clone)]
pub enum Value {
    /// A literal, an expression, or text with expressions in it.
    Scalar(Scalar),
    /// Named values.
    Object(Vec<ValueField>, Span),
    /// Values in order.
    List(Vec<Value>, Span),
    /// `each …`.
    Each(Box<Each>),
    /// `{ when, then }`.
    When(Box<(Scalar, Value)>, Span),
    /// `null`.
    Null(Span),
}

impl Value {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Scalar(scalar) => scalar.span,
            Self::Each(each) => each.span,
            Self::Object(_, span) | Self::List(_, span) | Self::When(_, span) | Self::Null(span) => *span,
        }
    }
}

/// An entry of an object.
#[derive(Debug, Clone)]
pub struct ValueField {
    /// The key; `...` takes in an object's fields.
    pub key: Name,
    /// The value.
    pub value: Value,
    /// What it means; where it is sent to the API server, nothing.
    pub about: Option<Name>,
}

/// A comprehension.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Each {
    pub span: Span,
    pub source: Scalar,
    pub called: Option<Name>,
    pub keep: Option<Scalar>,
    pub first: Option<Scalar>,
    pub map: Option<Value>,
    pub newest: Option<Newest>,
    pub page: Option<Page>,
}

/// `newest: { count, by }`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Newest {
    pub count: Scalar,
    pub by: Scalar,
}

/// `page: "{{ group }}"` or `page: { of, by }`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Page {
    pub span: Span,
    pub of: Scalar,
    pub by: Option<Scalar>,
}

/// A tool file.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Tool {
    pub span: Span,
    /// Something in it could not be read, so names may be missing that it would have.
    pub incomplete: bool,
    /// Names of parameters and results that could not be read.
    pub lost: Vec<Name>,
    pub name: Name,
    pub toolset: Name,
    /// Whether it is in the toolset `core` too.
    pub core: bool,
    pub title: Name,
    pub about: Name,
    pub effect: (Effect, Span),
    pub idempotent: Option<bool>,
    pub params: Vec<ParamDecl>,
    pub steps: Vec<Step>,
    pub output: Vec<ValueField>,
    pub answers: Vec<(Option<Outcome>, Text)>,
    pub examples: Vec<Example>,
}

/// What a tool's `params` has: a parameter, or a group of them.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ParamDecl {
    Param(Box<Param>),
    Group { name: Name, members: Vec<Param> },
}

impl ParamDecl {
    /// The parameters that it gives.
    #[must_use]
    pub fn params(&self) -> &[Param] {
        match self {
            Self::Param(param) => std::slice::from_ref(param),
            Self::Group { members, .. } => members,
        }
    }
}

/// A parameter, shared ones taken in.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Param {
    pub name: Name,
    pub about: Name,
    pub ty: ParamType,
    pub type_span: Span,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub min_length: Option<usize>,
    pub max_length: Option<usize>,
    pub pattern: Option<Name>,
    pub format: Option<(StringFormat, Span)>,
    pub reserved: Option<(Reserved, Span)>,
    pub required: bool,
    pub default: Option<Node>,
    pub meaning: Option<(Meaning, Span)>,
    /// Where each of its keys stands.
    pub keys: Vec<Name>,
}

impl Param {
    /// Where one of the keys stands; the name where it has none of them.
    #[must_use]
    pub fn place(&self, keys: &[&str]) -> Span {
        self.keys.iter().find(|key| keys.contains(&key.text.as_str())).map_or(self.name.span, |key| key.span)
    }
}

/// An example call.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Example {
    pub title: Option<Name>,
    pub call: Node,
}

/// A step.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Step {
    pub span: Span,
    /// Where `use:` took it in, for a shared step.
    pub taken_in_at: Option<Span>,
    pub when: Option<Scalar>,
    /// Name that the result gets.
    pub binding: Option<Name>,
    pub verb: Verb,
    pub verb_span: Span,
    pub missing_ok: Option<Span>,
    pub forbidden: Option<Scalar>,
    pub advice: Vec<(AdviceOn, Scalar)>,
    pub undo: Option<(Undo, Span)>,
}

/// The object that a step works on, where it is not the binding itself.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Object {
    pub kind: Name,
    pub name: Scalar,
    pub namespace: Option<Scalar>,
}

/// The verbs.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Verb {
    Get(Object),
    List(Box<List>),
    Create(Box<Create>),
    Patch(Box<Patch>),
    Read(Box<Read>),
    Edit(Box<Edit>),
    Delete { target: Option<Object> },
    DeleteEach { each: Scalar },
    Wait(Box<Wait>),
    Require(Require),
    Let(Value),
    Warn(Scalar),
    Stop { when: Scalar, outcome: Outcome },
    Confirm { by: Name, plan: Name, when: Option<Scalar> },
}

/// `list`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct List {
    pub kind: Name,
    pub namespace: Option<Scalar>,
    pub all_namespaces: Option<Scalar>,
    pub labels: Vec<(Name, Scalar)>,
    pub fields: Vec<(Name, Scalar)>,
    pub keep: Option<Scalar>,
    pub newest: Option<Newest>,
    pub page: Option<Page>,
}

/// `create`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Create {
    pub object: Object,
    pub owner: Option<Name>,
    pub labels: Vec<(Name, Scalar)>,
    pub annotations: Vec<(Name, Scalar)>,
    pub body: Option<Value>,
    pub existing: Option<(Scalar, Option<Scalar>)>,
}

/// `patch`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Patch {
    pub target: Option<Object>,
    /// `subresource: status`, and where it is said.
    pub status: Option<Span>,
    pub labels: Vec<(Name, Scalar)>,
    pub annotations: Vec<(Name, Scalar)>,
    pub set: Option<Value>,
}

/// `read`: a text that belongs to an object.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Read {
    pub object: Object,
    pub subresource: Name,
    pub query: Vec<(Name, Scalar)>,
    pub max_bytes: Scalar,
}

/// `edit`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Edit {
    pub target: Option<Object>,
    pub list: Name,
    pub key: Vec<(Name, Scalar)>,
    pub key_span: Span,
    pub require: Option<Require>,
    pub put: Option<Value>,
    pub set: Option<Value>,
    pub remove: Vec<Name>,
}

/// `wait`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Wait {
    pub target: Option<Object>,
    pub after: Option<Scalar>,
    pub until: Scalar,
    pub fail: Option<(Scalar, Scalar)>,
    pub timeout: Scalar,
    pub progress: Option<Progress>,
}

/// `progress:` of a wait.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Progress {
    pub done: Scalar,
    pub of: Scalar,
    pub say: Scalar,
}

/// `require`, as a step or as the guard of an edit.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Require {
    pub that: Scalar,
    pub otherwise: Scalar,
    pub parameter: Option<Name>,
}

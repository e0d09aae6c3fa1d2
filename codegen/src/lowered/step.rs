//! Steps of a tool.

use super::Outcome;
use super::expr::{Comprehension, Expr, LocalId, Newest, Paging};
use crate::source::Span;
use crate::types::KindId;

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
    /// Only where this holds. A step that binds a new name is then optional (or an empty list); one that
    /// binds a present name again leaves it as it was.
    pub when: Option<Expr>,
    /// Optional bindings that are known to be set where `when` holds (it has `x is set` as a conjunct):
    /// inside the step the second local stands for the value of the first.
    pub narrows: Vec<(LocalId, LocalId)>,
    /// The name that the result gets. It may be a name that exists already (`edit: cluster`): then the
    /// new value stands in its place (same local).
    pub binding: Option<LocalId>,
    /// What is done.
    pub verb: Verb,
    /// `missing: ok`: not found (or kind not known) is no error; the result is optional or empty.
    pub missing_ok: bool,
    /// `forbidden: NOTE`: 403 is no error; the note goes to the warnings; the result is optional or empty.
    pub forbidden_note: Option<Expr>,
    /// Advice for failures of this step, beside the runtime's own.
    pub advice: Vec<Advice>,
    /// What takes the step back when a later one fails.
    pub undo: Option<Undo>,
}

/// The verbs.
#[derive(Debug, Clone)]
pub enum Verb {
    /// Read one object.
    Get(Get),
    /// Read objects.
    List(List),
    /// Read a text that belongs to an object.
    Read(Read),
    /// Make an object.
    Create(Create),
    /// Change some fields of an object.
    Patch(Patch),
    /// Change one element of a list inside an object.
    Edit(Box<Edit>),
    /// Delete one object.
    Delete(Delete),
    /// Delete each of a list; goes on after a failure.
    DeleteEach(DeleteEach),
    /// Follow an object until it is as wanted.
    Wait(Box<Wait>),
    /// Go on only where a condition holds.
    Require(Require),
    /// Name a value.
    Let(Let),
    /// Say something with the answer. The text is a string expression.
    Warn(Expr),
    /// End the call here, in good order.
    Stop(Stop),
    /// Ask, where asking is needed.
    Confirm(Confirm),
}

/// `get`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Get {
    pub kind: KindId,
    pub name: Expr,
    /// `None` for kinds without namespace.
    pub namespace: Option<Expr>,
}

/// `list`.
#[derive(Debug, Clone)]
pub struct List {
    /// The kind.
    pub kind: KindId,
    /// Namespace; `None` for kinds without one.
    pub namespace: Option<Expr>,
    /// Where it holds, every namespace.
    pub all_namespaces: Option<Expr>,
    /// Label selector: equality on each.
    pub labels: Vec<(String, Expr)>,
    /// Field selector: equality on each.
    pub fields: Vec<(String, Expr)>,
    /// The element, in `keep` and `newest`.
    pub item: LocalId,
    /// Which ones stay.
    pub keep: Option<Expr>,
    /// Only the newest; memory stays bounded.
    pub newest: Option<Newest>,
    /// One page, in the API server's order.
    pub page: Option<Paging>,
}

/// `create`.
#[derive(Debug, Clone)]
pub struct Create {
    /// The kind.
    pub kind: KindId,
    /// Namespace; `None` for kinds without one.
    pub namespace: Option<Expr>,
    /// `metadata.name`.
    pub name: Expr,
    /// Binding of the object that owns it (non-controller owner reference with its uid).
    pub owner: Option<LocalId>,
    /// Labels beside the server's own.
    pub labels: Vec<(String, Expr)>,
    /// Annotations beside the server's own.
    pub annotations: Vec<(String, Expr)>,
    /// Everything but metadata: top-level keys of the object.
    pub body: Body,
    /// What if it exists.
    pub existing: Option<Existing>,
}

/// `existing:` of a create.
#[derive(Debug, Clone)]
pub struct Existing {
    /// The object in the way.
    pub local: LocalId,
    /// Whether it may be taken over; a bool.
    pub adopt: Expr,
    /// What to say where it may not.
    pub otherwise: Option<Expr>,
}

/// An object that a step works on: bound before, or named by kind and name.
#[derive(Debug, Clone)]
pub enum Target {
    /// The object of a binding.
    Bound(LocalId),
    /// By name.
    Named(Get),
}

/// `read`: the end of a text that belongs to an object, such as the log of a Pod.
#[derive(Debug, Clone)]
pub struct Read {
    /// The object.
    pub object: Get,
    /// The subresource, as the kind's description names it.
    pub subresource: String,
    /// Query parameters.
    pub query: Vec<(String, Expr)>,
    /// Most bytes of the result, an int: whole lines, the last ones.
    pub max_bytes: Expr,
}

/// `patch`: merge patch of some fields.
#[derive(Debug, Clone)]
pub struct Patch {
    /// The kind.
    pub kind: KindId,
    /// The object.
    pub target: Target,
    /// Whether it goes through the subresource `status`.
    pub status: bool,
    /// Labels to set.
    pub labels: Vec<(String, Expr)>,
    /// Annotations to set.
    pub annotations: Vec<(String, Expr)>,
    /// Everything but metadata; may be empty.
    pub set: Body,
}

/// `edit`: one element of a list.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The kind.
    pub kind: KindId,
    /// The object.
    pub target: Target,
    /// Path of the list.
    pub list: Vec<String>,
    /// Type of its elements.
    pub element: crate::types::ObjectId,
    /// Key fields and their values.
    pub key: Vec<(String, Expr)>,
    /// The element as it was, optional.
    pub before: LocalId,
    /// Guard, asked again on every attempt.
    pub require: Option<Require>,
    /// `put`: the element becomes key plus this.
    pub put: Option<Body>,
    /// `set`: these fields change.
    pub set: Option<Body>,
    /// `remove`: these fields go.
    pub remove: Vec<String>,
}

/// `delete` of one object, with a precondition on its uid.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Delete {
    pub kind: KindId,
    pub target: Target,
}

/// `delete … each`: gives `{ done: list<string>, failed: list<{ name, reason }> }`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct DeleteEach {
    pub kind: KindId,
    /// A list of objects of the kind.
    pub each: Expr,
}

/// `wait`.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The kind.
    pub kind: KindId,
    /// The object.
    pub target: Target,
    /// The object as last seen.
    pub item: LocalId,
    /// `until` counts only once this held.
    pub after: Option<Expr>,
    /// Done where it holds.
    pub until: Expr,
    /// Hopeless where it holds.
    pub fail: Option<WaitFailure>,
    /// Seconds, an int.
    pub timeout: Expr,
    /// What to report meanwhile.
    pub progress: Option<Progress>,
}

/// `fail:` of a wait.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct WaitFailure {
    pub when: Expr,
    pub message: Expr,
}

/// `progress:` of a wait.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Progress {
    /// An int.
    pub done: Expr,
    /// An int.
    pub of: Expr,
    /// A string.
    pub say: Expr,
}

/// `require`.
#[derive(Debug, Clone)]
pub struct Require {
    /// A bool.
    pub that: Expr,
    /// What to say where it does not hold; a string.
    pub otherwise: Expr,
    /// The parameter that is to blame, where one is.
    pub parameter: Option<String>,
    /// Optional bindings that are known to be set from here on (`that` has `x is set` as a conjunct).
    /// Each gets a new local (same name, type without `?`) that later expressions use.
    pub narrows: Vec<(LocalId, LocalId)>,
}

/// `let`.
#[derive(Debug, Clone)]
pub enum Let {
    /// `be:`.
    Be(Expr),
    /// `each:`.
    Each(Box<Comprehension>),
}

/// `stop`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Stop {
    pub when: Expr,
    pub outcome: Outcome,
}

/// `confirm`.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// Parameter with the meaning `confirmation`.
    pub by: LocalId,
    /// File name of the partial that shows what would go.
    pub plan: String,
    /// Only where this holds.
    pub when: Option<Expr>,
}

/// A JSON value to send: the typed counterpart of the YAML below `body`, `set` and `put`.
#[derive(Debug, Clone)]
pub enum Body {
    /// Keys in order. Optional values that are absent leave their key out.
    Object(Vec<BodyEntry>),
    /// Elements in order.
    List(Vec<Body>),
    /// A value.
    Value(Expr),
    /// Only where a condition holds; else the key is left out.
    When(Expr, Box<Body>),
    /// A literal `null`: deletes the field (in patches).
    Null,
}

/// An entry of an object to send.
#[derive(Debug, Clone)]
pub enum BodyEntry {
    /// `key: value`.
    Key(String, Body),
    /// `...: group`: every field of an object that is set.
    Spread(Expr),
}

/// Advice of a spec for a failure.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Advice {
    pub on: AdviceOn,
    /// A string.
    pub text: Expr,
}

/// Failures that a spec can give advice for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdviceOn {
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 409 `AlreadyExists`.
    AlreadyExists,
    /// 409 `Conflict`.
    Conflict,
    /// 422.
    Invalid,
}

/// How a step is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// Delete what this call created.
    Delete,
    /// Put the element back as it was.
    Restore,
}

//! Typed expressions.

use std::collections::BTreeMap;

use crate::source::Span;
use crate::types::{KindId, ObjectId, Type};

/// A typed expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The type of its value.
    pub ty: Type,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text. Where its type is an enum or a quantity, a literal that was checked to be one.
    String(String),
    /// Text put together from parts; every part is a string, int, float, bool, quantity, time or enum, none optional.
    Concat(Vec<Expr>),
    /// A list of elements of one type.
    List(Vec<Expr>),
    /// A parameter, group, binding or loop variable.
    Local(LocalId),
    /// A field. `of` is an object or an optional object; on an optional one the result is optional (chained).
    Field {
        /// The object.
        of: Box<Expr>,
        /// Name of the field in JSON.
        name: String,
    },
    /// The value of a map under a key: `T?`, or the list or map itself, empty where absent. The map may
    /// hang on an optional object (then an absent one has no keys).
    Index {
        /// The map.
        of: Box<Expr>,
        /// The key, a string.
        key: Box<Expr>,
    },
    /// `not` and `-`.
    Unary(UnaryOp, Box<Expr>),
    /// Two operands of matching types. `==` and `!=` allow either side to be optional: absent equals nothing,
    /// not even absent.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `then if condition else otherwise`; both branches have the expression's type (see `Widen`).
    Conditional {
        /// A bool.
        condition: Box<Expr>,
        /// Value where it holds.
        then: Box<Expr>,
        /// Value where it does not.
        otherwise: Box<Expr>,
    },
    /// Where `subject` (optional) is set, `then` with `bound` standing for its value; else `otherwise`.
    /// `x is set and E` and `E if x is set else F` become this, so that `E` sees the value without `?`.
    IfSet {
        /// The optional value.
        subject: Box<Expr>,
        /// The name of the value inside `then`.
        bound: LocalId,
        /// Value where it is set.
        then: Box<Expr>,
        /// Value where it is absent.
        otherwise: Box<Expr>,
    },
    /// `x is set`, for an optional value (or a secret).
    IsSet(Box<Expr>),
    /// `param is given`: the caller passed it.
    IsGiven(LocalId),
    /// `x | default(y)`.
    Default {
        /// The optional value.
        of: Box<Expr>,
        /// Value where it is absent; itself optional where the result is.
        fallback: Box<Expr>,
    },
    /// A function, filter or test of the vocabulary, by its name there.
    Call {
        /// Name in `vocabulary`, which is also the name of the runtime's function.
        function: &'static str,
        /// Arguments in order; a filter's subject is the first.
        args: Vec<Expr>,
    },
    /// The same value in a wider type: enum → string or an enum with more words, int → float, `T` → `T?`, an object into one with more,
    /// or optional, fields (element-wise for lists).
    Widen(Box<Expr>),
    /// A list, or with `first` an optional value, made from a list.
    Comprehension(Box<Comprehension>),
    /// An object by its fields, in order.
    Object {
        /// Its type.
        object: ObjectId,
        /// Field names and values; every field of the type, once.
        fields: Vec<(String, Expr)>,
        /// What the spec says of fields, by name.
        about: BTreeMap<String, String>,
    },
    /// The value where everything in `set` is there and the condition holds, else `otherwise`: `{ when, then }`,
    /// and `E if x is set and y is set and C else F`.
    When {
        /// Optional values that must be there; in `condition` and `then` the local stands for the value.
        set: Vec<(Expr, LocalId)>,
        /// A bool; `None` where nothing else is asked.
        condition: Option<Box<Expr>>,
        /// The value.
        then: Box<Expr>,
        /// Value of the same type where it does not hold; `None`: absent, or an empty list or map.
        otherwise: Option<Box<Expr>>,
    },
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// Logical.
    Not,
    /// Arithmetic, checked.
    Neg,
}

/// Infix operators. Arithmetic is on two ints (checked) or two floats, and `Div` gives a float; `Concat` joins two lists of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOp {
    And,
    Or,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    /// Element in list, key in map, text in text. The left side may be absent: then it is in nothing.
    In,
    /// The opposite.
    NotIn,
    /// `list + list`.
    Concat,
}

/// `each … keep … as …` and its relatives.
#[derive(Debug, Clone)]
pub struct Comprehension {
    /// The list.
    pub source: Expr,
    /// The name of the element.
    pub item: LocalId,
    /// Which elements stay: `keep`, or the condition of `first`.
    pub keep: Option<Expr>,
    /// Only the first that stays; the value is then optional.
    pub first: bool,
    /// What becomes of an element; itself where not given.
    pub map: Option<Expr>,
    /// Only the newest.
    pub newest: Option<Newest>,
    /// One page of it, by name.
    pub page: Option<Paging>,
}

/// `newest: { count, by }`.
#[derive(Debug, Clone)]
pub struct Newest {
    /// How many, an int.
    pub count: Expr,
    /// The time to order by, seen from the element (`item` of the comprehension or list); optional ones come last.
    pub by: Expr,
    /// The name of the element in `by`.
    pub item: LocalId,
}

/// A page of a list inside an object, ordered by the bytes of a name.
#[derive(Debug, Clone)]
pub struct Paging {
    /// Parameter with the meaning `limit`.
    pub limit: LocalId,
    /// Parameter with the meaning `cursor`.
    pub cursor: LocalId,
    /// The name to order by and to resume after, a string (for a comprehension; a listed page has the
    /// API server's order and none).
    pub by: Option<Expr>,
}

/// Something that an expression can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub usize);

/// What a [`LocalId`] stands for.
#[derive(Debug, Clone)]
pub struct Local {
    /// Name in the spec.
    pub name: String,
    /// Its type where it is bound. In `output` a binding that the call may not have reached is seen as
    /// optional: there the expression's own `ty` counts.
    pub ty: Type,
    /// What it is.
    pub kind: LocalKind,
}

/// The kinds of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalKind {
    /// A parameter, by its index in `Tool::params`.
    Param(usize),
    /// A group of parameters, by its index in `Tool::groups`.
    Group(usize),
    /// The result of a step that reads or writes an object of a kind.
    Resource(KindId),
    /// The result of a `let`, a list or a fan-out delete.
    Value,
    /// An element: of a comprehension, a list, a wait, or the value inside `IfSet`.
    Item,
    /// The element as it was, in an edit.
    Before,
    /// The object that stands in the way of a create.
    Existing,
}

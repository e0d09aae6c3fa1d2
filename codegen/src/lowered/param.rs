//! Parameters of a tool.

use super::{Expr, LocalId};
use crate::types::{ObjectId, Type};

/// A parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// Name, as clients pass it.
    pub name: String,
    /// Description for models and people.
    pub about: String,
    /// What it takes.
    pub ty: ParamType,
    /// Bounds on the value.
    pub bounds: Bounds,
    /// Whether it must be passed.
    pub required: bool,
    /// What stands where it is not passed.
    pub default: Option<ParamDefault>,
    /// A role that the runtime knows.
    pub meaning: Option<Meaning>,
    /// Its local.
    pub local: LocalId,
    /// Its type in expressions: `T?` where it is neither required nor has a default.
    pub value_type: Type,
}

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamType {
    /// JSON boolean.
    Bool,
    /// JSON integer.
    Int,
    /// JSON number.
    Float,
    /// JSON string.
    String,
    /// One of these words.
    Enum(Vec<String>),
    /// A Kubernetes quantity.
    Quantity,
    /// Text that is never shown.
    Secret,
    /// A list of strings.
    StringList,
}

/// Bounds on a parameter; each applies where its type has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bounds {
    /// Least number.
    pub min: Option<i64>,
    /// Greatest number.
    pub max: Option<i64>,
    /// Fewest characters.
    pub min_length: Option<usize>,
    /// Most characters.
    pub max_length: Option<usize>,
    /// Anchored regular expression without look-around.
    pub pattern: Option<String>,
    /// A named form, with its own pattern and length.
    pub format: Option<StringFormat>,
    /// Names that are taken.
    pub reserved: Option<Reserved>,
}

/// Named forms of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StringFormat {
    /// RFC 1123 label: at most 63 characters.
    Dns1123Label,
    /// RFC 1123 subdomain: at most 253 characters.
    Dns1123Subdomain,
    /// RFC 1035 label: at most 63 characters, starts with a letter.
    Dns1035Label,
}

/// Names that may not be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reserved {
    /// Whole names.
    pub names: Vec<String>,
    /// Beginnings of names.
    pub prefixes: Vec<String>,
}

/// A default.
#[derive(Debug, Clone)]
pub enum ParamDefault {
    /// Stands in the JSON Schema.
    Literal(serde_json::Value),
    /// Worked out from other parameters and the vocabulary when the call comes; not in the JSON Schema.
    /// The bounds hold for its value too.
    Computed(Expr),
}

/// Roles that the runtime knows.
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

/// Parameters taken in together.
#[derive(Debug, Clone)]
pub struct ParamGroup {
    /// Name in the tool (`attributes`).
    pub name: String,
    /// Members, as indexes into `Tool::params`.
    pub members: Vec<usize>,
    /// The group as an object of its members' value types.
    pub object: ObjectId,
    /// Its local.
    pub local: LocalId,
}

//! Structural schemas as `CustomResourceDefinition`s carry them: reading, pruning, defaulting and validating.

mod cel;
mod crd;
mod defaults;
mod formats;
mod parse;
mod prune;
mod rules;
mod validate;

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

pub use crd::{CrdError, age_column, resource_type};
pub use defaults::fill_in;
pub use prune::{Unknown, prune};
pub use rules::Rule;
pub use validate::{blocking, type_name, validate, validate_rules, validate_status};

/// The JSON type that a value must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Any (no `type` given).
    Any,
    /// `object`.
    Object,
    /// `array`.
    Array,
    /// `string`.
    String,
    /// `integer`.
    Integer,
    /// `number`.
    Number,
    /// `boolean`.
    Boolean,
    /// `x-kubernetes-int-or-string`.
    IntOrString,
}

impl Type {
    /// As OpenAPI writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::IntOrString => "integer,string",
        }
    }
}

/// `x-kubernetes-list-type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListType {
    /// One value, replaced as a whole (the default).
    Atomic,
    /// Each item once.
    Set,
    /// Each combination of these keys once.
    Map(Vec<String>),
}

/// One node of a structural schema.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "one field for each keyword of the schema language")]
pub struct Schema {
    pub(crate) kind: Type,
    pub(crate) properties: BTreeMap<String, Schema>,
    /// Schema of the values of a map (`additionalProperties`).
    pub(crate) values: Option<Box<Schema>>,
    pub(crate) items: Option<Box<Schema>>,
    /// `x-kubernetes-preserve-unknown-fields`.
    pub(crate) preserves_unknown: bool,
    /// `x-kubernetes-embedded-resource`.
    pub(crate) embedded: bool,
    pub(crate) required: Vec<String>,
    pub(crate) choices: Vec<Value>,
    pub(crate) pattern: Option<Regex>,
    pub(crate) format: String,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_minimum: bool,
    pub(crate) exclusive_maximum: bool,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) min_properties: Option<u64>,
    pub(crate) max_properties: Option<u64>,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    pub(crate) list: ListType,
    /// `x-kubernetes-map-type: atomic`.
    pub(crate) atomic_map: bool,
    pub(crate) rules: Vec<Rule>,
}

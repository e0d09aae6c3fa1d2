//! Kubernetes kinds that tools touch.

use serde_json::Value;

use crate::types::ObjectId;

/// A kind, as its resource description says.
#[derive(Debug, Clone)]
pub struct Kind {
    /// `Cluster`.
    pub kind: String,
    /// `postgresql.cnpg.io`; empty for the core group.
    pub group: String,
    /// `v1`.
    pub version: String,
    /// `clusters`.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What it is, for docs.
    pub about: String,
    /// Who serves it (`CloudNativePG`), to be named where the API server does not know it. `None` for
    /// Kubernetes' own.
    pub operator: Option<String>,
    /// Read as metadata only (Secrets).
    pub metadata_only: bool,
    /// Whether it has a status subresource.
    pub status_subresource: bool,
    /// Texts that belong to its objects, such as the log of a Pod.
    pub texts: Vec<TextSubresource>,
    /// Its Rust struct, with `metadata`.
    pub object: ObjectId,
    /// Everything below the root but metadata, with bounds and flags.
    pub fields: Vec<KindField>,
}

/// A subresource that is plain text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextSubresource {
    /// Last segment of its path: `log`.
    pub name: String,
    /// What it is, for docs.
    pub about: String,
    /// Query parameters: bools, numbers, words and text.
    pub query: Vec<KindField>,
}

/// A field of a kind, with everything that the description says.
// Each stands for a word of the description that is there or not.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, PartialEq)]
pub struct KindField {
    /// Name in JSON.
    pub name: String,
    /// Type, nested fields included.
    pub ty: KindFieldType,
    /// Must be there.
    pub required: bool,
    /// Written by the server or operator alone.
    pub server_set: bool,
    /// Never read (Secret data).
    pub write_only: bool,
    /// Cannot change once set.
    pub immutable: bool,
    /// Filled in by the API server.
    pub default: Option<Value>,
    /// Description.
    pub about: Option<String>,
}

/// Types as Kubernetes has them.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum KindFieldType {
    Bool,
    Int {
        min: Option<i64>,
        max: Option<i64>,
    },
    Float,
    String {
        pattern: Option<String>,
        max_length: Option<usize>,
    },
    Enum(Vec<String>),
    Quantity,
    Time,
    Secret,
    /// Elements; `key` names the field by which an `edit` finds one.
    List {
        items: Box<KindFieldType>,
        key: Option<String>,
    },
    Map(Box<KindFieldType>),
    Object {
        object: ObjectId,
        fields: Vec<KindField>,
    },
    Opaque,
}

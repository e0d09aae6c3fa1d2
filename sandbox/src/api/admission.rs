//! The door through which admission rules come in.

use serde_json::Value;

use crate::error::ApiError;
use crate::store::Gvr;

/// What a request does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// POST, or an apply that makes the object.
    Create,
    /// PUT and PATCH.
    Update,
}

/// The request that an object comes from.
#[derive(Debug, Clone)]
pub struct AdmissionRequest {
    /// What is done.
    pub operation: Operation,
    /// To what resource. Subresources `status` and `scale` do not come here.
    pub gvr: Gvr,
    /// Namespace; empty for a cluster-scoped object.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Nothing will be kept.
    pub dry_run: bool,
    /// Name of the user who asks.
    pub user: String,
}

/// Text of a `Warning` header, without its code.
pub type Warning = String;

/// Rules beyond the schema. `mutate` runs before the schema is checked, `validate` after.
pub trait Admission: Send + Sync {
    /// Changes the object as a mutating webhook does.
    fn mutate(&self, request: &AdmissionRequest, object: &mut Value) -> Result<(), ApiError>;

    /// Says no, or warns, as a validating webhook does.
    fn validate(&self, request: &AdmissionRequest, old: Option<&Value>, new: &Value) -> Result<Vec<Warning>, ApiError>;
}

/// No rules beyond the schema: `--admission crds`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SchemaOnly;

impl Admission for SchemaOnly {
    fn mutate(&self, _: &AdmissionRequest, _: &mut Value) -> Result<(), ApiError> {
        Ok(())
    }

    fn validate(&self, _: &AdmissionRequest, _: Option<&Value>, _: &Value) -> Result<Vec<Warning>, ApiError> {
        Ok(Vec::new())
    }
}

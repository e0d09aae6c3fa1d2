//! The API server: from an HTTP request to the store and back.

pub mod admission;

pub use admission::{Admission, AdmissionRequest, Operation, SchemaOnly, Warning};

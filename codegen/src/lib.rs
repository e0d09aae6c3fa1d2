//! Compiler from YAML tool specs to typed Rust handlers, JSON schemas, docs and RBAC.

pub mod emit;
pub mod lowered;
pub mod source;
pub mod types;

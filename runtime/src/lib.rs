//! What generated handlers link against.

pub mod confirm;
pub mod tool;

//! What generated handlers link against.

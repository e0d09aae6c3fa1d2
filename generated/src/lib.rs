//! The compiled tools.

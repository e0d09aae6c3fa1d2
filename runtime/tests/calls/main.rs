//! The verbs of a call against a real HTTP API, with what goes wrong in life.
#![allow(clippy::unwrap_used, missing_docs)]

mod creating;
mod deleting;
mod editing;
mod failing;
mod fixture;
mod listing;
mod patching;
mod undoing;
mod waiting;

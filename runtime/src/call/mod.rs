//! A call: everything that a generated handler sees of the world.
//!
//! A handler holds one `&mut Call`. It never knows which transport, which client or which Kubernetes it
//! runs under. Each verb of the spec language is a builder here; the call remembers what was written, so
//! that it can be told, audited and undone.
//!
//! The dispatcher runs a handler in a task of its own, so that a client that goes away drops no request
//! in flight, and ends every call by [`Call::finish`] or [`Call::undo`].

mod clauses;
mod confirm;
mod create;
mod cursor;
mod delete;
mod differences;
mod edit;
mod element;
mod get;
mod list;
mod page;
mod patch;
mod report;
mod settle;
mod setup;
mod state;
mod text;
mod wait;

pub use clauses::Message;
pub use create::Create;
pub use delete::{Delete, Deleted, FailedDelete};
pub use edit::{Edit, EditElement};
pub use get::Get;
pub use list::{List, MaybeTime, Scope};
pub use page::Paging;
pub use patch::Patch;
pub use report::CallReport;
pub use settle::CALL_ID_ANNOTATION;
pub use setup::{CallSetup, Identity, NoProgress, ProgressSink, Settings};
pub use state::Call;
pub use text::Text;
pub use wait::{Progress, Wait};

pub(crate) use differences::holds;
pub(crate) use element::Place;

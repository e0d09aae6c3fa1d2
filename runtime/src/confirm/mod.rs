//! Asking before something is destroyed.
//!
//! A handler asks through [`Asker`]; who answers depends on the client. A client of MCP 2026-07-28 gets an
//! `InputRequired` result with sealed state and calls again; an older one with a connection of its own is
//! asked by elicitation while the call waits; a person at a terminal is asked there; nobody else can be
//! asked, and the call ends `unconfirmed` with the plan. All of them show the same plan.

mod prompt;

pub use prompt::{NoPrompter, Prompt, Prompter};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tool::Arguments;

/// An object that a confirmation is about. The uid is what was agreed to: an object made again under the
/// same name is another object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectShown {
    /// `metadata.namespace`; `None` for cluster-scoped objects.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
}

/// What a handler asks.
#[derive(Debug, Clone)]
pub struct Question {
    /// The tool's output as it stands: what the plan template shows.
    pub plan: Value,
    /// Computed defaults, which the template sees as parameters.
    pub computed: Arguments,
    /// Warnings so far.
    pub warnings: Vec<String>,
    /// The objects that would go.
    pub objects: Vec<ObjectShown>,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Go ahead.
    Yes,
    /// The person said no; the call ends `unconfirmed`.
    No,
    /// The answer comes with another call; this one ends `unconfirmed`.
    Later,
    /// There is nobody to ask; the call ends `unconfirmed`.
    Nobody,
    /// There was a yes, but to other objects than these (made again meanwhile); the call ends
    /// `unconfirmed`, and a warning should say so.
    Stale,
}

/// Asks for a confirmation. `Call::confirm` asks only where the parameter does not confirm already and the
/// call is no dry run. Time spent asking does not count against the call's deadline.
pub trait Asker: Send + Sync {
    /// Asks. Never fails: who cannot be asked is [`Asked::Nobody`].
    fn ask(&self, question: Question) -> BoxFuture<'_, Asked>;
}

/// Asks nobody: confirmation by parameter alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NobodyToAsk;

impl Asker for NobodyToAsk {
    fn ask(&self, _question: Question) -> BoxFuture<'_, Asked> {
        Box::pin(async { Asked::Nobody })
    }
}

//! What a call is made of.

use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::confirm::Asker;
use crate::kubernetes::{Kubernetes, Person};
use crate::time::Clock;
use crate::tool::{Arguments, ToolInfo};

/// What the dispatcher hands to [`super::Call::new`].
pub struct CallSetup {
    /// The tool.
    pub tool: &'static ToolInfo,
    /// Arguments, checked, with literal defaults: cursors are bound to them.
    pub arguments: Arguments,
    /// Access to Kubernetes.
    pub kubernetes: Arc<Kubernetes>,
    /// Cancelled where the client cancels or goes away.
    pub cancellation: CancellationToken,
    /// Where progress goes.
    pub progress: Arc<dyn ProgressSink>,
    /// Who can be asked for a confirmation.
    pub asking: Arc<dyn Asker>,
    /// The clock that shown and written times go by.
    pub clock: Clock,
    /// When the call must be over. Waiting and asking have times of their own and move it.
    pub deadline: Instant,
    /// Whether nothing may be changed.
    pub dry_run: bool,
    /// Unique id of the call; objects that it makes carry it.
    pub call_id: String,
    /// Configuration that specs can ask for.
    pub settings: Arc<Settings>,
    /// Who calls.
    pub who: Identity,
}

/// Configuration that specs can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where images of the database come from: `image_registry()`.
    pub image_registry: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { image_registry: "ghcr.io/cloudnative-pg".to_owned() }
    }
}

/// Who calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The person or service, where authentication says.
    pub subject: Option<String>,
    /// The client program, by the name that authentication has for it.
    pub client: Option<String>,
    /// The client program, as it names itself.
    pub program: Option<String>,
    /// Scopes of the token that they came with.
    pub scopes: Vec<String>,
    /// In whose name Kubernetes is asked; `None`: in the server's own.
    pub person: Option<Person>,
}

/// Where progress goes while a call waits.
pub trait ProgressSink: Send + Sync {
    /// `done` of `of` is reached; `message` says what is going on. Must not block.
    fn report(&self, done: i64, of: i64, message: &str);
}

/// Nobody looks at progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn report(&self, _done: i64, _of: i64, _message: &str) {}
}

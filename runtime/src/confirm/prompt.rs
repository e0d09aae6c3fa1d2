//! Putting a plan before whoever may confirm it.

use futures::future::BoxFuture;

use super::{Asked, ObjectShown};
use crate::tool::ToolInfo;

/// A plan to confirm.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The tool that asks.
    pub tool: &'static ToolInfo,
    /// What would go, as Markdown.
    pub message: String,
    /// The objects that would go.
    pub objects: Vec<ObjectShown>,
}

/// The way to a person, or to none: each transport has its own.
pub trait Prompter: Send + Sync {
    /// Shows the plan and brings the answer. Never fails: who cannot be asked is [`Asked::Nobody`].
    fn prompt(&self, prompt: Prompt) -> BoxFuture<'_, Asked>;
}

/// The way to nobody: confirmation by parameter alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPrompter;

impl Prompter for NoPrompter {
    fn prompt(&self, _prompt: Prompt) -> BoxFuture<'_, Asked> {
        Box::pin(async { Asked::Nobody })
    }
}

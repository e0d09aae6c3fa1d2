//! What a call that went well leaves for its answer and the audit line.

use super::Call;
use super::page::Paging;
use crate::change::Change;
use crate::failure::ObjectRef;
use crate::secret::KnownSecrets;
use crate::tool::{Arguments, Effect, Outcome};

/// What a call did, beside the output of its handler.
#[derive(Debug, Clone)]
pub struct CallReport {
    /// How it ended.
    pub outcome: Outcome,
    /// What to say with the answer, in order; secrets are masked.
    pub warnings: Vec<String>,
    /// What was written (or would be), in order; secrets are masked.
    pub changes: Vec<Change>,
    /// Where a list goes on.
    pub paging: Option<Paging>,
    /// Objects and lists that were read or written, in order.
    pub touched: Vec<ObjectRef>,
    /// Computed defaults, for the templates.
    pub computed: Arguments,
    /// Secrets that the call knew: to be masked in whatever else is told of it.
    pub secrets: KnownSecrets,
}

impl Call {
    /// Ends a call whose handler returned its output.
    pub fn finish(mut self) -> CallReport {
        let outcome = self.final_outcome();
        if outcome == Outcome::Planned && !self.changes.is_empty() {
            self.warn("This was a dry run. Garbage collection and what operators do in answer to a change are not part of it.");
        }
        let mut changes = std::mem::take(&mut self.changes);
        for change in &mut changes {
            change.mask(&self.secrets);
        }
        CallReport {
            outcome,
            warnings: self.warnings,
            changes,
            paging: self.paging,
            touched: self.touched,
            computed: self.computed,
            secrets: self.secrets,
        }
    }

    /// What the handler said, else what follows from what was done.
    fn final_outcome(&self) -> Outcome {
        if let Some(outcome) = self.outcome {
            return outcome;
        }
        match self.tool.effect {
            Effect::Read => Outcome::Done,
            _ if self.partial => Outcome::Partial,
            _ if self.changes.is_empty() => Outcome::Unchanged,
            _ if self.dry_run => Outcome::Planned,
            _ => Outcome::Done,
        }
    }
}

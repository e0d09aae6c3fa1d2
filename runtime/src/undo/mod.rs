//! Taking back what a failed call did, in the reverse order.

mod steps;

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::call::{Call, Place};
use crate::expression::shell;
use crate::failure::{Failure, FailureKind, Leftover, ObjectRef, scope};

/// Time that an undo has, whatever is left of the call's.
const DEADLINE: Duration = Duration::from_secs(30);

/// A write that was done.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) object: ObjectRef,
    pub(crate) uid: String,
    pub(crate) what: What,
}

/// What was done to it.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// Made by this call at this version.
    Created { resource_version: Option<String>, undo: bool },
    /// Made by a call before this one, and taken over.
    Adopted,
    /// An element of a list was changed.
    Element { place: Place, before: Option<Value>, wrote: Value, undo: bool },
    /// Changed or deleted in a way that is not taken back; the text says what.
    Stays(&'static str),
}

impl Written {
    fn can_be_undone(&self) -> bool {
        matches!(self.what, What::Created { undo: true, .. } | What::Element { undo: true, .. })
    }

    /// What it means that this was not taken back.
    fn leftover(&self) -> Leftover {
        let object = &self.object;
        let kubectl = |verb: &str| {
            format!(
                "kubectl {verb} {} {}{}",
                object.kind.resource(),
                shell(object.name.as_deref().unwrap_or_default()),
                scope(object)
            )
        };
        match &self.what {
            What::Created { .. } => {
                Leftover { what: format!("{object} was created and is still there."), command: Some(kubectl("delete")) }
            }
            What::Adopted => Leftover {
                // No command to delete it: the call that it was taken over from may be alive and need it.
                what: format!(
                    "{object} was made by another call and taken over; it is still there. That call uses it, or the next one for the same thing takes it over."
                ),
                command: None,
            },
            What::Element { place, .. } => Leftover {
                what: format!("`{}` of {object} was changed and stays so.", place.label()),
                command: Some(kubectl("edit")),
            },
            What::Stays(what) => Leftover { what: format!("{object} was {what} and stays so."), command: None },
        }
    }
}

impl Call {
    /// Ends a call that failed: takes back what it did, where that is safe, and says what stays.
    ///
    /// The undo runs in a task of its own with its own deadline, so that it goes on where the caller is
    /// dropped, and is waited for by [`crate::kubernetes::Kubernetes::settled`]. It runs only where the failed
    /// step is known not to have been done, in reverse order, and ends at the first step that cannot be
    /// taken back: what came before that one may be needed by it.
    pub async fn undo(mut self, failure: Failure) -> Failure {
        let failure = self.masked(failure);
        let written = std::mem::take(&mut self.written);
        if written.is_empty() {
            return failure;
        }
        let keeps_all = matches!(failure.kind(), FailureKind::ResultUnknown | FailureKind::WaitFailed) || self.waited;
        let tracker = self.link.kubernetes.undoing().clone();
        let fallback = failure.clone();
        let running = tracker.spawn(async move {
            self.link.deadline = Instant::now() + DEADLINE;
            self.take_back(written, failure, keeps_all).await
        });
        running.await.unwrap_or(fallback)
    }

    async fn take_back(&mut self, written: Vec<Written>, mut failure: Failure, keeps_all: bool) -> Failure {
        let mut stopped = keeps_all;
        for step in written.iter().rev() {
            stopped = stopped || !step.can_be_undone() && !matches!(step.what, What::Adopted);
            if stopped || matches!(step.what, What::Adopted) {
                failure.add_leftover(step.leftover());
                continue;
            }
            match self.undo_step(step).await {
                Ok(done) => failure.add_undone(done),
                Err(why) => {
                    let mut leftover = step.leftover();
                    leftover.what = format!("{} Taking it back failed: {why}", leftover.what);
                    failure.add_leftover(leftover);
                }
            }
        }
        tracing::info!(tool = self.tool.name, call = %self.id, undone = failure.undone().len(), left = failure.leftovers().len(), "undo");
        self.masked(failure)
    }
}

//! What happened to the objects of one resource, as far back as it is held.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

/// How an object changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was created.
    Added,
    /// It was written.
    Modified,
    /// It is gone.
    Deleted,
}

/// One change of one object.
#[derive(Debug, Clone)]
pub struct Change {
    /// resourceVersion of the change.
    pub revision: u64,
    /// What happened.
    pub kind: ChangeKind,
    /// The object after it (for [`ChangeKind::Deleted`]: its last state, with the new resourceVersion).
    pub object: Arc<Value>,
    /// The object before it.
    pub previous: Option<Arc<Value>>,
}

/// Changes held per resource before the oldest is dropped.
pub const HELD_CHANGES: usize = 20_000;

/// The changes of one resource, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    changes: VecDeque<Change>,
    /// Revisions up to this one are no longer known.
    floor: u64,
}

impl History {
    pub(super) fn starting_at(floor: u64) -> Self {
        Self { changes: VecDeque::new(), floor }
    }

    pub(super) fn push(&mut self, change: Change) {
        if self.changes.len() >= HELD_CHANGES
            && let Some(dropped) = self.changes.pop_front()
        {
            self.floor = dropped.revision;
        }
        self.changes.push_back(change);
    }

    /// Drops everything: revisions before `now` can no longer be asked for.
    pub(super) fn forget(&mut self, now: u64) {
        self.changes.clear();
        self.floor = now;
    }

    /// Changes after `revision`; `None` where some of them are gone.
    pub(super) fn since(&self, revision: u64) -> Option<impl DoubleEndedIterator<Item = &Change>> {
        if revision < self.floor {
            return None;
        }
        let start = self.changes.partition_point(|change| change.revision <= revision);
        Some(self.changes.range(start..))
    }
}

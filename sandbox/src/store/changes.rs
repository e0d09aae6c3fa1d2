//! Waiting for changes.

use std::collections::VecDeque;

use tokio::sync::watch;

use super::{Change, Gvr, Store};

/// The changes asked for are older than what is held (HTTP 410).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the history asked for is no longer held")]
pub struct HistoryLost;

/// The changes of one resource, in their order, without a gap.
#[derive(Debug)]
pub struct Changes {
    store: Store,
    gvr: Gvr,
    seen: u64,
    receiver: watch::Receiver<u64>,
    pending: VecDeque<Change>,
}

impl Changes {
    pub(super) fn new(store: Store, gvr: Gvr, seen: u64, receiver: watch::Receiver<u64>) -> Self {
        Self { store, gvr, seen, receiver, pending: VecDeque::new() }
    }

    /// The next change; waits for it. Safe to drop while it waits: nothing is lost.
    ///
    /// # Errors
    /// [`HistoryLost`] where the reader fell so far behind that changes are gone.
    pub async fn next(&mut self) -> Result<Change, HistoryLost> {
        loop {
            // Marked as seen before the history is read: a write in between wakes us again.
            self.receiver.borrow_and_update();
            if let Some(change) = self.ready()? {
                return Ok(change);
            }
            if self.receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The next change if there is one already.
    ///
    /// # Errors
    /// [`HistoryLost`] as in [`Changes::next`].
    pub fn ready(&mut self) -> Result<Option<Change>, HistoryLost> {
        if self.pending.is_empty() {
            self.pending = self.store.since(&self.gvr, self.seen)?;
        }
        let change = self.pending.pop_front();
        if let Some(change) = &change {
            self.seen = change.revision;
        }
        Ok(change)
    }

    /// The revision up to which changes were handed out.
    pub fn seen(&self) -> u64 {
        self.seen
    }
}

impl Store {
    fn since(&self, gvr: &Gvr, seen: u64) -> Result<VecDeque<Change>, HistoryLost> {
        let inner = self.read();
        let Some(bucket) = inner.buckets.get(gvr) else { return Ok(VecDeque::new()) };
        Ok(bucket.history.since(seen).ok_or(HistoryLost)?.cloned().collect())
    }
}

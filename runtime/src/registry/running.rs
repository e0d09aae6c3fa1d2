//! Calls that run, and how they end when the server does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Time for calls that were cancelled to undo what they did.
const UNDO: Duration = Duration::from_secs(15);

/// The running calls.
#[derive(Debug, Default)]
pub(super) struct Running {
    tasks: TaskTracker,
    cancel: CancellationToken,
    stopping: AtomicBool,
}

impl Running {
    /// Whether the server is stopping.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Runs a call in a task of its own, so that it goes on to a good end when whoever waits for it goes
    /// away. Its token is cancelled when the server stops.
    pub(super) fn spawn<F>(
        &self,
        call: impl FnOnce(CancellationToken) -> F,
    ) -> (CancellationToken, tokio::task::JoinHandle<F::Output>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let token = self.cancel.child_token();
        let handle = self.tasks.spawn(call(token.clone()));
        (token, handle)
    }

    /// Takes no new calls, waits for the running ones, cancels what still runs after the grace, and waits
    /// until that has cleaned up.
    pub(super) async fn stop(&self, grace: Duration) {
        self.stopping.store(true, Ordering::Relaxed);
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_ok() {
            return;
        }
        tracing::info!(calls = self.tasks.len(), "cancelling calls that still run");
        self.cancel.cancel();
        if tokio::time::timeout(UNDO, self.tasks.wait()).await.is_err() {
            tracing::warn!(calls = self.tasks.len(), "calls were still cleaning up when the server stopped");
        }
    }
}

//! Gates: requests that wait, so that a test steps through interleavings.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::Faults;

/// Where held requests wait.
#[derive(Debug)]
pub(super) struct Waiting {
    permits: Semaphore,
    held: watch::Sender<usize>,
    passed: watch::Sender<usize>,
}

impl Waiting {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { permits: Semaphore::new(0), held: watch::Sender::new(0), passed: watch::Sender::new(0) })
    }

    /// Waits for a release. A request whose client went away does not use one up.
    pub(super) async fn wait(&self) {
        struct Held<'a>(&'a watch::Sender<usize>);
        impl Drop for Held<'_> {
            fn drop(&mut self) {
                self.0.send_modify(|held| *held -= 1);
            }
        }
        // What was released before it came is not held at all.
        if let Ok(permit) = self.permits.try_acquire() {
            permit.forget();
            self.passed.send_modify(|passed| *passed += 1);
            return;
        }
        self.held.send_modify(|held| *held += 1);
        let held = Held(&self.held);
        if let Ok(permit) = self.permits.acquire().await {
            permit.forget();
            drop(held);
            self.passed.send_modify(|passed| *passed += 1);
        }
    }

    pub(super) fn held(&self) -> usize {
        *self.held.borrow()
    }

    pub(super) fn release(&self, requests: usize) {
        self.permits.add_permits(requests);
    }

    pub(super) fn open(&self) {
        self.permits.close();
    }
}

/// A gate that holds requests. Dropping it lets all of them go on and holds no more.
#[derive(Debug)]
pub struct Gate {
    pub(super) faults: Faults,
    pub(super) name: String,
    pub(super) rule: u64,
    pub(super) waiting: Arc<Waiting>,
}

impl Gate {
    /// How many requests wait now.
    pub fn held(&self) -> usize {
        self.waiting.held()
    }

    /// Resolves when at least `requests` wait.
    pub async fn reached(&self, requests: usize) {
        // The sender lives in `self`, so the wait can only end by the condition.
        let _ = self.waiting.held.subscribe().wait_for(|held| *held >= requests).await;
    }

    /// Lets one go on, and resolves when it has: what is held afterwards is another request.
    pub async fn step(&self) {
        let mut passed = self.waiting.passed.subscribe();
        let before = *passed.borrow_and_update();
        self.release(1);
        // The sender lives in `self`, so the wait can only end by the condition.
        let _ = passed.wait_for(|passed| *passed > before).await;
    }

    /// Lets `requests` of those that wait (or the next that come) go on, first come first.
    pub fn release(&self, requests: usize) {
        self.waiting.release(requests);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.faults.remove(self.rule);
        self.faults.forget_gate(&self.name);
        self.waiting.open();
    }
}

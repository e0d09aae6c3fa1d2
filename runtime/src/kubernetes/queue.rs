//! One edit of an object at a time inside this process.
//!
//! Edits of a list inside an object read, change and write with the version read. Fifty of them at once
//! would make each other fail; in a queue each succeeds at its first attempt, but for what others write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

type Turn = tokio::sync::Mutex<()>;

/// Queues by path of the object. A queue that nobody stands in takes no room for long.
#[derive(Debug, Default)]
pub(crate) struct ObjectQueues(Mutex<BTreeMap<String, Weak<Turn>>>);

impl ObjectQueues {
    /// Waits for a turn; it ends when the guard is dropped. Turns come in the order of asking.
    pub(crate) async fn turn(&self, object_path: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(turn) = queues.get(object_path).and_then(Weak::upgrade) {
                turn
            } else {
                queues.retain(|_, turn| turn.strong_count() > 0);
                let turn = Arc::new(Turn::default());
                queues.insert(object_path.to_owned(), Arc::downgrade(&turn));
                turn
            }
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_per_object() {
        let queues = ObjectQueues::default();
        let first = queues.turn("a").await;
        let other = queues.turn("b").await;
        let second = tokio::time::timeout(std::time::Duration::from_millis(20), queues.turn("a")).await;
        assert!(second.is_err());
        drop(first);
        let _second = queues.turn("a").await;
        drop(other);
        let _third = queues.turn("c").await;
        assert!(!queues.0.lock().unwrap().contains_key("b"));
    }
}

//! State of the OAuth proxy: transactions, codes, sessions, clients and counters, in one store.
//!
//! [`SessionStore`] says what every store promises. [`MemoryStore`] keeps everything in this process;
//! [`RedisStore`] shares it among replicas and across restarts. Both pass the same tests
//! (`runtime/tests/session_store`).

mod key;
mod memory;
mod redis;
mod shelf;

pub use self::redis::{RedisOptions, RedisStore};
pub use key::{Key, Space};
pub use memory::MemoryStore;

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use thiserror::Error;

/// Most bytes of a value.
pub const MAX_VALUE: usize = 64 << 10;

/// Longest life of a value: a year. Nothing is kept for ever.
pub const MAX_LIFE: Duration = Duration::from_hours(24 * 365);

/// A store of short-lived values that several replicas may share.
///
/// Every operation is atomic: of any number of callers at once, on any number of replicas, each sees the
/// state before or after another's operation and nothing between. Expired values are as if they were not
/// there. Every value has a life, counted from the operation that gave it, at least a millisecond and at most
/// [`MAX_LIFE`]; values are at most [`MAX_VALUE`] bytes.
///
/// After [`StoreError::Unavailable`] it is not known whether the operation took place. Callers must treat the
/// value as gone (a code that may have been taken is dead) and the change as not made.
pub trait SessionStore: Send + Sync + fmt::Debug {
    /// The value, where there is one.
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>>;

    /// Puts a value, over any that is there.
    fn put<'a>(&'a self, key: &'a Key, value: &'a [u8], life: Duration) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Puts a value where there is none. `true`: this caller put it. Of several at once exactly one is told so.
    fn put_if_absent<'a>(
        &'a self,
        key: &'a Key,
        value: &'a [u8],
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Takes the value out. Of several callers at once exactly one gets it.
    fn take<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>>;

    /// Replaces the value, and its life, where it is still `expected`, byte for byte. `false`: it is another, or gone.
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        value: &'a [u8],
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Deletes the value where it is still `expected`, byte for byte. `false`: it is another, or gone.
    fn compare_and_delete<'a>(&'a self, key: &'a Key, expected: &'a [u8]) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Gives the value a new life from now on, for sliding expiry. `false`: there is none.
    fn extend<'a>(&'a self, key: &'a Key, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Deletes the value. `false`: there was none.
    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Counts one event, for rate limits. The window begins with its first event and does not move; when it
    /// has ended, the next event begins a new one. Counters and values do not share keys: see [`Space::Rate`].
    fn count<'a>(&'a self, key: &'a Key, window: Duration) -> BoxFuture<'a, Result<Count, StoreError>>;

    /// Whether other replicas see what is kept.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether the store can be used, for `/readyz`.
    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// Events in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Events so far, with this one.
    pub events: u64,
    /// Time until the window ends: what `Retry-After` says.
    pub ends_in: Duration,
}

/// An operation of a store that did not do what it promises. No key, value or password is in the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The store cannot be reached or does not work: try again later (HTTP 503).
    #[error("the session store is not available ({why})")]
    Unavailable {
        /// What happened, in the words of the connection.
        why: String,
    },
    /// The value is too long.
    #[error("a value of {bytes} bytes is too long for the session store, which takes {MAX_VALUE}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The configured store is none.
    #[error("session_store: {problem}")]
    Configuration {
        /// What is wrong, and what to do.
        problem: String,
    },
}

/// The life that a value gets.
fn life(asked: Duration) -> Duration {
    asked.clamp(Duration::from_millis(1), MAX_LIFE)
}

/// Refuses a value that is too long.
fn bounded(value: &[u8]) -> Result<(), StoreError> {
    if value.len() > MAX_VALUE { Err(StoreError::TooLong { bytes: value.len() }) } else { Ok(()) }
}

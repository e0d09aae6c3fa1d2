//! Everything in this process: for one replica. A restart forgets all of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use tokio::time::Instant;

use super::key::{Key, Space};
use super::shelf::{Kept, Shelf};
use super::{Count, SessionStore, StoreError, bounded, life};

/// Most entries of a space.
const MAX_ENTRIES: usize = 20_000;

/// Most bytes of the values of a space; keys and bookkeeping come to about 250 bytes an entry besides.
const MAX_BYTES: usize = 32 << 20;

/// A bounded store in memory.
///
/// Each [`Space`] holds a number of entries and of bytes. When one is full, what has expired goes first, and then
/// what would expire soonest; a log line says so, once a minute and space at most.
pub struct MemoryStore(Mutex<HashMap<Space, Room>>);

struct Room {
    shelf: Shelf,
    last_told: Option<Instant>,
}

/// Between two log lines about a full space.
const TOLD_EVERY: Duration = Duration::from_mins(1);

impl MemoryStore {
    /// A store of 20,000 entries and 32 MiB a space.
    pub fn new() -> Self {
        Self::bounded(MAX_ENTRIES, MAX_BYTES)
    }

    /// A store that holds so many entries, and bytes of values, a space; at least one value of full length.
    pub fn bounded(max_entries: usize, max_bytes: usize) -> Self {
        let room = || Room { shelf: Shelf::new(max_entries.max(1), max_bytes.max(super::MAX_VALUE)), last_told: None };
        Self(Mutex::new(Space::ALL.into_iter().map(|space| (space, room())).collect()))
    }

    /// Entries that are held, of every space.
    pub fn len(&self) -> usize {
        self.rooms().values().map(|room| room.shelf.len()).sum()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<Space, Room>> {
        // Nothing panics while it holds the lock; if it did, every entry would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one operation with everything else locked out. It is over before anybody waits for it, so an
    /// operation whose caller goes away has taken place whole.
    fn at_once<'a, T: Send + 'a>(
        &self,
        space: Space,
        operation: impl FnOnce(&mut Room, Instant) -> Result<T, StoreError>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let mut rooms = self.rooms();
        let done = match rooms.get_mut(&space) {
            Some(room) => operation(room, Instant::now()),
            None => Err(StoreError::Unavailable { why: format!("no space for {}", space.as_str()) }),
        };
        drop(rooms);
        ready(done).boxed()
    }
}

impl Room {
    fn put(&mut self, key: &Key, kept: Kept, asked: Duration, now: Instant) {
        let pushed = self.shelf.put(key.clone(), kept, now + life(asked), now);
        if pushed && self.last_told.is_none_or(|told| now.duration_since(told) >= TOLD_EVERY) {
            self.last_told = Some(now);
            tracing::warn!(
                space = key.space().as_str(),
                "the session store in memory is full: what would have expired soonest is dropped"
            );
        }
    }

    fn value(&self, key: &Key, now: Instant) -> Option<&[u8]> {
        match self.shelf.get(key, now) {
            Some((Kept::Value(value), _)) => Some(value),
            _ => None,
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MemoryStore({})", self.len())
    }
}

impl SessionStore for MemoryStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        self.at_once(key.space(), |room, now| Ok(room.value(key, now).map(<[u8]>::to_vec)))
    }

    fn put<'a>(&'a self, key: &'a Key, value: &'a [u8], life: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        self.at_once(key.space(), |room, now| {
            bounded(value)?;
            room.put(key, Kept::Value(value.to_vec()), life, now);
            Ok(())
        })
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a Key,
        value: &'a [u8],
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.at_once(key.space(), |room, now| {
            bounded(value)?;
            let absent = room.shelf.get(key, now).is_none();
            if absent {
                room.put(key, Kept::Value(value.to_vec()), life, now);
            }
            Ok(absent)
        })
    }

    fn take<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        self.at_once(key.space(), |room, now| match room.shelf.take(key, now) {
            Some(Kept::Value(value)) => Ok(Some(value)),
            _ => Ok(None),
        })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        value: &'a [u8],
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.at_once(key.space(), |room, now| {
            bounded(value)?;
            let same = room.value(key, now) == Some(expected);
            if same {
                room.put(key, Kept::Value(value.to_vec()), life, now);
            }
            Ok(same)
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a Key, expected: &'a [u8]) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.at_once(key.space(), |room, now| {
            let same = room.value(key, now) == Some(expected);
            if same {
                room.shelf.take(key, now);
            }
            Ok(same)
        })
    }

    fn extend<'a>(&'a self, key: &'a Key, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.at_once(key.space(), |room, now| {
            let taken = room.shelf.take(key, now);
            Ok(taken.map(|kept| room.put(key, kept, life, now)).is_some())
        })
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.at_once(key.space(), |room, now| Ok(room.shelf.take(key, now).is_some()))
    }

    fn count<'a>(&'a self, key: &'a Key, window: Duration) -> BoxFuture<'a, Result<Count, StoreError>> {
        self.at_once(key.space(), |room, now| {
            let (events, ends_in) = match room.shelf.get(key, now) {
                Some((Kept::Events(events), ends_in)) => (events.saturating_add(1), ends_in),
                _ => (1, life(window)),
            };
            room.put(key, Kept::Events(events), ends_in, now);
            Ok(Count { events, ends_in })
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(Ok(())).boxed()
    }
}

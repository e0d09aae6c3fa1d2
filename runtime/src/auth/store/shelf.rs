//! One bounded space of the store in memory.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use super::key::Key;

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// A value.
    Value(Vec<u8>),
    /// Events of a window.
    Events(u64),
}

impl Kept {
    fn bytes(&self) -> usize {
        match self {
            Self::Value(value) => value.len(),
            Self::Events(_) => 0,
        }
    }
}

/// Bounded by entries and by bytes of values. What has expired goes first; then what would expire soonest,
/// which of clients are those that never logged in, and of sessions those that were used least recently.
#[derive(Debug)]
pub(super) struct Shelf {
    entries: HashMap<Key, (Kept, Instant)>,
    by_expiry: BTreeSet<(Instant, Key)>,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

impl Shelf {
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self { entries: HashMap::new(), by_expiry: BTreeSet::new(), bytes: 0, max_entries, max_bytes }
    }

    /// What is kept and has not expired at `now`, with the time that is left.
    pub(super) fn get(&self, key: &Key, now: Instant) -> Option<(&Kept, Duration)> {
        let (kept, expires) = self.entries.get(key)?;
        (*expires > now).then(|| (kept, *expires - now))
    }

    /// Puts something, and pushes out what there is no room for. `true`: something that had not expired had to go.
    pub(super) fn put(&mut self, key: Key, kept: Kept, expires: Instant, now: Instant) -> bool {
        self.remove(&key);
        self.drop_expired(now);
        let mut pushed = false;
        while self.entries.len() >= self.max_entries || self.bytes + kept.bytes() > self.max_bytes {
            let Some((_, first)) = self.by_expiry.first().cloned() else { break };
            self.remove(&first);
            pushed = true;
        }
        self.bytes += kept.bytes();
        self.by_expiry.insert((expires, key.clone()));
        self.entries.insert(key, (kept, expires));
        pushed
    }

    /// Takes something out, where it has not expired at `now`.
    pub(super) fn take(&mut self, key: &Key, now: Instant) -> Option<Kept> {
        self.remove(key).filter(|(_, expires)| *expires > now).map(|(kept, _)| kept)
    }

    fn remove(&mut self, key: &Key) -> Option<(Kept, Instant)> {
        let (kept, expires) = self.entries.remove(key)?;
        self.bytes -= kept.bytes();
        self.by_expiry.remove(&(expires, key.clone()));
        Some((kept, expires))
    }

    fn drop_expired(&mut self, now: Instant) {
        while let Some((expires, key)) = self.by_expiry.first() {
            if *expires > now {
                break;
            }
            let key = key.clone();
            self.remove(&key);
        }
    }

    /// Entries, expired ones that nothing has removed yet among them.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::Space;
    use super::*;

    fn key(name: u32) -> Key {
        Key::of(Space::Client, &name.to_string())
    }

    fn value(bytes: usize) -> Kept {
        Kept::Value(vec![7; bytes])
    }

    #[test]
    fn expired_entries_go_before_living_ones_and_soonest_expiry_next() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut shelf = Shelf::new(3, 1000);
        assert!(!shelf.put(key(1), value(1), at(1), now));
        assert!(!shelf.put(key(2), value(1), at(30), now));
        assert!(!shelf.put(key(3), value(1), at(20), now));
        // The first has expired by now: nothing that lives has to go.
        assert!(!shelf.put(key(4), value(1), at(40), at(2)));
        assert!(shelf.put(key(5), value(1), at(50), at(2)));
        assert!(shelf.get(&key(3), at(2)).is_none(), "the one that would expire soonest went");
        for kept in [2, 4, 5] {
            assert!(shelf.get(&key(kept), at(2)).is_some(), "{kept}");
        }
    }

    #[test]
    fn replacing_needs_no_room() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut shelf = Shelf::new(2, 20);
        shelf.put(key(1), value(10), at(1), now);
        shelf.put(key(2), value(10), at(2), now);
        assert!(!shelf.put(key(1), value(10), at(9), now));
        assert_eq!(shelf.take(&key(1), at(8)), Some(value(10)));
        assert_eq!(shelf.take(&key(2), at(2)), None, "expired at that very moment");
        assert_eq!((shelf.len(), shelf.bytes, shelf.by_expiry.len()), (0, 0, 0));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let now = Instant::now();
        let mut shelf = Shelf::new(100, 100);
        for name in 0..50_u32 {
            shelf.put(key(name), value(30), now + Duration::from_secs(u64::from(name) + 1), now);
            assert!(shelf.bytes <= 100);
        }
        assert_eq!(shelf.len(), 3);
        assert!(shelf.get(&key(49), now).is_some());
    }

    #[test]
    fn a_flood_is_bounded() {
        let now = Instant::now();
        let mut shelf = Shelf::new(100, 1 << 20);
        for name in 0..10_000 {
            shelf.put(key(name), value(10), now + Duration::from_mins(1), now);
        }
        assert_eq!((shelf.len(), shelf.by_expiry.len(), shelf.bytes), (100, 100, 1000));
    }
}

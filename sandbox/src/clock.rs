//! Time and identities: both can be fixed, so that documents made on the sandbox do not change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Where the sandbox takes the time from.
#[derive(Debug, Clone)]
pub struct Clock {
    fixed: Option<Timestamp>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that stands still.
    pub fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(at) }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(Timestamp::now)
    }

    /// Now, as Kubernetes writes `metav1.Time`: RFC 3339 in UTC, whole seconds.
    pub fn stamp(&self) -> String {
        self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// Source of uids and random suffixes. Two sources of the same seed give the same sequence.
#[derive(Debug, Clone)]
pub struct Identities {
    seed: [u8; 16],
    next: Arc<AtomicU64>,
}

/// Letters of a generated suffix, as `k8s.io/apimachinery/pkg/util/rand` has them.
const SUFFIX_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Identities {
    /// A source; random where no seed is given.
    pub fn new(seed: Option<u64>) -> Self {
        let seed = seed.map_or_else(|| *uuid::Uuid::new_v4().as_bytes(), |seed| u128::from(seed).to_be_bytes());
        Self { seed, next: Arc::new(AtomicU64::new(0)) }
    }

    fn draw(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        hash.finalize().into()
    }

    /// A fresh uid (UUID version 4 in form).
    pub fn uid(&self) -> String {
        let drawn = self.draw();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&drawn[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// Five letters for `generateName`.
    pub fn suffix(&self) -> String {
        let drawn = self.draw();
        drawn[..5].iter().map(|byte| char::from(SUFFIX_LETTERS[usize::from(*byte) % SUFFIX_LETTERS.len()])).collect()
    }
}

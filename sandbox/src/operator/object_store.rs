//! The object stores that backups go to, as far as a recovery sees them: which backups lie where.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// A base backup in an object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BaseBackup {
    /// `destinationPath` of the store, and folder of the server in it.
    pub place: (String, String),
    /// Its identifier there.
    pub id: String,
    /// Uid of the cluster that it was taken of.
    pub cluster: String,
    /// When it ended: nothing before that can be recovered from it.
    pub ended: Timestamp,
    /// Size of the volumes of that cluster then.
    pub volume: String,
}

/// All object stores; clones share them. What lies there outlives its cluster and its `Backup`.
#[derive(Debug, Clone, Default)]
pub(super) struct ObjectStore {
    backups: Arc<Mutex<Vec<BaseBackup>>>,
}

impl ObjectStore {
    /// Puts a backup there.
    pub fn put(&self, backup: BaseBackup) {
        self.backups.lock().unwrap_or_else(PoisonError::into_inner).push(backup);
    }

    /// The newest backup in a place that fits.
    pub fn newest(&self, place: &(String, String), fits: impl Fn(&BaseBackup) -> bool) -> Option<BaseBackup> {
        let backups = self.backups.lock().unwrap_or_else(PoisonError::into_inner);
        backups.iter().rev().find(|backup| backup.place == *place && fits(backup)).cloned()
    }
}

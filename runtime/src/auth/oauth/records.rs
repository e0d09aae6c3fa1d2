//! What is kept in the store: JSON, sealed for its place.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::auth::keys::Keys;
use crate::auth::store::{Key, SessionStore, StoreError};
use crate::secret::SecretText;

/// The store with the key to it.
#[derive(Clone)]
pub(super) struct Records {
    store: Arc<dyn SessionStore>,
    keys: Arc<Keys>,
}

/// A record as it stands in the store, to be replaced only while it is still the same.
pub(super) struct Found<T> {
    pub record: T,
    raw: Vec<u8>,
}

impl Records {
    pub fn new(store: Arc<dyn SessionStore>, keys: Arc<Keys>) -> Self {
        Self { store, keys }
    }

    pub fn store(&self) -> &Arc<dyn SessionStore> {
        &self.store
    }

    pub async fn put<T: Serialize>(&self, key: &Key, record: &T, life: Duration) -> Result<(), StoreError> {
        self.store.put(key, &self.seal(key, record)?, life).await
    }

    pub async fn find<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Found<T>>, StoreError> {
        let raw = self.store.get(key).await?;
        Ok(raw.and_then(|raw| Some(Found { record: self.open(key, &raw)?, raw })))
    }

    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        Ok(self.find(key).await?.map(|found| found.record))
    }

    /// Takes a record out; of several callers one gets it.
    pub async fn take<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let raw = self.store.take(key).await?;
        Ok(raw.and_then(|raw| self.open(key, &raw)))
    }

    /// Replaces a record where it is still the one that was found.
    pub async fn replace<T: Serialize>(
        &self,
        key: &Key,
        found: &Found<T>,
        record: &T,
        life: Duration,
    ) -> Result<bool, StoreError> {
        self.store.compare_and_swap(key, &found.raw, &self.seal(key, record)?, life).await
    }

    fn seal<T: Serialize>(&self, key: &Key, record: &T) -> Result<Vec<u8>, StoreError> {
        let text = serde_json::to_string(record)
            .map_err(|_| StoreError::Unavailable { why: "a record cannot be written".to_owned() })?;
        Ok(self.keys.storage().seal(&key.to_string(), &SecretText::new(text)).into_bytes())
    }

    /// What cannot be opened is not there: its root key is gone, or somebody else wrote it.
    fn open<T: DeserializeOwned>(&self, key: &Key, raw: &[u8]) -> Option<T> {
        let opened = std::str::from_utf8(raw).ok().and_then(|raw| self.keys.storage().open(&key.to_string(), raw).ok());
        let record = opened.and_then(|text| serde_json::from_str(text.expose()).ok());
        if record.is_none() {
            tracing::warn!(
                space = key.space().as_str(),
                "a record of the session store cannot be opened: its root key is gone, or it was changed"
            );
        }
        record
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(formatter)
    }
}

/// A secret inside of a record.
#[derive(Debug, Clone)]
pub(super) struct Kept(pub SecretText);

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SecretText::deserialize(deserializer).map(Self)
    }
}

//! MCP sessions (up to 2025-11-25) that any replica goes on with: what a client said when it opened one, and the events
//! of its streams, in the store that replicas share.

mod events;
mod manager;
mod states;

pub(super) use manager::Sessions;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::keys::Keys;
use crate::auth::store::{Key, SessionStore, StoreError};
use crate::secret::SecretText;

/// The shared store, and the keys that seal what is kept in it: answers of tools may hold passwords.
#[derive(Clone)]
pub(in crate::transport) struct Shared {
    store: Arc<dyn SessionStore>,
    keys: Arc<Keys>,
}

impl Shared {
    pub fn new(store: Arc<dyn SessionStore>, keys: Arc<Keys>) -> Self {
        Self { store, keys }
    }

    pub fn store(&self) -> &Arc<dyn SessionStore> {
        &self.store
    }

    async fn put(&self, key: &Key, text: String, life: Duration) -> Result<(), StoreError> {
        let sealed = self.keys.storage().seal(&key.to_string(), &SecretText::new(text));
        self.store.put(key, sealed.as_bytes(), life).await
    }

    /// What is there; what cannot be opened is not.
    async fn get(&self, key: &Key) -> Result<Option<SecretText>, StoreError> {
        let sealed = self.store.get(key).await?.and_then(|sealed| String::from_utf8(sealed).ok());
        Ok(sealed.and_then(|sealed| self.keys.storage().open(&key.to_string(), &sealed).ok()))
    }
}

fn written<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value)
}

fn read<T: DeserializeOwned>(text: &SecretText) -> Option<T> {
    serde_json::from_str(text.expose()).ok()
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(formatter)
    }
}

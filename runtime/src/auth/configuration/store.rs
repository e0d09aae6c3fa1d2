//! Where sessions are kept, and with which root keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::given::{Given, Value};
use crate::auth::keys::{KeyFileError, RootKeys};
use crate::auth::store::{MemoryStore, RedisOptions, RedisStore, SessionStore, StoreError};
use crate::secret::SecretText;

/// Where sessions are kept.
#[derive(Debug, Clone)]
pub enum StoreChoice {
    /// In this process: one replica, and a restart logs everyone out.
    Memory,
    /// In Redis.
    Redis {
        /// Address, with a password perhaps.
        url: SecretText,
        /// Before every key.
        prefix: Option<String>,
        /// Certificates (PEM) that sign the one of Redis.
        authorities: Option<Vec<u8>>,
    },
}

impl StoreChoice {
    /// Opens the store. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Where the address of Redis is none.
    pub fn open(&self) -> Result<Arc<dyn SessionStore>, StoreError> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryStore::new()),
            Self::Redis { url, prefix, authorities } => Arc::new(RedisStore::new(&RedisOptions {
                url: url.clone(),
                prefix: prefix.clone(),
                authorities: authorities.clone(),
            })?),
        })
    }
}

/// Where root keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningKeys {
    /// A file.
    File(PathBuf),
    /// None were given, and the server is on a loopback address: one is made at the start.
    Generated,
}

impl SigningKeys {
    /// Reads or makes them.
    ///
    /// # Errors
    /// Where the file cannot be read or is no list of keys.
    pub fn roots(&self) -> Result<RootKeys, KeyFileError> {
        match self {
            Self::File(file) => RootKeys::read(file),
            Self::Generated => RootKeys::generate().map_err(|error| KeyFileError::Unreadable {
                file: PathBuf::from("(generated)"),
                source: std::io::Error::other(error),
            }),
        }
    }
}

/// Checks what was said of the store.
pub(super) fn choose(given: &mut Given) -> StoreChoice {
    let text = |given: &Given, name| match given.get(name) {
        Some((Value::Text(text), place)) => Some((text.clone(), place.clone())),
        _ => None,
    };
    let prefix = text(given, "session_store_prefix");
    let authorities = text(given, "session_store_ca_file");
    let redis = text(given, "session_store").filter(|(url, _)| url != "memory");
    let Some((url, place)) = redis else {
        for (name, said) in [("session_store_prefix", &prefix), ("session_store_ca_file", &authorities)] {
            if let Some((_, place)) = said {
                let what = "is for Redis, and `session_store` names none".to_owned();
                given.problem(place.clone(), name, what);
            }
        }
        return StoreChoice::Memory;
    };
    if !url.starts_with("redis://") && !url.starts_with("rediss://") {
        let what = "is neither `memory` nor an address of Redis (redis://host:port, or rediss://host:port for TLS)";
        given.problem(place, "session_store", what.to_owned());
        return StoreChoice::Memory;
    }
    if let Some((prefix, place)) = &prefix
        && (prefix.len() > 64 || prefix.chars().any(|character| character.is_whitespace() || character.is_control()))
    {
        given.problem(place.clone(), "session_store_prefix", "is no word of at most 64 bytes".to_owned());
    }
    let authorities = authorities.and_then(|(file, place)| match std::fs::read(Path::new(&file)) {
        Ok(pem) => Some(pem),
        Err(error) => {
            given.problem(place, "session_store_ca_file", format!("names {file}, which cannot be read: {error}"));
            None
        }
    });
    StoreChoice::Redis { url: SecretText::new(url), prefix: prefix.map(|(prefix, _)| prefix), authorities }
}

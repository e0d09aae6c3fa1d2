//! An authorization on its way: asked for by a client, then approved by a person, then answered by the provider.

use serde::{Deserialize, Serialize};

use super::Shared;
use super::records::Kept;
use crate::auth::keys::random_secret;
use crate::auth::oidc::Pkce;
use crate::auth::store::{Key, Space, StoreError};
use crate::secret::SecretText;

/// What a client asked for, checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    pub client: String,
    pub redirect_uri: String,
    pub state: Option<String>,
    /// PKCE's, S256.
    pub challenge: String,
    pub scopes: Vec<String>,
    /// Tag of the name of the browser that asked.
    pub browser: String,
}

/// What a person approved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Approved {
    pub asked: Asked,
    verifier: Kept,
    nonce: Kept,
}

impl Approved {
    pub fn new(asked: Asked) -> Result<Self, getrandom::Error> {
        Ok(Self { asked, verifier: Kept(random_secret()?), nonce: Kept(random_secret()?) })
    }

    /// This server's own proof towards the provider.
    pub fn pkce(&self) -> Pkce {
        Pkce::kept(self.verifier.0.clone())
    }

    pub fn nonce(&self) -> &str {
        self.nonce.0.expose()
    }
}

/// Keeps what was asked for, under a new name.
pub(super) async fn begin(shared: &Shared, asked: &Asked) -> Result<SecretText, super::failure::Sorry> {
    let name = random_secret()?;
    shared.records.put(&asked_key(name.expose()), asked, shared.times.transaction).await?;
    Ok(name)
}

/// What was asked for under a name, left where it is.
pub(super) async fn look(shared: &Shared, name: &str) -> Result<Option<Asked>, StoreError> {
    shared.records.get(&asked_key(name)).await
}

/// Takes what was asked for; a transaction is decided once.
pub(super) async fn decide(shared: &Shared, name: &str) -> Result<Option<Asked>, StoreError> {
    shared.records.take(&asked_key(name)).await
}

/// Keeps what was approved until the provider answers with `state`.
pub(super) async fn approve(shared: &Shared, state: &str, approved: &Approved) -> Result<(), StoreError> {
    shared.records.put(&approved_key(state), approved, shared.times.transaction).await
}

/// Takes what was approved; the provider answers once.
pub(super) async fn answered(shared: &Shared, state: &str) -> Result<Option<Approved>, StoreError> {
    shared.records.take(&approved_key(state)).await
}

fn asked_key(name: &str) -> Key {
    Key::of(Space::Transaction, &format!("asked {name}"))
}

fn approved_key(state: &str) -> Key {
    Key::of(Space::Transaction, &format!("approved {state}"))
}

//! Sessions: who logged in, for which client, with the provider's tokens. Whatever this server issued is worth
//! something only while its session is there.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Shared;
use super::records::Kept;
use super::times::{self, Times};
use super::unbroken::to_its_end;
use crate::auth::keys::random_secret;
use crate::auth::oidc::{IdToken, Tokens};
use crate::auth::store::{Key, Space, StoreError};

/// Time that a session has beyond that of its code, before the code is redeemed.
const SLACK: Duration = Duration::from_secs(30);

/// A session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Session {
    /// The person, as the provider names them.
    pub subject: String,
    /// The client that it was opened for.
    pub client: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// What the provider's ID token says of the person.
    pub claims: Map<String, Value>,
    /// The provider's tokens; they never leave but to the provider.
    access: Kept,
    pub refresh: Option<Kept>,
    /// When the provider's access token expires, in seconds since 1970.
    pub expires: u64,
}

impl Session {
    pub fn new(client: String, scopes: Vec<String>, id_token: IdToken, tokens: Tokens, times: &Times) -> Self {
        Self {
            subject: id_token.subject,
            client,
            scopes,
            claims: id_token.claims,
            expires: expiry(&tokens, times),
            access: Kept(tokens.access_token),
            refresh: tokens.refresh_token.map(Kept),
        }
    }

    /// The same session with new tokens of the provider. `None`: they are another person's.
    pub fn renewed(&self, tokens: Tokens, times: &Times) -> Option<Self> {
        let expires = expiry(&tokens, times);
        let claims = match tokens.id_token {
            Some(id_token) if id_token.subject != self.subject => return None,
            Some(id_token) => id_token.claims,
            None => self.claims.clone(),
        };
        let refresh = tokens.refresh_token.map(Kept).or_else(|| self.refresh.clone());
        Some(Self { claims, access: Kept(tokens.access_token), refresh, expires, ..self.clone() })
    }

    /// Whether the provider's token must be refreshed now.
    pub fn is_due(&self, times: &Times) -> bool {
        self.expires <= times::now().saturating_add(times.refresh_ahead.as_secs())
    }

    pub fn has_expired(&self) -> bool {
        self.expires <= times::now()
    }
}

fn expiry(tokens: &Tokens, times: &Times) -> u64 {
    times::now().saturating_add(tokens.expires_in.unwrap_or(times.provider_token).as_secs())
}

/// Opens a session for the life of a code. Returns its name.
pub(super) async fn open(shared: &Shared, session: &Session) -> Result<String, super::failure::Sorry> {
    let name = random_secret()?.expose().to_owned();
    shared.records.put(&key(&name), session, shared.times.code + SLACK).await?;
    Ok(name)
}

/// Lets a session live on from now. `false`: it has ended.
pub(super) async fn live_on(shared: &Shared, name: &str) -> Result<bool, StoreError> {
    shared.records.store().extend(&key(name), shared.times.session).await
}

/// Ends a session: what was issued for it is worth nothing from now on, and the provider's tokens are revoked.
pub(super) async fn end(shared: &Shared, name: &str) -> Result<(), StoreError> {
    let (shared, name) = (shared.clone(), name.to_owned());
    to_its_end(async move {
        let session = shared.records.take::<Session>(&key(&name)).await?;
        super::refresh_token::forget(&shared, &name).await?;
        if let Some(refresh) = session.and_then(|session| session.refresh) {
            // Nobody waits for the provider: the session has ended whatever it answers.
            tokio::spawn(async move {
                if let Err(error) = shared.provider.revoke(&refresh.0).await {
                    tracing::warn!(%error, "the identity provider's tokens of a session that ended could not be revoked");
                }
            });
        }
        Ok(())
    })
    .await
}

pub(super) fn key(name: &str) -> Key {
    Key::of(Space::Session, name)
}

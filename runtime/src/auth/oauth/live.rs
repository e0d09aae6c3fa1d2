//! Keeping a session's tokens of the provider fresh: once, however many requests and replicas want it.
//!
//! Whoever puts the lock asks the provider; the others look at the session until it is fresh, or the lock is gone.
//! The provider takes a second use of a refresh token for theft, so nobody asks without the lock, a lock that outlived
//! its owner expires, and what the provider gives is kept even where the request that asked is broken off.

use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

use super::Shared;
use super::records::Found;
use super::session::{self, Session};
use super::unbroken::to_its_end;
use crate::auth::oidc::ProviderError;
use crate::auth::store::{Key, Space, StoreError};

/// Longest time that somebody holds the lock: more than the provider's client waits.
const LOCK: Duration = Duration::from_secs(30);

/// For so long a failure stands for those who would try again at once.
const FAILED: Duration = Duration::from_secs(2);

/// Longest time that a request waits for others.
const PATIENCE: Duration = Duration::from_secs(15);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Value of a lock that somebody holds.
const HELD: &[u8] = b"held";
/// Value of a lock whose holder asked in vain.
const IN_VAIN: &[u8] = b"in vain";

/// A session that cannot be used.
#[derive(Debug, Error)]
pub(super) enum NotLive {
    /// It ended, or never was.
    #[error("the session has ended")]
    Ended,
    /// The provider cannot be asked.
    #[error("the identity provider is not available")]
    ProviderAway,
    /// The store is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A session whose provider's token is valid.
pub(super) async fn session(shared: &Shared, name: &str) -> Result<Session, NotLive> {
    let key = session::key(name);
    let end = Instant::now() + PATIENCE;
    loop {
        let found = shared.records.find::<Session>(&key).await?.ok_or(NotLive::Ended)?;
        if !found.record.is_due(&shared.times) {
            return Ok(found.record);
        }
        if found.record.refresh.is_none() {
            if !found.record.has_expired() {
                return Ok(found.record);
            }
            session::end(shared, name).await?;
            return Err(NotLive::Ended);
        }
        if let Some(session) = to_its_end(attempt(shared.clone(), name.to_owned())).await? {
            return Ok(session);
        }
        let failed = shared.records.store().get(&lock(name)).await?.is_some_and(|value| value == IN_VAIN);
        if failed || Instant::now() >= end {
            return if found.record.has_expired() { Err(NotLive::ProviderAway) } else { Ok(found.record) };
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Asks the provider, for whoever gets the lock. `None`: somebody else has it.
async fn attempt(shared: Shared, name: String) -> Result<Option<Session>, NotLive> {
    let lock = lock(&name);
    let store = shared.records.store();
    if !store.put_if_absent(&lock, HELD, LOCK).await? {
        return Ok(None);
    }
    // Another may have held it between the look at the session and now.
    let found = shared.records.find::<Session>(&session::key(&name)).await?.ok_or(NotLive::Ended)?;
    let renewed =
        if found.record.is_due(&shared.times) { renew(&shared, &name, &found).await } else { Ok(found.record.clone()) };
    match &renewed {
        Err(NotLive::ProviderAway) => {
            store.compare_and_swap(&lock, HELD, IN_VAIN, FAILED).await?;
            if !found.record.has_expired() {
                return Ok(Some(found.record));
            }
        }
        _ => {
            store.compare_and_delete(&lock, HELD).await?;
        }
    }
    renewed.map(Some)
}

fn lock(name: &str) -> Key {
    Key::of(Space::Lock, name)
}

async fn renew(shared: &Shared, name: &str, found: &Found<Session>) -> Result<Session, NotLive> {
    let Some(refresh) = &found.record.refresh else { return Err(NotLive::Ended) };
    let renewed = match shared.provider.refresh(&refresh.0).await {
        Ok(tokens) => found.record.renewed(tokens, &shared.times),
        Err(error) if error.is_away() => {
            tracing::warn!(%error, "a session could not be refreshed");
            return Err(NotLive::ProviderAway);
        }
        Err(error) => {
            told(&error, &found.record);
            None
        }
    };
    let Some(renewed) = renewed else {
        session::end(shared, name).await?;
        return Err(NotLive::Ended);
    };
    if shared.records.replace(&session::key(name), found, &renewed, shared.times.session).await? {
        return Ok(renewed);
    }
    // It ended meanwhile, so that nobody else will revoke what the provider has just given.
    if let Some(refresh) = &renewed.refresh
        && let Err(error) = shared.provider.revoke(&refresh.0).await
    {
        tracing::warn!(%error, "the identity provider's tokens of a session that ended could not be revoked");
    }
    Err(NotLive::Ended)
}

fn told(error: &ProviderError, session: &Session) {
    if error.is_invalid_grant() {
        tracing::info!(subject = ?session.subject, client = ?session.client, "the identity provider ended a session");
    } else {
        tracing::warn!(%error, subject = ?session.subject, client = ?session.client, "a session could not be refreshed, and ends");
    }
}

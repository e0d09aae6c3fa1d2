//! What clients said when they opened their sessions: enough to open one again on another replica.

use std::time::Duration;

use async_trait::async_trait;
use rmcp::transport::streamable_http_server::session::{SessionState, SessionStore, SessionStoreError};

use super::{Shared, read, written};
use crate::auth::store::{Key, Space};

/// Life of a state, counted from the last time that a replica took it up. Whether the session may still be used is
/// told by who owns it, which ends sooner.
const LIFE: Duration = Duration::from_hours(24 * 7);

#[async_trait]
impl SessionStore for Shared {
    async fn load(&self, session: &str) -> Result<Option<SessionState>, SessionStoreError> {
        let key = key(session);
        let state = self.get(&key).await?.and_then(|text| read(&text));
        if state.is_some() {
            self.store.extend(&key, LIFE).await?;
        }
        Ok(state)
    }

    async fn store(&self, session: &str, state: &SessionState) -> Result<(), SessionStoreError> {
        Ok(self.put(&key(session), written(state)?, LIFE).await?)
    }

    async fn delete(&self, session: &str) -> Result<(), SessionStoreError> {
        self.store.delete(&key(session)).await?;
        Ok(())
    }
}

fn key(session: &str) -> Key {
    Key::of(Space::Binding, &format!("state\0{session}"))
}

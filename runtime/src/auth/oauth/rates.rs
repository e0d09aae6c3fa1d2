//! Rate limits, counted in the store, so that replicas count together.

use std::sync::Arc;
use std::time::Duration;

use super::failure::Refusal;
use super::peer::Peer;
use crate::auth::configuration::RateLimits;
use crate::auth::store::{Key, SessionStore, Space, StoreError};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Counts, and says when it is enough.
#[derive(Debug, Clone)]
pub(super) struct Rates {
    store: Arc<dyn SessionStore>,
    limits: RateLimits,
}

/// Enough, for so many seconds.
pub(super) struct Enough(pub u64);

impl Rates {
    pub fn new(store: Arc<dyn SessionStore>, limits: RateLimits) -> Self {
        Self { store, limits }
    }

    /// Counts a request to an OAuth endpoint.
    pub async fn request(&self, peer: Peer) -> Result<Option<Enough>, StoreError> {
        self.count(&format!("request {peer}"), MINUTE, self.limits.requests).await
    }

    /// Counts a registration.
    pub async fn registration(&self, peer: Peer) -> Result<(), Refusal> {
        let name = format!("registration {peer}");
        let mut enough = self.count(&name, HOUR, self.limits.registrations).await?;
        if enough.is_none() {
            enough = self.count("registrations", HOUR, self.limits.registrations_overall).await?;
        }
        enough.map_or(Ok(()), |Enough(seconds)| Err(Refusal::too_many(seconds)))
    }

    async fn count(&self, name: &str, window: Duration, most: u64) -> Result<Option<Enough>, StoreError> {
        let count = self.store.count(&Key::of(Space::Rate, name), window).await?;
        Ok((count.events > most).then(|| Enough(count.ends_in.as_secs() + 1)))
    }
}

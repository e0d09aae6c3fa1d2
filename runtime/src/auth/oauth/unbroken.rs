//! Work that is never half done: a server drops what it does for a client that goes away.

use tracing::Instrument as _;

use crate::auth::store::StoreError;

/// Does it to its end, even where whoever waits for it no longer does.
pub(super) async fn to_its_end<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => done,
        // It panicked, or the server ends.
        Err(_) => Err(StoreError::Unavailable { why: "the operation was broken off".to_owned() }.into()),
    }
}

//! Progress of a wait as MCP notifications.

use std::sync::{Mutex, PoisonError};

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RoleServer};
use tokio::sync::mpsc;

use crate::call::ProgressSink;

/// Notifications that wait to be sent; more are dropped, since only the newest matters.
const QUEUE: usize = 16;

/// The least step by which progress grows where nothing but the text changed.
const STEP: f64 = 0.001;

/// Sends progress to the client that asked for it by a token.
pub(super) struct Notifications(Option<Sender>);

struct Sender {
    queue: mpsc::Sender<ProgressNotificationParam>,
    token: ProgressToken,
    last: Mutex<Option<f64>>,
}

impl Notifications {
    /// A sink for one call; without a token nobody listens.
    pub(super) fn new(peer: Peer<RoleServer>, token: Option<ProgressToken>) -> Self {
        let Some(token) = token else { return Self(None) };
        let (queue, mut waiting) = mpsc::channel::<ProgressNotificationParam>(QUEUE);
        tokio::spawn(async move {
            while let Some(notification) = waiting.recv().await {
                if let Err(error) = peer.notify_progress(notification).await {
                    tracing::debug!(%error, "a progress notification could not be sent");
                    return;
                }
            }
        });
        Self(Some(Sender { queue, token, last: Mutex::new(None) }))
    }
}

impl ProgressSink for Notifications {
    fn report(&self, done: i64, of: i64, message: &str) {
        let Some(sender) = &self.0 else { return };
        let message = format!("{done}/{of}: {message}");
        // Counts of instances are far below what a float holds exactly.
        #[allow(clippy::cast_precision_loss)]
        let (done, of) = (done.clamp(0, of.max(0)) as f64, of.max(0) as f64);
        let mut last = sender.last.lock().unwrap_or_else(PoisonError::into_inner);
        // MCP: the value must increase with each notification.
        let value = last.map_or(done, |last| done.max(last + STEP));
        *last = Some(value);
        let mut notification = ProgressNotificationParam::new(sender.token.clone(), value);
        notification.total = Some(of.max(value));
        notification.message = Some(message);
        // A full queue means a slow client; the next report says more.
        let _ = sender.queue.try_send(notification);
    }
}

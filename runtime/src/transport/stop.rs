//! Stopping in good order.

use std::time::Duration;

/// How long running calls may go on after a stop was asked for, before they are cancelled.
pub const GRACE: Duration = Duration::from_secs(20);

/// Time for the answers of calls that have just ended to be written, before streams are closed.
pub(super) const ANSWERS: Duration = Duration::from_millis(200);

/// Waits until the process is asked to stop: SIGTERM, or Ctrl-C.
pub async fn requested() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler there is nothing to wait for; the other signal remains.
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be listened to");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

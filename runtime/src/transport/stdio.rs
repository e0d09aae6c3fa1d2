//! MCP over standard input and output. Nothing but protocol messages is written to standard output.

use std::time::Duration;

use futures::future::BoxFuture;
use rmcp::service::{ServerInitializeError, serve_server_with_ct};
use rmcp::transport::io::stdio_pipes;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::shallow::ShallowReader;
use super::stop;
use crate::mcp::McpServer;

/// Time for answers on their way after the calls have ended.
const FLUSH: Duration = Duration::from_secs(2);

/// The conversation could not be held.
#[derive(Debug, Error)]
pub enum StdioError {
    /// The client's first messages are no MCP.
    #[error("the client did not open an MCP conversation: {0}")]
    Opening(Box<ServerInitializeError>),
}

/// Serves one client until it closes standard input, or until `stop` is cancelled.
///
/// # Errors
/// Where the client's first messages are no MCP. Input that ends before them is no error.
pub fn serve(server: McpServer, stop: CancellationToken) -> BoxFuture<'static, Result<(), StdioError>> {
    // Boxed, so that it is compiled with this crate, and not with each program.
    Box::pin(serve_on(server, stdio_pipes(), stop))
}

/// Serves one client on a pair of streams.
///
/// # Errors
/// As [`serve`].
pub async fn serve_on<R, W>(server: McpServer, streams: (R, W), stop: CancellationToken) -> Result<(), StdioError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let registry = server.registry().clone();
    // Cancelled only after running calls have ended, so that their answers still get out.
    let end = CancellationToken::new();
    let opening = serve_server_with_ct(server, (ShallowReader::new(streams.0), streams.1), end.clone());
    let running = tokio::select! {
        opened = opening => match opened {
            Ok(running) => running,
            Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => return Ok(()),
            Err(error) => return Err(StdioError::Opening(Box::new(error))),
        },
        () = stop.cancelled() => return Ok(()),
    };
    let mut conversation = tokio::spawn(running.waiting());
    tokio::select! {
        _ = &mut conversation => {
            // The client is gone: nobody waits for what still runs.
            registry.stop(Duration::ZERO).await;
        }
        () = stop.cancelled() => {
            registry.stop(stop::GRACE).await;
            tokio::time::sleep(stop::ANSWERS).await;
            end.cancel();
            let _ = tokio::time::timeout(FLUSH, conversation).await;
        }
    }
    Ok(())
}

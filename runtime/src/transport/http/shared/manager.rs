//! The SDK's sessions, with their streams kept in the shared store where there is one.

use std::sync::Arc;

use futures::Stream;
use futures::StreamExt as _;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::session::{RestoreOutcome, ServerSseMessage, SessionId, SessionManager};

use super::Shared;

/// Name of the event before the first, which the SDK gives to a stream that has none yet.
const BEGINNING: &str = "0";

/// Sessions of this replica. Only streams of sessions are kept; a request of the revisions without sessions is asked
/// again by its client.
#[derive(Debug)]
pub(in crate::transport::http) struct Sessions(LocalSessionManager);

type Result<T> = std::result::Result<T, <LocalSessionManager as SessionManager>::Error>;

impl Sessions {
    pub fn new(config: SessionConfig, shared: Option<Shared>) -> Self {
        let mut local = LocalSessionManager::default();
        local.session_config = config;
        Self(match shared {
            Some(shared) => local.with_event_store(Arc::new(shared)),
            None => local,
        })
    }

    /// Sessions that are open here.
    pub async fn len(&self) -> usize {
        self.0.sessions.read().await.len()
    }
}

impl SessionManager for Sessions {
    type Error = <LocalSessionManager as SessionManager>::Error;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport)> {
        self.0.create_session().await
    }

    async fn initialize_session(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<ServerJsonRpcMessage> {
        self.0.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool> {
        self.0.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<()> {
        self.0.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static> {
        self.0.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<()> {
        self.0.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static> {
        self.0.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static> {
        if last == BEGINNING && self.0.event_store().is_some() {
            return Ok(self.0.create_standalone_stream(id).await?.left_stream());
        }
        Ok(self.0.resume(id, last).await?.right_stream())
    }

    async fn restore_session(&self, id: SessionId) -> Result<RestoreOutcome<Self::Transport>> {
        self.0.restore_session(id).await
    }
}

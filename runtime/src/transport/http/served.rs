//! What stands behind the endpoint.

use std::sync::Arc;

use axum::Router;
use rmcp::handler::server::ServerHandler;

use super::routes::{Around, router};
use crate::mcp::McpServer;
use crate::registry::Registry;

/// [`McpServer`]; or, in tests, a server with more than tools on the same stack.
pub trait Served: ServerHandler + Clone {
    /// The tools: shown on the page for people, and given time to end when the server stops.
    fn registry(&self) -> &Arc<Registry>;

    /// Everything that is answered.
    fn router(&self, around: Around<'_>) -> Router {
        router(self, around)
    }
}

impl Served for McpServer {
    fn registry(&self) -> &Arc<Registry> {
        Self::registry(self)
    }

    // The same once more, but no generic function: it is compiled with this crate, and not with each program.
    fn router(&self, around: Around<'_>) -> Router {
        router(self, around)
    }
}

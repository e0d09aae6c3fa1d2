//! What stands behind the endpoint.

use std::sync::Arc;

use rmcp::handler::server::ServerHandler;

use crate::mcp::McpServer;
use crate::registry::Registry;

/// [`McpServer`]; or, in tests, a server with more than tools on the same stack.
pub trait Served: ServerHandler + Clone {
    /// The tools: shown on the page for people, and given time to end when the server stops.
    fn registry(&self) -> &Arc<Registry>;
}

impl Served for McpServer {
    fn registry(&self) -> &Arc<Registry> {
        Self::registry(self)
    }
}

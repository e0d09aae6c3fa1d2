//! MCP over streamable HTTP, with the probes and a page for people.

mod limits;
mod listen;
mod names;
mod routes;

pub use limits::Limits;
pub use listen::{HttpError, Listening, bind};
pub use names::Names;
pub use routes::router;

/// Path of the MCP endpoint.
pub const ENDPOINT: &str = "/mcp";

//! MCP over streamable HTTP, with the probes and a page for people.

mod door;
mod limits;
mod listen;
mod names;
mod owned;
mod pages_elsewhere;
mod routes;
mod served;
mod shared;

pub use door::Door;
pub use limits::Limits;
pub use listen::{HttpError, Listening, bind, bind_anywhere, is_loopback};
pub use names::Names;
pub use owned::Owner;
pub use routes::Around;
pub use served::Served;

/// Path of the MCP endpoint.
pub const ENDPOINT: &str = "/mcp";

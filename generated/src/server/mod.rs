//! What both servers have in common: flags, and the way from flags to a server.

mod flags;
pub mod metrics;
mod program;

pub use flags::ServerFlags;
pub use program::{SESSIONS, Usage, access, names, start, stopping};

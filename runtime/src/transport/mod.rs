//! The ways in: standard input and output, and streamable HTTP. The same server is behind both.

pub mod http;
pub mod stdio;

mod page;
mod shallow;
mod stop;

pub use stop::{GRACE, requested as stop_requested};

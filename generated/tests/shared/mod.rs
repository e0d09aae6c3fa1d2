//! What the suites of both servers share.

pub mod mcp;
pub mod program;
pub mod seen;

//! The MCP endpoint as a protected resource (RFC 6750, RFC 9728): whoever comes without a good token is told where to
//! get one, whoever comes with one is known to everything behind.
//!
//! Which tokens are good is a server's own matter ([`LetsIn`]): the main server's are its own, the test server's are the
//! provider's ([`ProviderTokens`]).

mod bearer;
mod caller;
mod described;
mod guard;
mod provider_tokens;
mod scopes;

pub use caller::{Caller, Denied, LetsIn};
pub use described::Resource;
pub use guard::guarded;
pub use provider_tokens::{PATH, ProviderTokens};
pub use scopes::ToolScopes;

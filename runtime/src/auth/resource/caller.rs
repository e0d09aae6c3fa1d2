//! Who calls, and who finds out.

use serde_json::{Map, Value};

/// Who calls. The guard puts it among a request's extensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// The person, as the provider names them.
    pub subject: String,
    /// The client program.
    pub client: String,
    /// Scopes of the token.
    pub scopes: Vec<String>,
    /// What the provider says of the person.
    pub claims: Map<String, Value>,
}

/// Why a request is not let in. Nothing of the token is in the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// The token is no good: 401 `invalid_token` (RFC 6750, section 3.1), with what is wrong.
    Token(String),
    /// Whether it is good cannot be found out now: 503.
    Unavailable(String),
}

/// Finds out who a token lets in.
pub trait LetsIn: Clone + Send + Sync + 'static {
    /// Who a token lets in.
    fn caller(&self, token: &str) -> impl Future<Output = Result<Caller, Denied>> + Send;
}

//! Scopes of the Management API, as far as it is stood in for; and who has them.

use http::{HeaderMap, header};

use crate::Shared;
use crate::error::Refusal;

/// Every scope.
pub const ALL: &[&str] = &[
    "read:resource_servers",
    "create:resource_servers",
    "update:resource_servers",
    "delete:resource_servers",
    "read:clients",
    "create:clients",
    "update:clients",
    "delete:clients",
    "read:client_keys",
    "update:client_keys",
    "read:client_grants",
    "create:client_grants",
    "update:client_grants",
    "delete:client_grants",
    "read:connections",
    "update:connections",
    "update:connections_options",
];

/// The scopes of the request's token.
pub fn of(shared: &Shared, headers: &HeaderMap) -> Result<Vec<String>, Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given.and_then(|given| given.strip_prefix("Bearer "));
    let token = token.ok_or_else(|| Refusal::unauthorized("Missing authentication"))?;
    let scopes = shared.tenant().tokens.get(token).cloned();
    scopes.ok_or_else(|| Refusal::unauthorized("Invalid token"))
}

/// Refuses a request whose token lacks a scope.
pub fn demand(shared: &Shared, headers: &HeaderMap, scope: &str) -> Result<Vec<String>, Refusal> {
    let scopes = of(shared, headers)?;
    if scopes.iter().any(|had| had == scope) { Ok(scopes) } else { Err(Refusal::scope(scope)) }
}

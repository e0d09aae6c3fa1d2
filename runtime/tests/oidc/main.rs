//! The provider's clients against a real provider.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod access_tokens;
mod client;
mod keys;

use std::sync::Arc;

use cnpg_mcp_provider::Provider as Fixture;
use cnpg_mcp_runtime::auth::oidc::{AccessTokenVerifier, Discovery, ProviderHttp, ProviderKeys};

const AUDIENCE: &str = "https://mcp.example.com/mcp";

fn discovery(issuer: &str) -> Arc<Discovery> {
    Arc::new(Discovery::new(issuer, ProviderHttp::new().unwrap()))
}

fn keys(fixture: &Fixture) -> Arc<ProviderKeys> {
    Arc::new(ProviderKeys::new(discovery(fixture.issuer()), None).unwrap())
}

fn verifier(fixture: &Fixture) -> AccessTokenVerifier {
    AccessTokenVerifier::new(keys(fixture), AUDIENCE)
}

//! Logging in at the identity provider by the person's browser.

use cnpg_mcp_runtime::auth::keys::random_secret;
use cnpg_mcp_runtime::auth::oidc::{AuthorizationRequest, Pkce, Provider, Tokens};

use crate::browser::Listening;

pub async fn log_in(listening: Listening, provider: &Provider, no_browser: bool) -> anyhow::Result<Tokens> {
    let (state, nonce, pkce) = (random_secret()?, random_secret()?, Pkce::new()?);
    let request = AuthorizationRequest { state: state.expose(), nonce: nonce.expose(), pkce: &pkce };
    let url = provider.authorization_url(&request).await?;
    let answered = listening.log_in(url.as_str(), &state, no_browser).await?;
    provider.check_answer(answered.issuer.as_deref()).await?;
    Ok(provider.exchange(answered.code("the identity provider")?.expose(), &pkce, nonce.expose()).await?)
}

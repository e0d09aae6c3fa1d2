//! Telling the authorization server that a login has ended (RFC 7009).

use anyhow::{Context as _, ensure};
use http::{Method, Request, header};
use rmcp::transport::auth::AuthorizationMetadata;

use super::exchanges::Exchanges;
use super::store::Kept;

/// Revokes the tokens of a login. The refresh token takes the others with it; where there is none, the access token.
///
/// # Errors
/// Where the server cannot be told, or does not do it.
pub async fn revoke(exchanges: &Exchanges, metadata: &AuthorizationMetadata, kept: &Kept) -> anyhow::Result<()> {
    const KEPT: &str = "the server was not told, and the login is kept; --forget takes it away here alone";
    let endpoint = metadata.additional_fields.get("revocation_endpoint").and_then(|endpoint| endpoint.as_str());
    let endpoint = endpoint.context("the server has no way to end a login").context(KEPT)?;
    let (hint, token) = match kept.refresh_token() {
        Some(token) => ("refresh_token", token),
        None => ("access_token", kept.access_token().context("there is no token")?),
    };
    let mut form =
        vec![("token", token.expose()), ("token_type_hint", hint), ("client_id", kept.credentials.client_id.as_str())];
    form.extend(kept.client_secret.as_deref().map(|secret| ("client_secret", secret)));
    let body = reqwest::Url::parse_with_params("form:", &form)?.query().unwrap_or_default().to_owned();
    let request = Request::builder().method(Method::POST).uri(endpoint);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.into_bytes())?;
    let answer = exchanges.send(request).await.map_err(|error| anyhow::anyhow!("{error}")).context(KEPT)?;
    ensure!(answer.status().is_success(), "{KEPT}: {endpoint} answers {}", answer.status());
    Ok(())
}

//! A login at the server that is called: tokens that are kept, renewed, or got by a person's browser, as MCP's
//! authorization describes it (2026-07-28, "Authorization"). Metadata, PKCE and the checks of issuer and resource are
//! the SDK's.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use cnpg_mcp_runtime::auth::configuration::Address;
use cnpg_mcp_runtime::secret::SecretText;
use rmcp::transport::auth::{
    AuthError, AuthorizationManager, AuthorizationMetadata, OAuthClientConfig, OAuthHttpClient,
    ProtectedResourceMetadataInvalidReason, StoredCredentials, WWWAuthenticateParams,
};

use super::exchanges::Exchanges;
use super::revocation;
use super::store::{Kept, Store};
use crate::browser;
use crate::plain::plain;

/// As what this command registers; the consent page shows it.
const NAME: &str = "cnpg-mcp";

/// What the person may choose.
#[derive(Debug, Clone)]
pub struct Choices {
    /// What to ask for; `None`: what the server asks for.
    pub scopes: Option<Vec<String>>,
    /// Show the address instead of opening it.
    pub no_browser: bool,
    /// The port that the browser comes back to.
    pub port: u16,
}

/// The login at one server.
pub struct Login {
    server: Address,
    store: Store,
    exchanges: Arc<Exchanges>,
    choices: Choices,
}

/// What came of renewing a token.
pub enum Renewed {
    /// A token.
    Token(SecretText),
    /// Only a person can go on. Whether the server still knows this command's registration.
    AskPerson { registered: bool },
}

impl Login {
    pub fn at(server: &Address, choices: Choices) -> anyhow::Result<Self> {
        let exchanges = Arc::new(Exchanges::with(server)?);
        Ok(Self { server: server.clone(), store: Store::of(server)?, exchanges, choices })
    }

    /// The token that is kept, if it is valid for a while yet.
    pub fn kept(&self) -> anyhow::Result<Option<SecretText>> {
        Ok(self.store.read()?.and_then(|kept| kept.token()))
    }

    /// A new token for the refresh token that is kept.
    ///
    /// # Errors
    /// Where the server cannot be asked.
    pub async fn renew(&self) -> anyhow::Result<Renewed> {
        let Some(kept) = self.store.read()? else { return Ok(Renewed::AskPerson { registered: false }) };
        if kept.refresh_token().is_none() {
            return Ok(Renewed::AskPerson { registered: false });
        }
        let (mut manager, metadata) = self.discovered(None).await?;
        if kept.credentials.issuer != metadata.issuer {
            eprintln!("The server has another authorization server than before; a new login is needed.");
            self.store.forget()?;
            return Ok(Renewed::AskPerson { registered: false });
        }
        manager.configure_client(client_of(&kept)).map_err(told)?;
        self.exchanges.refused();
        match manager.refresh_token().await {
            Ok(_) => {
                let kept = self.store.read()?.and_then(|kept| kept.token());
                Ok(kept.map_or(Renewed::AskPerson { registered: true }, Renewed::Token))
            }
            Err(AuthError::TokenRefreshRejected(_) | AuthError::AuthorizationRequired) => {
                eprintln!("The login that was kept has ended.");
                Ok(Renewed::AskPerson { registered: true })
            }
            Err(error) => match self.exchanges.refused().as_deref() {
                Some("invalid_client" | "unauthorized_client") => {
                    eprintln!("The server no longer knows this command; it registers again.");
                    self.store.forget()?;
                    Ok(Renewed::AskPerson { registered: false })
                }
                _ => Err(told(error)).context("the login that is kept could not be renewed; try again"),
            },
        }
    }

    /// A token after a person logged in. `challenge`: the server's `WWW-Authenticate`; `registered`: whether it knows
    /// this command's registration; `more`: the scopes of the challenge come to those that there are.
    ///
    /// # Errors
    /// Where nobody logs in, the login is refused, or the server's metadata cannot be used.
    pub async fn by_person(&self, challenge: &str, registered: bool, more: bool) -> anyhow::Result<SecretText> {
        let (mut manager, metadata) = self.discovered(Some(challenge)).await?;
        self.exchanges.allowed(&metadata.authorization_endpoint).map_err(|why| unsafe_address(&why))?;
        let otherwise = "--port takes another one; --token needs no login";
        let listening = browser::listen(self.choices.port, otherwise).await?;
        let kept = self.store.read()?.filter(|kept| kept.credentials.issuer == metadata.issuer);
        let scopes = match (&kept, &self.choices.scopes) {
            (Some(kept), _) if more => self.together(&kept.credentials.granted_scopes, challenge),
            (_, Some(scopes)) => scopes.clone(),
            _ => manager.select_initial_scopes(&[]).await,
        };
        match kept.filter(|kept| registered && kept.redirect_uri == listening.redirect_uri) {
            Some(kept) => manager.configure_client(client_of(&kept)).map_err(told)?,
            None => self.register(&mut manager, &metadata, &listening.redirect_uri).await?,
        }
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let url = manager.get_authorization_url(&scopes).await.map_err(told)?;
        let state = state_of(&url)?;
        let answered = listening.log_in(&url, &state, self.choices.no_browser).await?;
        let issuer = answered.issuer.clone();
        ensure!(
            issuer.is_none() || issuer == metadata.issuer,
            "the answer to the login is of another authorization server; it is not used. Somebody may be interfering"
        );
        let code = answered.code("the server")?;
        manager
            .exchange_code_for_token_with_issuer(code.expose(), state.expose(), issuer.as_deref())
            .await
            .map_err(told)?;
        let token = self.store.read()?.and_then(|kept| kept.token());
        token.context("the server gave a token that is not valid long enough to be used; look at the clocks")
    }

    /// Ends the login: the server is told, and nothing is kept. Whether there was one.
    ///
    /// # Errors
    /// Where the server cannot be told; everything is kept then.
    pub async fn end(&self) -> anyhow::Result<bool> {
        let Some(kept) = self.store.read()? else { return Ok(false) };
        if kept.credentials.token_response.is_some() {
            let (_, metadata) = self.discovered(None).await?;
            if kept.credentials.issuer == metadata.issuer {
                revocation::revoke(self.exchanges.as_ref(), &metadata, &kept).await?;
            }
        }
        self.store.forget()?;
        Ok(true)
    }

    /// Takes away what is kept, without telling the server.
    pub fn forget(&self) -> anyhow::Result<()> {
        self.store.forget()
    }

    async fn discovered(
        &self,
        challenge: Option<&str>,
    ) -> anyhow::Result<(AuthorizationManager, AuthorizationMetadata)> {
        let exchanges: Arc<dyn OAuthHttpClient> = self.exchanges.clone();
        let manager = AuthorizationManager::new_with_oauth_http_client(self.server.as_str(), exchanges).await;
        let mut manager = manager.map_err(told)?;
        manager.set_credential_store(self.store.clone());
        let resolution = manager.resolve_metadata_from_challenge(challenge).await.map_err(told)?;
        ensure!(
            resolution.source.is_discovered(),
            "{} wants a login, and does not say where; pass a token by --token or CNPG_MCP_TOKEN",
            self.server.as_str()
        );
        manager.set_metadata(resolution.metadata.clone());
        Ok((manager, resolution.metadata))
    }

    /// Registers this command (RFC 7591). Scopes are not registered, so that more of them can be asked for later.
    async fn register(
        &self,
        manager: &mut AuthorizationManager,
        metadata: &AuthorizationMetadata,
        redirect_uri: &str,
    ) -> anyhow::Result<()> {
        if metadata.registration_endpoint.is_none() {
            bail!(
                "{} lets nobody register, so this command cannot log in there by itself. Get a token with `cnpg-mcp \
                 token`, and pass it by CNPG_MCP_TOKEN or --token",
                metadata.issuer.as_deref().unwrap_or("the authorization server")
            );
        }
        let client = manager.register_client(NAME, redirect_uri, &[]).await.map_err(told)?;
        let credentials = StoredCredentials::new(client.client_id, None, Vec::new(), None);
        self.store.write(&Kept {
            redirect_uri: redirect_uri.to_owned(),
            client_secret: client.client_secret,
            credentials: credentials.with_issuer(metadata.issuer.clone()),
        })
    }

    /// The scopes that there are, and those that a challenge names.
    fn together(&self, granted: &[String], challenge: &str) -> Vec<String> {
        let asked = WWWAuthenticateParams::parse(challenge, self.server.url()).scope.unwrap_or_default();
        let mut scopes = granted.to_vec();
        scopes.extend(asked.split_whitespace().map(str::to_owned));
        scopes.sort();
        scopes.dedup();
        scopes
    }
}

/// The registered client.
fn client_of(kept: &Kept) -> OAuthClientConfig {
    let client = OAuthClientConfig::new(&kept.credentials.client_id, &kept.redirect_uri);
    match &kept.client_secret {
        Some(secret) => client.with_client_secret(secret),
        None => client,
    }
}

/// The `state` in the address that a browser is sent to.
fn state_of(url: &str) -> anyhow::Result<SecretText> {
    let parsed = reqwest::Url::parse(url)?;
    let state = parsed.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
    state.map(SecretText::new).context("the address of the login has no `state`")
}

fn unsafe_address(why: &str) -> anyhow::Error {
    anyhow::anyhow!("the server sends the login to an address that is not safe: {why}")
}

/// What the SDK says, with what to do.
fn told(error: AuthError) -> anyhow::Error {
    match error {
        AuthError::ProtectedResourceMetadataInvalid { url, reason } => match *reason {
            ProtectedResourceMetadataInvalidReason::ResourceMismatch { permitted, .. } => anyhow::anyhow!(
                "{url} describes another server, {permitted}: a token for it is not sent anywhere else. Call that \
                 address, or have the server's `public_url` set right"
            ),
            reason => anyhow::anyhow!("{url} is no proper description of the server: {reason}"),
        },
        AuthError::DiscoveryRequestFailed { url, source } => {
            anyhow::anyhow!("{url} cannot be read: {}", plain(&source.to_string()))
        }
        AuthError::PkceUnsupported => {
            anyhow::anyhow!("the authorization server does not know PKCE with S256, and nothing less is safe")
        }
        // It may quote what the server wrote.
        error => anyhow::anyhow!("{}", plain(&error.to_string())),
    }
}

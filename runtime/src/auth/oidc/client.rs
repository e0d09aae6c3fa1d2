//! The provider's client.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::Validation;
use reqwest::Url;

use super::form::{self, Asker};
use super::tokens::{Document, Tokens};
use super::{Discovery, Metadata, Pkce, ProviderError, ProviderHttp, ProviderKeys, id_token, jws, same_issuer};
use crate::secret::SecretText;

/// Gives the client's secret each time that it is needed, so that a file of it may change.
pub type Secret = Arc<dyn Fn() -> SecretText + Send + Sync>;

/// How a client presents itself.
#[derive(Clone)]
pub struct ProviderOptions {
    /// Its identifier.
    pub client_id: String,
    /// Its secret; `None` for a public client.
    pub secret: Option<Secret>,
    /// Where the provider sends browsers back to; compared byte for byte there.
    pub redirect_uri: String,
    /// Scopes that are asked for.
    pub scopes: Vec<String>,
    /// What goes to the authorization endpoint besides, such as Auth0's `audience`.
    pub authorize_params: Vec<(String, String)>,
    /// What goes to the token endpoint besides.
    pub token_params: Vec<(String, String)>,
}

/// The values that tie an answer of the provider to a request.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizationRequest<'a> {
    /// Comes back with the browser.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a str,
    /// Its verifier is sent with the code.
    pub pkce: &'a Pkce,
}

/// A client of an identity provider.
pub struct Provider {
    discovery: Arc<Discovery>,
    keys: Arc<ProviderKeys>,
    http: ProviderHttp,
    options: ProviderOptions,
    id_token_rules: Validation,
}

impl Provider {
    /// A client. Nothing is fetched yet.
    pub fn new(discovery: Arc<Discovery>, keys: Arc<ProviderKeys>, options: ProviderOptions) -> Self {
        let id_token_rules = jws::rules(discovery.issuer(), &options.client_id);
        let http = discovery.http().clone();
        Self { discovery, keys, http, options, id_token_rules }
    }

    /// The provider's keys.
    pub fn keys(&self) -> &Arc<ProviderKeys> {
        &self.keys
    }

    /// What the provider says of itself.
    ///
    /// # Errors
    /// Where it was never fetched and cannot be, or is of no use.
    pub async fn metadata(&self) -> Result<Metadata, ProviderError> {
        self.discovery.metadata().await
    }

    /// Where to send a browser to log in (`OpenID` Connect Core 1.0, section 3.1.2.1). Configured parameters
    /// do not stand for those that this client needs itself.
    ///
    /// # Errors
    /// Where the provider's metadata cannot be had.
    pub async fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Result<Url, ProviderError> {
        let mut url = self.metadata().await?.authorization_endpoint;
        let scopes = self.options.scopes.join(" ");
        let challenge = request.pkce.challenge();
        let own = [
            ("response_type", "code"),
            ("client_id", self.options.client_id.as_str()),
            ("redirect_uri", self.options.redirect_uri.as_str()),
            ("scope", scopes.as_str()),
            ("state", request.state),
            ("nonce", request.nonce),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let more = besides(&self.options.authorize_params, &own);
        url.query_pairs_mut().extend_pairs(own).extend_pairs(more);
        Ok(url)
    }

    /// Whether an answer that a browser brings is this provider's (RFC 9207): `iss` names it, or is missing
    /// where the provider does not promise to send it.
    ///
    /// # Errors
    /// Where it is another's, or the provider's metadata cannot be had.
    pub async fn check_answer(&self, issuer: Option<&str>) -> Result<(), ProviderError> {
        let metadata = self.metadata().await?;
        match issuer {
            Some(issuer) if same_issuer(issuer, &metadata.issuer) => Ok(()),
            Some(_) => Err(ProviderError::unexpected("the answer is another issuer's (`iss`)")),
            None if metadata.names_issuer_in_answers => {
                Err(ProviderError::unexpected("the answer does not say whose it is (`iss`)"))
            }
            None => Ok(()),
        }
    }

    /// Exchanges a code for tokens. The ID token must be there, and hold.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] where the code is no good; others where the provider is away, or its answer
    /// is of no use. After any error the code is to be taken as used.
    pub async fn exchange(&self, code: &str, pkce: &Pkce, nonce: &str) -> Result<Tokens, ProviderError> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.options.redirect_uri.as_str()),
            ("code_verifier", pkce.verifier().expose()),
        ];
        let tokens = self.ask(&fields, Some(nonce)).await?;
        if tokens.id_token.is_none() {
            let why = "there is no ID token; is the scope `openid` among `scopes`?";
            return Err(ProviderError::unexpected(why));
        }
        Ok(tokens)
    }

    /// Exchanges a refresh token for a new access token, and where the provider rotates, for a new refresh
    /// token, which then is the only good one.
    ///
    /// # Errors
    /// As [`Self::exchange`]. After [`ProviderError::Away`] it is not known whether the token was used.
    pub async fn refresh(&self, refresh_token: &SecretText) -> Result<Tokens, ProviderError> {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())], None).await
    }

    /// Revokes a refresh token, and with it what it stands for (RFC 7009). `false`: the provider has no
    /// endpoint for that.
    ///
    /// # Errors
    /// Where the provider is away or refuses.
    pub async fn revoke(&self, refresh_token: &SecretText) -> Result<bool, ProviderError> {
        let metadata = self.metadata().await?;
        let Some(url) = &metadata.revocation_endpoint else { return Ok(false) };
        let fields = [("token", refresh_token.expose()), ("token_type_hint", "refresh_token")];
        form::send(&self.http, &metadata, url, &self.asker(), &fields).await?;
        Ok(true)
    }

    /// Asks the token endpoint.
    pub(super) async fn ask(&self, own: &[(&str, &str)], nonce: Option<&str>) -> Result<Tokens, ProviderError> {
        let metadata = self.metadata().await?;
        let mut fields = own.to_vec();
        fields.extend(besides(&self.options.token_params, own));
        let url = &metadata.token_endpoint;
        let body = form::send(&self.http, &metadata, url, &self.asker(), &fields).await?;
        let document = Document::read(&body)?;
        let id_token = match &document.id_token {
            Some(token) => {
                let client = &self.options.client_id;
                Some(id_token::verify(token.expose(), &self.keys, &self.id_token_rules, client, nonce).await?)
            }
            None => None,
        };
        Ok(document.with(id_token))
    }

    pub(super) fn asker(&self) -> Asker<'_> {
        Asker { client: &self.options.client_id, secret: self.options.secret.as_ref().map(|secret| secret()) }
    }

    pub(super) fn options(&self) -> &ProviderOptions {
        &self.options
    }

    pub(super) fn http(&self) -> &ProviderHttp {
        &self.http
    }
}

/// Configured parameters that do not have the name of one that is sent anyway.
pub(super) fn besides<'a>(configured: &'a [(String, String)], own: &[(&str, &str)]) -> Vec<(&'a str, &'a str)> {
    configured
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !own.iter().any(|(sent, _)| sent == name) && !name.starts_with("client_"))
        .collect()
}

impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Provider({:?}, client {:?})", self.discovery.issuer(), self.options.client_id)
    }
}

impl fmt::Debug for ProviderOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderOptions")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

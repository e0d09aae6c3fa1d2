//! Logging in on another device (RFC 8628), for terminals.

use std::time::Duration;

use serde::Deserialize;

use super::client::besides;
use super::{Provider, ProviderError, Tokens, form};
use crate::secret::SecretText;

/// The grant type (RFC 8628, section 3.4).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Time between questions where the provider does not say (RFC 8628, section 3.2).
const INTERVAL: Duration = Duration::from_secs(5);

/// What a person has to do, and with what to ask whether it was done.
#[derive(Debug, Clone)]
pub struct DeviceCode {
    /// With what to ask.
    pub device_code: SecretText,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// Where nothing has to be typed, where the provider has such an address.
    pub verification_uri_complete: Option<String>,
    /// How long the person has.
    pub expires_in: Duration,
    /// Time between questions.
    pub interval: Duration,
}

/// The answer to a question.
#[derive(Debug)]
pub enum Polled {
    /// The person has logged in.
    Done(Box<Tokens>),
    /// Not yet.
    Pending,
    /// Not yet, and the questions come too fast: five seconds more between them (RFC 8628, section 3.5).
    SlowDown,
}

#[derive(Deserialize)]
struct Document {
    device_code: SecretText,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

impl Provider {
    /// Begins a login on another device.
    ///
    /// # Errors
    /// Where the provider does not do that, refuses the client, or is away.
    pub async fn begin_device(&self) -> Result<DeviceCode, ProviderError> {
        let metadata = self.metadata().await?;
        let Some(url) = &metadata.device_authorization_endpoint else {
            return Err(ProviderError::unexpected("it has no device flow"));
        };
        let scopes = self.options().scopes.join(" ");
        let own = [("scope", scopes.as_str())];
        let mut fields = own.to_vec();
        fields.extend(besides(&self.options().authorize_params, &own));
        let body = form::send(self.http(), &metadata, url, &self.asker(), &fields).await?;
        let document: Document = serde_json::from_slice(&body).map_err(|error| {
            ProviderError::unexpected(format!("the device code is not as it should be ({:?})", error.classify()))
        })?;
        Ok(DeviceCode {
            device_code: document.device_code,
            user_code: document.user_code,
            verification_uri: document.verification_uri,
            verification_uri_complete: document.verification_uri_complete,
            expires_in: Duration::from_secs(document.expires_in),
            interval: document.interval.map_or(INTERVAL, Duration::from_secs),
        })
    }

    /// Asks whether the person has logged in.
    ///
    /// # Errors
    /// Where the person refused (`access_denied`), took too long (`expired_token`), or the provider is away.
    pub async fn poll_device(&self, code: &DeviceCode) -> Result<Polled, ProviderError> {
        let fields = [("grant_type", GRANT), ("device_code", code.device_code.expose())];
        match self.ask(&fields, None).await {
            Ok(tokens) => Ok(Polled::Done(Box::new(tokens))),
            Err(ProviderError::Refused(refusal)) if refusal.error == "authorization_pending" => Ok(Polled::Pending),
            Err(ProviderError::Refused(refusal)) if refusal.error == "slow_down" => Ok(Polled::SlowDown),
            Err(error) => Err(error),
        }
    }
}

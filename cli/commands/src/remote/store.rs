//! What is kept of a login at a server: the registration of this command there, and its tokens.

use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cnpg_mcp_runtime::auth::configuration::Address;
use cnpg_mcp_runtime::secret::SecretText;
use oauth2::TokenResponse as _;
use rmcp::transport::auth::{AuthError, CredentialRefreshGuard, CredentialStore, StoredCredentials};
use serde::{Deserialize, Serialize};

use crate::kept::KeptFile;

/// How long a token must still be valid to be used.
const LEAST: Duration = Duration::from_secs(30);

/// The file of one server.
#[derive(Debug, Clone)]
pub struct Store(KeptFile);

/// What stands in it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Where the registered client is sent back to.
    pub redirect_uri: String,
    /// The client's secret, where the server gave one although none was asked for.
    pub client_secret: Option<String>,
    /// The client's identifier, who issued it, and the tokens.
    pub credentials: StoredCredentials,
}

impl Store {
    pub fn of(server: &Address) -> anyhow::Result<Self> {
        KeptFile::of("logins", &[server.as_str()]).map(Self)
    }

    pub fn read(&self) -> anyhow::Result<Option<Kept>> {
        self.0.read()
    }

    pub fn write(&self, kept: &Kept) -> anyhow::Result<()> {
        self.0.write(&serde_json::to_value(kept)?)
    }

    pub fn forget(&self) -> anyhow::Result<()> {
        self.0.forget()
    }

    /// Held while tokens are refreshed: two commands that use one refresh token would look like theft to the server.
    async fn lock(&self) -> anyhow::Result<File> {
        let path = self.0.path().with_extension("lock");
        let locked = tokio::task::spawn_blocking(move || {
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            file.lock().map(|()| file)
        });
        Ok(locked.await??)
    }
}

impl Kept {
    /// The access token, if it is valid for a while yet.
    pub fn token(&self) -> Option<SecretText> {
        let tokens = self.credentials.token_response.as_ref()?;
        if let (Some(lasts), Some(received)) = (tokens.expires_in(), self.credentials.token_received_at) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let end = Duration::from_secs(received) + lasts;
            // Of a short life, half has to be left.
            if end.saturating_sub(now) < LEAST.min(lasts / 2).max(Duration::from_secs(1)) {
                return None;
            }
        }
        self.access_token()
    }

    /// The access token, valid or not.
    pub fn access_token(&self) -> Option<SecretText> {
        let token = self.credentials.token_response.as_ref()?.access_token();
        Some(SecretText::new(token.secret().clone()))
    }

    /// The refresh token, if there is one.
    pub fn refresh_token(&self) -> Option<SecretText> {
        let token = self.credentials.token_response.as_ref()?.refresh_token()?;
        Some(SecretText::new(token.secret().clone()))
    }
}

fn failed(error: &anyhow::Error) -> AuthError {
    AuthError::CredentialStoreError(format!("{error:#}"))
}

#[async_trait::async_trait]
impl CredentialStore for Store {
    async fn load(&self) -> Result<Option<StoredCredentials>, AuthError> {
        Ok(self.read().map_err(|error| failed(&error))?.map(|kept| kept.credentials))
    }

    async fn save(&self, credentials: StoredCredentials) -> Result<(), AuthError> {
        let kept = self.read().map_err(|error| failed(&error))?;
        let Some(kept) = kept else {
            return Err(AuthError::CredentialStoreError("the login was forgotten meanwhile".to_owned()));
        };
        self.write(&Kept { credentials, ..kept }).map_err(|error| failed(&error))
    }

    async fn clear(&self) -> Result<(), AuthError> {
        self.forget().map_err(|error| failed(&error))
    }

    async fn acquire_refresh_guard(&self) -> Result<Option<CredentialRefreshGuard>, AuthError> {
        Ok(Some(CredentialRefreshGuard::new(self.lock().await.map_err(|error| failed(&error))?)))
    }
}

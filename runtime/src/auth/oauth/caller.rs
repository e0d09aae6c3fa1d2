//! Who a request is from: a token that this server issued, whose session is there, and whose person the provider still
//! knows.

use thiserror::Error;

use super::Proxy;
use super::live::{self, NotLive};
use crate::auth::bearer::Refused;
use crate::auth::resource::{Caller, Denied, LetsIn};

/// A request that is not let in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotLetIn {
    /// The token is not this server's, or has expired: 401 `invalid_token`.
    #[error(transparent)]
    Token(#[from] Refused),
    /// The session has ended: 401 `invalid_token`.
    #[error("the session of the access token has ended; log in again")]
    Ended,
    /// It cannot be found out now: 503.
    #[error("{0}")]
    Unavailable(String),
}

impl Proxy {
    /// Who a token lets in. Refreshes the provider's token of its session where that is due.
    ///
    /// # Errors
    /// Where nobody, or that cannot be found out now.
    pub async fn caller(&self, token: &str) -> Result<Caller, NotLetIn> {
        let claims = self.0.tokens.verify(token)?;
        let session = live::session(&self.0, &claims.sid).await.map_err(|error| match error {
            NotLive::Ended => NotLetIn::Ended,
            NotLive::ProviderAway => NotLetIn::Unavailable("the identity provider is not available".to_owned()),
            NotLive::Store(error) => {
                tracing::error!(%error, "a request could not be let in");
                NotLetIn::Unavailable("the session store is not available".to_owned())
            }
        })?;
        if session.subject != claims.sub || session.client != claims.client_id {
            return Err(NotLetIn::Ended);
        }
        let scopes = claims.scopes().map(str::to_owned).collect();
        Ok(Caller { subject: session.subject, client: session.client, scopes, claims: session.claims })
    }
}

impl LetsIn for Proxy {
    async fn caller(&self, token: &str) -> Result<Caller, Denied> {
        Proxy::caller(self, token).await.map_err(|refused| match refused {
            NotLetIn::Unavailable(why) => Denied::Unavailable(why),
            other => Denied::Token(other.to_string()),
        })
    }
}

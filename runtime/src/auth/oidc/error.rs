//! What can go wrong with the provider.

use std::fmt;

use serde::Deserialize;
use thiserror::Error;

/// Most characters of a description that is repeated.
const MAX_DESCRIPTION: usize = 200;

/// A request to the provider that did not do what it should. No token, code or secret is in the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// The provider says no (RFC 6749, section 5.2). Asking the same again changes nothing.
    #[error("the identity provider refused: {0}")]
    Refused(Refusal),
    /// The provider cannot be reached, or has a fault of its own: later it may answer. Whether it did what it
    /// was asked for is not known.
    #[error("the identity provider is not available: {why}")]
    Away {
        /// What happened.
        why: String,
    },
    /// The provider answers, and not as a provider does.
    #[error("the identity provider's answer is of no use: {why}")]
    Unexpected {
        /// What is wrong with it.
        why: String,
    },
}

impl ProviderError {
    pub(super) fn away(why: impl Into<String>) -> Self {
        Self::Away { why: why.into() }
    }

    pub(super) fn unexpected(why: impl Into<String>) -> Self {
        Self::Unexpected { why: why.into() }
    }

    /// Whether the provider may answer later.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. })
    }

    /// Whether a code or refresh token is not, or no longer, good (`invalid_grant`): the person has to log in.
    pub fn is_invalid_grant(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.error == "invalid_grant")
    }
}

/// An error of the provider (RFC 6749, section 5.2).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// Its code, such as `invalid_grant`.
    pub error: String,
    /// What the provider says of it.
    #[serde(rename = "error_description", default)]
    pub description: Option<String>,
}

impl Refusal {
    /// The refusal with printable text of bounded length alone. `secrets` are what the request held: a
    /// provider may quote it.
    pub(super) fn cleaned(self, secrets: &crate::secret::KnownSecrets) -> Self {
        let clean = |text: String| -> String {
            secrets.mask(&text).chars().filter(|character| !character.is_control()).take(MAX_DESCRIPTION).collect()
        };
        Self { error: clean(self.error), description: self.description.map(clean) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.description {
            Some(description) => write!(formatter, "{} ({description})", self.error),
            None => formatter.write_str(&self.error),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

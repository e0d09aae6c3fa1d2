//! Proof key for code exchange (RFC 7636), S256 alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::ProviderError;
use crate::auth::keys::random_secret;
use crate::secret::SecretText;

/// A verifier, which stays here, and its challenge, which goes out first.
#[derive(Debug, Clone)]
pub struct Pkce(SecretText);

impl Pkce {
    /// A new one: 43 characters of 32 random bytes (RFC 7636, section 4.1).
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn new() -> Result<Self, ProviderError> {
        let verifier = random_secret();
        verifier.map(Self).map_err(|_| ProviderError::unexpected("the operating system gives no random bytes"))
    }

    /// One that was kept.
    pub fn kept(verifier: SecretText) -> Self {
        Self(verifier)
    }

    /// What is sent with the code.
    pub fn verifier(&self) -> &SecretText {
        &self.0
    }

    /// What is sent with the authorization request.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let pkce = Pkce::kept(SecretText::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned()));
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_ne!(Pkce::new().unwrap().challenge(), Pkce::new().unwrap().challenge());
    }
}

//! Keys: one file of root keys, from which every other key is derived.
//!
//! Rotation: put a new root key before the old one. The first issues, all verify; drop the old one when
//! nothing that it issued is valid any more.

mod derive;
mod mac;
mod root;
mod vault;

pub use derive::{Keys, SigningKey};
pub use mac::Mac;
pub use root::{KeyFileError, RootKeys};
pub use vault::{CannotOpen, Vault};

use subtle::ConstantTimeEq as _;

/// Whether two secrets are the same, in a time that depends on their lengths alone.
pub fn same_secret(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// A new secret that nobody guesses: 32 random bytes as base64url (43 characters).
///
/// # Errors
/// Where the operating system gives no random bytes.
pub fn random_secret() -> Result<crate::secret::SecretText, getrandom::Error> {
    use base64::Engine as _;
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    Ok(crate::secret::SecretText::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same_secret("", ""));
        assert!(same_secret("abc", "abc"));
        for other in ["", "ab", "abd", "abcd", "Abc"] {
            assert!(!same_secret("abc", other), "{other}");
        }
    }

    #[test]
    fn random_secrets_are_long_and_differ() {
        let (a, b) = (random_secret().unwrap(), random_secret().unwrap());
        assert_eq!(a.expose().len(), 43);
        assert_ne!(a.expose(), b.expose());
        assert_eq!(format!("{a:?}"), "<secret>");
    }
}

//! Encryption of what is stored: [Fernet](https://github.com/fernet/spec/blob/master/Spec.md)
//! (AES-128-CBC and HMAC-SHA-256).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use fernet::{Fernet, MultiFernet};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::SecretText;

/// Between the place and the secret; no place has it.
const END_OF_PLACE: u8 = 0;

/// Seals secrets with the first key, and opens what any key sealed.
pub struct Vault(MultiFernet);

/// What was stored cannot be opened: it was changed, moved from its place, or sealed with a key that is
/// no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("what is stored cannot be opened: it was changed, or its root key is no longer in the file of signing keys")]
pub struct CannotOpen;

impl Vault {
    /// `keys`: at least one, the sealing one first.
    pub(super) fn new(keys: &[Zeroizing<[u8; 32]>]) -> Self {
        let fernets = keys.iter().filter_map(|key| Fernet::new(&Zeroizing::new(URL_SAFE.encode(**key)))).collect();
        // Each key is 32 bytes, which is what Fernet asks for, so none was left out.
        Self(MultiFernet::new(fernets))
    }

    /// Seals a secret for one place, such as the key of its record: sealed text that somebody copies to
    /// another record cannot be opened there. A place has no NUL character; what follows one is not part of it.
    pub fn seal(&self, place: &str, secret: &SecretText) -> String {
        let place = place.split('\0').next().unwrap_or_default();
        let mut plain = Zeroizing::new(Vec::with_capacity(place.len() + 1 + secret.expose().len()));
        plain.extend_from_slice(place.as_bytes());
        plain.push(END_OF_PLACE);
        plain.extend_from_slice(secret.expose().as_bytes());
        self.0.encrypt(&plain)
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// Where it was sealed for another place, with an unknown key, or was changed.
    pub fn open(&self, place: &str, sealed: &str) -> Result<SecretText, CannotOpen> {
        let plain = Zeroizing::new(self.0.decrypt(sealed).map_err(|_| CannotOpen)?);
        let end = plain.iter().position(|byte| *byte == END_OF_PLACE).ok_or(CannotOpen)?;
        if plain[..end] != *place.as_bytes() {
            return Err(CannotOpen);
        }
        std::str::from_utf8(&plain[end + 1..]).map(|text| SecretText::new(text.to_owned())).map_err(|_| CannotOpen)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Vault")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(keys: &[u8]) -> Vault {
        Vault::new(&keys.iter().map(|byte| Zeroizing::new([*byte; 32])).collect::<Vec<_>>())
    }

    #[test]
    fn a_secret_is_opened_at_its_place_alone() {
        let vault = vault(&[1]);
        for secret in ["", "token", "with \0 inside", "é".repeat(5000).as_str()] {
            let sealed = vault.seal("session/1", &SecretText::new(secret.to_owned()));
            assert!(secret.is_empty() || !sealed.contains(secret));
            assert_eq!(vault.open("session/1", &sealed).unwrap().expose(), secret);
            for place in ["session/2", "", "session/1\0", "session/"] {
                assert_eq!(vault.open(place, &sealed).unwrap_err(), CannotOpen, "{place}");
            }
        }
    }

    #[test]
    fn changed_text_is_refused() {
        let vault = vault(&[1]);
        let sealed = vault.seal("p", &SecretText::new("token".to_owned()));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character before the padding has bits that say nothing.
            if URL_SAFE.decode(&changed).is_ok_and(|bytes| bytes == URL_SAFE.decode(&sealed).unwrap()) {
                continue;
            }
            assert!(vault.open("p", &changed).is_err(), "{index}");
        }
        for other in ["", "gAAAAA", &sealed[..sealed.len() - 4], "not base64!"] {
            assert!(vault.open("p", other).is_err());
        }
    }

    #[test]
    fn rotation_opens_the_old_and_seals_with_the_new() {
        let (old, both, new) = (vault(&[1]), vault(&[2, 1]), vault(&[2]));
        let secret = SecretText::new("token".to_owned());
        let sealed = old.seal("p", &secret);
        assert_eq!(both.open("p", &sealed).unwrap().expose(), "token");
        assert!(new.open("p", &sealed).is_err());
        let sealed = both.seal("p", &secret);
        assert_eq!(new.open("p", &sealed).unwrap().expose(), "token");
        assert!(old.open("p", &sealed).is_err());
    }
}

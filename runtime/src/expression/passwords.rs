//! Passwords.

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::secret::SecretText;

/// Letters and digits alone: safe in connection strings, shells and `.pgpass` without quoting.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Bytes at or above this are drawn again, so that each character is as likely as any other.
const UNBIASED: u8 = 248; // 4 * 62

/// `random_password(length)`: letters and digits from the operating system's random source, each equally
/// likely (32 of them hold 190 bits).
///
/// # Errors
/// A length outside 16 to 1024, or an operating system without random source.
pub fn random_password(length: i64) -> Result<SecretText, Failure> {
    let length = usize::try_from(length)
        .ok()
        .filter(|length| (16..=1024).contains(length))
        .ok_or_else(|| Failure::internal("A password must have between 16 and 1024 characters."))?;
    let mut password = String::with_capacity(length);
    let mut drawn = Zeroizing::new([0_u8; 64]);
    while password.len() < length {
        getrandom::fill(drawn.as_mut_slice()).map_err(|_| {
            Failure::internal("The operating system gives no random numbers, so no password can be made.")
        })?;
        let usable = drawn.iter().filter(|byte| **byte < UNBIASED);
        password.extend(usable.take(length - password.len()).map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
    }
    Ok(SecretText::new(password))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn length_and_alphabet() {
        let password = random_password(32).unwrap();
        assert_eq!(password.expose().len(), 32);
        assert!(password.expose().bytes().all(|byte| ALPHABET.contains(&byte)));
        assert_ne!(password.expose(), random_password(32).unwrap().expose());
        assert!(random_password(15).is_err());
        assert!(random_password(-1).is_err());
        assert!(random_password(i64::MAX).is_err());
    }

    #[test]
    fn every_character_is_about_as_likely() {
        let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
        for _ in 0..100 {
            for byte in random_password(620).unwrap().expose().bytes() {
                *counts.entry(byte).or_default() += 1;
            }
        }
        // 62,000 draws of 62 characters: 1000 each, standard deviation about 31.
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| (750..1250).contains(count)), "{counts:?}");
    }
}

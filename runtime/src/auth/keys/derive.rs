//! Keys for one purpose each, derived from root keys by HKDF (RFC 5869) with SHA-256.
//!
//! A key that is misused or leaks for one purpose says nothing about the others. Labels are part of what
//! is stored and issued: a changed label is a rotation without the old key.

use std::fmt;

use ring::hkdf;
use ring::hmac;
use zeroize::Zeroizing;

use super::mac::Mac;
use super::root::RootKeys;
use super::vault::Vault;

/// Bytes of each derived key.
const BYTES: usize = 32;

/// Ties derivation to this program.
const SALT: &[u8] = b"cnpg-mcp/v1";

/// Label of keys that sign access tokens.
const SIGNING: &[u8] = b"signing";
/// Label of keys that encrypt what is stored.
const STORAGE: &[u8] = b"storage";
/// Label of keys that sign cookies.
const COOKIES: &[u8] = b"cookies";
/// Label of keys that bind forms to a browser.
const CSRF: &[u8] = b"csrf";
/// Label of keys by which refresh tokens are known.
const REFRESH: &[u8] = b"refresh";
/// Label of keys that seal what clients carry between rounds.
const ROUNDS: &[u8] = b"rounds";
/// Label of names of signing keys: public, so derived apart.
const KEY_ID: &[u8] = b"key-id";

/// Bytes of a signing key's name.
const KEY_ID_BYTES: usize = 8;

/// Every key of a server, for one purpose each.
pub struct Keys {
    signing: Vec<SigningKey>,
    storage: Vault,
    cookies: Mac,
    csrf: Mac,
    refresh: Mac,
    rounds: Zeroizing<[u8; BYTES]>,
}

/// Signs access tokens (HS256).
pub struct SigningKey {
    /// Its name in a token's header (`kid`); it says nothing about the key.
    pub id: String,
    /// The key, wiped from memory when dropped.
    pub secret: Zeroizing<[u8; BYTES]>,
}

impl Keys {
    /// Derives all keys. The first root key issues, all verify.
    pub fn derive(roots: &RootKeys) -> Self {
        let (mut signing, mut storage) = (Vec::new(), Vec::new());
        let (mut cookies, mut csrf, mut refresh) = (Vec::new(), Vec::new(), Vec::new());
        let mut rounds = None;
        for root in roots.all() {
            let root = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(root);
            let id = hex(&expand(&root, KEY_ID)[..KEY_ID_BYTES]);
            signing.push(SigningKey { id, secret: expand(&root, SIGNING) });
            storage.push(expand(&root, STORAGE));
            rounds.get_or_insert_with(|| expand(&root, ROUNDS));
            for (label, keys) in [(COOKIES, &mut cookies), (CSRF, &mut csrf), (REFRESH, &mut refresh)] {
                keys.push(hmac::Key::new(hmac::HMAC_SHA256, &*expand(&root, label)));
            }
        }
        Self {
            signing,
            storage: Vault::new(&storage),
            cookies: Mac::new(cookies),
            csrf: Mac::new(csrf),
            refresh: Mac::new(refresh),
            // There is at least one root key.
            rounds: rounds.unwrap_or_default(),
        }
    }

    /// Keys of access tokens, the issuing one first; at least one.
    pub fn signing(&self) -> &[SigningKey] {
        &self.signing
    }

    /// Encrypts what is stored.
    pub fn storage(&self) -> &Vault {
        &self.storage
    }

    /// Signs cookies.
    pub fn cookies(&self) -> &Mac {
        &self.cookies
    }

    /// Binds forms to a browser.
    pub fn csrf(&self) -> &Mac {
        &self.csrf
    }

    /// Seals what clients carry between the rounds of a confirmation. The issuing key's alone: a round lasts minutes.
    pub fn rounds(&self) -> &[u8; BYTES] {
        &self.rounds
    }

    /// Knows refresh tokens that this server issued.
    pub fn refresh(&self) -> &Mac {
        &self.refresh
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.signing.iter().map(|key| &key.id)).finish()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.id)
    }
}

/// A key for one purpose.
fn expand(root: &hkdf::Prk, label: &[u8]) -> Zeroizing<[u8; BYTES]> {
    let mut key = Zeroizing::new([0; BYTES]);
    let filled = root.expand(&[label], hkdf::HKDF_SHA256).and_then(|expanded| expanded.fill(&mut *key));
    // Fails for more than 255 blocks, or for a buffer of another length than was asked for; this is one block.
    assert!(filled.is_ok(), "one block of HKDF-SHA256 is as long as its hash");
    key
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    const OLD: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    const NEW: &str = "YW5vdGhlciByb290IGtleSBvZiAzMiBieXRlcyBsb25n";

    fn keys(text: &str) -> Keys {
        Keys::derive(&RootKeys::parse(text, Path::new("keys")).unwrap())
    }

    #[test]
    fn each_purpose_and_each_root_has_a_key_of_its_own() {
        let mut seen = HashSet::new();
        for root in [OLD, NEW] {
            use base64::Engine as _;
            let root = base64::engine::general_purpose::STANDARD.decode(root).unwrap();
            let root = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(&root);
            for label in [SIGNING, STORAGE, COOKIES, CSRF, REFRESH, ROUNDS, KEY_ID] {
                assert!(seen.insert(*expand(&root, label)));
            }
        }
        assert_eq!(seen.len(), 14);
    }

    /// Computed with another implementation (OpenSSL's `kdf HKDF`): a change here logs everybody out.
    #[test]
    fn derivation_is_hkdf_and_stays_as_it_is() {
        let keys = keys(OLD);
        assert_eq!(hex(&*keys.signing()[0].secret), "53c8d5b5a29e3e6aed527db71cebd9b5a2657a0e639a45ca057e47e300fb24fe");
        assert_eq!(keys.signing()[0].id, "8a0d93008c1b8152");
    }

    #[test]
    fn the_first_key_issues_and_all_verify() {
        let (before, between, after) = (keys(OLD), keys(&format!("{NEW}\n{OLD}")), keys(NEW));
        let ids = |keys: &Keys| keys.signing().iter().map(|key| key.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&between), [ids(&after), ids(&before)].concat());
        let old = before.cookies().tag(b"message");
        assert!(between.cookies().verify(b"message", &old));
        assert!(!after.cookies().verify(b"message", &old));
        let new = between.cookies().tag(b"message");
        assert!(after.cookies().verify(b"message", &new));
        assert!(!before.cookies().verify(b"message", &new));
        assert!(!after.csrf().verify(b"message", &new), "a cookie's tag is no form's");
    }

    #[test]
    fn no_key_is_shown() {
        let keys = keys(OLD);
        assert_eq!(format!("{keys:?}"), format!("[\"{}\"]", keys.signing()[0].id));
        assert!(!format!("{:?}", keys.signing()[0]).contains(&hex(&*keys.signing()[0].secret)));
    }
}

//! Message authentication for cookies and forms: HMAC-SHA-256 (RFC 2104), compared in constant time.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// Tags messages with the first key, and verifies with every key.
pub struct Mac(Vec<hmac::Key>);

impl Mac {
    /// `keys`: at least one, the issuing one first.
    pub(super) fn new(keys: Vec<hmac::Key>) -> Self {
        Self(keys)
    }

    /// A tag of a message: base64url, 43 characters.
    pub fn tag(&self, message: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0[0], message))
    }

    /// Whether the tag is one that this server made for this message.
    pub fn verify(&self, message: &[u8], tag: &str) -> bool {
        URL_SAFE_NO_PAD.decode(tag).is_ok_and(|tag| self.0.iter().any(|key| hmac::verify(key, message, &tag).is_ok()))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Mac({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_tag_of_the_same_message_is_accepted() {
        let mac = Mac::new(vec![hmac::Key::new(hmac::HMAC_SHA256, b"key")]);
        let tag = mac.tag(b"transaction");
        assert_eq!(tag.len(), 43);
        assert!(mac.verify(b"transaction", &tag));
        assert!(!mac.verify(b"another transaction", &tag));
        for other in ["", &tag[..42], &format!("{tag}="), &format!("{tag}A"), &tag.to_lowercase(), "%", "é"] {
            assert!(!mac.verify(b"transaction", other), "{other}");
        }
        assert!(!Mac::new(vec![hmac::Key::new(hmac::HMAC_SHA256, b"yek")]).verify(b"transaction", &tag));
    }
}

//! Clients: programs that registered, and what is known of each.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::records::Records;
use super::redirect;
use crate::auth::keys::same_secret;
use crate::auth::store::{Key, Space, StoreError};
use crate::secret::SecretText;

/// Most bytes of a client's identifier that is looked up.
pub(super) const MAX_ID: usize = 2048;

/// Longest name that is shown, in characters.
const MAX_NAME: usize = 80;

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Client {
    /// Its identifier: made here, or the address of its document.
    pub id: String,
    /// What it calls itself.
    pub name: Option<String>,
    pub redirect_uris: Vec<String>,
    pub authentication: Authentication,
}

/// How a client shows that it is the one (RFC 7591, section 2, `token_endpoint_auth_method`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Authentication {
    /// It is public: PKCE and single use protect it.
    None,
    /// A secret; its hash is kept.
    Secret { hash: String },
}

impl Client {
    /// The registered URI that a request's is, if any.
    pub fn has_redirect(&self, asked: &str) -> bool {
        redirect::check(asked).is_ok() && self.redirect_uris.iter().any(|known| redirect::matches(known, asked))
    }

    /// Whether a secret is the client's. A client without one has none to show, and one with one must.
    pub fn is_shown_by(&self, secret: Option<&str>) -> bool {
        match (&self.authentication, secret) {
            (Authentication::None, None) => true,
            (Authentication::Secret { hash }, Some(secret)) => same_secret(hash, &hashed(secret)),
            _ => false,
        }
    }
}

/// Hash of a secret of 32 random bytes, which needs no salt.
pub(super) fn hashed(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret))
}

/// A name as it is shown: one line, no characters that turn or hide others, bounded. `None`: nothing is left.
pub(super) fn shown_name(name: &str) -> Option<String> {
    let visible = |character: &char| {
        !character.is_control()
            && !matches!(*character,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}')
    };
    let blanks: String =
        name.chars().map(|character| if character.is_whitespace() { ' ' } else { character }).collect();
    let words: Vec<String> = blanks
        .split(' ')
        .map(|word| word.chars().filter(visible).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    let name = words.join(" ");
    if name.chars().count() > MAX_NAME {
        return Some(name.chars().take(MAX_NAME - 1).chain(['…']).collect());
    }
    (!name.is_empty()).then_some(name)
}

/// Registered clients.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    records: Records,
    life: Duration,
    unused: Duration,
}

impl Clients {
    /// `unused`: life of a client that never logged anybody in; `life`: since it last did.
    pub fn new(records: Records, unused: Duration, life: Duration) -> Self {
        Self { records, life, unused }
    }

    pub async fn add(&self, client: &Client) -> Result<(), StoreError> {
        self.records.put(&key(&client.id), client, self.unused).await
    }

    pub async fn find(&self, id: &str) -> Result<Option<Client>, StoreError> {
        self.records.get(&key(id)).await
    }

    /// It was used: it lives on from now.
    pub async fn used(&self, id: &str) -> Result<(), StoreError> {
        self.records.store().extend(&key(id), self.life).await.map(drop)
    }
}

fn key(id: &str) -> Key {
    Key::of(Space::Client, id)
}

/// A new client's secret and the hash of it that is kept.
pub(super) fn new_secret() -> Result<(SecretText, Authentication), getrandom::Error> {
    let secret = crate::auth::keys::random_secret()?;
    let hash = hashed(secret.expose());
    Ok((secret, Authentication::Secret { hash }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_tricks() {
        for (name, shown) in [
            ("Claude", Some("Claude")),
            ("  Cl\u{200b}aude\r\n\tCode ", Some("Claude Code")),
            ("\u{202e}edualC", Some("edualC")),
            ("<script>", Some("<script>")),
            ("\u{202e} \n", None),
            ("", None),
        ] {
            assert_eq!(shown_name(name).as_deref(), shown, "{name:?}");
        }
        assert_eq!(shown_name(&"x".repeat(500)).unwrap().chars().count(), MAX_NAME);
    }

    #[test]
    fn secrets_are_shown_by_those_who_have_one() {
        let client = |authentication| Client { id: "c".to_owned(), name: None, redirect_uris: vec![], authentication };
        let public = client(Authentication::None);
        assert!(public.is_shown_by(None) && !public.is_shown_by(Some("x")));
        let (secret, authentication) = new_secret().unwrap();
        let confidential = client(authentication);
        assert!(confidential.is_shown_by(Some(secret.expose())));
        assert!(!confidential.is_shown_by(None) && !confidential.is_shown_by(Some("x")));
        assert!(!format!("{confidential:?}").contains(secret.expose()));
    }
}

//! Refresh tokens: each is used once and gives the next. One that comes again ends the session (OAuth 2.1,
//! section 4.3.1).
//!
//! A token is the session's name, a number that grows, and a tag by which this server knows its own. So one record a
//! session is enough to know every token that was ever used, and nobody can end a session with a token made up.

use serde::{Deserialize, Serialize};

use super::Shared;
use super::records::Found;
use crate::auth::keys::Keys;
use crate::auth::store::{Key, Space, StoreError};
use crate::secret::SecretText;

/// Before every token: what it is, and the version of its form.
const KIND: &str = "cnpg-rt1";

/// Most bytes of a token that is looked at.
const MAX_TOKEN: usize = 256;

/// What is kept of a session's refresh tokens.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub client: String,
    /// Number of the one that is good.
    pub number: u64,
}

/// What a token says that this server issued.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub session: String,
    pub number: u64,
}

/// The token of a session and a number.
pub(super) fn text(keys: &Keys, session: &str, number: u64) -> SecretText {
    let tag = keys.refresh().tag(&message(session, number));
    SecretText::new(format!("{KIND}.{session}.{number}.{tag}"))
}

/// What a token says. `None`: this server did not issue it.
pub(super) fn read(keys: &Keys, token: &str) -> Option<Said> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let mut parts = token.split('.');
    let (kind, session, number, tag) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let number = number.parse().ok().filter(|parsed: &u64| parsed.to_string() == number)?;
    let ours = kind == KIND && parts.next().is_none() && keys.refresh().verify(&message(session, number), tag);
    ours.then(|| Said { session: session.to_owned(), number })
}

/// Begins a session's line, and gives the first token.
pub(super) async fn begin(shared: &Shared, session: &str, client: &str) -> Result<SecretText, StoreError> {
    let line = Line { client: client.to_owned(), number: 0 };
    shared.records.put(&key(session), &line, shared.times.session).await?;
    Ok(text(&shared.keys, session, 0))
}

/// A session's line.
pub(super) async fn find(shared: &Shared, session: &str) -> Result<Option<Found<Line>>, StoreError> {
    shared.records.find(&key(session)).await
}

/// Uses the good token up, and gives the next. `None`: somebody else was first.
pub(super) async fn turn(
    shared: &Shared,
    session: &str,
    found: &Found<Line>,
) -> Result<Option<SecretText>, StoreError> {
    let number = found.record.number + 1;
    let next = Line { client: found.record.client.clone(), number };
    let turned = shared.records.replace(&key(session), found, &next, shared.times.session).await?;
    Ok(turned.then(|| text(&shared.keys, session, number)))
}

/// Takes a session's line away.
pub(super) async fn forget(shared: &Shared, session: &str) -> Result<(), StoreError> {
    shared.records.store().delete(&key(session)).await.map(drop)
}

fn key(session: &str) -> Key {
    Key::of(Space::Refresh, session)
}

fn message(session: &str, number: u64) -> Vec<u8> {
    format!("{KIND}\0{session}\0{number}").into_bytes()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::auth::keys::RootKeys;

    #[test]
    fn only_own_tokens_are_read() {
        let derive = |root: &str| Keys::derive(&RootKeys::parse(root, Path::new("keys")).unwrap());
        let keys = derive("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
        let token = text(&keys, "session", 7);
        let token = token.expose();
        assert_eq!(read(&keys, token), Some(Said { session: "session".to_owned(), number: 7 }));
        for other in [
            token.replace(".7.", ".8."),
            token.replace(".7.", ".07."),
            token.replace(".7.", ".+7."),
            token.replace("session", "sessioN"),
            format!("{token}."),
            token[..token.len() - 1].to_owned(),
            String::new(),
            "x".repeat(300),
        ] {
            assert_eq!(read(&keys, &other), None, "{other}");
        }
        assert_eq!(read(&derive("YW5vdGhlciByb290IGtleSBvZiAzMiBieXRlcyBsb25n"), token), None);
    }
}

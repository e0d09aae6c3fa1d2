//! Under which names things are stored: a space, and a hash. What is hashed is often a secret.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// What kind of thing is stored. Each has its own bound in memory, so that a flood of one kind pushes out
/// no other: a million registrations end nobody's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// Registered clients (RFC 7591), and client ID metadata documents.
    Client,
    /// Authorizations on their way: from `/authorize` to the provider's answer.
    Transaction,
    /// Authorization codes.
    Code,
    /// Sessions with the provider's tokens.
    Session,
    /// Refresh tokens and their families.
    Refresh,
    /// Who opened an MCP session.
    Binding,
    /// Locks that make one of several replicas do something.
    Lock,
    /// Counters of rate limits: only for [`SessionStore::count`](super::SessionStore::count).
    Rate,
}

impl Space {
    /// Every space.
    pub const ALL: [Self; 8] = [
        Self::Client,
        Self::Transaction,
        Self::Code,
        Self::Session,
        Self::Refresh,
        Self::Binding,
        Self::Lock,
        Self::Rate,
    ];

    /// Its part of a key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Transaction => "transaction",
            Self::Code => "code",
            Self::Session => "session",
            Self::Refresh => "refresh",
            Self::Binding => "binding",
            Self::Lock => "lock",
            Self::Rate => "rate",
        }
    }
}

/// Key of something stored. Codes, tokens and names in it are hashed (SHA-256), so whoever reads the store's
/// keys, or a log of them, can redeem nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    space: Space,
    hash: [u8; 32],
}

impl Key {
    /// Key of what `name` (a code, a token, an identifier, an address) stands for in its space.
    pub fn of(space: Space, name: &str) -> Self {
        Self { space, hash: Sha256::digest(name).into() }
    }

    /// Its space.
    pub const fn space(&self) -> Space {
        self.space
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.space.as_str())?;
        self.hash.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hashes() {
        // SHA-256 of "abc" (FIPS 180-4, example).
        let key = Key::of(Space::Code, "abc");
        assert_eq!(key.to_string(), "code:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_ne!(key, Key::of(Space::Refresh, "abc"));
        assert_ne!(key, Key::of(Space::Code, "abd"));
    }

    #[test]
    fn spaces_have_names_of_their_own() {
        let names: std::collections::HashSet<_> = Space::ALL.iter().map(|space| space.as_str()).collect();
        assert_eq!(names.len(), Space::ALL.len());
    }
}

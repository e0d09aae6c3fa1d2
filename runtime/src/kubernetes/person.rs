//! In whose name requests are made.

use http::HeaderValue;
use thiserror::Error;

/// Most bytes of a name.
const MAX_NAME: usize = 512;

/// Most groups of a person.
const MAX_GROUPS: usize = 128;

/// Names that are Kubernetes' own (Kubernetes documentation, "Authorization", reserved prefix).
const RESERVED: &str = "system:";

/// A person that requests to Kubernetes are made for (Kubernetes documentation, "User impersonation"), so that its RBAC
/// decides for them and its audit log names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    user: HeaderValue,
    groups: Vec<HeaderValue>,
}

/// A name that cannot be somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadName {
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// It is too long.
    #[error("it is longer than {MAX_NAME} bytes")]
    Long,
    /// It has line ends or other control characters.
    #[error("it has control characters")]
    Characters,
    /// It would be one of Kubernetes' own.
    #[error("it begins with `{RESERVED}`, as Kubernetes' own names do; set a `prefix`")]
    Reserved,
    /// There are too many groups.
    #[error("there are more than {MAX_GROUPS}")]
    Many,
}

impl Person {
    /// A user with their groups; Kubernetes adds `system:authenticated` by itself.
    ///
    /// # Errors
    /// Where a name cannot be somebody's.
    pub fn new(user: &str, groups: &[String]) -> Result<Self, BadName> {
        if groups.len() > MAX_GROUPS {
            return Err(BadName::Many);
        }
        let groups: Result<Vec<_>, _> = groups.iter().map(|group| header(group)).collect();
        Ok(Self { user: header(user)?, groups: groups? })
    }

    /// The headers that say so.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &HeaderValue)> {
        let groups = self.groups.iter().map(|group| ("impersonate-group", group));
        std::iter::once(("impersonate-user", &self.user)).chain(groups)
    }

    /// The user's name.
    pub fn user(&self) -> String {
        String::from_utf8_lossy(self.user.as_bytes()).into_owned()
    }
}

fn header(name: &str) -> Result<HeaderValue, BadName> {
    if name.trim().is_empty() {
        return Err(BadName::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(BadName::Long);
    }
    if name.chars().any(char::is_control) || name.trim() != name {
        return Err(BadName::Characters);
    }
    if name.starts_with(RESERVED) {
        return Err(BadName::Reserved);
    }
    HeaderValue::from_bytes(name.as_bytes()).map_err(|_| BadName::Characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_somebodys() {
        let person = Person::new("oidc:alice@example.com", &["oidc:dba".to_owned()]).unwrap();
        let headers: Vec<_> = person.headers().map(|(name, value)| (name, value.to_str().unwrap())).collect();
        assert_eq!(headers, [("impersonate-user", "oidc:alice@example.com"), ("impersonate-group", "oidc:dba")]);
        assert_eq!(Person::new("zoë", &[]).unwrap().user(), "zoë");
        for (bad, why) in [
            ("", BadName::Empty),
            (" ", BadName::Empty),
            ("alice\r\nImpersonate-Group: system:masters", BadName::Characters),
            (" alice", BadName::Characters),
            ("system:admin", BadName::Reserved),
        ] {
            assert_eq!(Person::new(bad, &[]), Err(why), "{bad:?}");
            assert_eq!(Person::new("alice", &[bad.to_owned()]), Err(why), "{bad:?}");
        }
        assert_eq!(Person::new(&"a".repeat(MAX_NAME + 1), &[]), Err(BadName::Long));
        assert_eq!(Person::new("alice", &vec!["a".to_owned(); MAX_GROUPS + 1]), Err(BadName::Many));
    }
}

//! Scopes of this server's own tokens.

/// Scopes that may be granted: those that tools demand by their effect, or none.
#[derive(Debug, Clone, Default)]
pub(super) struct Scopes(Vec<String>);

impl Scopes {
    pub fn new(all: Vec<String>) -> Self {
        Self(all)
    }

    pub fn all(&self) -> &[String] {
        &self.0
    }

    /// What is granted of what was asked for (RFC 6749, section 3.3). Words that mean nothing here, such as the `openid`
    /// of clients that always ask for it, are passed over; where nothing is left, everything is meant, and the person
    /// decides.
    pub fn grant(&self, asked: Option<&str>) -> Vec<String> {
        let asked: Vec<&str> = asked.unwrap_or_default().split(' ').collect();
        let known: Vec<String> = self.0.iter().filter(|scope| asked.contains(&scope.as_str())).cloned().collect();
        if known.is_empty() { self.0.clone() } else { known }
    }

    /// What a refreshed token has of what was granted (RFC 6749, section 6): all, or what was asked for.
    /// `None`: more was asked for than was granted. Words that mean nothing here are passed over as when they were
    /// granted: `mcp-remote`, for one, asks for `openid email profile` each time.
    pub fn narrow(&self, granted: &[String], asked: Option<&str>) -> Option<Vec<String>> {
        let means_something = |scope: &&str| self.0.iter().chain(granted).any(|known| known == scope);
        let asked: Vec<&str> = asked.unwrap_or_default().split(' ').filter(means_something).collect();
        if asked.is_empty() {
            return Some(granted.to_vec());
        }
        let all_granted = asked.iter().all(|scope| granted.iter().any(|granted| granted == scope));
        all_granted.then(|| granted.iter().filter(|scope| asked.contains(&scope.as_str())).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_granted_and_what_is_left_of_it() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let scopes = Scopes::new(words("cnpg:read cnpg:write"));
        assert_eq!(scopes.grant(Some("openid cnpg:read")), words("cnpg:read"));
        for everything in [None, Some(""), Some("openid profile")] {
            assert_eq!(scopes.grant(everything), words("cnpg:read cnpg:write"));
        }
        assert!(Scopes::default().grant(Some("openid")).is_empty());
        let scopes = Scopes::new(words("cnpg:read cnpg:write cnpg:destroy"));
        let granted = words("cnpg:read cnpg:write");
        for everything in [None, Some(""), Some("openid profile")] {
            assert_eq!(scopes.narrow(&granted, everything), Some(granted.clone()));
        }
        assert_eq!(scopes.narrow(&granted, Some("openid cnpg:write")), Some(words("cnpg:write")));
        for wider in ["cnpg:read cnpg:destroy", "cnpg:destroy", "openid cnpg:destroy"] {
            assert_eq!(scopes.narrow(&granted, Some(wider)), None, "{wider}");
        }
        assert_eq!(Scopes::default().narrow(&[], Some("openid cnpg:read")), Some(Vec::new()));
    }
}

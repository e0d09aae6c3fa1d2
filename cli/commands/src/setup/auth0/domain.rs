//! Addresses: of the tenant, and of the server.

use anyhow::{Context as _, anyhow, ensure};
use cnpg_mcp_runtime::auth::configuration::{Address, PublicUrl};
use reqwest::Url;

/// Longest identifier of an API: it marks clients, and marks are that long at most.
const MAX_IDENTIFIER: usize = 255;

/// A tenant, as `TENANT.auth0.com`; `https://` before it means nothing. `http://` is taken on a loopback address alone.
#[derive(Debug, Clone)]
pub struct Domain {
    base: Url,
}

impl Domain {
    /// Reads one.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim().trim_end_matches('/');
        let address = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let address = Address::parse(&address).map_err(|what| anyhow!("the domain `{text}` {what}"))?;
        let url = address.url();
        ensure!(
            url.path() == "/" && url.query().is_none(),
            "the domain `{text}` has a path; write the name alone: TENANT.auth0.com"
        );
        Ok(Self { base: url.clone() })
    }

    /// As it is saved: the name, as the original wrote it.
    pub fn saved(&self) -> String {
        let origin = self.base.origin().ascii_serialization();
        origin.strip_prefix("https://").map(str::to_owned).unwrap_or(origin)
    }

    /// The issuer of its tokens, which ends with a slash.
    pub fn issuer(&self) -> String {
        format!("{}/", self.base.origin().ascii_serialization())
    }

    /// Identifier of its Management API, and where that is.
    pub fn management(&self) -> String {
        format!("{}api/v2/", self.issuer())
    }

    /// Where tokens are made.
    pub fn token_endpoint(&self) -> anyhow::Result<Url> {
        self.base.join("oauth/token").context("the domain gives no address of a token endpoint")
    }
}

/// Refuses an identifier that cannot be one.
pub fn check_identifier(identifier: &str) -> anyhow::Result<()> {
    ensure!(
        !identifier.is_empty()
            && identifier.len() <= MAX_IDENTIFIER
            && !identifier.contains(|character: char| character.is_whitespace() || character.is_control()),
        "`{identifier}` is no identifier of an API; write an address such as https://mcp.example.com/mcp"
    );
    Ok(())
}

/// The server's own address: what is said, else what is saved, else the host of the API's identifier.
pub fn public_url(said: Option<&str>, saved: Option<&str>, identifier: &str) -> anyhow::Result<PublicUrl> {
    if let Some(said) = said {
        return PublicUrl::parse(said).map_err(|what| anyhow!("--public-url: `{said}` {what}"));
    }
    if let Some(saved) = saved {
        return PublicUrl::parse(saved).map_err(|what| anyhow!("auth0-config.json: public_url: `{saved}` {what}"));
    }
    let origin = Url::parse(identifier).ok().filter(Url::has_host).map(|url| url.origin().ascii_serialization());
    origin.and_then(|origin| PublicUrl::parse(&origin).ok()).with_context(|| {
        format!("where the server will be does not follow from the identifier `{identifier}`; pass --public-url https://HOST")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        for text in ["dev-1.auth0.com", "https://dev-1.auth0.com", "https://dev-1.auth0.com/", " DEV-1.auth0.com "] {
            let domain = Domain::parse(text).unwrap();
            assert_eq!(domain.saved(), "dev-1.auth0.com");
            assert_eq!(domain.issuer(), "https://dev-1.auth0.com/");
            assert_eq!(domain.management(), "https://dev-1.auth0.com/api/v2/");
            assert_eq!(domain.token_endpoint().unwrap().as_str(), "https://dev-1.auth0.com/oauth/token");
        }
        assert_eq!(Domain::parse("http://127.0.0.1:80").unwrap().issuer(), "http://127.0.0.1/");
        for text in ["", "http://dev-1.auth0.com", "dev-1.auth0.com/x", "a b", "https://u@x.com"] {
            assert!(Domain::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_public_url_follows_from_the_identifier() {
        let url = |said, saved, identifier| public_url(said, saved, identifier).map(|url| url.as_str().to_owned());
        assert_eq!(url(None, None, "https://a.example/mcp").unwrap(), "https://a.example");
        assert_eq!(url(None, Some("https://b.example"), "https://a.example/mcp").unwrap(), "https://b.example");
        assert_eq!(url(Some("https://c.example/"), Some("x"), "urn:x").unwrap(), "https://c.example");
        assert!(url(None, None, "urn:cnpg").unwrap_err().to_string().contains("--public-url"));
        assert!(url(Some("http://c.example"), None, "x").is_err());
    }
}

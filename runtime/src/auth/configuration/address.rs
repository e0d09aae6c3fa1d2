//! Addresses of the web.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// An absolute `https` address, or an `http` one on a loopback name; without userinfo and fragment. What was
/// written is kept byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    url: Url,
}

impl Address {
    /// Reads one.
    ///
    /// # Errors
    /// Where it is none: what is wrong, to be written behind the name of a key.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(|character| character.is_whitespace() || character.is_control() || character == '\\') {
            return Err("is no address: blanks, control characters and backslashes cannot be in one".to_owned());
        }
        let url = Url::parse(text).map_err(|error| format!("is no address ({error}); write https://name"))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err("is not encrypted; write https:// (http:// is for loopback names alone)".to_owned()),
            _ => return Err("is no address of the web; write https://name".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("has a user name or password in it; leave them out".to_owned());
        }
        if url.fragment().is_some() {
            return Err("has a `#` part; leave it out".to_owned());
        }
        Ok(Self { text: text.to_owned(), url })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its parts.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it leads to this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }
}

/// Whether a name is this machine's by definition (RFC 6761, section 6.3; RFC 8252, section 7.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

/// Where clients reach a server: scheme, host and port, without a path. It is the issuer of the main server too:
/// one string for metadata, tokens and responses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    authority: String,
    loopback: bool,
}

impl PublicUrl {
    /// Reads one. A slash at the end is taken off.
    ///
    /// # Errors
    /// Where it is none: what is wrong, to be written behind the name of a key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let address = Address::parse(text)?;
        let url = address.url();
        if url.path() != "/" || url.query().is_some() {
            return Err("has a path or a query; the server wants a name of its own: https://name".to_owned());
        }
        let Some(host) = url.host_str() else { return Err("has no host".to_owned()) };
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { origin: url.origin().ascii_serialization(), authority, loopback: address.is_loopback() })
    }

    /// `scheme://host[:port]`, lower case, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// `host[:port]`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The address of a path, which begins with a slash.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Whether it leads to this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["https://a.eu.auth0.com/", "http://localhost:3000", "http://127.0.0.1:1/x?y=z", "http://[::1]/"] {
            assert_eq!(Address::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a.eu.auth0.com",
            "http://a.example/",
            "ftp://a.example/",
            "https://user@a.example/",
            "https://a.example/#x",
            "https://a.example/ x",
            "https://a.example\\x",
            "http://localhost.evil.example",
            "https://",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn public_urls_are_origins() {
        let url = PublicUrl::parse("https://MCP.example.com:8443/").unwrap();
        assert_eq!((url.as_str(), url.authority()), ("https://mcp.example.com:8443", "mcp.example.com:8443"));
        assert_eq!(url.at("/mcp"), "https://mcp.example.com:8443/mcp");
        assert_eq!(PublicUrl::parse("https://mcp.example.com:443").unwrap().as_str(), "https://mcp.example.com");
        assert!(PublicUrl::parse("http://localhost:4204").unwrap().is_loopback());
        for bad in ["https://mcp.example.com/path", "https://mcp.example.com?x", "http://mcp.example.com"] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }
}

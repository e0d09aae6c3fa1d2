//! Redirect URIs: which may be registered, which of a request is one that was, and redirects to them.
//!
//! Strings are compared, not addresses: whatever two parsers read differently is another URI, or refused.

use url::{Host, Url};

/// Most bytes of a URI.
const MAX_URI: usize = 2048;

/// Schemes that run, read or start something instead of leading back to a client.
const FORBIDDEN: [&str; 24] = [
    "javascript",
    "data",
    "file",
    "vbscript",
    "about",
    "blob",
    "filesystem",
    "view-source",
    "ws",
    "wss",
    "ftp",
    "ftps",
    "sftp",
    "ssh",
    "telnet",
    "ldap",
    "mailto",
    "tel",
    "sms",
    "intent",
    "jar",
    "search-ms",
    "chrome",
    "resource",
];

/// Checks a URI that a client wants to register (RFC 6749, section 3.1.2; RFC 8252, section 7; RFC 9700, section 4.1).
///
/// # Errors
/// Where it may not be: why not, without the URI.
pub(super) fn check(uri: &str) -> Result<(), &'static str> {
    if uri.len() > MAX_URI {
        return Err("a redirect URI is longer than 2048 bytes");
    }
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.contains(['\\', '"', '<', '>', '`', '{', '}', '|', '^'])
    {
        return Err("a redirect URI has characters that no URI has");
    }
    if uri.contains('#') {
        return Err("a redirect URI has a fragment");
    }
    let url = Url::parse(uri).map_err(|_| "a redirect URI is not absolute")?;
    // The rest of the checks is about what was written, so it must be what was read.
    let Some(rest) = uri.strip_prefix(url.scheme()).and_then(|rest| rest.strip_prefix("://")) else {
        return Err("a redirect URI is not written as scheme://… in lower case");
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // Readers of URLs take the first segment of the path for the host instead.
    if authority.is_empty() && matches!(url.scheme(), "http" | "https") {
        return Err("a redirect URI has no host");
    }
    if authority.contains('@') {
        return Err("a redirect URI has a user name in it");
    }
    if has_dot_segments(path) {
        return Err("a redirect URI has `.` or `..` in its path");
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" | "https" => Err("a redirect URI is neither https nor on loopback"),
        scheme if FORBIDDEN.contains(&scheme) || scheme.starts_with("ms-") => {
            Err("a redirect URI has a scheme that leads to no client")
        }
        // Private use (RFC 8252, section 7.1): a program that is installed where the browser runs.
        _ => Ok(()),
    }
}

/// Whether a URI of a request is a registered one: the same bytes, but for the port on loopback (RFC 8252, section 7.3).
pub(super) fn matches(registered: &str, asked: &str) -> bool {
    if registered == asked {
        return true;
    }
    let without_port = |uri: &str| -> Option<String> {
        check(uri).ok()?;
        let url = Url::parse(uri).ok()?;
        if url.scheme() != "http" || !is_loopback(&url) {
            return None;
        }
        let rest = uri.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = match authority.rfind(':') {
            Some(colon) if !authority[colon..].contains(']') => &authority[..colon],
            _ => authority,
        };
        Some(format!("{host}{path}"))
    };
    without_port(registered).is_some_and(|registered| without_port(asked).is_some_and(|asked| asked == registered))
}

/// The URI with parameters behind its own; nothing of it changes.
pub(super) fn with(uri: &str, parameters: &[(&str, &str)]) -> String {
    let added = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{added}")
}

/// Where it leads, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// A web site.
    Site(String),
    /// A program on the person's own machine that listens.
    ThisMachine,
    /// A program that the scheme belongs to.
    Program(String),
}

/// Where a checked URI leads.
pub(super) fn destination(uri: &str) -> Destination {
    let Ok(url) = Url::parse(uri) else { return Destination::Program(String::new()) };
    match (url.scheme(), url.host_str()) {
        ("http" | "https", _) if is_loopback(&url) => Destination::ThisMachine,
        ("http" | "https", Some(host)) => {
            Destination::Site(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
        }
        (scheme, _) => Destination::Program(scheme.to_owned()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn has_dot_segments(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/");
    path.split('/').any(|segment| segment == "." || segment == "..") || path.contains("%5c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_registered() {
        for good in [
            "https://claude.ai/api/mcp/auth_callback",
            "https://app.example:8443/cb?tenant=1",
            "http://localhost:33418/",
            "http://127.0.0.1/callback",
            "http://[::1]:5000/callback",
            "cursor://anysphere.cursor-retrieval/oauth/callback",
            "com.example.app://callback",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "https://user@app.example/cb",
            "https://user:pw@app.example/cb",
            "https://@app.example/cb",
            "https://app.example/cb#",
            "https://app.example/cb#x",
            "https://app.example/a/../cb",
            "https://app.example/a/./cb",
            "https://app.example/a/%2e%2E/cb",
            "https://app.example/a%2f..%2fcb",
            "https://app.example\\@evil.example/cb",
            "https://app.example/%5c..",
            "https:app.example/cb",
            "https:///app.example/cb",
            "HTTPS://app.example/cb",
            "http://app.example/cb",
            "http://localhost.evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "javascript:alert(1)",
            "javascript://app.example/%0aalert(1)",
            "data:text/html,x",
            "data://text/html,x",
            "file:///etc/passwd",
            "vbscript://x",
            "ms-msdt://x",
            "https://app.example/ cb",
            "https://app.example/cb\r\nSet-Cookie: x=y",
            "https://app.example/é",
            "https://app.example/\"onclick",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check(&format!("https://app.example/{}", "x".repeat(2048))).is_err());
    }

    #[test]
    fn only_the_same_bytes_match_but_for_a_loopback_port() {
        let loopback = "http://127.0.0.1:1000/callback?a=b";
        for good in [loopback, "http://127.0.0.1:65535/callback?a=b", "http://127.0.0.1/callback?a=b"] {
            assert!(matches(loopback, good), "{good}");
        }
        assert!(matches("http://[::1]/cb", "http://[::1]:99/cb"));
        for bad in [
            "http://localhost:1000/callback?a=b",
            "http://127.0.0.2:1000/callback?a=b",
            "http://127.0.0.1:1000/callback",
            "http://127.0.0.1:1000/callback/?a=b",
            "https://127.0.0.1:1000/callback?a=b",
            "http://127.0.0.1:1000@evil.example/callback?a=b",
            "http://127.0.0.1:x/callback?a=b",
        ] {
            assert!(!matches(loopback, bad), "{bad}");
        }
        let site = "https://app.example/cb";
        for bad in [
            "https://app.example:8443/cb",
            "https://app.example:443/cb",
            "https://APP.example/cb",
            "https://app.example/cb/",
            "https://app.example/cb?x",
            "https://app.example/cb/../cb",
            "https://app.example.evil.example/cb",
            "http://app.example/cb",
        ] {
            assert!(!matches(site, bad), "{bad}");
        }
    }

    #[test]
    fn parameters_are_added_and_nothing_else_changes() {
        assert_eq!(with("https://a.example", &[("code", "x y&z")]), "https://a.example?code=x+y%26z");
        assert_eq!(with("https://a.example/?b=%2F", &[("code", "x")]), "https://a.example/?b=%2F&code=x");
        assert_eq!(with("https://a.example/?", &[("s", "\r\n")]), "https://a.example/?s=%0D%0A");
    }

    #[test]
    fn destinations() {
        assert_eq!(destination("https://claude.ai/cb"), Destination::Site("claude.ai".to_owned()));
        assert_eq!(destination("http://localhost:1/cb"), Destination::ThisMachine);
        assert_eq!(destination("cursor://x/cb"), Destination::Program("cursor".to_owned()));
        assert_eq!(
            destination("https://xn--bcher-kva.example/"),
            Destination::Site("xn--bcher-kva.example".to_owned())
        );
        assert_eq!(destination("https://b\u{fc}cher.example/"), Destination::Site("xn--bcher-kva.example".to_owned()));
    }
}

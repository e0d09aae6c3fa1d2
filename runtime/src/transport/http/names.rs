//! Which `Host` and `Origin` are let in.
//!
//! A page on any site can make a browser send requests to a server on the same machine, and can have its
//! own name point to 127.0.0.1 (DNS rebinding). So `Host` must be a name that this server goes by, and
//! `Origin`, which browsers always send, one that it knows.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// Names that always mean this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Names and origins that are let in.
#[derive(Debug, Clone, Default)]
pub struct Names {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Names {
    /// Loopback names, and the given hosts (`name` or `name:port`) and origins (`scheme://host[:port]`)
    /// beside them.
    pub fn new(hosts: impl IntoIterator<Item = String>, origins: impl IntoIterator<Item = String>) -> Self {
        let lower = |text: String| text.trim().trim_end_matches('/').to_ascii_lowercase();
        Self { hosts: hosts.into_iter().map(lower).collect(), origins: origins.into_iter().map(lower).collect() }
    }

    /// Whether the request names this server. HTTP/2 says so in the URI, HTTP/1.1 in `Host`, exactly once.
    pub fn host_is_ours(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(header::HOST).iter();
        let authority = match (uri.authority(), named.next(), named.next()) {
            (Some(authority), None, None) => Some(authority.clone()),
            (in_uri, Some(host), None) => host
                .to_str()
                .ok()
                .and_then(|host| host.parse::<Authority>().ok())
                .filter(|host| in_uri.is_none_or(|in_uri| in_uri.as_str().eq_ignore_ascii_case(host.as_str()))),
            _ => None,
        };
        authority.is_some_and(|authority| {
            let host = authority.host().to_ascii_lowercase();
            !authority.as_str().contains('@')
                && (LOOPBACK.contains(&host.as_str())
                    || self.hosts.iter().any(|ours| *ours == host || *ours == authority.as_str().to_ascii_lowercase()))
        })
    }

    /// Whether the request comes from no web page, or from one that is let in.
    pub fn origin_is_known(&self, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(header::ORIGIN).iter();
        match (named.next(), named.next()) {
            (None, _) => true,
            (Some(origin), None) => origin.to_str().is_ok_and(|origin| self.knows(&origin.to_ascii_lowercase())),
            _ => false,
        }
    }

    /// Whether a web page may read answers: a page that is let in.
    pub(super) fn may_read(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.knows(&origin.to_ascii_lowercase()))
    }

    fn knows(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known == origin)
            || origin.parse::<Uri>().is_ok_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https"))
                    && uri.path() == "/"
                    && uri.query().is_none()
                    && uri.authority().is_some_and(|authority| {
                        !authority.as_str().contains('@') && LOOPBACK.contains(&authority.host())
                    })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &header::HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn hosts() {
        let names = Names::new([String::from("mcp.example.com"), String::from("other.example:8443")], []);
        let ours =
            |values: &[&'static str]| names.host_is_ours(&Uri::from_static("/mcp"), &headers(&header::HOST, values));
        for good in
            ["localhost:4204", "127.0.0.1", "[::1]:4204", "LOCALHOST", "mcp.example.com:1234", "other.example:8443"]
        {
            assert!(ours(&[good]), "{good}");
        }
        for bad in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "user@localhost",
            "other.example:1",
            "",
            "local host",
        ] {
            assert!(!ours(&[bad]), "{bad}");
        }
        assert!(!ours(&[]));
        assert!(!ours(&["localhost", "evil.example"]));
        let absolute = Uri::from_static("http://localhost:4204/mcp");
        assert!(!names.host_is_ours(&absolute, &headers(&header::HOST, &["evil.example"])));
        assert!(names.host_is_ours(&absolute, &HeaderMap::new()));
    }

    #[test]
    fn origins() {
        let names = Names::new([], [String::from("https://app.example.com/")]);
        let known = |values: &[&'static str]| names.origin_is_known(&headers(&header::ORIGIN, values));
        assert!(known(&[]));
        for good in ["http://localhost:6274", "https://127.0.0.1", "http://[::1]:1", "https://app.example.com"] {
            assert!(known(&[good]), "{good}");
        }
        for bad in [
            "null",
            "https://evil.example",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "file://",
            "https://app.example.com:1",
            "vscode://localhost",
        ] {
            assert!(!known(&[bad]), "{bad}");
        }
        assert!(!known(&["http://localhost", "http://localhost"]));
    }
}

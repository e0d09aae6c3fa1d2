//! Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document, as MCP 2025-11-25 has them): a
//! client's identifier is the address of a document that describes it.
//!
//! Whoever comes to `/authorize` chooses the address, and this server fetches it. So it reaches public addresses
//! alone, whatever a name resolves to, and what it fetches is bounded in time and size.

mod fetch;
mod public;

pub use fetch::{Fetcher, Reach};
pub use public::is_public;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::{Host, Url};

/// Most redirect URIs of a client.
const MAX_URIS: usize = 10;

/// What is taken of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientDocument {
    /// What the client calls itself, as it is written.
    pub name: Option<String>,
    /// Not checked yet, but for their number.
    pub redirect_uris: Vec<String>,
}

/// A document, and for how long it may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The document.
    pub document: ClientDocument,
    /// For so long, as its server says.
    pub fresh: Duration,
}

/// A document that is of no use. Nothing that the document says is in the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// The identifier is no address of a document.
    #[error("the client's identifier is no address of a document: {0}")]
    Address(&'static str),
    /// The address leads into a network that is not public.
    #[error("the client's identifier does not lead to a public address")]
    NotPublic,
    /// It cannot be fetched.
    #[error("the client's document cannot be fetched: {0}")]
    Unreachable(String),
    /// It is no description of that client.
    #[error("the client's document is of no use: {0}")]
    Content(&'static str),
}

/// Whether a client's identifier is meant as the address of a document.
pub fn is_address(id: &str) -> bool {
    id.starts_with("https://")
}

/// Reads an identifier as an address (section 3 of the draft).
fn address(id: &str) -> Result<Url, DocumentError> {
    let wrong = |what| Err(DocumentError::Address(what));
    if id.len() > 2048 || !id.bytes().all(|byte| byte.is_ascii_graphic()) || id.contains(['\\', '#']) {
        return wrong("it is too long, or has characters or a fragment that it must not have");
    }
    let url = Url::parse(id).map_err(|_| DocumentError::Address("it cannot be read"))?;
    // What was written must be what is fetched: no dot segments, no other spelling of the host.
    if url.as_str() != id {
        return wrong("it is not in normal form");
    }
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return wrong("it is not https, or has a user name in it");
    }
    if url.path() == "/" {
        return wrong("it has no path");
    }
    match url.host() {
        Some(Host::Domain(_)) => Ok(url),
        _ => wrong("it has no host name"),
    }
}

#[derive(Deserialize)]
struct Written {
    client_id: String,
    client_name: Option<String>,
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    client_secret: Option<serde_json::Value>,
}

/// Reads the document of an identifier.
fn read(id: &str, body: &[u8]) -> Result<ClientDocument, DocumentError> {
    let wrong = |what| Err(DocumentError::Content(what));
    let Ok(written) = serde_json::from_slice::<Written>(body) else {
        return wrong("it is no JSON object with the texts `client_id` and `redirect_uris`");
    };
    if written.client_id != id {
        return wrong("its `client_id` is not its own address");
    }
    if written.client_secret.is_some() {
        return wrong("it holds a secret, which everyone can read");
    }
    if written.token_endpoint_auth_method.is_some_and(|method| method != "none") {
        return wrong("its `token_endpoint_auth_method` is not `none`, the only one that is supported here");
    }
    if written.redirect_uris.is_empty() || written.redirect_uris.len() > MAX_URIS {
        return wrong("it does not have 1 to 10 `redirect_uris`");
    }
    Ok(ClientDocument { name: written.client_name, redirect_uris: written.redirect_uris })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for good in ["https://client.example/oauth.json", "https://client.example:8443/a/b?c=d"] {
            assert_eq!(address(good).unwrap().as_str(), good);
        }
        for bad in [
            "https://client.example",
            "https://client.example/",
            "https://client.example/a/../b",
            "https://client.example/%2e%2e/b",
            "https://client.example/a#b",
            "https://user@client.example/a",
            "https://user:pw@client.example/a",
            "https://CLIENT.example/a",
            "https://client.example:443/a",
            "https://127.0.0.1/a",
            "https://[::1]/a",
            "https://2130706433/a",
            "https://0x7f.1/a",
            "https://client.example\\@evil.example/a",
            "https://client.example/a b",
            "http://client.example/a",
            "https:///a",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_document_describes_its_own_address() {
        const ID: &str = "https://client.example/oauth.json";
        let document = json!({ "client_id": ID, "client_name": "Example", "redirect_uris": ["http://localhost/cb"], "logo_uri": "https://x" });
        let read_with = |name: &str, value: serde_json::Value| {
            let mut document = document.clone();
            document[name] = value;
            read(ID, document.to_string().as_bytes())
        };
        assert_eq!(read_with("x", json!(1)).unwrap().name.as_deref(), Some("Example"));
        assert!(read_with("token_endpoint_auth_method", json!("none")).is_ok());
        for (name, value) in [
            ("client_id", json!("https://client.example/oauth.jsoN")),
            ("client_id", json!(null)),
            ("redirect_uris", json!([])),
            ("redirect_uris", json!("http://localhost/cb")),
            ("redirect_uris", json!(vec!["http://localhost/cb"; 11])),
            ("token_endpoint_auth_method", json!("client_secret_post")),
            ("client_secret", json!("hunter2")),
        ] {
            let error = read_with(name, value).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
        assert!(read(ID, b"<html>").is_err());
    }
}

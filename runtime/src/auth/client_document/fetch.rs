//! Fetching a document: the name is resolved once, what it resolves to is checked, and the connection goes there.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use reqwest::{Certificate, Response, StatusCode, redirect};
use tokio::sync::Semaphore;
use url::Url;

use super::{DocumentError, Fetched, address, is_public, read};

/// Time for everything.
const DEADLINE: Duration = Duration::from_secs(5);

/// Most bytes of a document (the draft proposes 5 KiB).
const MAX_DOCUMENT: usize = 16 << 10;

/// Documents that are fetched at a time; more wait.
const AT_ONCE: usize = 8;

/// How long a document is kept: at least, at most, and where its server does not say.
const FRESH: (Duration, Duration, Duration) =
    (Duration::from_mins(5), Duration::from_hours(24), Duration::from_hours(1));

/// What may be reached.
#[derive(Clone)]
pub struct Reach {
    /// Whether an address may be connected to.
    pub allows: fn(SocketAddr) -> bool,
    /// Certificate authorities (PEM) that are trusted besides the machine's own.
    pub authorities: Vec<Vec<u8>>,
}

impl Reach {
    /// Public addresses, at the port of https.
    pub fn public() -> Self {
        Self { allows: |address| address.port() == 443 && is_public(address.ip()), authorities: Vec::new() }
    }
}

/// Fetches documents.
pub struct Fetcher {
    reach: Reach,
    room: Semaphore,
}

impl Fetcher {
    /// A fetcher that reaches so far.
    pub fn new(reach: Reach) -> Self {
        Self { reach, room: Semaphore::new(AT_ONCE) }
    }

    /// Fetches the document of a client's identifier.
    ///
    /// # Errors
    /// Where the identifier is no proper address, leads where it must not, or the document is of no use.
    pub async fn fetch(&self, id: &str) -> Result<Fetched, DocumentError> {
        let url = address(id)?;
        let in_time = async {
            let _room = self.room.acquire().await.map_err(|_| unreachable("the server is stopping"))?;
            self.get(id, &url).await
        };
        tokio::time::timeout(DEADLINE, in_time).await.unwrap_or_else(|_| Err(unreachable("it took too long")))
    }

    async fn get(&self, id: &str, url: &Url) -> Result<Fetched, DocumentError> {
        let host = url.host_str().unwrap_or_default();
        let addresses = self.resolve(host, url.port_or_known_default().unwrap_or(443)).await?;
        let response = self.client(host, &addresses)?.get(url.clone()).header(ACCEPT, "application/json").send().await;
        let response = response.map_err(|error| unreachable(&told(error)))?;
        if response.status() != StatusCode::OK {
            return Err(unreachable(&format!("the answer is {}", response.status())));
        }
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json")) {
            return Err(DocumentError::Content("it is not JSON by its `Content-Type`"));
        }
        let fresh = freshness(header(CACHE_CONTROL));
        Ok(Fetched { document: read(id, &whole(response).await?)?, fresh })
    }

    /// What a name resolves to, where all of it may be reached: one address that may not makes a name suspect.
    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, DocumentError> {
        let found = tokio::net::lookup_host((host, port)).await.map_err(|_| unreachable("its host is not known"))?;
        let addresses: Vec<SocketAddr> = found.collect();
        if addresses.is_empty() {
            return Err(unreachable("its host has no address"));
        }
        if addresses.iter().all(|address| (self.reach.allows)(*address)) {
            Ok(addresses)
        } else {
            Err(DocumentError::NotPublic)
        }
    }

    /// A client for one fetch, which connects to these addresses whatever the name resolves to by then.
    fn client(&self, host: &str, addresses: &[SocketAddr]) -> Result<reqwest::Client, DocumentError> {
        crate::tls::install();
        let certificates: Vec<Certificate> =
            self.reach.authorities.iter().filter_map(|pem| Certificate::from_pem(pem).ok()).collect();
        reqwest::Client::builder()
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .tls_certs_merge(certificates)
            .resolve_to_addrs(host, addresses)
            .user_agent(concat!("cnpg-mcp/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unreachable(&told(error)))
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fetcher")
    }
}

async fn whole(mut response: Response) -> Result<Vec<u8>, DocumentError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&told(error)))? {
        if body.len() + chunk.len() > MAX_DOCUMENT {
            return Err(DocumentError::Content("it is longer than 16 KiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How long a document may be kept (RFC 9111, section 5.2), within bounds.
fn freshness(cache_control: &str) -> Duration {
    let (least, most, default) = FRESH;
    let directives: Vec<String> = cache_control.split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|directive| directive == "no-store" || directive == "no-cache") {
        return least;
    }
    let seconds = directives.iter().find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok());
    seconds.map_or(default, |seconds| Duration::from_secs(seconds).clamp(least, most))
}

fn unreachable(why: &str) -> DocumentError {
    DocumentError::Unreachable(why.to_owned())
}

/// An error in words that say nothing of what is inside of a network: its kind.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        "it took too long".to_owned()
    } else if error.is_connect() {
        "no connection could be made".to_owned()
    } else {
        "the exchange broke off".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_kept_within_bounds() {
        for (said, seconds) in [
            ("", 3600),
            ("max-age=600", 600),
            ("public, Max-Age=600", 600),
            ("max-age=1", 300),
            ("max-age=99999999", 86400),
            ("max-age=x", 3600),
            ("no-store, max-age=600", 300),
        ] {
            assert_eq!(freshness(said).as_secs(), seconds, "{said}");
        }
    }

    #[tokio::test]
    async fn names_that_lead_inside_are_refused_before_anything_is_sent() {
        let fetcher = Fetcher::new(Reach::public());
        assert_eq!(fetcher.fetch("https://localhost/oauth.json").await, Err(DocumentError::NotPublic));
        assert!(matches!(fetcher.fetch("https://127.0.0.1/oauth.json").await, Err(DocumentError::Address(_))));
    }
}

//! Requests to the provider: bounded in time and size, over TLS, and never redirected.

use std::error::Error as _;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{RequestBuilder, Response, StatusCode, Url, redirect};

use super::ProviderError;
use crate::metrics;
use crate::secret::SecretText;

/// Time for a connection to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Time for a whole exchange.
const EXCHANGE: Duration = Duration::from_secs(10);

/// Most bytes of an answer.
const MAX_ANSWER: usize = 512 << 10;

/// The HTTP client of the provider; clones share its connections.
#[derive(Debug, Clone)]
pub struct ProviderHttp(reqwest::Client);

/// An answer with its whole body.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl ProviderHttp {
    /// A client that trusts the machine's certificate authorities.
    ///
    /// # Errors
    /// Where the machine has none that can be read.
    pub fn new() -> Result<Self, ProviderError> {
        crate::tls::install();
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(EXCHANGE)
            .user_agent(concat!("cnpg-mcp/", env!("CARGO_PKG_VERSION")))
            .referer(false)
            .build();
        client
            .map(Self)
            .map_err(|error| ProviderError::unexpected(format!("no HTTP client can be made: {}", told(error))))
    }

    /// Reads a document; `None` where there is none (404).
    pub(super) async fn get(&self, url: &Url) -> Result<Option<Vec<u8>>, ProviderError> {
        let answer = self.send(self.0.get(url.clone()), url).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(answer.body)),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status => Err(ProviderError::unexpected(format!("{} answers {status}", place(url)))),
        }
    }

    /// Sends a form. Faults of the provider's own (5xx, 429) are errors; what else it answers is for the
    /// caller to read.
    pub(super) async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        basic: Option<(&str, &SecretText)>,
    ) -> Result<Answer, ProviderError> {
        let mut body = Url::parse("form:?").map_err(|error| ProviderError::unexpected(error.to_string()))?;
        body.query_pairs_mut().extend_pairs(form);
        let mut request = self.0.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret.expose()));
        }
        self.send(request.body(body.query().unwrap_or_default().to_owned()), url).await
    }

    async fn send(&self, request: RequestBuilder, url: &Url) -> Result<Answer, ProviderError> {
        let away = |error| ProviderError::away(format!("{}: {}", place(url), told(error)));
        let began = Instant::now();
        let response = request.header(ACCEPT, "application/json").send().await;
        let status = response.as_ref().ok().map(|response| response.status().as_u16());
        metrics::provider_request(status, began.elapsed());
        let response = response.map_err(away)?;
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(ProviderError::away(format!("{} answers {status}", place(url))));
        }
        Ok(Answer { status, body: whole(response, url).await? })
    }
}

async fn whole(mut response: Response, url: &Url) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    let away = |error| ProviderError::away(format!("{}: {}", place(url), told(error)));
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            let why = format!("{} answers more than {} KiB", place(url), MAX_ANSWER >> 10);
            return Err(ProviderError::unexpected(why));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Where a request went, without a query, which may hold anything.
fn place(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// An error with its causes, without the address.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        text = format!("{text}: {current}");
        cause = current.source();
    }
    text
}

//! Requests of the login: never redirected, never larger than they have to be, and encrypted unless they stay on this
//! machine.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cnpg_mcp_runtime::auth::configuration::Address;
use futures::StreamExt as _;
use rmcp::transport::auth::{OAuthHttpClient, OAuthHttpClientError, OAuthHttpClientFuture, OAuthHttpRequest};
use serde_json::Value;

/// Time for one exchange.
const EXCHANGE: Duration = Duration::from_secs(30);

/// Time for a connection to be made.
pub const CONNECT: Duration = Duration::from_secs(10);

/// Longest answer, in bytes.
const LONGEST: usize = 1 << 20;

/// What sends them.
pub struct Exchanges {
    http: reqwest::Client,
    /// Whether the server is on this machine, where a connection need not be encrypted.
    on_loopback: bool,
    refused: Mutex<Option<String>>,
}

/// A client that goes where it is sent and no further: tokens are for one server, not for where that points.
pub fn client() -> reqwest::ClientBuilder {
    cnpg_mcp_runtime::tls::install();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("cnpg-mcp/", env!("CARGO_PKG_VERSION")))
}

impl Exchanges {
    pub fn with(server: &Address) -> anyhow::Result<Self> {
        Ok(Self {
            http: client().timeout(EXCHANGE).build()?,
            on_loopback: server.is_loopback(),
            refused: Mutex::new(None),
        })
    }

    /// The `error` of the last answer that was one (RFC 6749, section 5.2), taken away.
    pub fn refused(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether an address may be gone to, by this command or by the person's browser.
    pub fn allowed(&self, address: &str) -> Result<(), String> {
        let parsed = Address::parse(address).map_err(|why| format!("`{address}` {why}"))?;
        if parsed.is_loopback() && !self.on_loopback {
            return Err(format!("`{address}` is on this machine, and the server is not"));
        }
        Ok(())
    }

    /// Sends a request, and gives the whole answer.
    ///
    /// # Errors
    /// Where the address is not safe, nothing is answered, or too much.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, OAuthHttpClientError> {
        self.allowed(&request.uri().to_string())?;
        let response = self.http.execute(reqwest::Request::try_from(request)?).await?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let (mut body, mut pieces) = (Vec::new(), response.bytes_stream());
        while let Some(piece) = pieces.next().await {
            body.extend_from_slice(&piece?);
            if body.len() > LONGEST {
                return Err("the answer is longer than 1 MiB".into());
            }
        }
        let answer = answer.body(body)?;
        if answer.status().is_client_error() {
            let error = serde_json::from_slice::<Value>(answer.body()).ok();
            let error = error.and_then(|answer| answer["error"].as_str().map(str::to_owned));
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = error;
        }
        Ok(answer)
    }
}

impl OAuthHttpClient for Exchanges {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(self.send(request.request))
    }
}

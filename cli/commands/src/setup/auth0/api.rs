//! Requests to Auth0's Management API: paged, within its rate limits, and without a secret in an error.

use std::error::Error as _;
use std::time::Duration;

use cnpg_mcp_runtime::secret::{KnownSecrets, SecretText};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use thiserror::Error;

use super::super::story::note;
use super::domain::Domain;

/// Time for one exchange.
const EXCHANGE: Duration = Duration::from_secs(30);

/// Objects of a page, the most that Auth0 gives.
const PAGE: usize = 100;

/// Objects that numbered pages reach ("You can only page through the first 1000 records").
const REACH: u64 = 1000;

/// Longest that a rate limit is waited for, altogether for one request.
const PATIENCE: Duration = Duration::from_mins(3);

/// How often a request that only reads is sent where Auth0 is not well.
const TRIES: u32 = 4;

/// Longest text of Auth0's that is repeated.
const MAX_MESSAGE: usize = 300;

/// A request that did not do what it should.
#[derive(Debug, Error)]
pub enum ApiError {
    /// Nothing was answered.
    #[error("Auth0 cannot be reached ({what}): {why}")]
    Away { what: String, why: String },
    /// A fault of Auth0's own.
    #[error("{what}: Auth0 answers {status}, a fault of its own; whether it was done is not known. Run the same again")]
    Fault { what: String, status: StatusCode },
    /// The token may not.
    #[error(
        "{what}: the token lacks a scope ({scope}). Make a token with it (Auth0 dashboard, APIs, Auth0 Management API, API Explorer) and pass that"
    )]
    Scope { what: String, scope: String },
    /// The token is none, or no longer.
    #[error("{what}: Auth0 does not take the token ({message}); tokens of its API Explorer are good for a day")]
    Token { what: String, message: String },
    /// A client that gets no token.
    #[error("the saved management client gets no token: {message}")]
    Client { message: String },
    /// The rate limit did not end.
    #[error("{what}: Auth0's rate limit did not end within {} seconds; run the same again later", PATIENCE.as_secs())]
    Busy { what: String },
    /// Anything else.
    #[error("{what}: Auth0 answers {status}: {message}")]
    Refused { what: String, status: StatusCode, message: String },
}

impl ApiError {
    /// Whether there is something of that name already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == StatusCode::CONFLICT)
    }
}

/// The Management API, with a token.
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: SecretText,
    known: KnownSecrets,
}

/// A client for Auth0's addresses.
pub fn http() -> anyhow::Result<reqwest::Client> {
    cnpg_mcp_runtime::tls::install();
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(EXCHANGE)
        .user_agent(concat!("cnpg-mcp/", env!("CARGO_PKG_VERSION")))
        .build()?)
}

impl Api {
    /// `known`: secrets that no error may repeat.
    pub fn new(domain: &Domain, token: SecretText, mut known: KnownSecrets) -> anyhow::Result<Self> {
        known.add(token.expose());
        Ok(Self { http: http()?, base: domain.management(), token, known })
    }

    /// Gets a token for a client (RFC 6749, section 4.4).
    pub async fn of_client(
        domain: &Domain,
        id: &str,
        secret: &SecretText,
        mut known: KnownSecrets,
    ) -> anyhow::Result<Self> {
        known.add(secret.expose());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret.expose()),
            ("audience", &domain.management()),
        ];
        let request = http()?.post(domain.token_endpoint()?).form(&form);
        let answer = exchange(&known, "POST /oauth/token", request, true).await;
        let message = match answer {
            Ok(Some(answer)) => match answer["access_token"].as_str() {
                Some(token) => return Self::new(domain, SecretText::new(token.to_owned()), known),
                None => "the answer has no `access_token`".to_owned(),
            },
            Ok(None) => "there is no token endpoint".to_owned(),
            Err(ApiError::Refused { message, .. } | ApiError::Token { message, .. }) => message,
            Err(ApiError::Scope { scope, .. }) => scope,
            Err(error) => return Err(error.into()),
        };
        Err(ApiError::Client { message }.into())
    }

    /// An object; `None` where there is none.
    pub async fn get(&self, path: &str) -> Result<Option<Value>, ApiError> {
        self.send(Method::GET, path, &[], None).await
    }

    /// Every object of a list: by numbered pages, which every tenant has; by checkpoints where there are more objects
    /// than those reach.
    pub async fn list(&self, path: &str, list: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, ApiError> {
        let mut found = Vec::new();
        for page in 0_usize.. {
            let (page, size) = (page.to_string(), PAGE.to_string());
            let paging = [("page", page.as_str()), ("per_page", &size), ("include_totals", "true")];
            let query_of_page: Vec<_> = query.iter().copied().chain(paging).collect();
            let mut answer = self.send(Method::GET, path, &query_of_page, None).await?.unwrap_or_default();
            let total = answer["total"].as_u64();
            if total.is_some_and(|total| total > REACH) {
                return self.list_on(path, list, query).await;
            }
            let Value::Array(objects) = answer[list].take() else { break };
            let count = objects.len();
            found.extend(objects);
            if count == 0 || total.is_some_and(|total| found.len() as u64 >= total) {
                break;
            }
        }
        Ok(found)
    }

    /// Every object of a list, by checkpoints.
    pub async fn list_on(&self, path: &str, list: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, ApiError> {
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let size = PAGE.to_string();
            let paging = [("take", size.as_str())].into_iter().chain(from.as_deref().map(|from| ("from", from)));
            let query: Vec<_> = query.iter().copied().chain(paging).collect();
            let mut answer = self.send(Method::GET, path, &query, None).await?.unwrap_or_default();
            if let Value::Array(objects) = answer[list].take() {
                found.extend(objects);
            }
            match answer["next"].as_str() {
                Some(next) => from = Some(next.to_owned()),
                None => return Ok(found),
            }
        }
    }

    /// Makes an object.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.written(Method::POST, path, body).await
    }

    /// Changes an object.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.written(Method::PATCH, path, body).await
    }

    async fn written(&self, method: Method, path: &str, body: &Value) -> Result<Value, ApiError> {
        let what = format!("{method} {path}");
        let answer = self.send(method, path, &[], Some(body)).await?;
        answer.ok_or_else(|| ApiError::Refused {
            what,
            status: StatusCode::NOT_FOUND,
            message: "it is no more; run the same again".to_owned(),
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Option<Value>, ApiError> {
        let what = format!("{method} {path}");
        let reads = method == Method::GET;
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(self.token.expose());
        if !query.is_empty() {
            request = request.query(query);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        exchange(&self.known, &what, request, reads).await
    }
}

/// Sends a request, and again where that is safe and of use. `None`: 404.
async fn exchange(
    known: &KnownSecrets,
    what: &str,
    request: RequestBuilder,
    reads: bool,
) -> Result<Option<Value>, ApiError> {
    let away = |error: reqwest::Error| {
        let error = error.without_url();
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        ApiError::Away { what: what.to_owned(), why: known.mask(&format!("{error}{cause}")) }
    };
    let (mut waited, mut tries) = (Duration::ZERO, 0);
    loop {
        let Some(attempt) = request.try_clone() else {
            return Err(ApiError::Away { what: what.to_owned(), why: "the request cannot be repeated".to_owned() });
        };
        tries += 1;
        let response = match attempt.send().await {
            Ok(response) => response,
            Err(error) if reads && tries < TRIES && !error.is_connect() => {
                pause(tries).await;
                tracing::debug!(what, %error, "asked again");
                continue;
            }
            Err(error) => return Err(away(error)),
        };
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            // Nothing was done, so anything may be sent again.
            let wait = until_reset(response.headers());
            waited += wait;
            if waited > PATIENCE {
                return Err(ApiError::Busy { what: what.to_owned() });
            }
            note(format_args!("Auth0's rate limit is reached; waiting {} seconds", wait.as_secs().max(1)));
            tokio::time::sleep(wait).await;
            continue;
        }
        if status.is_server_error() && reads && tries < TRIES {
            pause(tries).await;
            continue;
        }
        let body = response.bytes().await.map_err(away)?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        return match status {
            status if status.is_success() => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(refusal(known, what, status, &answer)),
        };
    }
}

fn refusal(known: &KnownSecrets, what: &str, status: StatusCode, answer: &Value) -> ApiError {
    let what = what.to_owned();
    let said = ["message", "error_description", "error"].iter().find_map(|field| answer[*field].as_str());
    let message = known.mask(said.unwrap_or("without a reason"));
    let message: String = message.chars().filter(|character| !character.is_control()).take(MAX_MESSAGE).collect();
    match status {
        status if status.is_server_error() => ApiError::Fault { what, status },
        StatusCode::UNAUTHORIZED => ApiError::Token { what, message },
        StatusCode::FORBIDDEN if answer["errorCode"] == "insufficient_scope" => {
            let scope = message.rsplit_once(": ").map(|(_, scope)| scope.to_owned()).unwrap_or(message);
            ApiError::Scope { what, scope }
        }
        status => ApiError::Refused { what, status, message },
    }
}

async fn pause(tries: u32) {
    tokio::time::sleep(Duration::from_millis(100) * 2_u32.pow(tries)).await;
}

/// How long until `x-ratelimit-reset` (seconds since 1970), by Auth0's own clock where it tells that.
fn until_reset(headers: &HeaderMap) -> Duration {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let now = text(DATE.as_str()).and_then(|date| rfc2822::parse(date).ok()).map(|date| date.timestamp());
    let now = now.unwrap_or_else(Timestamp::now);
    let reset = text("x-ratelimit-reset").and_then(|reset| reset.parse::<i64>().ok());
    let seconds = reset.map_or(1, |reset| reset - now.as_second()).clamp(1, 60);
    Duration::from_secs(seconds.unsigned_abs())
}

/// The body that enables clients on a connection.
pub fn enabling(clients: &[String]) -> Value {
    clients.iter().map(|client| json!({ "client_id": client, "status": true })).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn waits_by_the_clock_of_the_other_side() {
        let mut headers = HeaderMap::new();
        assert_eq!(until_reset(&headers), Duration::from_secs(1));
        headers.insert("x-ratelimit-reset", HeaderValue::from(1_000_000_007));
        headers.insert(DATE, HeaderValue::from_static("Sun, 09 Sep 2001 01:46:40 GMT"));
        assert_eq!(until_reset(&headers), Duration::from_secs(7));
        headers.insert("x-ratelimit-reset", HeaderValue::from(1_000_009_999));
        assert_eq!(until_reset(&headers), Duration::from_mins(1));
    }

    #[test]
    fn refusals_quote_no_secret() {
        let mut known = KnownSecrets::default();
        known.add("hunter2hunter2");
        let answer = json!({ "message": "bad hunter2hunter2", "errorCode": "x" });
        let error = refusal(&known, "POST clients", StatusCode::BAD_REQUEST, &answer).to_string();
        assert_eq!(error, "POST clients: Auth0 answers 400 Bad Request: bad <secret>");
        let answer =
            json!({ "message": "Insufficient scope, expected any of: a:b,c:d", "errorCode": "insufficient_scope" });
        let error = refusal(&known, "GET x", StatusCode::FORBIDDEN, &answer).to_string();
        assert!(error.contains("lacks a scope (a:b,c:d)"), "{error}");
    }
}

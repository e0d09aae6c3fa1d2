//! Requests on their way: deadlines, retries where they are safe, and what is known after a failure.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT, WARNING};
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};
use kube::client::Body;
use tokio::time::Instant;

use super::{Answer, ApiRequest, ApiStatus, Backoff, Kubernetes, Person};
use crate::metrics;

/// Most bytes of an error's body.
const MAX_STATUS: usize = 1 << 20;

/// Most attempts at one request.
const MAX_ATTEMPTS: u32 = 5;

/// Most attempts that may each use up the time of a request: a server that hangs does so the next time too.
const MAX_TIME_OUTS: u32 = 2;

/// Why a request gave no answer that is of use.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum RequestError {
    /// The API server (or a proxy before it) said no.
    #[error("{}", .0.message)]
    Status(Box<ApiStatus>, Option<Duration>),
    /// The connection could not be made: nothing was sent.
    #[error("{0}")]
    NotSent(String),
    /// The connection broke after sending, or the answer did.
    #[error("{0}")]
    Lost(String),
    /// No answer within the deadline. `sent` is false where the time was up before sending.
    #[error("No answer within {} seconds.", .after.as_secs_f32().ceil())]
    TimedOut { after: Duration, sent: bool },
    /// The answer cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// Nothing names an API server.
    #[error("{0}")]
    NoConfiguration(String),
    /// The configuration's credentials cannot be used.
    #[error("{0}")]
    Credentials(String),
}

impl RequestError {
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        // The place only: the error's text may quote values.
        Self::Unreadable(format!(
            "The answer is not as expected at line {}, column {} ({:?}).",
            error.line(),
            error.column(),
            error.classify()
        ))
    }

    /// The API server's `Status`.
    pub(crate) fn status(&self) -> Option<&ApiStatus> {
        match self {
            Self::Status(status, _) => Some(status),
            _ => None,
        }
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.status().is_some_and(ApiStatus::is_not_found)
    }

    pub(crate) fn is_conflict(&self) -> bool {
        self.status().is_some_and(ApiStatus::is_conflict)
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.status().is_some_and(ApiStatus::is_expired)
    }

    /// After a write: whether nothing was changed, for sure.
    pub(crate) fn is_known_not_done(&self) -> bool {
        match self {
            Self::Status(status, _) => status.is_known_not_done(),
            Self::NotSent(_) | Self::NoConfiguration(_) | Self::Credentials(_) => true,
            Self::TimedOut { sent, .. } => !sent,
            Self::Lost(_) | Self::Unreadable(_) => false,
        }
    }

    /// Whether the same request may do better soon, if repeating it is safe.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Status(status, _) => matches!(status.code, 429 | 500 | 502..=504) && !status.is_webhook_unavailable(),
            Self::NotSent(_) | Self::Lost(_) => true,
            Self::TimedOut { sent, .. } => *sent,
            Self::Unreadable(_) | Self::NoConfiguration(_) | Self::Credentials(_) => false,
        }
    }

    /// How long the server asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(status, asked) => asked.or_else(|| {
                (status.details.retry_after_seconds > 0)
                    .then(|| Duration::from_secs(status.details.retry_after_seconds.into()))
            }),
            _ => None,
        }
    }
}

/// A call's way to the API server.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) kubernetes: Arc<Kubernetes>,
    /// `cnpg-mcp/<version> (<tool>)`.
    pub(crate) user_agent: String,
    /// No request goes on after it.
    pub(crate) deadline: Instant,
    /// In whose name requests are made; `None`: in the server's own.
    pub(crate) person: Option<Person>,
}

impl Link {
    /// Sends a request that changes nothing; again where the fault may pass.
    pub(crate) async fn read(&self, request: &ApiRequest) -> Result<Answer, RequestError> {
        self.repeat(request, RequestError::is_passing).await
    }

    /// Sends a request that changes something; again only where the first one was never taken up:
    /// not sent at all, or turned away by the server's flow control (429).
    pub(crate) async fn write(&self, request: &ApiRequest) -> Result<Answer, RequestError> {
        self.repeat(request, |error| match error {
            RequestError::NotSent(_) => true,
            other => other.status().is_some_and(|status| status.code == 429),
        })
        .await
    }

    async fn repeat(
        &self,
        request: &ApiRequest,
        again: impl Fn(&RequestError) -> bool,
    ) -> Result<Answer, RequestError> {
        let mut backoff = Backoff::default();
        let mut timed_out = 0;
        loop {
            let error = match self.send(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            timed_out += u32::from(matches!(error, RequestError::TimedOut { .. }));
            let enough = backoff.attempts() + 1 >= MAX_ATTEMPTS || timed_out >= MAX_TIME_OUTS;
            if !again(&error) || enough || !self.pause(&mut backoff, error.retry_after()).await {
                return Err(error);
            }
        }
    }

    /// Waits for the next attempt; `false` where the deadline would pass meanwhile.
    pub(crate) async fn pause(&self, backoff: &mut Backoff, asked: Option<Duration>) -> bool {
        let pause = backoff.next(asked);
        if Instant::now() + pause >= self.deadline {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }

    /// Sends a request once, with a deadline.
    pub(crate) async fn send(&self, request: &ApiRequest) -> Result<Answer, RequestError> {
        let timeout = self.deadline.saturating_duration_since(Instant::now()).min(self.kubernetes.request_timeout());
        if timeout.is_zero() {
            return Err(RequestError::TimedOut { after: Duration::ZERO, sent: false });
        }
        tokio::time::timeout(timeout, self.exchange(request))
            .await
            .unwrap_or(Err(RequestError::TimedOut { after: timeout, sent: true }))
    }

    async fn exchange(&self, request: &ApiRequest) -> Result<Answer, RequestError> {
        let (parts, body) = self.open(request).await?.into_parts();
        if request.keep_end {
            let body = end_of(body, request.limit).await?;
            return Ok(Answer { body, warnings: warnings(&parts.headers) });
        }
        let body = Limited::new(body, request.limit).collect().await.map_err(|error| {
            if error.downcast_ref::<LengthLimitError>().is_some() {
                RequestError::Unreadable(format!("The answer is longer than {} MiB.", request.limit >> 20))
            } else {
                RequestError::Lost(format!("The answer broke off: {}.", chain(error.as_ref())))
            }
        })?;
        Ok(Answer { body: body.to_bytes(), warnings: warnings(&parts.headers) })
    }

    /// Sends a request and reads the head of its answer; anything but 2xx is an error.
    pub(crate) async fn open(&self, request: &ApiRequest) -> Result<http::Response<Body>, RequestError> {
        let began = Instant::now();
        let answer = self.head(request).await;
        let status = match &answer {
            Ok(response) => Some(response.status().as_u16()),
            Err(error) => error.status().map(|status| status.code),
        };
        metrics::kubernetes_request(request.verb, request.resource, status, began.elapsed());
        answer
    }

    async fn head(&self, request: &ApiRequest) -> Result<http::Response<Body>, RequestError> {
        let client = self.kubernetes.client().await?;
        let mut built = Request::builder()
            .method(&request.method)
            .uri(request.uri())
            .header(USER_AGENT, &self.user_agent)
            .header(ACCEPT, request.accept)
            .header(CONTENT_TYPE, request.content_type);
        for (name, value) in self.person.iter().flat_map(Person::headers) {
            built = built.header(name, value);
        }
        let built = built
            .body(Body::from(request.body.clone()))
            .map_err(|error| RequestError::NotSent(format!("The request cannot be made: {error}.")))?;
        let response = client.send(built).await.map_err(|error| sending_failed(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let code = response.status().as_u16();
        let asked = retry_after(response.headers());
        // An error whose body breaks off is still that error.
        let body =
            Limited::new(response.into_body(), MAX_STATUS).collect().await.map(Collected::to_bytes).unwrap_or_default();
        Err(RequestError::Status(Box::new(ApiStatus::read(code, &body)), asked))
    }
}

/// The end of a body, as much as fits, from the beginning of a line on. Memory stays bounded, whatever comes.
async fn end_of(body: Body, limit: usize) -> Result<bytes::Bytes, RequestError> {
    // One byte more tells whether what is kept begins with a whole line.
    let most = limit + 1;
    let mut kept = Vec::new();
    let mut cut = false;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| RequestError::Lost(format!("The answer broke off: {}.", chain(&error))))?;
        kept.extend_from_slice(&chunk);
        // Not at every chunk: what is kept would be moved each time.
        if kept.len() > 2 * most {
            kept.drain(..kept.len() - most);
            cut = true;
        }
    }
    if cut || kept.len() > limit {
        kept.drain(..kept.len().saturating_sub(most));
        let end = kept.iter().position(|byte| *byte == b'\n').map_or(kept.len(), |end| end + 1);
        kept.drain(..end);
    }
    Ok(kept.into())
}

/// What is known after sending failed.
fn sending_failed(error: &kube::Error) -> RequestError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        if current.downcast_ref::<kube::client::AuthError>().is_some() {
            // Its text may quote the output of a credential plugin.
            return RequestError::Credentials(
                "The credentials of the configuration (token, certificate or plugin) cannot be used.".to_owned(),
            );
        }
        if let Some(client) = current.downcast_ref::<hyper_util::client::legacy::Error>()
            && client.is_connect()
        {
            let why = current.source().map_or_else(|| current.to_string(), chain);
            let certificate = if is_of_unknown_authority(current) { UNKNOWN_AUTHORITY } else { "" };
            return RequestError::NotSent(format!("No connection could be made: {why}.{certificate}"));
        }
        cause = current.source();
    }
    match error {
        kube::Error::Auth(_) => {
            RequestError::Credentials("The credentials of the configuration cannot be used.".to_owned())
        }
        other => RequestError::Lost(format!("The connection broke: {}.", chain(other.source().unwrap_or(other)))),
    }
}

/// What an API server's certificate is held to (Kubernetes, "Accessing the API from a Pod").
const UNKNOWN_AUTHORITY: &str = " The API server's certificate is not signed by an authority that is known here: the kubeconfig's `certificate-authority`, or in a pod `ca.crt` beside the account's token, must be that of this API server; or another program answers in its place.";

/// Whether TLS ended since nobody who is trusted signed the certificate.
fn is_of_unknown_authority(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = current.downcast_ref() {
            return matches!(why, rustls::CertificateError::UnknownIssuer | rustls::CertificateError::BadSignature);
        }
        // It gives the cause of what it wraps, not that itself.
        let wrapped = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|wrapped| wrapped as &(dyn StdError + 'static)).or_else(|| current.source());
    }
    false
}

/// An error with its causes, each once.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let more = current.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = current.source();
    }
    text
}

/// `Retry-After` in seconds (RFC 9110, 10.2.3); API servers send no dates there.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Texts of `Warning: 299 - "text"` headers.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    headers.get_all(WARNING).iter().filter_map(|value| warning_text(value.to_str().ok()?)).collect()
}

fn warning_text(header: &str) -> Option<String> {
    let quoted = header.split_once('"')?.1;
    let mut text = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some(text).filter(|text| !text.is_empty()),
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> RequestError {
        RequestError::Status(Box::new(ApiStatus { code, ..ApiStatus::default() }), None)
    }

    #[test]
    fn which_faults_pass() {
        for code in [429, 500, 502, 503, 504] {
            assert!(status(code).is_passing(), "{code}");
        }
        for code in [400, 401, 403, 404, 409, 410, 422, 501] {
            assert!(!status(code).is_passing(), "{code}");
        }
        assert!(RequestError::NotSent(String::new()).is_known_not_done());
        assert!(!RequestError::Lost(String::new()).is_known_not_done());
        assert!(!RequestError::TimedOut { after: Duration::from_secs(1), sent: true }.is_known_not_done());
        assert!(RequestError::TimedOut { after: Duration::ZERO, sent: false }.is_known_not_done());
    }

    #[test]
    fn warnings_of_admission() {
        let mut headers = HeaderMap::new();
        headers.append(WARNING, r#"299 - "unknown field \"spec.instancez\"""#.parse().unwrap());
        headers.append(WARNING, "299 - \"\"".parse().unwrap());
        headers.append(WARNING, "nonsense".parse().unwrap());
        assert_eq!(warnings(&headers), [r#"unknown field "spec.instancez""#]);
    }

    #[tokio::test]
    async fn of_a_long_text_the_last_whole_lines_are_kept() {
        let end = |text: &'static str, limit| async move {
            end_of(Body::from(text.as_bytes().to_vec()), limit).await.unwrap()
        };
        assert_eq!(end("one\ntwo\nthree\n", 100).await, "one\ntwo\nthree\n");
        assert_eq!(end("one\ntwo\nthree\n", 11).await, "two\nthree\n");
        assert_eq!(end("one\ntwo\nthree\n", 6).await, "three\n");
        assert_eq!(end("one\ntwo\nthree\n", 5).await, "");
        assert_eq!(end("", 7).await, "");
    }

    #[test]
    fn retry_after_in_seconds_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "3".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(3)));
        headers.insert(RETRY_AFTER, "Fri, 31 Dec 1999 23:59:59 GMT".parse().unwrap());
        assert_eq!(retry_after(&headers), None);
    }
}

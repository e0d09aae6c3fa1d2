//! One question to a place on the internet, and what stands in the way of an answer: its name, its port, its certificate.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{StatusCode, Url};
use rustls::{CertificateError, InvalidMessage};
use serde_json::Value;

use super::clock::Reading;

/// Time for one exchange.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer, whatever it is.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Null where it is no JSON.
    pub body: Value,
    pub clock: Option<Reading>,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreached {
    /// DNS does not know the name.
    Name(String),
    /// Nothing listens.
    Refused,
    /// Nothing is answered in time.
    Silent,
    /// What answers speaks no TLS.
    Plain,
    /// The certificate is signed by somebody who is not known here.
    Authority,
    /// The certificate is of other names.
    OtherNames(Vec<String>),
    /// The certificate is no longer good, since then.
    Expired(Option<Timestamp>),
    /// The certificate is not good yet, until then.
    Early(Option<Timestamp>),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Unreached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = |time: &Option<Timestamp>| time.map(|time| format!(" ({time})")).unwrap_or_default();
        match self {
            Self::Name(host) => write!(formatter, "the name `{host}` is not known"),
            Self::Refused => formatter.write_str("the connection is refused: nothing listens there"),
            Self::Silent => write!(formatter, "there is no answer within {} seconds", PATIENCE.as_secs()),
            Self::Plain => formatter.write_str("what answers there speaks no TLS, probably plain HTTP"),
            Self::Authority => formatter.write_str("its certificate is signed by an authority that is not known here"),
            Self::OtherNames(names) if names.is_empty() => formatter.write_str("its certificate is of no name"),
            Self::OtherNames(names) => write!(formatter, "its certificate is of other names: {}", names.join(", ")),
            Self::Expired(since) => write!(formatter, "its certificate has expired{}", when(since)),
            Self::Early(until) => write!(formatter, "its certificate is not good yet{}", when(until)),
            Self::Other(why) => formatter.write_str(why),
        }
    }
}

/// Asks for a document.
pub async fn get(address: &str) -> Result<Answer, Unreached> {
    let client = client().map_err(|error| Unreached::Other(told(&error)))?;
    let sent = Timestamp::now();
    match client.get(address).send().await {
        Ok(response) => {
            let (status, clock) = (response.status(), Reading::of(response.headers(), sent));
            Ok(Answer { status, clock, body: response.json().await.unwrap_or_default() })
        }
        Err(error) => Err(why(address, error).await),
    }
}

/// The first address of a name; `None` where DNS has none.
pub async fn look_up(host: &str) -> Option<IpAddr> {
    let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), 443));
    tokio::time::timeout(PATIENCE, found).await.ok()?.ok()?.next().map(|address| address.ip())
}

async fn why(address: &str, error: reqwest::Error) -> Unreached {
    let error = error.without_url();
    if let Some(error) = cause::<rustls::Error>(&error) {
        return of_tls(error);
    }
    if error.is_timeout() {
        return Unreached::Silent;
    }
    if cause::<io::Error>(&error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
        return Unreached::Refused;
    }
    let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(host) if error.is_connect() && look_up(&host).await.is_none() => Unreached::Name(host),
        _ => Unreached::Other(told(&error)),
    }
}

fn of_tls(error: &rustls::Error) -> Unreached {
    let time = |seconds: rustls::pki_types::UnixTime| {
        i64::try_from(seconds.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
    };
    match error {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Unreached::Plain,
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            // The other is of one that is called as one that is known.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Unreached::Authority,
            CertificateError::NotValidForName => Unreached::OtherNames(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Unreached::OtherNames(presented.iter().map(|name| in_words(name)).collect())
            }
            CertificateError::Expired => Unreached::Expired(None),
            CertificateError::ExpiredContext { not_after, .. } => Unreached::Expired(time(*not_after)),
            CertificateError::NotValidYet => Unreached::Early(None),
            CertificateError::NotValidYetContext { not_before, .. } => Unreached::Early(time(*not_before)),
            other => Unreached::Other(format!("its certificate is not taken: {other}")),
        },
        other => Unreached::Other(format!("TLS: {other}")),
    }
}

/// A name of a certificate, without the word for its kind: `DnsName("a.example")`.
fn in_words(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    format!("`{}`", inner.trim_matches('"'))
}

/// The first error of a type, among an error and what it comes from.
fn cause<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        // It gives the cause of what it wraps, not that itself.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// An error with its causes.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        text = format!("{text}: {current}");
        cause = current.source();
    }
    text
}

fn client() -> reqwest::Result<reqwest::Client> {
    cnpg_mcp_runtime::tls::install();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()
}

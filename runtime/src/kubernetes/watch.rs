//! A watch on one object.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{ApiRequest, ApiStatus, Link, RequestError};
use crate::kind::KindInfo;

/// How long the server lets one watch live; then it is taken up again. Connections that a proxy forgot
/// are noticed by then, since bookmarks come every minute.
const LIFETIME: Duration = Duration::from_mins(4);

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum WatchEvent<K> {
    /// The object is there, as it is now.
    Present(Box<K>),
    /// The object is gone.
    Gone,
    /// Nothing changed up to this version.
    Bookmark(String),
    /// The version to go on from is too old (410): read the object, then watch again.
    TooOld,
    /// The watch ended in good order, or broke; take it up again from the last version.
    Ended,
}

/// A watch that is open.
pub(crate) struct Watching {
    body: BoxStream<'static, Result<bytes::Bytes, String>>,
    read: Vec<u8>,
    limit: usize,
}

#[derive(Deserialize)]
struct Line<'line> {
    #[serde(rename = "type")]
    kind: &'line str,
    #[serde(borrow)]
    object: &'line RawValue,
}

#[derive(Deserialize)]
struct Versioned {
    metadata: crate::meta::ObjectMeta,
}

impl Watching {
    /// Opens a watch from a version on. It lives until `until`, or shorter.
    pub(crate) async fn open(
        link: &Link,
        kind: &KindInfo,
        namespace: Option<&str>,
        name: &str,
        version: &str,
        until: Instant,
    ) -> Result<Self, RequestError> {
        let seconds = until.saturating_duration_since(Instant::now()).min(LIFETIME).as_secs().max(1);
        let request = ApiRequest::watch(kind, namespace, name, version, seconds);
        let timeout = link.kubernetes.request_timeout();
        let response = tokio::time::timeout(timeout, link.open(&request))
            .await
            .unwrap_or(Err(RequestError::TimedOut { after: timeout, sent: true }))?;
        let body =
            response.into_body().into_data_stream().map(|chunk| chunk.map_err(|error| error.to_string())).boxed();
        Ok(Self { body, read: Vec::new(), limit: request.limit })
    }

    /// The next event. Dropping the future loses nothing.
    pub(crate) async fn next<K: DeserializeOwned>(&mut self) -> Result<WatchEvent<K>, RequestError> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                if line.len() > 1 {
                    return event(&line);
                }
                continue;
            }
            match self.body.next().await {
                Some(Ok(chunk)) if self.read.len() + chunk.len() <= self.limit => self.read.extend_from_slice(&chunk),
                Some(Ok(_)) => {
                    return Err(RequestError::Unreadable(format!(
                        "An event of the watch is longer than {} MiB.",
                        self.limit >> 20
                    )));
                }
                Some(Err(_)) | None => return Ok(WatchEvent::Ended),
            }
        }
    }
}

fn event<K: DeserializeOwned>(line: &[u8]) -> Result<WatchEvent<K>, RequestError> {
    let read = |error: &serde_json::Error| RequestError::unreadable(error);
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| read(&error))?;
    let object = line.object.get();
    match line.kind {
        "ADDED" | "MODIFIED" => serde_json::from_str(object)
            .map(|object| WatchEvent::Present(Box::new(object)))
            .map_err(|error| read(&error)),
        "DELETED" => Ok(WatchEvent::Gone),
        "BOOKMARK" => {
            let object: Versioned = serde_json::from_str(object).map_err(|error| read(&error))?;
            Ok(WatchEvent::Bookmark(object.metadata.resource_version.unwrap_or_default()))
        }
        "ERROR" => {
            let status: ApiStatus = serde_json::from_str(object).map_err(|error| read(&error))?;
            if status.is_expired() { Ok(WatchEvent::TooOld) } else { Err(RequestError::Status(Box::new(status), None)) }
        }
        _ => Ok(WatchEvent::Bookmark(String::new())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(line: &str) -> Result<WatchEvent<Value>, RequestError> {
        event(line.as_bytes())
    }

    #[test]
    fn reads_events() {
        assert!(
            matches!(read(r#"{"type":"MODIFIED","object":{"a":1}}"#), Ok(WatchEvent::Present(object)) if object["a"] == 1)
        );
        assert!(matches!(read(r#"{"type":"DELETED","object":{}}"#), Ok(WatchEvent::Gone)));
        assert!(matches!(
            read(r#"{"type":"BOOKMARK","object":{"kind":"Cluster","metadata":{"resourceVersion":"12"}}}"#),
            Ok(WatchEvent::Bookmark(version)) if version == "12"
        ));
        assert!(matches!(
            read(r#"{"type":"ERROR","object":{"code":410,"reason":"Expired","message":"too old"}}"#),
            Ok(WatchEvent::TooOld)
        ));
        assert!(
            matches!(read(r#"{"type":"ERROR","object":{"code":500,"message":"x"}}"#), Err(RequestError::Status(status, _)) if status.code == 500)
        );
        assert!(read("{").is_err());
    }

    #[tokio::test]
    async fn events_may_come_in_pieces() {
        let pieces = ["{\"type\":\"ADD", "ED\",\"object\":{\"a\":1}}\n\n{\"type\":\"DELETED\",", "\"object\":{}}\n"];
        let body = futures::stream::iter(pieces.map(|piece| Ok(bytes::Bytes::from_static(piece.as_bytes())))).boxed();
        let mut watching = Watching { body, read: Vec::new(), limit: 1000 };
        assert!(matches!(watching.next::<Value>().await, Ok(WatchEvent::Present(_))));
        assert!(matches!(watching.next::<Value>().await, Ok(WatchEvent::Gone)));
        assert!(matches!(watching.next::<Value>().await, Ok(WatchEvent::Ended)));
    }

    #[tokio::test]
    async fn events_are_bounded() {
        let body = futures::stream::iter([Ok(bytes::Bytes::from_static(&[b'x'; 64]))]).boxed();
        let mut watching = Watching { body, read: Vec::new(), limit: 10 };
        assert!(watching.next::<Value>().await.is_err());
    }
}

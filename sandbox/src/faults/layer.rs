//! The layer in front of the API that records every request and applies the faults.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::{Action, Faults, Struck};
use crate::recorder::{Record, Recorder};
use crate::request_info::RequestInfo;

tokio::task_local! {
    /// Set while a request is served for which the webhooks are down.
    static WEBHOOKS_DOWN: ();
}

/// Whether the request that this task serves meets webhooks that are down.
pub fn webhooks_down() -> bool {
    WEBHOOKS_DOWN.try_with(|()| ()).is_ok()
}

/// What the layer works with.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The rules.
    pub faults: Faults,
    /// Where requests are recorded.
    pub recorder: Recorder,
}

/// Serves one request: use with `axum::middleware::from_fn_with_state`, outside of any layer that
/// catches panics, because a dropped connection is made by unwinding.
pub async fn apply(State(layer): State<Layer>, request: Request, next: Next) -> Response {
    let info = RequestInfo::of(request.method(), request.uri(), request.headers());
    if info.path.starts_with("/sandbox/") {
        return next.run(request).await;
    }
    // Recorded even when the client goes away before the answer: what it asked for, it asked for.
    let mut record = Pending { recorder: layer.recorder, record: Some(Record { request: info, status: None }) };
    let struck = record.record.as_ref().map(|record| layer.faults.strike(&record.request)).unwrap_or_default();
    let Ok(response) = serve(struck, request, next).await else {
        drop(record);
        // Unwinding out of the connection's task is the one way to close it without an answer;
        // `resume_unwind` does so without a panic message.
        std::panic::resume_unwind(Box::new(Dropped));
    };
    record.answered(response.status().as_u16());
    response
}

/// A record that is written when the request ends, however it ends.
struct Pending {
    recorder: Recorder,
    record: Option<Record>,
}

impl Pending {
    fn answered(&mut self, status: u16) {
        if let Some(record) = &mut self.record {
            record.status = Some(status);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            self.recorder.add(record);
        }
    }
}

/// The connection is to be closed without an answer.
struct Dropped;

async fn serve(struck: Vec<Struck>, request: Request, next: Next) -> Result<Response, Dropped> {
    let mut webhooks_down = false;
    let mut afterwards = Vec::new();
    for fault in struck {
        match fault {
            Struck::Do(Action::Delay { millis }) => tokio::time::sleep(Duration::from_millis(millis)).await,
            Struck::Do(Action::Status { code, reason, message, retry_after }) => {
                return Ok(status(code, reason.as_deref(), message, retry_after));
            }
            Struck::Do(Action::Raw { code, content_type, body }) => {
                let code = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
                return Ok((code, [(header::CONTENT_TYPE, content_type)], body).into_response());
            }
            Struck::Do(Action::DropBefore) => return Err(Dropped),
            Struck::Do(Action::WebhooksDown) => webhooks_down = true,
            Struck::Hold { waiting, after: false } => waiting.wait().await,
            later => afterwards.push(later),
        }
    }
    let running = next.run(request);
    let mut response = if webhooks_down { WEBHOOKS_DOWN.scope((), running).await } else { running.await };
    for fault in afterwards {
        response = match fault {
            Struck::Hold { waiting, .. } => {
                waiting.wait().await;
                response
            }
            Struck::Do(Action::DropAfter) => return Err(Dropped),
            Struck::Do(Action::Truncate { bytes }) => truncated(response, bytes),
            Struck::Do(Action::Cut { millis }) => cut(response, Duration::from_millis(millis)),
            Struck::Do(_) => response,
        };
    }
    Ok(response)
}

fn status(code: u16, reason: Option<&str>, message: Option<String>, retry_after: Option<u32>) -> Response {
    let message = message.unwrap_or_else(|| format!("the sandbox was told to answer {code}"));
    let mut body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "code": code,
    });
    if let Some(reason) = reason {
        body["reason"] = json!(reason);
    }
    if let Some(seconds) = retry_after {
        body["details"] = json!({"retryAfterSeconds": seconds});
    }
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (code, axum::Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// How long the connection stays open after the last byte, so that it is still sent.
const FLUSH: Duration = Duration::from_millis(20);

/// What ends a body so that the client sees it to be broken.
fn broken(why: &'static str) -> impl Stream<Item = Result<Bytes, String>> {
    futures::stream::once(async move {
        tokio::time::sleep(FLUSH).await;
        Err(why.to_owned())
    })
}

/// The same answer, its connection broken after `bytes` of the body.
fn truncated(response: Response, bytes: usize) -> Response {
    let (parts, body) = response.into_parts();
    let stream = body.into_data_stream().scan(bytes, |left, chunk| {
        let cut = chunk.map_err(|error| error.to_string()).map(|mut chunk| {
            chunk.truncate(*left);
            *left -= chunk.len();
            chunk
        });
        // Nothing is left to send: the stream ends here.
        let ended = cut.as_ref().is_ok_and(Bytes::is_empty);
        std::future::ready((!ended).then_some(cut))
    });
    let end = broken("the sandbox was told to truncate the answer");
    Response::from_parts(parts, Body::from_stream(stream.chain(end)))
}

/// The same answer, its connection broken after some time.
fn cut(response: Response, after: Duration) -> Response {
    let (parts, body) = response.into_parts();
    let stream = body
        .into_data_stream()
        .map(|chunk| chunk.map_err(|error| error.to_string()))
        .take_until(tokio::time::sleep(after));
    let end = broken("the sandbox was told to cut the answer");
    Response::from_parts(parts, Body::from_stream(stream.chain(end)))
}

//! What a client may take up.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::transport::shallow::Shallow;

/// Bounds on connections and requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time; more wait.
    pub connections: usize,
    /// Sessions at a time; a client that opens one more is told to come back later.
    pub sessions: usize,
    /// Bytes of a request body.
    pub body: usize,
    /// Bytes of a request's head.
    pub head: usize,
    /// Time for a request's head to arrive; an idle connection is closed after it too.
    pub head_time: Duration,
    /// Time for a request's body to arrive.
    pub body_time: Duration,
    /// Time without any message after which a session ends.
    pub idle_session: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            sessions: 256,
            body: 4 << 20,
            head: 64 << 10,
            head_time: Duration::from_mins(1),
            body_time: Duration::from_secs(30),
            idle_session: Duration::from_mins(30),
        }
    }
}

/// Bounds size, time and depth of request bodies: the whole body is here before anything looks at it.
pub(super) fn bounded_bodies(router: Router, limits: Limits) -> Router {
    router.layer(middleware::from_fn_with_state(limits, bounded))
}

async fn bounded(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    match tokio::time::timeout(limits.body_time, to_bytes(body, limits.body)).await {
        Ok(Ok(bytes)) => {
            let mut shallow = Vec::with_capacity(bytes.len());
            Shallow::default().pass(&bytes, &mut shallow);
            if head.headers.contains_key(header::CONTENT_LENGTH) {
                head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(shallow.len()));
            }
            next.run(Request::from_parts(head, Body::from(shallow))).await
        }
        Ok(Err(_)) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The request body is longer than {} bytes, or broke off.\n", limits.body),
        )
            .into_response(),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "The request body did not arrive in time.\n").into_response(),
    }
}

//! The tenant's clock, which a test can set.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};
use jiff::{SignedDuration, Timestamp};

use crate::Shared;

pub fn now(shared: &Shared) -> Timestamp {
    Timestamp::now()
        .saturating_add(SignedDuration::from_secs(shared.ahead.load(Ordering::Relaxed)))
        .unwrap_or(Timestamp::MAX)
}

/// Says the time in each answer.
pub async fn dated(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let now = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now(&shared));
    if let Some(date) = now.ok().and_then(|now| HeaderValue::from_str(&now).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

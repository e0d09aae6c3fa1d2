//! What every request passes: the log, rate limits, and what a test makes go wrong.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};

use crate::error::Refusal;
use crate::{Shared, clock};

/// Requests so far, and what becomes of the next.
#[derive(Default)]
pub struct Gate {
    pub requests: Vec<String>,
    pub refused: u32,
    pub hold_after: Option<usize>,
    /// How many, and with which status.
    pub failing: (usize, u16),
    limit: Option<u32>,
    second: i64,
    in_second: u32,
}

/// What is to be done with a request.
enum Way {
    Through,
    ThroughAndHold,
    Hold,
    Fail(u16),
    Refuse { reset: i64 },
}

impl Gate {
    pub fn limit(&mut self, requests_a_second: Option<u32>) {
        self.limit = requests_a_second;
        self.in_second = 0;
    }

    fn way(&mut self, request: String, now: i64) -> Way {
        if let Some(left) = self.hold_after {
            if left == 0 {
                return Way::Hold;
            }
            self.hold_after = Some(left - 1);
            self.requests.push(request);
            return if left == 1 { Way::ThroughAndHold } else { Way::Through };
        }
        self.requests.push(request);
        if self.failing.0 > 0 {
            self.failing.0 -= 1;
            return Way::Fail(self.failing.1);
        }
        if now != self.second {
            (self.second, self.in_second) = (now, 0);
        }
        self.in_second += 1;
        if self.limit.is_some_and(|limit| self.in_second > limit) {
            self.refused += 1;
            return Way::Refuse { reset: now + 1 };
        }
        Way::Through
    }
}

pub async fn pass(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let way =
        shared.gate().way(format!("{} {}", request.method(), request.uri().path()), clock::now(&shared).as_second());
    match way {
        Way::Through => next.run(request).await,
        Way::ThroughAndHold => {
            next.run(request).await;
            held(&shared).await
        }
        Way::Hold => held(&shared).await,
        Way::Fail(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
        Way::Refuse { reset } => {
            let refusal =
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Global limit has been reached");
            let mut response = refusal.into_response();
            response.headers_mut().insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
            response.headers_mut().insert("x-ratelimit-reset", HeaderValue::from(reset));
            response
        }
    }
}

async fn held(shared: &Shared) -> Response {
    shared.held.send_replace(true);
    std::future::pending().await
}

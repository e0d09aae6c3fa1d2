//! HTTP requests, counted and timed.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, histogram};

use super::{HTTP_REQUESTS, HTTP_TIME};

/// Stands for a path at which nothing is.
const ELSEWHERE: &str = "elsewhere";

/// Counts and times a request. Paths are the MCP endpoint's and those of the routes, so that nobody makes new ones.
pub(crate) async fn measured(State(endpoint): State<&'static str>, request: Request, next: Next) -> Response {
    let path = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        // What is nested has no path of its own.
        None if request.uri().path() == endpoint => endpoint.to_owned(),
        None => ELSEWHERE.to_owned(),
    };
    let method = method(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    counter!(HTTP_REQUESTS, "path" => path.clone(), "method" => method, "status" => status).increment(1);
    histogram!(HTTP_TIME, "path" => path).record(began.elapsed());
    response
}

/// Methods are a client's own words: those that nobody uses here are one.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

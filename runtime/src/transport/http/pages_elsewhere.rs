//! Web pages of other origins that are let in, such as an inspector's: browsers want to be told that these may read
//! answers (CORS, Fetch standard). Cookies are never sent with their requests, so the pages for people stay out of reach.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::names::Names;

/// How long a browser remembers what it was told.
const REMEMBERED: Duration = Duration::from_mins(10);

/// Headers of answers that a client needs.
const READ: [HeaderName; 3] =
    [HeaderName::from_static("mcp-session-id"), header::WWW_AUTHENTICATE, header::RETRY_AFTER];

/// Tells browsers which pages may read answers.
pub(super) fn allowed(names: &Arc<Names>) -> CorsLayer {
    let names = Arc::clone(names);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| names.may_read(origin)))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(READ)
        .max_age(REMEMBERED)
}

//! What is where.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rmcp::model::ProtocolVersion;
use rmcp::transport::streamable_http_server::session::local::SessionConfig;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use super::door::Door;
use super::limits::{Limits, bounded_bodies};
use super::names::Names;
use super::owned;
use super::pages_elsewhere;
use super::served::Served;
use super::shared::Sessions;
use crate::auth::oauth::CONSENT;
use crate::auth::store::SessionStore;
use crate::metrics;
use crate::transport::page;

/// Header of sessions (MCP 2025-11-25, "Session Management").
pub(super) const SESSION: &str = "mcp-session-id";

/// Between two counts of the open sessions.
const COUNTING: Duration = Duration::from_secs(5);

/// Header of the revision (MCP 2025-06-18).
const REVISION: &str = "mcp-protocol-version";

/// What a server stands in.
#[derive(Debug)]
pub struct Around<'a> {
    pub(super) names: Names,
    pub(super) limits: Limits,
    pub(super) door: &'a Door,
    /// What `/readyz` tells.
    pub(super) ready: Arc<AtomicBool>,
    /// Cancelled, it closes sessions and streams.
    pub(super) end: CancellationToken,
    /// Address of the MCP endpoint for clients.
    pub(super) endpoint: &'a str,
}

/// Everything that the server answers.
///
/// The probes are outside of the `Host` check, since kubelets send the pod's address.
pub(super) fn router(server: &impl Served, around: Around<'_>) -> Router {
    let Around { names, limits, door, ready, end, endpoint } = around;
    let mut session_config = SessionConfig::default();
    session_config.keep_alive = Some(limits.idle_session);
    let sessions = Arc::new(Sessions::new(session_config, door.shared()));
    // `Host` and `Origin` are checked below, for the page as well.
    let mut config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(limits.body)
        .with_cancellation_token(end.clone());
    config.legacy_session_mode = door.has_sessions();
    if let Some(shared) = door.shared() {
        config.session_store = Some(Arc::new(shared));
    }
    let mcp = {
        let server = server.clone();
        StreamableHttpService::new(move || Ok(server.clone()), Arc::clone(&sessions), config)
    };
    tokio::spawn(counted_sessions(Arc::clone(&sessions), end));
    let mcp = Router::new()
        .fallback_service(mcp)
        .layer(middleware::from_fn_with_state((sessions, limits.sessions), bounded_sessions))
        .layer(middleware::from_fn(ended_sessions));
    let mcp = match door.store() {
        Some(store) => owned::sessions(mcp, store, limits.idle_session),
        None => mcp,
    };
    let page = page::html(server.registry(), &server.get_info().server_info.name, endpoint);
    let path = door.path();
    let guarded = door.routes().nest(path, door.before(mcp)).route("/", get(async move || page::respond(page)));
    let names = Arc::new(names);
    let guarded = bounded_bodies(guarded, limits)
        .layer(pages_elsewhere::allowed(&names))
        .layer(middleware::from_fn_with_state(names, known_names));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readiness).with_state((ready, door.store())))
        .merge(guarded)
        .fallback(async move || {
            (StatusCode::NOT_FOUND, format!("There is nothing here. The MCP endpoint is {path}.\n"))
        })
        .layer(middleware::from_fn_with_state(path, metrics::measured))
}

/// Sessions end by themselves too, so that they are counted every now and then.
async fn counted_sessions(sessions: Arc<Sessions>, end: CancellationToken) {
    while end.run_until_cancelled(tokio::time::sleep(COUNTING)).await.is_some() {
        metrics::sessions(sessions.len().await);
    }
}

type Readiness = (Arc<AtomicBool>, Option<Arc<dyn SessionStore>>);

async fn readiness(State((ready, store)): State<Readiness>) -> (StatusCode, &'static str) {
    if !ready.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match store {
        Some(store) if store.ready().await.is_err() => {
            (StatusCode::SERVICE_UNAVAILABLE, "the session store is not available\n")
        }
        _ => (StatusCode::OK, "ready\n"),
    }
}

async fn known_names(State(names): State<Arc<Names>>, request: Request, next: Next) -> Response {
    if !names.host_is_ours(request.uri(), request.headers()) {
        tracing::warn!("a request for another host was refused (DNS rebinding, or a name that is not configured)");
        return (StatusCode::FORBIDDEN, "This server does not go by that host name.\n").into_response();
    }
    // Browsers send `null` for a form of a page without a referrer, which the consent page is; its handler looks closer.
    let form = request.method() == Method::POST && request.uri().path() == CONSENT;
    let null = request.headers().get_all(header::ORIGIN).iter().eq(["null"]);
    if !(form && null || names.origin_is_known(request.headers())) {
        tracing::warn!("a request from an unknown web origin was refused");
        return (StatusCode::FORBIDDEN, "Requests from this web origin are not let in.\n").into_response();
    }
    next.run(request).await
}

/// A session that was ended is gone, not about to go: the SDK's 202 makes the Python SDK report a failure.
async fn ended_sessions(request: Request, next: Next) -> Response {
    let ends = request.method() == Method::DELETE;
    let mut response = next.run(request).await;
    if ends && response.status() == StatusCode::ACCEPTED {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    response
}

/// Refuses to open one session too many. Requests of sessions, and of clients that use none, pass.
async fn bounded_sessions(
    State((sessions, most)): State<(Arc<Sessions>, usize)>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let without_sessions = headers
        .get(REVISION)
        .and_then(|revision| revision.to_str().ok())
        .is_some_and(|revision| revision >= ProtocolVersion::V_2026_07_28.as_str());
    let may_open = request.method() == Method::POST && !headers.contains_key(SESSION) && !without_sessions;
    if may_open && sessions.len().await >= most {
        let mut response =
            (StatusCode::SERVICE_UNAVAILABLE, "Too many sessions are open. Come back later.\n").into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        return response;
    }
    next.run(request).await
}

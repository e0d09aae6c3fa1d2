//! What is where, with its bounds.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::failure::{Refusal, Sorry};
use super::peer::Peer;
use super::rates::Enough;
use super::{CALLBACK, CONSENT, Shared, authorize, callback, consent, metadata, registration, revoke, token};
use crate::transport::http::ENDPOINT;

/// Most bytes of a body.
const MAX_BODY: usize = 32 << 10;

/// Where the metadata is (RFC 8414, section 3).
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// The endpoints.
pub(super) fn router(shared: &Shared) -> Router {
    let document = metadata::document(shared);
    let metadata = get(async move || Json(document));
    let programs = Router::new()
        .route("/register", post(registration::register))
        .route("/token", post(token::token))
        .route("/revoke", post(revoke::revoke))
        .layer(from_fn_with_state(shared.clone(), few_of_programs));
    let people = Router::new()
        .route("/authorize", get(authorize::authorize))
        .route(CONSENT, get(consent::show).post(consent::decide))
        .route(CALLBACK, get(callback::callback))
        .layer(from_fn_with_state(shared.clone(), few_of_people));
    Router::new()
        .merge(programs)
        .merge(people)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared.clone())
        .route(METADATA, metadata.clone())
        // Some clients put the endpoint's path behind, as for an issuer that has one.
        .route(&format!("{METADATA}{ENDPOINT}"), metadata)
}

async fn few_of_programs(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let peer = peer(&shared, &mut request);
    match shared.rates.request(peer).await {
        Ok(None) => next.run(request).await,
        Ok(Some(Enough(seconds))) => Refusal::too_many(seconds).into_response(),
        Err(error) => Refusal::from(error).into_response(),
    }
}

async fn few_of_people(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let peer = peer(&shared, &mut request);
    match shared.rates.request(peer).await {
        Ok(None) => next.run(request).await,
        Ok(Some(Enough(seconds))) => shared.page(&Sorry::too_many(seconds)),
        Err(error) => shared.page(&Sorry::from(error)),
    }
}

/// Where the request comes from, which handlers find among its extensions.
fn peer(shared: &Shared, request: &mut Request) -> Peer {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|connected| connected.0.ip());
    // Without the address of the connection all share one limit.
    let address = connected.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let peer = Peer::of(address, request.headers(), shared.trusted_proxies);
    request.extensions_mut().insert(peer);
    peer
}

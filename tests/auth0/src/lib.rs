//! A stand-in of Auth0's Management API (v2) for tests: it keeps a tenant, and enforces the rules by which a set-up
//! against the real one can go wrong.
//!
//! - Tokens have scopes, and each endpoint asks for one (403 `insufficient_scope`); a client with a secret and a grant
//!   gets a token at `/oauth/token`. Secrets are shown to `read:client_keys` alone, besides in the answer that makes them.
//! - Lists come in pages of at most 100, and numbered ones not beyond 1000 objects, behind which checkpoints lead; who
//!   takes the first page for all misses some.
//! - Identifiers of APIs, and client and audience of a grant, are unique (409). Names of clients are not: who makes one
//!   twice has two.
//! - Fields that an endpoint does not take are refused (400). Changing a connection without its `display_name` resets
//!   that, and its clients are changed at an endpoint of their own, 50 at a time.
//! - A rate limit answers 429, with `x-ratelimit-reset` in seconds since 1970, and does nothing.
//! - [`Auth0::hold_after`] does a request and never answers it, so that a test can kill who waits.
//!
//! Identifiers and secrets are counted, so that two tenants that were asked the same are equal ([`Auth0::state`]).
//! Like a provider it serves a discovery document and keys, for whoever looks at those.

mod clients;
mod clock;
mod connections;
mod error;
mod gate;
mod grants;
mod input;
mod paging;
mod provider;
mod resource_servers;
mod scopes;
mod tenant;
mod tokens;

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, patch, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use gate::Gate;
use tenant::Tenant;

pub use scopes::ALL as ALL_SCOPES;

/// What every handler works on.
struct Shared {
    tenant: Mutex<Tenant>,
    gate: Mutex<Gate>,
    held: watch::Sender<bool>,
    /// Seconds that its clock is ahead.
    ahead: AtomicI64,
    url: String,
}

type State = axum::extract::State<Arc<Shared>>;

impl Shared {
    fn tenant(&self) -> MutexGuard<'_, Tenant> {
        self.tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running tenant; it ends with this value.
pub struct Auth0 {
    shared: Arc<Shared>,
    address: String,
    task: JoinHandle<io::Result<()>>,
}

impl Auth0 {
    /// Starts a tenant on a free port of 127.0.0.1: with a database connection
    /// (`Username-Password-Authentication`), and nothing else.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::start_as(None).await
    }

    /// Starts one that goes by another address, such as that of a proxy before it: without a slash at the end.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start_as(url: Option<String>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let url = url.unwrap_or_else(|| address.clone());
        let shared = Arc::new(Shared {
            tenant: Mutex::new(Tenant::new(&url)),
            gate: Mutex::default(),
            held: watch::Sender::new(false),
            ahead: AtomicI64::new(0),
            url,
        });
        let task = tokio::spawn(axum::serve(listener, router(&shared)).into_future());
        Ok(Self { shared, address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where it is: what stands for `https://TENANT.auth0.com`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// A token of an administrator, with every scope.
    pub fn token(&self) -> String {
        self.token_with(ALL_SCOPES)
    }

    /// A token with some scopes.
    pub fn token_with(&self, scopes: &[&str]) -> String {
        self.shared.tenant().issue(scopes.iter().map(|scope| (*scope).to_owned()).collect())
    }

    /// Makes clients and connections of others, so that lists have pages.
    pub fn crowd(&self, clients: usize, connections: usize) {
        self.shared.tenant().crowd(clients, connections);
    }

    /// The whole tenant, secrets included; tokens are no part of it.
    pub fn state(&self) -> Value {
        self.shared.tenant().state()
    }

    /// Changes an object behind everybody's back, as a person at the dashboard does. `list` is `clients`,
    /// `resource_servers`, `client_grants` or `connections`.
    pub fn change(&self, list: &str, change: impl FnOnce(&mut Vec<Value>)) {
        change(self.shared.tenant().list(list));
    }

    /// The requests so far, as `METHOD path`.
    pub fn requests(&self) -> Vec<String> {
        self.shared.gate().requests.clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.gate().requests.clear();
    }

    /// Lets so many requests through in each second from now on, and refuses others (429). `None`: all.
    pub fn limit(&self, requests_a_second: Option<u32>) {
        self.shared.gate().limit(requests_a_second);
    }

    /// Requests that were refused by the rate limit.
    pub fn refused(&self) -> u32 {
        self.shared.gate().refused
    }

    /// Does that many more requests, and answers neither the last of them nor any later one. 0 does nothing more.
    pub fn hold_after(&self, requests: usize) {
        self.shared.held.send_replace(false);
        self.shared.gate().hold_after = Some(requests);
    }

    /// Waits until a request is held.
    pub async fn held(&self) {
        let mut held = self.shared.held.subscribe();
        // The sender lives as long as this value.
        let _ = held.wait_for(|held| *held).await;
    }

    /// Answers again.
    pub fn release(&self) {
        self.shared.gate().hold_after = None;
        self.shared.held.send_replace(false);
    }

    /// Sets the tenant's clock, which `Date` and the end of rate limits go by: so many seconds ahead of this machine's.
    pub fn set_clock(&self, seconds_ahead: i64) {
        self.shared.ahead.store(seconds_ahead, Ordering::Relaxed);
    }

    /// Answers the next requests with a status, without doing them.
    pub fn fail_next(&self, requests: usize, status: u16) {
        self.shared.gate().failing = (requests, status);
    }
}

impl Drop for Auth0 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(shared: &Arc<Shared>) -> Router {
    let api = Router::new()
        .route("/resource-servers", get(resource_servers::list).post(resource_servers::create))
        .route("/resource-servers/{id}", get(resource_servers::read).patch(resource_servers::update))
        .route("/clients", get(clients::list).post(clients::create))
        .route("/clients/{id}", get(clients::read).patch(clients::update))
        .route("/clients/{id}/rotate-secret", post(clients::rotate))
        .route("/client-grants", get(grants::list).post(grants::create))
        .route("/client-grants/{id}", patch(grants::update))
        .route("/connections", get(connections::list))
        .route("/connections/{id}", get(connections::read).patch(connections::update))
        .route("/connections/{id}/clients", get(connections::enabled).patch(connections::enable));
    let provider = Router::new()
        .route("/.well-known/openid-configuration", get(provider::configuration))
        .route("/.well-known/jwks.json", get(provider::keys));
    Router::new()
        .nest("/api/v2", api)
        .route("/oauth/token", post(tokens::token))
        .layer(from_fn_with_state(Arc::clone(shared), gate::pass))
        .merge(provider)
        .layer(from_fn_with_state(Arc::clone(shared), clock::dated))
        .with_state(Arc::clone(shared))
}

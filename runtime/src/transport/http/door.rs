//! What a server's way of letting people in adds to the transport.

use std::fmt;
use std::sync::Arc;

use axum::Router;

use super::ENDPOINT;
use super::shared::Shared;
use crate::auth::keys::Keys;
use crate::auth::store::SessionStore;

/// Wraps the MCP endpoint.
type Guard = Arc<dyn Fn(Router) -> Router + Send + Sync>;

/// A way of letting people in.
#[derive(Clone)]
pub struct Door {
    routes: Router,
    guard: Option<Guard>,
    shared: Option<Shared>,
    path: &'static str,
    sessions: bool,
}

impl Default for Door {
    fn default() -> Self {
        Self { routes: Router::new(), guard: None, shared: None, path: ENDPOINT, sessions: true }
    }
}

impl Door {
    /// Everyone is let in.
    pub fn open() -> Self {
        Self::default()
    }

    /// Whoever `guard` lets through to the MCP endpoint. `routes` stand beside it, and need no token.
    pub fn guarded(routes: Router, guard: impl Fn(Router) -> Router + Send + Sync + 'static) -> Self {
        Self { routes, guard: Some(Arc::new(guard)), ..Self::default() }
    }

    /// Without this store nobody can be let in: `/readyz` says whether it is there. MCP sessions have their owners in
    /// it, and where replicas share it, all that another one needs to go on. `keys` seal what is kept.
    #[must_use]
    pub fn with_store(self, store: Arc<dyn SessionStore>, keys: Arc<Keys>) -> Self {
        Self { shared: Some(Shared::new(store, keys)), ..self }
    }

    /// With the MCP endpoint at another path than `/mcp`.
    #[must_use]
    pub fn at(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// Without sessions in the revisions that have them: each request stands for itself.
    #[must_use]
    pub fn without_sessions(self) -> Self {
        Self { sessions: false, ..self }
    }

    /// Path of the MCP endpoint.
    pub(super) fn path(&self) -> &'static str {
        self.path
    }

    pub(super) fn has_sessions(&self) -> bool {
        self.sessions
    }

    /// Routes that need no token.
    pub(super) fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// The endpoint behind the guard.
    pub(super) fn before(&self, endpoint: Router) -> Router {
        match &self.guard {
            Some(guard) => guard(endpoint),
            None => endpoint,
        }
    }

    pub(super) fn store(&self) -> Option<Arc<dyn SessionStore>> {
        self.shared.as_ref().map(|shared| Arc::clone(shared.store()))
    }

    /// What sessions are kept in that go on elsewhere.
    pub(super) fn shared(&self) -> Option<Shared> {
        self.shared.clone().filter(|shared| shared.store().is_shared())
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.guard.is_some() { "Door(guarded)" } else { "Door(open)" })
    }
}

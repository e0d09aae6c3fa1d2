//! What a server's way of letting people in adds to the transport.

use std::fmt;
use std::sync::Arc;

use axum::Router;

use super::shared::Shared;
use crate::auth::keys::Keys;
use crate::auth::store::SessionStore;

/// Wraps the MCP endpoint.
type Guard = Arc<dyn Fn(Router) -> Router + Send + Sync>;

/// A way of letting people in.
#[derive(Clone, Default)]
pub struct Door {
    routes: Router,
    guard: Option<Guard>,
    shared: Option<Shared>,
}

impl Door {
    /// Everyone is let in.
    pub fn open() -> Self {
        Self::default()
    }

    /// Whoever `guard` lets through to the MCP endpoint. `routes` stand beside it, and need no token.
    pub fn guarded(routes: Router, guard: impl Fn(Router) -> Router + Send + Sync + 'static) -> Self {
        Self { routes, guard: Some(Arc::new(guard)), shared: None }
    }

    /// Without this store nobody can be let in: `/readyz` says whether it is there. MCP sessions have their owners in
    /// it, and where replicas share it, all that another one needs to go on. `keys` seal what is kept.
    #[must_use]
    pub fn with_store(self, store: Arc<dyn SessionStore>, keys: Arc<Keys>) -> Self {
        Self { shared: Some(Shared::new(store, keys)), ..self }
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

//! The MCP endpoint of the main server, which is its own authorization server.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};

use super::Proxy;
use crate::auth::resource::{Resource, ToolScopes, guarded};
use crate::transport::http::Door;

impl Proxy {
    /// The way of letting people in that this server is: its own endpoints, and the guard before the MCP endpoint.
    /// `scopes`: those that tools demand, if they do.
    pub fn door(&self, scopes: Option<ToolScopes>) -> Door {
        let document = self.0.described.metadata();
        let metadata = get(async move || Json(document));
        let routes = self
            .router()
            .route(Resource::root_metadata_path(), metadata.clone())
            .route(self.0.described.metadata_path(), metadata);
        let proxy = self.clone();
        let guard = move |endpoint: Router| guarded(endpoint, proxy.clone(), proxy.0.described.clone(), scopes.clone());
        Door::guarded(routes, guard).with_store(Arc::clone(self.store()), Arc::clone(self.keys()))
    }
}

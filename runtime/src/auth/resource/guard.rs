//! Before the MCP endpoint.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, http};
use serde_json::json;

use super::{Caller, Denied, LetsIn, Resource, ToolScopes, bearer};
use crate::metrics;
use crate::transport::http::Owner;

/// Seconds after which a client may ask again while something is away.
const RETRY: &str = "5";

struct Guard<L> {
    lets_in: L,
    resource: Resource,
    scopes: Option<ToolScopes>,
}

/// The endpoint behind a guard that lets in whom `lets_in` knows. `scopes`: those that tools demand, if they do.
pub fn guarded<L: LetsIn>(endpoint: Router, lets_in: L, resource: Resource, scopes: Option<ToolScopes>) -> Router {
    endpoint.layer(from_fn_with_state(Arc::new(Guard { lets_in, resource, scopes }), let_in))
}

async fn let_in<L: LetsIn>(State(guard): State<Arc<Guard<L>>>, mut request: Request, next: Next) -> Response {
    let caller = match bearer::token(request.headers()) {
        None => {
            metrics::not_let_in("no_token");
            return guard.resource.unauthorized(None);
        }
        Some(Err(problem)) => Err(Denied::Token(problem.to_owned())),
        Some(Ok(token)) => {
            let began = Instant::now();
            let caller = guard.lets_in.caller(token).await;
            metrics::token_validation(began.elapsed());
            caller
        }
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(Denied::Unavailable(why)) => {
            metrics::not_let_in("unavailable");
            return unavailable(&why);
        }
        Err(Denied::Token(why)) => {
            metrics::not_let_in("invalid_token");
            tracing::debug!(why, "a request was not let in");
            return guard.resource.unauthorized(Some(&why));
        }
    };
    // Nothing behind this needs it, and what is not there is not logged.
    request.headers_mut().remove(header::AUTHORIZATION);
    if let Some(scopes) = &guard.scopes {
        request = match demanded(&guard.resource, scopes, &caller, request).await {
            Ok(request) => request,
            Err(refusal) => {
                metrics::not_let_in("insufficient_scope");
                return *refusal;
            }
        };
    }
    request.extensions_mut().insert(Owner { subject: caller.subject.clone(), client: caller.client.clone() });
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// The request, where its token has the scopes of what it calls. The call itself asks again; here the client gets the
/// status and the challenge that let it ask for more.
async fn demanded(
    resource: &Resource,
    scopes: &ToolScopes,
    caller: &Caller,
    request: Request,
) -> Result<Request, Box<Response>> {
    if request.method() != Method::POST {
        return Ok(request);
    }
    let (head, body): (http::request::Parts, Body) = request.into_parts();
    // The whole body was read before, within its bounds.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if let Some(lacking) = scopes.lacking_for_body(&body, &caller.scopes) {
        let mut all = caller.scopes.clone();
        all.push(lacking.scope.clone());
        return Err(Box::new(resource.insufficient_scope(&lacking.to_string(), &all)));
    }
    Ok(Request::from_parts(head, Body::from(body)))
}

fn unavailable(why: &str) -> Response {
    let description = format!("{why}; try again");
    let body = Json(json!({ "error": "temporarily_unavailable", "error_description": description }));
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY));
    response
}

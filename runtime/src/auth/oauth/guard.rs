//! Before the MCP endpoint: whoever has no token of this server is told where to get one (RFC 6750, RFC 9728).

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::failure::no_store;
use super::{Caller, NotLetIn, Proxy};
use crate::transport::http::{Door, ENDPOINT, Owner};

/// Where the metadata of the protected resource is (RFC 9728, section 3).
const METADATA: &str = "/.well-known/oauth-protected-resource";

impl Proxy {
    /// The way of letting people in that this server is: its own endpoints, and the guard before the MCP endpoint.
    pub fn door(&self) -> Door {
        let document = self.resource_metadata();
        let metadata = get(async move || Json(document));
        let routes = self.router().route(METADATA, metadata.clone()).route(&format!("{METADATA}{ENDPOINT}"), metadata);
        let proxy = self.clone();
        let guard = move |endpoint: Router| endpoint.layer(from_fn_with_state(proxy.clone(), let_in));
        Door::guarded(routes, guard).with_store(Arc::clone(self.store()), Arc::clone(self.keys()))
    }

    fn resource_metadata(&self) -> Value {
        let mut document = json!({
            "resource": self.resource(),
            "authorization_servers": [self.public_url().as_str()],
            "bearer_methods_supported": ["header"],
            "resource_name": self.0.brand,
        });
        if !self.0.scopes.all().is_empty() {
            document["scopes_supported"] = json!(self.0.scopes.all());
        }
        document
    }

    /// The answer to a request without a good token. `error`: what is wrong with the one that came, if one came.
    fn challenge(&self, error: Option<&str>) -> Response {
        let mut challenge = String::from("Bearer ");
        // Writing to a String does not fail.
        if let Some(description) = error {
            let _ = write!(challenge, "error=\"invalid_token\", error_description=\"{description}\", ");
        }
        let _ = write!(challenge, "resource_metadata=\"{}\"", self.public_url().at(&format!("{METADATA}{ENDPOINT}")));
        if !self.0.scopes.all().is_empty() {
            let _ = write!(challenge, ", scope=\"{}\"", self.0.scopes.all().join(" "));
        }
        let body = match error {
            Some(description) => json!({ "error": "invalid_token", "error_description": description }),
            None => json!({ "error_description": "an access token is needed: Authorization: Bearer …" }),
        };
        let mut response = (StatusCode::UNAUTHORIZED, Json(body)).into_response();
        no_store(&mut response);
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

async fn let_in(State(proxy): State<Proxy>, mut request: Request, next: Next) -> Response {
    let caller = match bearer(request.headers()) {
        None => return proxy.challenge(None),
        Some(Err(problem)) => return proxy.challenge(Some(problem)),
        Some(Ok(token)) => proxy.caller(token).await,
    };
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(owner(&caller));
            request.extensions_mut().insert(caller);
            // Nothing behind this needs it, and what is not there is not logged.
            request.headers_mut().remove(header::AUTHORIZATION);
            next.run(request).await
        }
        Err(NotLetIn::Unavailable(why)) => {
            super::failure::Refusal::unavailable(format!("{why}; try again")).into_response()
        }
        Err(refused) => {
            tracing::debug!(%refused, "a request was not let in");
            proxy.challenge(Some(&refused.to_string()))
        }
    }
}

/// MCP sessions belong to the person and the client program together.
fn owner(caller: &Caller) -> Owner {
    Owner { subject: caller.subject.clone(), client: caller.client.clone() }
}

/// The token of a request (RFC 6750, section 2.1). `None`: no token came; one in the address is none.
fn bearer(headers: &HeaderMap) -> Option<Result<&str, &'static str>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return Some(Err("there is more than one Authorization header"));
    }
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Ok(token.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_in_one_header() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            bearer(&headers).map(|token| token.map(str::to_owned).map_err(drop))
        };
        assert_eq!(read(&["Bearer abc"]), Some(Ok("abc".to_owned())));
        assert_eq!(read(&["bEARER  abc "]), Some(Ok("abc".to_owned())));
        assert_eq!(read(&["Bearer abc", "Bearer abc"]), Some(Err(())));
        for none in [&[][..], &["Basic abc"], &["Bearer"], &["abc"]] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}

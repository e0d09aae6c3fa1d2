//! The API server: from an HTTP request to the store and back.
//!
//! A request goes this way: who is it ([`access`], [`impersonation`]) and may they ([`authorization`]); which resource; the verb's own module
//! ([`read`], [`watch`], [`create`], [`update`], [`delete`]); and back through [`answer`], which writes
//! what the client accepts. What every write has in common (pruning, defaults, admission, validation) is
//! in [`checks`].

mod access;
pub mod admission;
mod answer;
mod apply;
mod authorization;
mod body;
mod checks;
mod create;
mod delete;
mod discovery;
mod escalation;
mod fields;
mod impersonation;
mod json_path;
mod log;
mod metadata;
mod openapi;
mod patch;
mod protobuf;
mod query;
mod read;
mod reviews;
mod scale;
mod selector;
mod table;
mod update;
mod watch;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

pub use access::{Anonymous, User};
pub use admission::{Admission, AdmissionRequest, Operation, SchemaOnly, Warning};

use crate::error::ApiError;
use crate::operator::Journal;
use crate::request_info::RequestInfo;
use crate::store::{Origin, ResourceType, Store};
use access::Tokens;
use answer::Answer;
use query::Query;

/// Largest body that is read, in bytes, as in the real server.
const MOST_BYTES: usize = 3 << 20;

/// The API server.
pub struct Api {
    store: Store,
    journal: Journal,
    admission: Arc<dyn Admission>,
    tokens: Tokens,
    anonymous: Anonymous,
}

/// One request about a resource.
struct Call<'a> {
    api: &'a Api,
    kind: Arc<ResourceType>,
    info: RequestInfo,
    query: Query,
    user: User,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Api {
    /// An API over `store` and the logs in `journal`, with the rules of `admission`.
    pub fn new(store: Store, journal: Journal, admission: Arc<dyn Admission>, anonymous: Anonymous) -> Self {
        let tokens = Tokens::new(store.identities().uid());
        Self { store, journal, admission, tokens, anonymous }
    }

    /// The token of the administrator, for kubeconfig.
    pub fn admin_token(&self) -> &str {
        self.tokens.admin()
    }

    /// Answers one request.
    pub async fn serve(State(api): State<Arc<Self>>, request: Request) -> Response {
        // A request that finds a hole in the sandbox must not take the connection of others with it.
        let outcome = AssertUnwindSafe(api.answer(request)).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| Err(ApiError::internal("the sandbox panicked; this is a bug in it")));
        outcome.unwrap_or_else(|error| Answer::error(&error)).into_response()
    }

    async fn answer(&self, request: Request) -> Result<Answer, ApiError> {
        let (parts, body) = request.into_parts();
        let (uri, watching) = without_watch_prefix(&parts.uri);
        let mut info = RequestInfo::of(&parts.method, &uri, &parts.headers);
        if watching && info.verb == "list" {
            "watch".clone_into(&mut info.verb);
        }
        let query = Query::of(&uri);
        let user = self.authenticate(&parts.headers)?;
        let user = self.impersonate(user, &parts.headers, &info)?;
        self.authorize(&user, &info, &query)?;
        if info.resource.is_empty() {
            return self.nonresource(&parts.method, &uri, &parts.headers);
        }
        let mut headers = parts.headers;
        let body = without_protobuf(read_body(body).await?, &mut headers)?;
        if let Some(answer) = self.review(&parts.method, &info, &user, &body)? {
            return Ok(answer);
        }
        let version = uri.path().split('/').nth(if info.group.is_empty() { 2 } else { 3 }).unwrap_or_default();
        let kind = self.store.registry().get(&info.group, &info.resource);
        let Some(kind) = kind.filter(|kind| kind.gvr.version == version && fits(kind, &info)).cloned() else {
            return Ok(Answer::not_served());
        };
        let call = Call { api: self, kind, info, query, user, method: parts.method, headers, body };
        call.answer()
    }
}

/// Whether a path is one of the resource's: namespaced or not, as it is itself.
fn fits(kind: &ResourceType, info: &RequestInfo) -> bool {
    let has_namespace = !info.namespace.is_empty();
    if kind.namespaced {
        // Across all namespaces one can only list and watch.
        has_namespace || (info.name.is_empty() && matches!(info.verb.as_str(), "list" | "watch"))
    } else {
        !has_namespace || kind.kind == "Namespace"
    }
}

impl Call<'_> {
    fn answer(&self) -> Result<Answer, ApiError> {
        let named = !self.info.name.is_empty();
        let custom = self.kind.origin == Origin::Custom;
        if self.kind.kind == "CustomResourceDefinition" && !matches!(self.method, Method::GET | Method::HEAD) {
            return Err(ApiError::not_implemented("changing CustomResourceDefinitions while it runs"));
        }
        match (self.info.subresource.as_str(), self.method.as_str(), named) {
            ("", "GET" | "HEAD", false) if self.info.verb == "watch" => self.watch(),
            ("", "GET" | "HEAD", false) => self.list(),
            ("", "GET" | "HEAD", true) => self.get(),
            ("", "POST", false) => self.create(),
            ("" | "status", "PUT", true) => self.put(),
            ("" | "status", "PATCH", true) => self.patch(),
            ("", "DELETE", true) => self.delete(),
            ("", "DELETE", false) => self.delete_collection(),
            ("", "PUT" | "PATCH", false) if custom => Err(ApiError::bad_request("name must be provided")),
            ("status", "GET" | "HEAD", true) if self.kind.status => self.get(),
            ("scale", "GET" | "HEAD", true) if self.kind.scale.is_some() => self.get_scale(),
            ("scale", "PUT" | "PATCH", true) if self.kind.scale.is_some() => self.write_scale(),
            ("log", "GET" | "HEAD", true) if self.kind.kind == "Pod" => self.pod_log(),
            ("token", "POST", true) if self.kind.kind == "ServiceAccount" => self.request_token(),
            ("finalize", "PUT", true) if self.kind.kind == "Namespace" => self.finalize_namespace(),
            ("" | "status" | "scale", _, _) => Err(self.unsupported()),
            _ if custom => Err(self.not_found()),
            (subresource, ..) => {
                Err(ApiError::not_implemented(format!("the subresource {}/{subresource}", self.info.resource)))
            }
        }
    }

    /// The namespace that objects of this request live in; empty for cluster-scoped kinds.
    fn namespace(&self) -> &str {
        if self.kind.namespaced { &self.info.namespace } else { "" }
    }

    fn header(&self, name: &header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn content_type(&self) -> Option<&str> {
        self.header(&header::CONTENT_TYPE)
    }

    fn not_found(&self) -> ApiError {
        ApiError::not_found(&self.kind.gvr.group, &self.kind.gvr.resource, &self.info.name)
    }

    /// 405: the resource does not take this method.
    fn unsupported(&self) -> ApiError {
        let gvr = &self.kind.gvr;
        let verb = if self.info.verb.is_empty() { self.method.as_str() } else { &self.info.verb };
        ApiError::method_not_allowed(verb, &gvr.group, &gvr.resource)
    }

    fn admission_request(&self, operation: Operation, name: &str, dry_run: bool) -> AdmissionRequest {
        AdmissionRequest {
            operation,
            gvr: self.kind.gvr.clone(),
            namespace: self.namespace().to_owned(),
            name: name.to_owned(),
            dry_run,
            user: self.user.name.clone(),
        }
    }

    /// The field manager: as given, or the first part of the user agent.
    fn manager(&self, given: Option<&str>) -> String {
        let agent = given.unwrap_or_else(|| self.info.user_agent.split(['/', ' ']).next().unwrap_or_default());
        if agent.is_empty() { "unknown".to_owned() } else { agent.to_owned() }
    }
}

async fn read_body(body: Body) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, MOST_BYTES).await.map_err(|_| {
        let text = format!("Request entity too large: limit is {MOST_BYTES}");
        ApiError::new(413, "RequestEntityTooLarge", text)
    })
}

/// A body in protobuf becomes the JSON of the same object.
fn without_protobuf(body: Bytes, headers: &mut HeaderMap) -> Result<Bytes, ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if body.is_empty() || !given.starts_with(protobuf::MEDIA) {
        return Ok(body);
    }
    let object = protobuf::to_json(&body)?;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Bytes::from(object.to_string()))
}

/// The older way to watch: `/api/v1/watch/…`.
fn without_watch_prefix(uri: &Uri) -> (Uri, bool) {
    let depth = if uri.path().starts_with("/api/") { 3 } else { 4 };
    let parts: Vec<&str> = uri.path().split('/').collect();
    if parts.get(depth) != Some(&"watch") || parts.len() < depth + 2 {
        return (uri.clone(), false);
    }
    let mut path = [&parts[..depth], &parts[depth + 1..]].concat().join("/");
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    path.parse().map_or_else(|_| (uri.clone(), false), |uri| (uri, true))
}

//! Requests, as data.

use http::Method;
use serde_json::{Map, Value, json};

use super::FIELD_MANAGER;
use crate::kind::{KindInfo, percent_encode};

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const ONE_AS_METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const LIST_AS_METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Most bytes of an answer that holds one object. The API server's own bound on a request is 3 MiB.
const ONE_OBJECT: usize = 8 << 20;

/// Most bytes of an answer that holds a page of objects.
const ONE_PAGE: usize = 128 << 20;

/// A request to the API server.
#[derive(Clone)]
pub(crate) struct ApiRequest {
    pub(crate) method: Method,
    /// The API's verb and the kind's plural, as in RBAC.
    pub(crate) verb: &'static str,
    pub(crate) resource: &'static str,
    pub(crate) path: String,
    query: Vec<(&'static str, String)>,
    pub(crate) accept: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// Most bytes of the answer.
    pub(crate) limit: usize,
    /// Of a longer answer the end is kept, from the beginning of a line on; otherwise it is an error.
    pub(crate) keep_end: bool,
}

/// Equality selectors on labels and fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) fields: Vec<(String, String)>,
}

impl ApiRequest {
    fn new(
        (method, verb): (Method, &'static str),
        kind: &KindInfo,
        path: String,
        accept: &'static str,
        limit: usize,
    ) -> Self {
        Self {
            method,
            verb,
            resource: kind.plural,
            path,
            query: Vec::new(),
            accept,
            content_type: JSON,
            body: Vec::new(),
            limit,
            keep_end: false,
        }
    }

    fn accept_one(kind: &KindInfo) -> &'static str {
        if kind.metadata_only { ONE_AS_METADATA } else { JSON }
    }

    /// Reads one object.
    pub(crate) fn get(kind: &KindInfo, namespace: Option<&str>, name: &str) -> Self {
        Self::new((Method::GET, "get"), kind, kind.object_path(namespace, name), Self::accept_one(kind), ONE_OBJECT)
    }

    /// Reads the end of a text that belongs to an object, at most `limit` bytes of it.
    pub(crate) fn text(
        kind: &KindInfo,
        namespace: Option<&str>,
        name: &str,
        subresource: &str,
        query: Vec<(&'static str, String)>,
        limit: usize,
    ) -> Self {
        let path = format!("{}/{subresource}", kind.object_path(namespace, name));
        // A log is text whatever is asked for; an error is a Status in JSON.
        let mut request = Self::new((Method::GET, "get"), kind, path, "*/*", limit);
        request.query = query;
        request.keep_end = true;
        request
    }

    /// Reads one page.
    pub(crate) fn list(
        kind: &KindInfo,
        namespace: Option<&str>,
        selector: &Selector,
        limit: u32,
        continue_token: Option<&str>,
    ) -> Self {
        let accept = if kind.metadata_only { LIST_AS_METADATA } else { JSON };
        let mut request = Self::new((Method::GET, "list"), kind, kind.collection_path(namespace), accept, ONE_PAGE);
        request.select(selector);
        request.query.push(("limit", limit.to_string()));
        if let Some(token) = continue_token {
            request.query.push(("continue", token.to_owned()));
        }
        request
    }

    /// Watches one object from a version on; the server ends it after `seconds`.
    pub(crate) fn watch(
        kind: &KindInfo,
        namespace: Option<&str>,
        name: &str,
        from_version: &str,
        seconds: u64,
    ) -> Self {
        let mut request = Self::new(
            (Method::GET, "watch"),
            kind,
            kind.collection_path(namespace),
            Self::accept_one(kind),
            ONE_OBJECT,
        );
        request
            .select(&Selector { fields: vec![("metadata.name".to_owned(), name.to_owned())], ..Selector::default() });
        request.query.push(("watch", "1".to_owned()));
        request.query.push(("allowWatchBookmarks", "true".to_owned()));
        request.query.push(("resourceVersion", from_version.to_owned()));
        request.query.push(("timeoutSeconds", seconds.to_string()));
        request
    }

    /// The same, through a subresource.
    pub(crate) fn through(mut self, subresource: &str) -> Self {
        self.path = format!("{}/{subresource}", self.path);
        self
    }

    /// Makes an object.
    pub(crate) fn create(
        kind: &KindInfo,
        namespace: Option<&str>,
        manifest: &Map<String, Value>,
        dry_run: bool,
    ) -> Self {
        let mut request = Self::new(
            (Method::POST, "create"),
            kind,
            kind.collection_path(namespace),
            Self::accept_one(kind),
            ONE_OBJECT,
        );
        request.writes(dry_run);
        request.body = to_bytes(manifest);
        request
    }

    /// Changes fields of an object (RFC 7396).
    pub(crate) fn merge_patch(
        kind: &KindInfo,
        namespace: Option<&str>,
        name: &str,
        patch: &Map<String, Value>,
        dry_run: bool,
    ) -> Self {
        let mut request = Self::new(
            (Method::PATCH, "patch"),
            kind,
            kind.object_path(namespace, name),
            Self::accept_one(kind),
            ONE_OBJECT,
        );
        request.writes(dry_run);
        request.content_type = MERGE_PATCH;
        request.body = to_bytes(patch);
        request
    }

    /// Deletes an object, if it still is the one with this uid (and, where given, at this version).
    /// Dependents go in the background, as with `kubectl delete`.
    pub(crate) fn delete(
        kind: &KindInfo,
        namespace: Option<&str>,
        name: &str,
        uid: &str,
        resource_version: Option<&str>,
        dry_run: bool,
    ) -> Self {
        let mut request =
            Self::new((Method::DELETE, "delete"), kind, kind.object_path(namespace, name), JSON, ONE_OBJECT);
        let mut preconditions = Map::new();
        preconditions.insert("uid".to_owned(), Value::from(uid));
        if let Some(version) = resource_version {
            preconditions.insert("resourceVersion".to_owned(), Value::from(version));
        }
        let mut options = Map::from_iter([
            ("apiVersion".to_owned(), Value::from("v1")),
            ("kind".to_owned(), Value::from("DeleteOptions")),
            ("propagationPolicy".to_owned(), Value::from("Background")),
            ("preconditions".to_owned(), Value::Object(preconditions)),
        ]);
        if dry_run {
            options.insert("dryRun".to_owned(), json!(["All"]));
        }
        request.body = to_bytes(&options);
        request
    }

    fn select(&mut self, selector: &Selector) {
        for (name, pairs) in [("labelSelector", &selector.labels), ("fieldSelector", &selector.fields)] {
            if !pairs.is_empty() {
                let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
                self.query.push((name, pairs.join(",")));
            }
        }
    }

    fn writes(&mut self, dry_run: bool) {
        self.query.push(("fieldManager", FIELD_MANAGER.to_owned()));
        self.query.push(("fieldValidation", "Strict".to_owned()));
        if dry_run {
            self.query.push(("dryRun", "All".to_owned()));
        }
    }

    /// Path and query.
    pub(crate) fn uri(&self) -> String {
        let query: Vec<_> = self.query.iter().map(|(key, value)| format!("{key}={}", percent_encode(value))).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }
}

fn to_bytes(object: &Map<String, Value>) -> Vec<u8> {
    // Writing JSON values into memory does not fail: keys are strings, and there is no I/O.
    serde_json::to_vec(object).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "Cluster",
        plural: "clusters",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };
    const SECRET: KindInfo = KindInfo {
        group: "",
        version: "v1",
        kind: "Secret",
        plural: "secrets",
        namespaced: true,
        metadata_only: true,
        operator: None,
    };

    #[test]
    fn writes_name_their_manager_and_are_strict() {
        let request = ApiRequest::create(&CLUSTER, Some("data"), &Map::new(), true);
        assert_eq!(
            request.uri(),
            "/apis/postgresql.cnpg.io/v1/namespaces/data/clusters?fieldManager=cnpg-mcp&fieldValidation=Strict&dryRun=All"
        );
        let request = ApiRequest::merge_patch(&CLUSTER, Some("data"), "a", &Map::new(), false);
        assert!(!request.uri().contains("dryRun"));
        assert_eq!(request.content_type, MERGE_PATCH);
    }

    #[test]
    fn secrets_are_read_as_metadata_only() {
        assert_eq!(ApiRequest::get(&SECRET, Some("a"), "b").accept, ONE_AS_METADATA);
        assert_eq!(ApiRequest::create(&SECRET, Some("a"), &Map::new(), false).accept, ONE_AS_METADATA);
        assert_eq!(ApiRequest::list(&SECRET, None, &Selector::default(), 10, None).accept, LIST_AS_METADATA);
    }

    #[test]
    fn selectors_and_tokens_are_encoded() {
        let selector = Selector {
            labels: vec![("cnpg.io/cluster".into(), "a".into()), ("b".into(), "c d&e".into())],
            fields: vec![],
        };
        let request = ApiRequest::list(&SECRET, Some("a"), &selector, 5, Some("x/y+z="));
        assert_eq!(
            request.uri(),
            "/api/v1/namespaces/a/secrets?labelSelector=cnpg.io%2Fcluster%3Da%2Cb%3Dc%20d%26e&limit=5&continue=x%2Fy%2Bz%3D"
        );
    }

    #[test]
    fn deletes_carry_preconditions() {
        let request = ApiRequest::delete(&SECRET, Some("a"), "b", "u1", Some("7"), true);
        let options: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(options["preconditions"], json!({"uid": "u1", "resourceVersion": "7"}));
        assert_eq!(options["dryRun"], json!(["All"]));
    }
}

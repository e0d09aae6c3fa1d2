//! Who may do what: tokens, RBAC, impersonation, reviews.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod escalation;
mod impersonation;
mod roles;

use cnpg_mcp_sandbox::api::Anonymous;
use cnpg_mcp_sandbox::{OperatorConfig, Sandbox};
use reqwest::{Client, Method};
use serde_json::{Value, json};

struct Ground {
    sandbox: Sandbox,
    client: Client,
}

/// Credentials of a request.
#[derive(Clone, Copy)]
enum As<'a> {
    Nobody,
    Administrator,
    Token(&'a str),
    Impersonated(&'a str),
    /// Somebody with a token, and further headers.
    With(&'a str, &'a [(&'a str, &'a str)]),
}

impl Ground {
    async fn new() -> Self {
        let sandbox = Sandbox::builder().operator(OperatorConfig::off()).anonymous(Anonymous::Nobody).start().await;
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { sandbox: sandbox.unwrap(), client: Client::new() }
    }

    async fn call(&self, who: As<'_>, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method: Method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.sandbox.url()));
        request = match who {
            As::Nobody => request,
            As::Administrator => request.bearer_auth(self.sandbox.token()),
            As::Token(token) => request.bearer_auth(token),
            As::With(token, headers) => {
                headers.iter().fold(request.bearer_auth(token), |request, (name, value)| request.header(*name, *value))
            }
            As::Impersonated(user) => request.bearer_auth(self.sandbox.token()).header("impersonate-user", user),
        };
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    /// Makes an object as the administrator.
    async fn make(&self, path: &str, object: Value) {
        let (code, answer) = self.call(As::Administrator, "POST", path, object).await;
        assert_eq!(code, 201, "{answer}");
    }

    /// A service account in `default` with these rules everywhere, and its token.
    async fn account(&self, name: &str, rules: &Value) -> String {
        let token = self.sandbox.token_of("default", name).unwrap();
        self.make(&format!("{RBAC}/clusterroles"), role("ClusterRole", name, rules)).await;
        let subject = json!({ "kind": "ServiceAccount", "name": name, "namespace": "default" });
        let binding = binding("ClusterRoleBinding", name, &subject, &json!({ "kind": "ClusterRole", "name": name }));
        self.make(&format!("{RBAC}/clusterrolebindings"), binding).await;
        token
    }

    /// Whether somebody may: verb, group, resource with subresource, name, in `default`.
    async fn may(&self, who: As<'_>, what: [&str; 4]) -> bool {
        let [verb, group, resource, name] = what;
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = json!({ "namespace": "default", "verb": verb, "group": group, "resource": resource,
            "subresource": subresource, "name": name });
        let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes } });
        let (code, answer) =
            self.call(who, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review).await;
        assert_eq!(code, 201, "{answer}");
        answer["status"]["allowed"] == true
    }

    /// A service account `reader` in `default` that may read secrets there, and its token.
    async fn reader(&self) -> String {
        let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
        let objects = [
            (
                "/api/v1/namespaces/default/serviceaccounts".to_owned(),
                json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "reader" } }),
            ),
            (
                format!("{rbac}/roles"),
                json!({
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": { "name": "reader" },
                    "rules": [{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"] }],
                }),
            ),
            (
                format!("{rbac}/rolebindings"),
                json!({
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                    "metadata": { "name": "reader" },
                    "subjects": [{ "kind": "ServiceAccount", "name": "reader", "namespace": "default" }],
                    "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader" },
                }),
            ),
        ];
        for (path, object) in objects {
            let (code, answer) = self.call(As::Administrator, "POST", &path, object).await;
            assert_eq!(code, 201, "{answer}");
        }
        let path = "/api/v1/namespaces/default/serviceaccounts/reader/token";
        let (_, answer) = self.call(As::Administrator, "POST", path, json!({ "spec": {} })).await;
        answer["status"]["token"].as_str().unwrap().to_owned()
    }
}

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

fn role(kind: &str, name: &str, rules: &Value) -> Value {
    json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": { "name": name }, "rules": rules })
}

fn binding(kind: &str, name: &str, subject: &Value, role: &Value) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": { "name": name },
        "subjects": [subject], "roleRef": role,
    })
}

const SECRETS: &str = "/api/v1/namespaces/default/secrets";

#[tokio::test]
async fn a_role_grants_what_it_says_and_no_more() {
    let ground = Ground::new().await;
    let token = ground.reader().await;
    let reader = As::Token(&token);
    assert_eq!(ground.call(reader, "GET", SECRETS, Value::Null).await.0, 200);
    assert_eq!(ground.call(reader, "GET", "/api/v1/namespaces/kube-system/secrets", Value::Null).await.0, 403);
    // Forbidden comes before the body is looked at.
    let (code, refusal) = ground.call(reader, "POST", SECRETS, json!("nonsense")).await;
    assert_eq!((code, &refusal["reason"]), (403, &json!("Forbidden")));
    let user = "system:serviceaccount:default:reader";
    assert!(refusal["message"].as_str().unwrap().contains(user), "{refusal}");
    assert_eq!(ground.call(As::Impersonated(user), "GET", SECRETS, Value::Null).await.0, 200);
    assert_eq!(ground.call(As::Impersonated("alice"), "GET", SECRETS, Value::Null).await.0, 403);
    for (verb, allowed) in [("list", true), ("delete", false)] {
        let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": { "namespace": "default", "verb": verb, "resource": "secrets" } } });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        assert_eq!(ground.call(reader, "POST", path, review).await.1["status"]["allowed"], allowed, "{verb}");
    }
}

#[tokio::test]
async fn tokens_live_as_long_as_their_account() {
    let ground = Ground::new().await;
    let token = ground.reader().await;
    let path = "/api/v1/namespaces/default/serviceaccounts/reader";
    assert_eq!(ground.call(As::Administrator, "DELETE", path, Value::Null).await.0, 200);
    assert_eq!(ground.call(As::Token(&token), "GET", "/version", Value::Null).await.0, 401);
    assert_eq!(ground.call(As::Token("made up"), "GET", "/version", Value::Null).await.0, 401);
}

#[tokio::test]
async fn without_credentials_only_the_public_paths_are_open() {
    let ground = Ground::new().await;
    assert_eq!(ground.call(As::Nobody, "GET", "/version", Value::Null).await.0, 200);
    assert_eq!(ground.call(As::Nobody, "GET", "/healthz", Value::Null).await.0, 200);
    assert_eq!(ground.call(As::Nobody, "GET", SECRETS, Value::Null).await.0, 403);
    assert_eq!(ground.call(As::Nobody, "GET", "/apis", Value::Null).await.0, 403);
}

//! The API through HTTP, with a kind of our own: what every client relies on.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cnpg_mcp_sandbox::{AdmissionMode, OperatorConfig, Sandbox};
use futures::StreamExt;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";
const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

fn widget_kind() -> Value {
    let count = json!({ "type": "integer", "minimum": 1, "default": 1 });
    let part = json!({
        "type": "object", "required": ["name"],
        "properties": { "name": { "type": "string" }, "size": { "type": "string" } },
    });
    let parts = json!({
        "type": "array", "items": part, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
    });
    let rule = json!([{ "rule": "!has(self.colour) || self.colour != 'pink'", "message": "not pink" }]);
    let spec = json!({
        "type": "object", "x-kubernetes-validations": rule,
        "properties": { "count": count, "colour": { "type": "string" }, "parts": parts,
            "tags": { "type": "array", "items": { "type": "string" } } },
    });
    let status = json!({ "type": "object", "properties": { "phase": { "type": "string" } } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.example.com" },
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": { "kind": "Widget", "plural": "widgets", "singular": "widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": { "status": {}, "scale": { "specReplicasPath": ".spec.count",
                    "statusReplicasPath": ".status.count" } },
                "schema": { "openAPIV3Schema": {
                    "type": "object", "properties": { "spec": spec, "status": status } } },
            }],
        },
    })
}

struct Ground {
    sandbox: Sandbox,
    client: Client,
}

async fn ground() -> Ground {
    let sandbox = Sandbox::builder()
        .kinds(vec![widget_kind()])
        .admission(AdmissionMode::Crds)
        .operator(OperatorConfig::off())
        .seed(3)
        .start()
        .await
        .unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ground { sandbox, client: Client::new() }
}

impl Ground {
    async fn send(&self, method: &str, path: &str, media: &str, body: &Value) -> Response {
        let method: Method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.sandbox.url()));
        let request =
            if body.is_null() { request } else { request.header("content-type", media).body(body.to_string()) };
        request.send().await.unwrap()
    }

    async fn call(&self, method: &str, path: &str, media: &str, body: Value) -> (u16, Value) {
        let response = self.send(method, path, media, &body).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, "", Value::Null).await
    }

    async fn make(&self, name: &str, spec: Value) -> Value {
        let body =
            json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": name }, "spec": spec });
        let (code, made) = self.call("POST", WIDGETS, "application/json", body).await;
        assert_eq!(code, 201, "{made}");
        made
    }
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn objects_are_defaulted_pruned_validated_and_versioned() {
    let ground = ground().await;
    let made = ground.make("a", json!({ "nonsense": 1 })).await;
    assert_eq!(made["spec"], json!({ "count": 1 }));
    assert_eq!(made["metadata"]["generation"], 1);
    let path = format!("{WIDGETS}/a");
    let (code, same) = ground.call("PATCH", &path, MERGE, json!({ "spec": { "count": 1 } })).await;
    assert_eq!((code, &same["metadata"]["resourceVersion"]), (200, &made["metadata"]["resourceVersion"]));
    let (code, refusal) = ground.call("PATCH", &path, MERGE, json!({ "spec": { "count": 0 } })).await;
    assert_eq!((code, &refusal["details"]["causes"][0]["field"]), (422, &json!("spec.count")));
    let (code, refusal) = ground.call("PATCH", &path, MERGE, json!({ "spec": { "colour": "pink" } })).await;
    assert_eq!((code, &refusal["details"]["causes"][0]["message"]), (422, &json!("Invalid value: not pink")));
    let (_, changed) = ground.call("PATCH", &path, MERGE, json!({ "spec": { "count": 4 } })).await;
    assert_eq!(changed["metadata"]["generation"], 2);
    let stale =
        json!({ "metadata": { "resourceVersion": made["metadata"]["resourceVersion"] }, "spec": { "count": 9 } });
    assert_eq!(ground.call("PATCH", &path, MERGE, stale).await.0, 409);
    let (_, view) = ground.call("PATCH", &format!("{path}/scale"), MERGE, json!({ "spec": { "replicas": 7 } })).await;
    assert_eq!(view["spec"]["replicas"], 7);
    assert_eq!(ground.get(&path).await.1["spec"]["count"], 7);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let ground = ground().await;
    ground.make("a", json!({})).await;
    let before = ground.sandbox.snapshot();
    let body = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "b" } });
    assert_eq!(ground.call("POST", &format!("{WIDGETS}?dryRun=All"), "application/json", body).await.0, 201);
    let path = format!("{WIDGETS}/a?dryRun=All");
    assert_eq!(ground.call("PATCH", &path, MERGE, json!({ "spec": { "count": 5 } })).await.1["spec"]["count"], 5);
    assert_eq!(ground.call("DELETE", &path, "", Value::Null).await.0, 200);
    assert_eq!(ground.call("DELETE", &format!("{WIDGETS}?dryRun=All"), "", Value::Null).await.0, 200);
    assert_eq!(ground.sandbox.snapshot(), before);
}

#[tokio::test]
async fn pages_show_one_moment_until_it_is_forgotten() {
    let ground = ground().await;
    for name in ["a", "b", "c", "d", "e"] {
        ground.make(name, json!({})).await;
    }
    let (_, first) = ground.get(&format!("{WIDGETS}?limit=2")).await;
    assert_eq!((names(&first), &first["metadata"]["remainingItemCount"]), (vec!["a", "b"], &json!(3)));
    ground.call("DELETE", &format!("{WIDGETS}/c"), "", Value::Null).await;
    ground.make("bb", json!({})).await;
    let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    let (_, second) = ground.get(&format!("{WIDGETS}?limit=2&continue={token}")).await;
    assert_eq!(names(&second), ["c", "d"]);
    ground.sandbox.store().forget_history();
    let (code, expired) = ground.get(&format!("{WIDGETS}?limit=2&continue={token}")).await;
    assert_eq!((code, &expired["reason"]), (410, &json!("Expired")));
    let token = expired["metadata"]["continue"].as_str().unwrap();
    let (_, fresh) = ground.get(&format!("{WIDGETS}?limit=2&continue={token}")).await;
    assert_eq!(names(&fresh), ["bb", "d"]);
}

#[tokio::test]
async fn concurrent_patches_lose_nothing() {
    let ground = ground().await;
    ground.make("a", json!({ "tags": [] })).await;
    let path = format!("{WIDGETS}/a");
    let patches = (0..40).map(|number| {
        let addition = json!([{ "op": "add", "path": "/spec/tags/-", "value": format!("t{number}") }]);
        ground.call("PATCH", &path, JSON_PATCH, addition)
    });
    let answers = futures::future::join_all(patches).await;
    assert!(answers.iter().all(|(code, _)| *code == 200));
    assert_eq!(ground.get(&path).await.1["spec"]["tags"].as_array().unwrap().len(), 40);
}

#[tokio::test]
async fn a_watch_resumes_where_it_stopped_and_says_when_it_cannot() {
    let ground = ground().await;
    let made = ground.make("a", json!({})).await;
    let version = made["metadata"]["resourceVersion"].as_str().unwrap();
    ground.call("PATCH", &format!("{WIDGETS}/a"), MERGE, json!({ "spec": { "count": 2 } })).await;
    ground.call("DELETE", &format!("{WIDGETS}/a"), "", Value::Null).await;
    let events = |path: String| {
        let ground = &ground;
        async move {
            let mut stream = ground.send("GET", &path, "", &Value::Null).await.bytes_stream();
            let mut text = Vec::new();
            while let Some(Ok(chunk)) = stream.next().await {
                text.extend_from_slice(&chunk);
            }
            let text = String::from_utf8(text).unwrap();
            text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
        }
    };
    let path = format!("{WIDGETS}?watch=true&timeoutSeconds=1&resourceVersion={version}");
    let seen = events(path.clone()).await;
    assert_eq!(seen.iter().map(|event| event["type"].as_str().unwrap()).collect::<Vec<_>>(), ["MODIFIED", "DELETED"]);
    ground.sandbox.store().forget_history();
    let seen = events(path).await;
    assert_eq!((&seen[0]["type"], &seen[0]["object"]["code"]), (&json!("ERROR"), &json!(410)));
}

#[tokio::test]
async fn appliers_own_fields_share_them_and_give_them_up() {
    let ground = ground().await;
    let path = |manager: &str| format!("{WIDGETS}/a?fieldManager={manager}");
    let body = |spec: Value| json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "a" }, "spec": spec });
    let one = body(json!({ "colour": "red", "parts": [{ "name": "x", "size": "1" }] }));
    assert_eq!(ground.call("PATCH", &path("one"), APPLY, one).await.0, 201);
    let two = body(json!({ "parts": [{ "name": "y" }] }));
    let (code, both) = ground.call("PATCH", &path("two"), APPLY, two).await;
    assert_eq!((code, both["spec"]["parts"].as_array().unwrap().len()), (200, 2));
    let other = body(json!({ "colour": "blue" }));
    let (code, refusal) = ground.call("PATCH", &path("two"), APPLY, other.clone()).await;
    assert_eq!((code, &refusal["details"]["causes"][0]["field"]), (409, &json!(".spec.colour")));
    let (code, forced) = ground.call("PATCH", &format!("{}&force=true", path("two")), APPLY, other).await;
    assert_eq!((code, &forced["spec"]["colour"]), (200, &json!("blue")));
    // The second gave up its part with that; the first gives up its own now.
    assert_eq!(forced["spec"]["parts"], json!([{ "name": "x", "size": "1" }]));
    let (_, bare) = ground.call("PATCH", &path("one"), APPLY, body(json!({}))).await;
    assert_eq!(bare["spec"], json!({ "colour": "blue", "count": 1 }));
}

#[tokio::test]
async fn what_the_sandbox_cannot_do_is_501_and_never_a_success() {
    let ground = ground().await;
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" }, "spec": {} });
    ground.call("POST", "/api/v1/namespaces/default/pods", "application/json", pod).await;
    let (code, refusal) =
        ground.call("POST", "/api/v1/namespaces/default/pods/p/exec", "application/json", json!({})).await;
    assert_eq!((code, &refusal["reason"]), (501, &json!("NotImplemented")));
    let mut kind = widget_kind();
    let rules = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations/0/rule";
    *kind.pointer_mut(rules).unwrap() = json!("self.colour.lowerAscii() == 'red'");
    let error = Sandbox::builder().kinds(vec![kind]).start().await.unwrap_err();
    assert!(error.to_string().contains("lowerAscii"), "{error}");
}

#[tokio::test]
async fn a_shutdown_ends_open_watches() {
    let ground = ground().await;
    let response = ground.send("GET", &format!("{WIDGETS}?watch=true"), "", &Value::Null).await;
    let url = ground.sandbox.url().to_owned();
    let started = std::time::Instant::now();
    let ((), ended) = futures::future::join(ground.sandbox.shutdown(), response.bytes()).await;
    assert!(ended.unwrap().is_empty());
    assert!(started.elapsed() < std::time::Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(ground.client.get(format!("{url}/version")).send().await.is_err());
}

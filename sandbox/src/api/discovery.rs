//! Paths that are no resource: discovery, version, health.

use http::{HeaderMap, Method, Uri, header};
use serde_json::{Value, json};

use super::answer::Answer;
use super::reviews::REVIEWS;
use super::{Api, openapi};
use crate::error::ApiError;
use crate::store::{Origin, ResourceType};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const BUILTIN_VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const CUSTOM_VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

fn verbs(kind: &ResourceType) -> Vec<&'static str> {
    let verbs = if kind.origin == Origin::Builtin { BUILTIN_VERBS } else { CUSTOM_VERBS };
    verbs.into_iter().filter(|verb| !(kind.kind == "Namespace" && *verb == "deletecollection")).collect()
}

/// One subresource: name, and group, version, kind of its body.
fn subresources(kind: &ResourceType) -> Vec<(&'static str, &'static str, &'static str, String, Vec<&'static str>)> {
    let writable = vec!["get", "patch", "update"];
    let mut list = Vec::new();
    if kind.status {
        list.push(("status", "", "", kind.kind.clone(), writable.clone()));
    }
    if kind.scale.is_some() {
        list.push(("scale", "autoscaling", "v1", "Scale".to_owned(), writable));
    }
    if kind.kind == "ServiceAccount" {
        list.push(("token", "authentication.k8s.io", "v1", "TokenRequest".to_owned(), vec!["create"]));
    }
    if kind.kind == "Pod" {
        list.push(("log", "", "", "Pod".to_owned(), vec!["get"]));
    }
    if kind.kind == "Namespace" {
        list.push(("finalize", "", "", kind.kind.clone(), vec!["update"]));
    }
    list
}

impl Api {
    /// Answers a path that is no resource.
    pub(super) fn nonresource(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Answer, ApiError> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Ok(Answer::not_served());
        }
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let aggregated = accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2;")
            || accept.contains("v=v2,") && accept.contains("as=APIGroupDiscoveryList");
        let path = uri.path().trim_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        Ok(match parts.as_slice() {
            ["healthz" | "livez" | "readyz", ..] => Answer::text(200, "ok"),
            ["version"] => Answer::json(200, &version()),
            ["api"] if aggregated => Answer::json_as(AGGREGATED, &self.aggregated(true)),
            ["apis"] if aggregated => Answer::json_as(AGGREGATED, &self.aggregated(false)),
            ["api"] => Answer::json(
                200,
                &json!({
                    "kind": "APIVersions",
                    "versions": ["v1"],
                    "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": host(headers) }],
                }),
            ),
            ["apis"] => {
                let groups: Vec<Value> = self.groups().iter().map(|(name, version)| group(name, version)).collect();
                Answer::json(200, &json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups }))
            }
            ["api", "v1"] => self.resources("", "v1"),
            ["apis", name] => match self.groups().into_iter().find(|(there, _)| there == name) {
                None => Answer::not_served(),
                Some((name, version)) => {
                    let mut document = json!({ "kind": "APIGroup", "apiVersion": "v1" });
                    if let (Some(document), Value::Object(group)) = (document.as_object_mut(), group(&name, &version)) {
                        document.extend(group);
                    }
                    Answer::json(200, &document)
                }
            },
            ["apis", name, version] => {
                if self.groups().contains(&((*name).to_owned(), (*version).to_owned())) {
                    self.resources(name, version)
                } else {
                    Answer::not_served()
                }
            }
            ["openapi", "v3"] => {
                let text = openapi::index(&self.group_versions()).to_string();
                Answer::text(200, &text)
            }
            ["openapi", "v3", "api", version] => self.openapi("", version),
            ["openapi", "v3", "apis", group, version] => self.openapi(group, version),
            ["openapi", "v2"] => return Err(ApiError::not_implemented("OpenAPI v2 (v3 is served)")),
            ["metrics" | "logs" | "debug", ..] => return Err(ApiError::not_implemented(format!("/{path}"))),
            _ => Answer::not_served(),
        })
    }

    fn openapi(&self, group: &str, version: &str) -> Answer {
        let kinds: Vec<_> = self
            .store
            .registry()
            .iter()
            .filter(|kind| kind.gvr.group == group && kind.gvr.version == version)
            .cloned()
            .collect();
        if kinds.is_empty() { Answer::not_served() } else { Answer::json(200, &openapi::document(&kinds)) }
    }

    /// Every group but core, with its version.
    fn groups(&self) -> Vec<(String, String)> {
        let kinds = self.store.registry().iter().map(|kind| (kind.gvr.group.clone(), kind.gvr.version.clone()));
        let reviews = REVIEWS.iter().map(|(group, ..)| ((*group).to_owned(), "v1".to_owned()));
        let mut groups: Vec<_> = kinds.chain(reviews).filter(|(group, _)| !group.is_empty()).collect();
        groups.sort();
        groups.dedup();
        groups
    }

    fn group_versions(&self) -> Vec<(String, String)> {
        let mut all = vec![(String::new(), "v1".to_owned())];
        all.extend(self.groups());
        all
    }

    fn resources(&self, group: &str, version: &str) -> Answer {
        let mut list = Vec::new();
        for kind in self.store.registry().iter().filter(|kind| kind.gvr.group == group) {
            let mut entry = json!({
                "name": kind.gvr.resource, "singularName": kind.singular, "namespaced": kind.namespaced,
                "kind": kind.kind, "verbs": verbs(kind),
            });
            if !kind.short_names.is_empty() {
                entry["shortNames"] = json!(kind.short_names);
            }
            if !kind.categories.is_empty() {
                entry["categories"] = json!(kind.categories);
            }
            entry["storageVersionHash"] = json!(openapi::short_hash(&kind.gvr.to_string()));
            list.push(entry);
            for (name, of_group, of_version, of_kind, verbs) in subresources(kind) {
                let mut entry = json!({
                    "name": format!("{}/{name}", kind.gvr.resource), "singularName": "",
                    "namespaced": kind.namespaced,
                });
                if !of_group.is_empty() {
                    entry["group"] = json!(of_group);
                    entry["version"] = json!(of_version);
                }
                entry["kind"] = json!(of_kind);
                entry["verbs"] = json!(verbs);
                list.push(entry);
            }
        }
        for (_, kind, plural, namespaced) in REVIEWS.iter().filter(|(there, ..)| *there == group) {
            list.push(json!({
                "name": plural, "singularName": kind.to_lowercase(), "namespaced": namespaced, "kind": kind,
                "verbs": ["create"],
            }));
        }
        let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        Answer::json(
            200,
            &json!({
                "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list,
            }),
        )
    }

    fn aggregated(&self, core: bool) -> Value {
        let groups = if core { vec![(String::new(), "v1".to_owned())] } else { self.groups() };
        let items: Vec<Value> = groups
            .iter()
            .map(|(group, version)| {
                let metadata = if core { json!({}) } else { json!({ "name": group }) };
                json!({
                    "metadata": metadata,
                    "versions": [{
                        "version": version, "resources": self.aggregated_resources(group), "freshness": "Current",
                    }],
                })
            })
            .collect();
        json!({
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
        })
    }

    fn aggregated_resources(&self, group: &str) -> Vec<Value> {
        let scope = |namespaced: bool| if namespaced { "Namespaced" } else { "Cluster" };
        let mut list = Vec::new();
        for kind in self.store.registry().iter().filter(|kind| kind.gvr.group == group) {
            // Built-in kinds say nothing of their group here.
            let custom = kind.origin == Origin::Custom;
            let own = |name: &str| {
                let (group, version) = if custom { (&*kind.gvr.group, &*kind.gvr.version) } else { ("", "") };
                json!({ "group": group, "version": version, "kind": name })
            };
            let mut entry = json!({
                "resource": kind.gvr.resource, "responseKind": own(&kind.kind), "scope": scope(kind.namespaced),
                "singularResource": kind.singular, "verbs": verbs(kind),
            });
            if !kind.short_names.is_empty() {
                entry["shortNames"] = json!(kind.short_names);
            }
            if !kind.categories.is_empty() {
                entry["categories"] = json!(kind.categories);
            }
            let below: Vec<Value> = subresources(kind)
                .into_iter()
                .map(|(name, of_group, of_version, of_kind, verbs)| {
                    let response = if of_group.is_empty() {
                        own(&of_kind)
                    } else {
                        json!({ "group": of_group, "version": of_version, "kind": of_kind })
                    };
                    json!({ "subresource": name, "responseKind": response, "verbs": verbs })
                })
                .collect();
            if !below.is_empty() {
                entry["subresources"] = Value::Array(below);
            }
            list.push(entry);
        }
        for (_, kind, plural, namespaced) in REVIEWS.iter().filter(|(there, ..)| *there == group) {
            list.push(json!({
                "resource": plural, "responseKind": { "group": "", "version": "", "kind": kind },
                "scope": scope(*namespaced), "singularResource": kind.to_lowercase(), "verbs": ["create"],
            }));
        }
        list
    }
}

fn group(name: &str, version: &str) -> Value {
    let entry = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    json!({ "name": name, "versions": [entry.clone()], "preferredVersion": entry })
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1")
}

/// The version that the sandbox stands in for.
fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
        "gitVersion": "v1.36.2", "gitCommit": "sandbox", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "linux/amd64",
    })
}

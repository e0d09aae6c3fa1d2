//! `/openapi/v3`: the schemas, and as much of the paths as `kubectl` looks at.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::store::ResourceType;

/// Eleven letters that stand for a text.
pub(super) fn short_hash(text: &str) -> String {
    STANDARD.encode(&Sha256::digest(text.as_bytes())[..8])
}

fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// The index: where the document of each group and version is.
pub(super) fn index(groups: &[(String, String)]) -> Value {
    let mut paths = Map::new();
    for (group, version) in groups {
        let path = path_of(group, version);
        let hash: String = short_hash(&path).chars().filter(char::is_ascii_alphanumeric).collect();
        let address = format!("/openapi/v3/{path}?hash={hash}");
        paths.insert(path, json!({ "serverRelativeURL": address }));
    }
    json!({ "paths": paths })
}

fn schema_name(kind: &ResourceType) -> String {
    let group = if kind.gvr.group.is_empty() { "core" } else { &kind.gvr.group };
    let reversed: Vec<&str> = group.split('.').rev().collect();
    format!("{}.{}.{}", reversed.join("."), kind.gvr.version, kind.kind)
}

/// The document of one group and version.
pub(super) fn document(kinds: &[Arc<ResourceType>]) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for kind in kinds {
        let gvk = json!({ "group": kind.gvr.group, "version": kind.gvr.version, "kind": kind.kind });
        let mut schema = kind
            .openapi
            .clone()
            .unwrap_or_else(|| json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true }));
        schema["x-kubernetes-group-version-kind"] = json!([gvk]);
        schemas.insert(schema_name(kind), schema);
        let base = path_of(&kind.gvr.group, &kind.gvr.version);
        let scope = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
        let collection = format!("/{base}{scope}/{}", kind.gvr.resource);
        let parameter =
            |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string", "uniqueItems": true } });
        let write = |action: &str| {
            json!({
                "parameters": [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")],
                "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": gvk,
                "responses": { "200": { "description": "OK" } },
            })
        };
        let read = |action: &str| {
            json!({
                "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": gvk,
                "responses": { "200": { "description": "OK" } },
            })
        };
        paths.insert(collection.clone(), json!({ "get": read("list"), "post": write("post") }));
        paths.insert(
            format!("{collection}/{{name}}"),
            json!({ "get": read("get"), "put": write("put"), "patch": write("patch"), "delete": write("delete") }),
        );
    }
    json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": "v1.36.2" },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

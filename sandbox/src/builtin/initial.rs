//! What every cluster has from the start.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::store::{Gvr, Store};

/// Makes the namespaces and the roles that a fresh API server makes itself.
///
/// # Errors
/// Where the store is not fresh.
pub fn seed(store: &Store) -> Result<(), ApiError> {
    for name in ["kube-system", "kube-public", "default", "kube-node-lease"] {
        store.create(&Gvr::core("namespaces"), json!({ "metadata": { "name": name } }))?;
    }
    let rbac = |resource: &str| Gvr::new("rbac.authorization.k8s.io", "v1", resource);
    let paths = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
    ];
    let public = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
    let reviews = json!([
        { "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
          "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"] },
        { "verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"] },
    ]);
    let roles = [
        (
            "cluster-admin",
            json!([
                { "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] },
                { "verbs": ["*"], "nonResourceURLs": ["*"] },
            ]),
            &["system:masters"][..],
        ),
        ("system:basic-user", reviews, &["system:authenticated"]),
        (
            "system:public-info-viewer",
            json!([{ "verbs": ["get"], "nonResourceURLs": public }]),
            &["system:authenticated", "system:unauthenticated"],
        ),
        ("system:discovery", json!([{ "verbs": ["get"], "nonResourceURLs": paths }]), &["system:authenticated"]),
    ];
    for (name, rules, groups) in roles {
        store.create(&rbac("clusterroles"), json!({ "metadata": { "name": name }, "rules": rules }))?;
        let subjects: Vec<_> = groups
            .iter()
            .map(|group| json!({ "kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": group }))
            .collect();
        store.create(
            &rbac("clusterrolebindings"),
            json!({
                "metadata": { "name": name },
                "subjects": subjects,
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
            }),
        )?;
    }
    Ok(())
}

/// Keeps a CRD that is served, so that clients can look it up.
///
/// # Errors
/// Where the store refuses it.
pub fn keep_definition(store: &Store, document: Value) -> Result<(), ApiError> {
    let gvr = Gvr::new("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    let name = document["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if document["kind"] != "CustomResourceDefinition" || name.is_empty() || store.exists(&gvr, "", &name) {
        return Ok(());
    }
    let mut document = document;
    let names = document["spec"]["names"].clone();
    let now = store.clock().stamp();
    let condition = |kind: &str, reason: &str, message: &str| json!({ "type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message });
    document["status"] = json!({
        "acceptedNames": names,
        "storedVersions": ["v1"],
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
    });
    store.create(&gvr, document)?;
    Ok(())
}

//! The controllers of namespaces: what a new one gets, and how a deleted one is emptied.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::store::{DeleteOptions, Gvr, Store};

/// The finalizer in `spec.finalizers` that holds a namespace until it is empty.
const KUBERNETES: &str = "kubernetes";

/// Takes in an object that is there or is gone, and does what follows for its namespace.
pub(super) fn seen(store: &Store, gvr: &Gvr, object: &Value, gone: bool) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if *gvr == Gvr::core("namespaces") {
        if gone {
            return;
        }
        if is_terminating(object) {
            empty(store, name);
        } else {
            furnish(store, name);
        }
        return;
    }
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let owner = store.get(&Gvr::core("namespaces"), "", namespace);
    if let Some(owner) = owner {
        if is_terminating(&owner) {
            empty(store, namespace);
        } else if gone && is_furniture(gvr, name) {
            furnish(store, namespace);
        }
    }
}

fn is_terminating(namespace: &Value) -> bool {
    !namespace["metadata"]["deletionTimestamp"].is_null()
}

fn is_furniture(gvr: &Gvr, name: &str) -> bool {
    (*gvr == Gvr::core("serviceaccounts") && name == "default")
        || (*gvr == Gvr::core("configmaps") && name == "kube-root-ca.crt")
}

/// The service account and the certificate that every namespace has.
fn furnish(store: &Store, namespace: &str) {
    let furniture = [
        (Gvr::core("serviceaccounts"), json!({"metadata": {"name": "default", "namespace": namespace}})),
        (
            Gvr::core("configmaps"),
            json!({
                "metadata": {
                    "name": "kube-root-ca.crt", "namespace": namespace,
                    "annotations": {"kubernetes.io/description":
                        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints \
                         such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
                         distributions of Kubernetes clusters."},
                },
                "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nc2FuZGJveA==\n-----END CERTIFICATE-----\n"},
            }),
        ),
    ];
    for (gvr, object) in furniture {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if store.exists(&gvr, namespace, &name) {
            continue;
        }
        if let Err(error) = store.create(&gvr, object)
            && !matches!(error.code, 404 | 409)
        {
            tracing::warn!(%error, namespace, "a namespace could not be furnished");
        }
    }
}

/// Deletes what is in a terminating namespace; lets the namespace go when nothing is left.
fn empty(store: &Store, namespace: &str) {
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    let mut finalizers: BTreeMap<String, usize> = BTreeMap::new();
    for kind in store.registry().iter().filter(|kind| kind.namespaced) {
        for object in store.list(&kind.gvr, Some(namespace)) {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            if object["metadata"]["deletionTimestamp"].is_null()
                && let Err(error) = store.delete(&kind.gvr, namespace, name, &DeleteOptions::default())
                && error.code != 404
            {
                tracing::warn!(%error, namespace, "a namespace could not be emptied");
            }
            if let Some(held) = store.get(&kind.gvr, namespace, name) {
                *left.entry(kind.gvr.to_string()).or_default() += 1;
                for finalizer in held["metadata"]["finalizers"].as_array().into_iter().flatten() {
                    *finalizers.entry(finalizer.as_str().unwrap_or_default().to_owned()).or_default() += 1;
                }
            }
        }
    }
    let stamp = store.clock().stamp();
    let edited = store.update(&Gvr::core("namespaces"), "", namespace, |object| {
        if left.is_empty() {
            if let Some(list) = object["spec"]["finalizers"].as_array_mut() {
                list.retain(|there| there != KUBERNETES);
            }
        } else {
            object["status"]["conditions"] = conditions(&object["status"]["conditions"], &left, &finalizers, &stamp);
        }
    });
    if let Err(error) = edited
        && error.code != 404
    {
        tracing::warn!(%error, namespace, "a namespace could not be let go");
    }
}

/// What still holds the namespace, as `kubectl get namespace -o yaml` shows it.
fn conditions(
    before: &Value,
    left: &BTreeMap<String, usize>,
    finalizers: &BTreeMap<String, usize>,
    stamp: &str,
) -> Value {
    let listed = |counts: &BTreeMap<String, usize>, of: &str| {
        let parts: Vec<String> = counts.iter().map(|(what, count)| format!("{what} {of} {count}")).collect();
        parts.join(", ")
    };
    let condition = |kind: &str, holds: bool, reason: &str, message: String| {
        let status = if holds { "True" } else { "False" };
        let same = before.as_array().into_iter().flatten().find(|old| old["type"] == kind && old["status"] == status);
        let since = same.map_or_else(|| json!(stamp), |old| old["lastTransitionTime"].clone());
        json!({"type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message})
    };
    json!([
        condition(
            "NamespaceDeletionDiscoveryFailure",
            false,
            "ResourcesDiscovered",
            "All resources successfully discovered".to_owned(),
        ),
        condition(
            "NamespaceDeletionContentFailure",
            false,
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".to_owned(),
        ),
        condition(
            "NamespaceContentRemaining",
            true,
            "SomeResourcesRemain",
            format!(
                "Some resources are remaining: {}",
                listed(left, "has").replace(", ", " resource instances, ") + " resource instances"
            ),
        ),
        condition(
            "NamespaceFinalizersRemaining",
            !finalizers.is_empty(),
            if finalizers.is_empty() { "ContentHasNoFinalizers" } else { "SomeFinalizersRemain" },
            if finalizers.is_empty() {
                "All content-preserving finalizers finished".to_owned()
            } else {
                format!(
                    "Some content in the namespace has finalizers remaining: {}",
                    listed(finalizers, "in").replace(", ", " resource instances, ") + " resource instances"
                )
            },
        ),
    ])
}

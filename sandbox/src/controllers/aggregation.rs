//! The controller of aggregated `ClusterRole`s: their rules are those of the roles that their selectors find.

use serde_json::{Value, json};

use crate::store::{Gvr, Store};

fn gvr() -> Gvr {
    Gvr::new("rbac.authorization.k8s.io", "v1", "clusterroles")
}

/// Takes in an object that is there or is gone; every aggregated role is worked out anew where it is a `ClusterRole`.
pub(super) fn seen(store: &Store, changed: &Gvr) {
    if *changed != gvr() {
        return;
    }
    let mut roles = store.list(&gvr(), None);
    roles.sort_by(|left, right| left["metadata"]["name"].as_str().cmp(&right["metadata"]["name"].as_str()));
    for role in roles.iter().filter(|role| role["aggregationRule"].is_object()) {
        let mut found: Vec<Value> = Vec::new();
        for selector in role["aggregationRule"]["clusterRoleSelectors"].as_array().into_iter().flatten() {
            let others = roles.iter().filter(|other| {
                other["metadata"]["uid"] != role["metadata"]["uid"] && selects(selector, &other["metadata"]["labels"])
            });
            for rule in others.flat_map(|other| other["rules"].as_array().into_iter().flatten()) {
                if !found.contains(rule) {
                    found.push(rule.clone());
                }
            }
        }
        let found = if found.is_empty() { Value::Null } else { json!(found) };
        let name = role["metadata"]["name"].as_str().unwrap_or_default();
        if role["rules"] != found
            && let Err(error) = store.update(&gvr(), "", name, |role| role["rules"] = found.clone())
        {
            tracing::debug!(%error, name, "an aggregated role went away meanwhile");
        }
    }
}

/// Whether a label selector (`metav1.LabelSelector`) fits.
fn selects(selector: &Value, labels: &Value) -> bool {
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let mut wanted = selector["matchLabels"].as_object().into_iter().flatten();
    let mut rules = selector["matchExpressions"].as_array().into_iter().flatten();
    wanted.all(|(key, value)| label(key) == value.as_str())
        && rules.all(|rule| {
            let there = label(rule["key"].as_str().unwrap_or_default());
            let listed = || rule["values"].as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == there));
            match rule["operator"].as_str() {
                Some("In") => there.is_some() && listed(),
                Some("NotIn") => there.is_none() || !listed(),
                Some("Exists") => there.is_some(),
                Some("DoesNotExist") => there.is_none(),
                _ => false,
            }
        })
}

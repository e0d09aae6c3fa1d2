//! Nobody grants what they do not have.

use serde_json::{Value, json};

use crate::{As, Ground, RBAC, binding, role};

fn rbac(verbs: &[&str], resources: &[&str]) -> Value {
    json!({ "apiGroups": ["rbac.authorization.k8s.io"], "resources": resources, "verbs": verbs })
}

const ALL: &[&str] = &["roles", "rolebindings", "clusterroles", "clusterrolebindings"];

#[tokio::test]
async fn roles_and_bindings_grant_what_their_writer_has_and_no_more() {
    let ground = Ground::new().await;
    let pods = json!({ "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"] });
    let token = ground.account("admin", &json!([rbac(&["create", "update", "patch"], ALL), pods])).await;
    let admin = As::Token(&token);
    let roles = format!("{RBAC}/namespaces/default/roles");
    let (code, _) = ground.call(admin, "POST", &roles, role("Role", "pods", &json!([pods]))).await;
    assert_eq!(code, 201);
    let secrets = json!([{ "apiGroups": ["", "apps"], "resources": ["secrets"], "resourceNames": ["s"], "verbs": ["get", "list"] }]);
    let (code, refusal) = ground.call(admin, "POST", &roles, role("Role", "secrets", &secrets)).await;
    let words = "roles.rbac.authorization.k8s.io \"secrets\" is forbidden: user \
                 \"system:serviceaccount:default:admin\" (groups=[\"system:serviceaccounts\" \
                 \"system:serviceaccounts:default\" \"system:authenticated\"]) is attempting to grant RBAC permissions not \
                 currently held:\n{APIGroups:[\"\"], Resources:[\"secrets\"], ResourceNames:[\"s\"], Verbs:[\"get\" \
                 \"list\"]}\n{APIGroups:[\"apps\"], Resources:[\"secrets\"], ResourceNames:[\"s\"], Verbs:[\"get\" \"list\"]}";
    assert_eq!((code, &refusal["message"]), (403, &json!(words)));
    // An existing role is not widened either, by whichever verb.
    let (code, refusal) = ground.call(admin, "PUT", &format!("{roles}/pods"), role("Role", "pods", &secrets)).await;
    assert_eq!((code, &refusal["reason"]), (403, &json!("Forbidden")), "{refusal}");
    // A binding grants what its role grants.
    ground.make(&format!("{RBAC}/clusterroles"), role("ClusterRole", "secrets", &secrets)).await;
    let alice = json!({ "kind": "User", "name": "alice" });
    let bindings = format!("{RBAC}/namespaces/default/rolebindings");
    for (kind, name, wanted) in [
        ("Role", "pods", 201),
        ("ClusterRole", "secrets", 403),
        ("ClusterRole", "none", 404),
        ("ClusterRole", "cluster-admin", 403),
    ] {
        let object = binding("RoleBinding", &format!("to-{name}"), &alice, &json!({ "kind": kind, "name": name }));
        let (code, answer) = ground.call(admin, "POST", &bindings, object).await;
        assert_eq!(code, wanted, "{name}: {answer}");
    }
    let everything = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "sum" },
        "aggregationRule": { "clusterRoleSelectors": [{ "matchLabels": { "a": "b" } }] },
    });
    let (code, refusal) = ground.call(admin, "POST", &format!("{RBAC}/clusterroles"), everything).await;
    assert!(code == 403 && refusal["message"].as_str().unwrap().contains("cluster-admin privileges"), "{refusal}");
}

#[tokio::test]
async fn escalate_and_bind_are_verbs_of_their_own() {
    let ground = Ground::new().await;
    let rules = json!([rbac(&["create"], ALL), rbac(&["escalate"], &["roles"]), {
        "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["bind"],
        "resourceNames": ["cluster-admin"],
    }]);
    let token = ground.account("admin", &rules).await;
    let secrets = json!([{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["*"] }]);
    let alice = json!({ "kind": "User", "name": "alice" });
    let to = |name: &str| {
        let role = json!({ "kind": "ClusterRole", "name": name });
        binding("ClusterRoleBinding", &format!("to-{name}"), &alice, &role)
    };
    ground.make(&format!("{RBAC}/clusterroles"), role("ClusterRole", "secrets", &secrets)).await;
    for (path, object, wanted) in [
        ("namespaces/default/roles", role("Role", "secrets", &secrets), 201),
        ("clusterroles", role("ClusterRole", "other", &secrets), 403),
        ("clusterrolebindings", to("cluster-admin"), 201),
        ("clusterrolebindings", to("secrets"), 403),
    ] {
        let (code, answer) = ground.call(As::Token(&token), "POST", &format!("{RBAC}/{path}"), object).await;
        assert_eq!(code, wanted, "{path}: {answer}");
    }
}

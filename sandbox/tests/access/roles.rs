//! What rules grant, what RBAC objects must look like, and what is aggregated.

use serde_json::{Value, json};

use crate::{As, Ground, RBAC, SECRETS, binding, role};

#[tokio::test]
async fn rules_match_as_kubernetes_matches_them() {
    let ground = Ground::new().await;
    let rules = json!([
        { "apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"] },
        { "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["mine"], "verbs": ["get", "list", "create"] },
        { "apiGroups": ["apps"], "resources": ["*"], "verbs": ["watch"] },
        { "apiGroups": ["*"], "resources": ["*/scale"], "verbs": ["*"] },
        { "nonResourceURLs": ["/metrics", "/logs/*"], "verbs": ["get"] },
    ]);
    let token = ground.account("some", &rules).await;
    let some = As::Token(&token);
    for (what, allowed) in [
        (["get", "", "pods/log", "a"], true),
        // A subresource is a resource of its own, both ways.
        (["get", "", "pods", "a"], false),
        (["get", "", "pods/exec", "a"], false),
        (["get", "", "secrets", "mine"], true),
        (["get", "", "secrets", "other"], false),
        // Without a name there is nothing that a rule with names could be about.
        (["list", "", "secrets", ""], false),
        (["create", "", "secrets", ""], false),
        (["delete", "", "secrets", "mine"], false),
        (["watch", "apps", "deployments", ""], true),
        (["watch", "apps", "deployments/status", "a"], true),
        (["watch", "", "deployments", ""], false),
        (["patch", "apps", "deployments/scale", "a"], true),
        (["patch", "postgresql.cnpg.io", "clusters/scale", "a"], true),
        (["patch", "postgresql.cnpg.io", "clusters", "a"], false),
    ] {
        assert_eq!(ground.may(some, what).await, allowed, "{what:?}");
    }
    let named = format!("{SECRETS}?fieldSelector=metadata.name%3Dmine");
    assert_eq!(ground.call(some, "GET", &named, Value::Null).await.0, 200, "a list of one name is about that name");
    assert_eq!(ground.call(some, "GET", SECRETS, Value::Null).await.0, 403);
    // Allowed, and not there: that is told apart.
    assert_ne!(ground.call(some, "GET", "/logs/any", Value::Null).await.0, 403);
    let (code, refusal) = ground.call(some, "GET", "/debug", Value::Null).await;
    let words = "forbidden: User \"system:serviceaccount:default:some\" cannot get path \"/debug\"";
    assert_eq!((code, &refusal["message"]), (403, &json!(words)));
}

#[tokio::test]
async fn a_review_of_rules_lists_what_is_granted_in_a_namespace() {
    let ground = Ground::new().await;
    let token = ground.reader().await;
    let everywhere = json!([{ "nonResourceURLs": ["/metrics"], "verbs": ["get"] }]);
    ground.make(&format!("{RBAC}/clusterroles"), role("ClusterRole", "metrics", &everywhere)).await;
    let account = json!({ "kind": "ServiceAccount", "name": "reader", "namespace": "default" });
    let metrics = json!({ "kind": "ClusterRole", "name": "metrics" });
    let path = format!("{RBAC}/clusterrolebindings");
    ground.make(&path, binding("ClusterRoleBinding", "metrics", &account, &metrics)).await;
    for (namespace, wanted) in [("default", true), ("kube-system", false)] {
        let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
            "spec": { "namespace": namespace } });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        let (_, answer) = ground.call(As::Token(&token), "POST", path, review).await;
        let rules = answer["status"]["resourceRules"].as_array().unwrap();
        let secrets = json!({ "verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"] });
        assert_eq!(rules.contains(&secrets), wanted, "{namespace}: {answer}");
        let paths = answer["status"]["nonResourceRules"].as_array().unwrap();
        assert!(paths.contains(&json!({ "verbs": ["get"], "nonResourceURLs": ["/metrics"] })), "{answer}");
    }
}

#[tokio::test]
async fn a_review_asks_about_one_thing_and_somebody() {
    let ground = Ground::new().await;
    let pods = json!({ "namespace": "default", "verb": "get", "resource": "pods" });
    let path = json!({ "path": "/metrics", "verb": "get" });
    for (kind, namespace, spec, code, words) in [
        ("SelfSubjectAccessReview", "", json!({}), 422, "exactly one of nonResourceAttributes or resourceAttributes"),
        (
            "SelfSubjectAccessReview",
            "",
            json!({ "resourceAttributes": pods, "nonResourceAttributes": path }),
            422,
            "cannot be specified in combination with resourceAttributes",
        ),
        ("SubjectAccessReview", "", json!({ "resourceAttributes": pods }), 422, "at least one of user or group"),
        (
            "LocalSubjectAccessReview",
            "namespaces/kube-system/",
            json!({ "resourceAttributes": pods, "user": "alice" }),
            400,
            "must match namespace: kube-system",
        ),
        (
            "LocalSubjectAccessReview",
            "namespaces/default/",
            json!({ "resourceAttributes": pods, "user": "alice" }),
            201,
            "",
        ),
        ("SubjectAccessReview", "", json!({ "nonResourceAttributes": path, "groups": ["system:masters"] }), 201, ""),
    ] {
        let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
        let path = format!("/apis/authorization.k8s.io/v1/{namespace}{}s", kind.to_lowercase());
        let (found, answer) = ground.call(As::Administrator, "POST", &path, review).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(found == code && message.contains(words), "{kind}: {answer}");
        if found == 201 {
            assert_eq!(answer["status"]["allowed"], kind == "SubjectAccessReview", "{answer}");
        }
    }
}

#[tokio::test]
async fn roles_and_bindings_must_make_sense() {
    let ground = Ground::new().await;
    let roles = format!("{RBAC}/namespaces/default/roles");
    let cluster_roles = format!("{RBAC}/clusterroles");
    let bindings = format!("{RBAC}/namespaces/default/rolebindings");
    let everywhere = format!("{RBAC}/clusterrolebindings");
    let pods = json!({ "kind": "Role", "name": "pods" });
    let user = json!({ "kind": "User", "name": "alice" });
    let in_namespace = |rule: Value| role("Role", "wrong", &json!([rule]));
    let bound = |subject: Value, role: Value| binding("RoleBinding", "wrong", &subject, &role);
    let cases = [
        (
            &roles,
            in_namespace(json!({ "apiGroups": [""], "resources": ["pods"] })),
            "rules[0].verbs: Required value: verbs must contain at least one value",
        ),
        (
            &roles,
            in_namespace(json!({ "resources": ["pods"], "verbs": ["get"] })),
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        ),
        (
            &roles,
            in_namespace(json!({ "apiGroups": [""], "verbs": ["get"] })),
            "rules[0].resources: Required value: resource rules must supply at least one resource",
        ),
        (
            &roles,
            in_namespace(json!({ "nonResourceURLs": ["/metrics"], "verbs": ["get"] })),
            "rules[0].nonResourceURLs: Invalid value: [\"/metrics\"]: namespaced rules cannot apply to non-resource URLs",
        ),
        (
            &cluster_roles,
            role(
                "ClusterRole",
                "wrong",
                &json!([{ "nonResourceURLs": ["/metrics"], "resources": ["pods"], "verbs": ["get"] }]),
            ),
            "rules cannot apply to both regular resources and non-resource URLs",
        ),
        (
            &cluster_roles,
            json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "wrong" }, "aggregationRule": {} }),
            "at least one clusterRoleSelector required if aggregationRule is non-nil",
        ),
        (
            &bindings,
            bound(user.clone(), json!({ "kind": "Roles", "name": "pods" })),
            "roleRef.kind: Unsupported value: \"Roles\": supported values: \"Role\", \"ClusterRole\"",
        ),
        (&bindings, bound(user.clone(), json!({ "kind": "Role" })), "roleRef.name: Required value"),
        (&bindings, bound(user.clone(), json!({ "kind": "Role", "name": "a/b" })), "may not contain '/'"),
        (
            &bindings,
            bound(user.clone(), json!({ "kind": "Role", "name": "pods", "apiGroup": "rbac" })),
            "roleRef.apiGroup: Unsupported value: \"rbac\": supported values: \"rbac.authorization.k8s.io\"",
        ),
        (
            &bindings,
            bound(json!({ "kind": "Person", "name": "alice" }), pods.clone()),
            "subjects[0].kind: Unsupported value: \"Person\": supported values: \"ServiceAccount\", \"User\", \"Group\"",
        ),
        (&bindings, bound(json!({ "kind": "User" }), pods.clone()), "subjects[0].name: Required value"),
        (
            &bindings,
            bound(json!({ "kind": "ServiceAccount", "name": "a", "apiGroup": "v1" }), pods.clone()),
            "subjects[0].apiGroup: Unsupported value: \"v1\": supported values: \"\"",
        ),
        (
            &everywhere,
            binding("ClusterRoleBinding", "wrong", &user, &pods),
            "roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\"",
        ),
        (
            &everywhere,
            binding(
                "ClusterRoleBinding",
                "wrong",
                &json!({ "kind": "ServiceAccount", "name": "a" }),
                &json!({ "kind": "ClusterRole", "name": "pods" }),
            ),
            "subjects[0].namespace: Required value",
        ),
    ];
    for (path, object, words) in cases {
        let (code, refusal) = ground.call(As::Administrator, "POST", path, object).await;
        let message = refusal["message"].as_str().unwrap_or_default();
        assert!(code == 422 && message.contains(words), "no `{words}` in {refusal}");
    }
    for (path, object, words) in [
        (
            &roles,
            in_namespace(json!({ "apiGroups": "", "resources": ["pods"], "verbs": ["get"] })),
            "Go struct field Role.rules.apiGroups of type []string",
        ),
        (&roles, role("Role", "wrong", &json!({ "verbs": [] })), "Go struct field Role.rules of type []v1.PolicyRule"),
        (&bindings, bound(json!("alice"), pods.clone()), "Go struct field RoleBinding.subjects of type v1.Subject"),
    ] {
        let (code, refusal) = ground.call(As::Administrator, "POST", path, object).await;
        assert!(code == 400 && refusal["message"].as_str().unwrap().contains(words), "no `{words}` in {refusal}");
    }
    // A misspelt key is told where that is asked for.
    let misspelt = in_namespace(json!({ "apiGroups": [""], "resource": ["pods"], "verbs": ["get"] }));
    let strict = format!("{roles}?fieldValidation=Strict");
    let (code, refusal) = ground.call(As::Administrator, "POST", &strict, misspelt).await;
    assert!(
        code == 400 && refusal["message"].as_str().unwrap().contains("unknown field \"rules[0].resource\""),
        "{refusal}"
    );

    // Groups are filled in, and what a binding leads to stays.
    ground.make(&bindings, binding("RoleBinding", "right", &user, &pods)).await;
    let path = format!("{bindings}/right");
    let (_, mut right) = ground.call(As::Administrator, "GET", &path, Value::Null).await;
    assert_eq!(right["roleRef"]["apiGroup"], "rbac.authorization.k8s.io");
    assert_eq!(right["subjects"][0]["apiGroup"], "rbac.authorization.k8s.io");
    right["roleRef"]["name"] = json!("other");
    let (code, refusal) = ground.call(As::Administrator, "PUT", &path, right).await;
    assert!(code == 422 && refusal["message"].as_str().unwrap().contains("cannot change roleRef"), "{refusal}");
}

#[tokio::test]
async fn an_aggregated_role_has_the_rules_of_those_that_it_selects() {
    let ground = Ground::new().await;
    let path = format!("{RBAC}/clusterroles");
    ground
        .make(
            &path,
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "sum" },
                "aggregationRule": { "clusterRoleSelectors": [{ "matchLabels": { "part-of": "sum" } }] },
            }),
        )
        .await;
    let alice = json!({ "kind": "User", "name": "alice" });
    let sum = binding("ClusterRoleBinding", "sum", &alice, &json!({ "kind": "ClusterRole", "name": "sum" }));
    ground.make(&format!("{RBAC}/clusterrolebindings"), sum).await;
    let alice = As::Impersonated("alice");
    let mut part =
        role("ClusterRole", "part", &json!([{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] }]));
    part["metadata"]["labels"] = json!({ "part-of": "sum" });
    ground.make(&path, part).await;
    let until = async |wanted: bool| {
        for _ in 0..200 {
            if ground.may(alice, ["get", "", "pods", "a"]).await == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("the aggregated role does not follow");
    };
    until(true).await;
    ground.call(As::Administrator, "DELETE", &format!("{path}/part"), Value::Null).await;
    until(false).await;
}

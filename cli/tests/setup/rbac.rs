//! `setup rbac`, against the sandbox.

use cnpg_mcp_sandbox::{Gvr, Sandbox};
use serde_json::{Value, json};

use crate::folder::Folder;

async fn begin() -> (Sandbox, Folder) {
    let kinds = cnpg_mcp::target::kind_documents().unwrap();
    let sandbox = Sandbox::builder().kinds(kinds).start().await.unwrap();
    let folder = Folder::new().with("KUBECONFIG", "kubeconfig.yaml");
    folder.write("kubeconfig.yaml", &sandbox.kubeconfig());
    (sandbox, folder)
}

fn rbac(sandbox: &Sandbox, resource: &str, namespace: &str, name: &str) -> Option<Value> {
    sandbox
        .store()
        .get(&Gvr::new("rbac.authorization.k8s.io", "v1", resource), namespace, name)
        .map(|object| (*object).clone())
}

/// Status of a GET as a service account.
async fn status(sandbox: &Sandbox, path: &str) -> u16 {
    let token = sandbox.token_of("ci", "bot").unwrap();
    cnpg_mcp_runtime::tls::install();
    let answer =
        reqwest::Client::new().get(format!("{}{path}", sandbox.url())).bearer_auth(token).send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn an_account_gets_the_rights_of_the_offered_tools_where_they_are_meant() {
    let (sandbox, folder) = begin().await;
    for namespace in ["ci", "data"] {
        sandbox.store().create(&Gvr::core("namespaces"), json!({ "metadata": { "name": namespace } })).unwrap();
    }
    let clusters = |namespace: &str| format!("/apis/postgresql.cnpg.io/v1/namespaces/{namespace}/clusters");
    assert_eq!(status(&sandbox, &clusters("data")).await, 403);
    let step = [
        "rbac",
        "--service-account",
        "ci:bot",
        "--namespace",
        "data",
        "--namespace",
        "default",
        "--toolsets",
        "clusters",
    ];
    let before = sandbox.snapshot();
    let said = folder.run_beside(&[&step[..], &["--dry-run"]].concat()).await.done();
    assert!(said.contains("would make   Role `cnpg-mcp:serviceaccount:ci:bot` in `data`"), "{said}");
    assert_eq!(sandbox.snapshot(), before);

    let said = folder.run_beside(&step).await.done();
    for made in ["ClusterRole `", "ClusterRoleBinding `", "Role `", "RoleBinding `"] {
        assert!(said.contains(&format!("made         {made}")), "{said}");
    }
    for (path, expected) in [
        (clusters("data"), 200),
        (clusters("default"), 200),
        (clusters("ci"), 403),
        ("/apis/storage.k8s.io/v1/storageclasses/none".to_owned(), 404),
        ("/apis/storage.k8s.io/v1/storageclasses".to_owned(), 403),
    ] {
        assert_eq!(status(&sandbox, &path).await, expected, "{path}");
    }
    let before = sandbox.snapshot();
    let said = folder.run_beside(&step).await.done();
    assert_eq!(said.lines().filter(|line| line.starts_with("unchanged")).count(), 6, "{said}");
    assert_eq!(sandbox.snapshot(), before);

    // Fewer tools, fewer rights.
    let said = folder.run_beside(&[&step[..], &["--read-only"]].concat()).await.done();
    assert!(said.contains("changed      Role") && said.contains("unchanged    RoleBinding"), "{said}");
    let role = rbac(&sandbox, "roles", "data", "cnpg-mcp:serviceaccount:ci:bot").unwrap();
    assert!(!role.to_string().contains("\"create\""), "{role}");
}

#[tokio::test]
async fn persons_and_groups_get_them_everywhere_when_asked_for() {
    let (sandbox, folder) = begin().await;
    folder.run_beside(&["rbac", "--user", "oidc:https://x/1", "--cluster-wide", "--toolsets", "roles"]).await.done();
    folder.run_beside(&["rbac", "--group", "oidc:dba", "--namespace", "default"]).await.done();
    let binding = rbac(&sandbox, "rolebindings", "default", "cnpg-mcp:group:oidc:dba").unwrap();
    assert_eq!(
        binding["subjects"],
        json!([{ "kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "oidc:dba" }])
    );
    let state = sandbox.snapshot().to_string();
    assert!(state.contains("\"oidc:https://x/1\"") && state.contains("cnpg-mcp:user:oidc:https:--x-1:"), "{state}");
}

/// Names of what is there for an account, by kind and namespace.
fn there(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (resource, namespaces) in [
        ("roles", &["data", "default", "ci"][..]),
        ("rolebindings", &["data", "default", "ci"]),
        ("clusterroles", &[""]),
        ("clusterrolebindings", &[""]),
    ] {
        for namespace in namespaces {
            if rbac(sandbox, resource, namespace, name).is_some() {
                found.push(format!("{resource} {namespace}"));
            }
        }
    }
    found
}

#[tokio::test]
async fn what_earlier_runs_gave_elsewhere_is_told_and_taken_away_when_asked_for() {
    let (sandbox, folder) = begin().await;
    for namespace in ["ci", "data"] {
        sandbox.store().create(&Gvr::core("namespaces"), json!({ "metadata": { "name": namespace } })).unwrap();
    }
    let name = "cnpg-mcp:serviceaccount:ci:bot";
    let step = |more: &[&'static str]| [&["rbac", "--service-account", "ci:bot"], more].concat();
    let both = ["--namespace", "data", "--namespace", "default", "--toolsets", "clusters"];
    folder.run_beside(&step(&both)).await.done();
    // Somebody else's, and one of the same name that was made by hand, are none of its business.
    folder.run_beside(&["rbac", "--user", "ada", "--namespace", "data"]).await.done();
    let by_hand = json!({ "metadata": { "name": name, "namespace": "ci" }, "rules": [] });
    sandbox.store().create(&Gvr::new("rbac.authorization.k8s.io", "v1", "roles"), by_hand).unwrap();
    let others = there(&sandbox, "cnpg-mcp:user:ada");

    // Fewer namespaces, and no tools that look at what is in none: told, and kept.
    let fewer = step(&["--namespace", "default", "--toolsets", "roles"]);
    for _ in 0..2 {
        let said = folder.run_beside(&fewer).await.done();
        for left in ["RoleBinding `cnpg-mcp:serviceaccount:ci:bot` in `data`", "ClusterRoleBinding `cnpg-mcp:"] {
            let told = |line: &str| line.starts_with("note") && line.contains(left) && line.contains("`--prune`");
            assert!(said.lines().any(told), "{left}: {said}");
        }
        assert!(!said.contains("removed") && !said.contains("`ci`"), "{said}");
    }
    let clusters = "/apis/postgresql.cnpg.io/v1/namespaces/data/clusters";
    assert_eq!(status(&sandbox, clusters).await, 200);

    let pruned = [&fewer[..], &["--prune"]].concat();
    let before = sandbox.snapshot();
    let said = folder.run_beside(&[&pruned[..], &["--dry-run"]].concat()).await.done();
    assert!(said.contains("would remove RoleBinding `cnpg-mcp:serviceaccount:ci:bot` in `data`"), "{said}");
    assert_eq!(sandbox.snapshot(), before);
    let said = folder.run_beside(&pruned).await.done();
    let removed: Vec<&str> = said.lines().filter(|line| line.starts_with("removed")).collect();
    assert_eq!(removed.len(), 4, "{said}");
    assert!(removed[0].contains(" RoleBinding ") && removed[3].contains(" ClusterRole "), "{said}");
    assert_eq!(there(&sandbox, name), ["roles default", "roles ci", "rolebindings default"]);
    assert_eq!(there(&sandbox, "cnpg-mcp:user:ada"), others);
    assert_eq!(status(&sandbox, clusters).await, 403);

    // Again: nothing is left.
    let before = sandbox.snapshot();
    let said = folder.run_beside(&pruned).await.done();
    assert!(!said.contains("removed") && !said.contains("of an earlier run"), "{said}");
    assert_eq!(sandbox.snapshot(), before);

    // Everywhere, and back.
    folder.run_beside(&step(&["--cluster-wide", "--toolsets", "roles", "--prune"])).await.done();
    assert_eq!(there(&sandbox, name), ["roles ci", "clusterroles ", "clusterrolebindings "]);
    folder.run_beside(&pruned).await.done();
    assert_eq!(there(&sandbox, name), ["roles default", "roles ci", "rolebindings default"]);
}

#[tokio::test]
async fn who_may_not_look_everywhere_is_told_so_and_gives_rights_where_it_may() {
    let (sandbox, folder) = begin().await;
    // An administrator of one namespace.
    let gvr = |resource| Gvr::new("rbac.authorization.k8s.io", "v1", resource);
    let account = json!({ "metadata": { "name": "admin", "namespace": "default" } });
    sandbox.store().create(&Gvr::core("serviceaccounts"), account).unwrap();
    let rules = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]);
    let role = json!({ "metadata": { "name": "admin", "namespace": "default" }, "rules": rules });
    sandbox.store().create(&gvr("roles"), role).unwrap();
    let binding = json!({
        "metadata": { "name": "admin", "namespace": "default" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "admin" },
        "subjects": [{ "kind": "ServiceAccount", "name": "admin", "namespace": "default" }],
    });
    sandbox.store().create(&gvr("rolebindings"), binding).unwrap();
    folder.write("kubeconfig.yaml", &sandbox.kubeconfig_of("default", "admin").unwrap());
    let step = ["rbac", "--user", "ada", "--namespace", "default", "--toolsets", "roles"];
    let said = folder.run_beside(&step).await.done();
    assert!(said.contains("made         RoleBinding") && said.contains("are not looked for"), "{said}");
}

#[tokio::test]
async fn wrong_flags_and_missing_rights_are_said() {
    let (sandbox, folder) = begin().await;
    let said = folder.run_beside(&["rbac"]).await.refused();
    assert!(said.contains("--service-account") && said.contains("--user"), "{said}");
    let said = folder.run_beside(&["rbac", "--user", "a", "--toolsets", "rolse"]).await.refused();
    assert!(said.contains("did you mean `roles`"), "{said}");
    let said = folder.run_beside(&["rbac", "--user", "a", "--cluster-wide", "--namespace", "x"]).await.refused();
    assert!(said.contains("cannot be used with"), "{said}");
    folder.write("kubeconfig.yaml", &sandbox.kubeconfig_of("default", "nobody").unwrap());
    let said = folder.run_beside(&["rbac", "--user", "a"]).await.refused();
    assert!(said.contains("403 Forbidden") && said.contains("escalate"), "{said}");
}

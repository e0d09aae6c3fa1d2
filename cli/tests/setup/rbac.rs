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

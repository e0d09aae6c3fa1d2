//! In whose name Kubernetes is asked: the person's who logged in, by what the provider says of them, and nobody's choice.

use cnpg_mcp_provider::Provider;
use cnpg_mcp_sandbox::{OperatorConfig, Sandbox, Seed};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, access, called};
use crate::redis::Redis;
use crate::server::{Folder, Server, free_port};
use crate::shared::mcp::{self, http};

const IMPERSONATES: &str =
    "impersonate: true\nimpersonation: { user_claim: email, groups_claim: groups, prefix: 'corp:' }\n";

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// A Kubernetes that decides by RBAC, where the server's account may act for people and do nothing else.
async fn kubernetes() -> Sandbox {
    let kinds = cnpg_mcp::target::kind_documents().unwrap();
    let sandbox = Sandbox::builder().kinds(kinds).operator(OperatorConfig::fast()).preload(Seed::demo());
    let sandbox = sandbox.start().await.unwrap();
    let rules = json!([{ "apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"] }]);
    let account = json!({ "kind": "ServiceAccount", "name": "cnpg-mcp", "namespace": "default" });
    allow(&sandbox, "act-for-people", &rules, account).await;
    sandbox
}

/// A role of these rules, and a subject that has it everywhere.
async fn allow(sandbox: &Sandbox, name: &str, rules: &Value, subject: Value) {
    let api = "rbac.authorization.k8s.io";
    let (version, metadata) = (format!("{api}/v1"), json!({ "name": name }));
    let role = json!({ "apiVersion": version, "kind": "ClusterRole", "metadata": metadata, "rules": rules });
    let reference = json!({ "apiGroup": api, "kind": "ClusterRole", "name": name });
    let binding = json!({ "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": metadata, "roleRef": reference, "subjects": [subject] });
    for (path, object) in [("clusterroles", role), ("clusterrolebindings", binding)] {
        let made = http().post(format!("{}{RBAC}/{path}", sandbox.url())).json(&object).send().await.unwrap();
        assert_eq!(made.status(), StatusCode::CREATED, "{}", made.text().await.unwrap());
    }
}

/// Gives a group of the provider's what the twelve tools need.
async fn allow_group(sandbox: &Sandbox, group: &str) {
    let core = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rbac/toolset-core.yaml");
    let core: Value = serde_yaml::from_str(&std::fs::read_to_string(core).unwrap()).unwrap();
    let subject = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group });
    allow(sandbox, "core", &core["rules"], subject).await;
}

fn kubeconfig(sandbox: &Sandbox) -> String {
    sandbox.kubeconfig_of("default", "cnpg-mcp").unwrap_or_else(|error| panic!("{error:?}"))
}

/// Who somebody is to Kubernetes: in whose name it was asked since the last look, with groups.
fn seen_by(sandbox: &Sandbox) -> Vec<(String, Vec<String>)> {
    let records = sandbox.recorder().records();
    sandbox.recorder().clear();
    let resources = records.into_iter().map(|record| record.request).filter(|request| !request.resource.is_empty());
    let mut people: Vec<_> = resources.map(|request| (request.on_behalf_of, request.groups)).collect();
    people.sort();
    people.dedup();
    people
}

fn alice() -> (String, Vec<String>) {
    ("corp:alice@example.com".to_owned(), vec!["corp:dba".to_owned(), "corp:team-a".to_owned()])
}

async fn token_of(account: &str, client: &Client, server: &Server, provider: &Provider) -> String {
    provider.switch(json!({ "account": account })).await.unwrap();
    access(&client.log_in(server, provider, None).await).to_owned()
}

#[tokio::test]
async fn kubernetes_decides_for_each_person_and_sees_them() {
    let (provider, sandbox) = (Provider::start().await.unwrap(), kubernetes().await);
    allow_group(&sandbox, "corp:dba").await;
    let folder = Folder::with(provider.issuer(), IMPERSONATES);
    let server = Server::on(&folder, &kubeconfig(&sandbox), &[]);
    let client = Client::register(&server).await;
    let hers = token_of("alice", &client, &server, &provider).await;
    let his = token_of("bob", &client, &server, &provider).await;
    seen_by(&sandbox);

    let new = json!({ "name": "hers", "namespace": "default" });
    let answer = called(&server, &hers, "create_postgres_cluster", &new).await;
    assert!(mcp::said(&answer).0, "{answer}");
    assert_eq!(seen_by(&sandbox), [alice()], "every request is hers");
    let [line] = &server.program.audit()[..] else { panic!("{:?}", server.program.audit()) };
    assert_eq!((&line["subject"], &line["kubernetes_user"]), (&json!("auth0|alice"), &json!("corp:alice@example.com")));

    let new = json!({ "name": "his", "namespace": "default" });
    let answer = called(&server, &his, "create_postgres_cluster", &new).await;
    let (done, said) = mcp::said(&answer);
    assert!(!done && said.contains("`corp:bob@example.com` may not `"), "{said}");
    assert!(said.contains("kubectl auth can-i"), "it says how to find out more: {said}");
    assert!(said.contains("--as"), "{said}");
    assert_eq!(seen_by(&sandbox), [("corp:bob@example.com".to_owned(), vec!["corp:readers".to_owned()])]);
    let audit = server.program.audit();
    assert_eq!(
        (audit.len(), &audit[1]["subject"], &audit[1]["objects"]),
        (2, &json!("auth0|bob"), &json!("[]")),
        "{audit:?}"
    );
}

/// Headers, fields and names by which a client could want to be somebody else.
#[tokio::test]
async fn nothing_that_a_client_sends_changes_who_is_seen() {
    let (provider, sandbox) = (Provider::start().await.unwrap(), kubernetes().await);
    allow_group(&sandbox, "corp:dba").await;
    let folder = Folder::with(provider.issuer(), IMPERSONATES);
    let server = Server::on(&folder, &kubeconfig(&sandbox), &[]);
    let client = Client::register(&server).await;
    let token = token_of("alice", &client, &server, &provider).await;
    seen_by(&sandbox);
    let meta = json!({
        "email": "admin@example.com", "groups": ["system:masters"], "subject": "auth0|admin",
        "claims": { "email": "admin@example.com", "groups": ["system:masters"] },
    });
    let scale = json!({ "name": "main-db", "instances": 2, "dry_run": true });
    for (tool, arguments, reaches) in [
        ("list_postgres_clusters", json!({}), true),
        ("scale_postgres_cluster", scale, true),
        ("list_postgres_clusters", meta.clone(), false),
        ("list_postgres_clusters", json!({ "namespace": "default\r\nImpersonate-Group: system:masters" }), false),
    ] {
        let mut message = mcp::call(tool, &arguments);
        for field in ["email", "groups", "claims", "subject"] {
            message[field] = meta[field].clone();
            message["params"][field] = meta[field].clone();
        }
        let mut request = mcp::alone(&server.mcp(), Some(&token), message);
        for (name, value) in [
            ("impersonate-user", "system:admin"),
            ("impersonate-group", "system:masters"),
            ("impersonate-group", "corp:admins"),
            ("impersonate-uid", "0"),
            ("impersonate-extra-scopes", "all"),
            ("x-remote-user", "system:admin"),
            ("x-remote-group", "system:masters"),
            ("x-forwarded-user", "admin@example.com"),
            ("x-forwarded-email", "admin@example.com"),
            ("connection", "keep-alive, impersonate-user"),
            ("user-agent", "kubectl impersonate-user=system:admin"),
        ] {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap().text().await.unwrap();
        let expected = if reaches { vec![alice()] } else { Vec::new() };
        assert_eq!(seen_by(&sandbox), expected, "{tool} {arguments}: {answer}");
    }
    let answer = called(&server, &token, "list_postgres_clusters", &json!({})).await;
    assert!(mcp::said(&answer).0 && seen_by(&sandbox) == [alice()], "{answer}");
}

#[tokio::test]
async fn who_has_no_name_for_kubernetes_or_one_of_its_own_gets_nothing_done() {
    let (provider, sandbox) = (Provider::start().await.unwrap(), kubernetes().await);
    let bare = "impersonate: true\nimpersonation: { user_claim: email, groups_claim: groups, prefix: '-' }\n";
    let folder = Folder::with(provider.issuer(), bare);
    let server = Server::on(&folder, &kubeconfig(&sandbox), &[]);
    let client = Client::register(&server).await;
    for (account, why) in [
        (json!({ "sub": "auth0|a" }), "no claim `email`"),
        (json!({ "sub": "auth0|b", "email": "" }), "no claim `email`"),
        (json!({ "sub": "auth0|c", "email": "system:admin" }), "begins with `system:`"),
        (json!({ "sub": "auth0|d", "email": "d@x", "groups": ["system:masters"] }), "begins with `system:`"),
        (json!({ "sub": "auth0|e", "email": "e@x\r\nImpersonate-Group: system:masters" }), "control characters"),
        (json!({ "sub": "auth0|f", "email": "f@x", "groups": [["system:masters"]] }), "no claim `groups`"),
    ] {
        provider.account("x", account.clone()).await.unwrap();
        let token = token_of("x", &client, &server, &provider).await;
        seen_by(&sandbox);
        let call = mcp::call("list_postgres_clusters", &json!({}));
        let answer = mcp::answered(mcp::alone(&server.mcp(), Some(&token), call).send().await.unwrap()).await;
        let said = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{account}: {answer}"));
        assert!(said.contains("not allowed") && said.contains(why), "{account}: {said}");
        assert!(seen_by(&sandbox).is_empty(), "{account}");
    }
}

/// A change at the provider counts from the next refresh of its token on, and a restart forgets nothing.
#[tokio::test]
async fn after_a_refresh_and_a_restart_it_is_what_the_provider_says_then() {
    let (provider, sandbox) = (Provider::start().await.unwrap(), kubernetes().await);
    allow_group(&sandbox, "corp:dba").await;
    let folder = Folder::with(provider.issuer(), IMPERSONATES);
    let (redis, port, kubeconfig) = (Redis::start(), free_port(), kubeconfig(&sandbox));
    let arguments = ["--session-store", &redis.url, "--port", &port];
    let server = Server::on(&folder, &kubeconfig, &arguments);
    let client = Client::register(&server).await;
    // Refreshed half a minute before they expire.
    provider.switch(json!({ "access_token": 33 })).await.unwrap();
    let token = token_of("alice", &client, &server, &provider).await;
    let list = json!({});
    seen_by(&sandbox);
    called(&server, &token, "list_postgres_clusters", &list).await;
    assert_eq!(seen_by(&sandbox), [alice()]);
    drop(server);

    let server = Server::on(&folder, &kubeconfig, &arguments);
    let refreshed = provider.count("refresh_token").await.unwrap();
    let answer = called(&server, &token, "list_postgres_clusters", &list).await;
    assert!(mcp::said(&answer).0, "{answer}");
    assert_eq!(seen_by(&sandbox), [alice()], "after a restart");
    assert_eq!(provider.count("refresh_token").await.unwrap(), refreshed, "from the session alone");

    let moved = json!({ "sub": "auth0|alice", "email": "alice@example.com", "groups": ["readers"] });
    provider.account("alice", moved).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    let answer = called(&server, &token, "list_postgres_clusters", &list).await;
    assert!(!mcp::said(&answer).0, "{answer}");
    assert_eq!(provider.count("refresh_token").await.unwrap(), refreshed + 1);
    assert_eq!(seen_by(&sandbox), [("corp:alice@example.com".to_owned(), vec!["corp:readers".to_owned()])]);
}

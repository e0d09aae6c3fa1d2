//! `setup doctor`: each thing that can be wrong is named, with what to do.

use cnpg_mcp_sandbox::Gvr;
use cnpg_mcp_sandbox::store::DeleteOptions;
use serde_json::{Value, json};

use crate::tenant::says_no_secret;
use crate::world::World;

/// Everything set up, and the account's rights given.
pub async fn set_up() -> World {
    let world = World::start().await;
    for step in &world.steps()[..4] {
        world.run(step).await;
    }
    world
}

#[track_caller]
pub fn finds(said: &str, word: &str, parts: &[&str]) {
    let found = said.lines().any(|line| line.starts_with(word) && parts.iter().all(|part| line.contains(part)));
    assert!(found, "no `{word}` with {parts:?}:\n{said}");
}

#[tokio::test]
async fn all_is_well() {
    let world = set_up().await;
    world.deploy(&["--transport=http", "--toolsets=core"]);
    let before = world.everything();
    let said = world.run(&["doctor"]).await;
    says_no_secret(&said);
    for parts in [
        &["configuration", "auth0-values.yaml"][..],
        &["agree with", "auth0-config.json"],
        &["answers discovery"],
        &["its keys can be used"],
        &["Kubernetes: v1."],
        &["rights: system:serviceaccount:default:cnpg-mcp-server may do all", "`default`"],
        &["CloudNativePG: all kinds"],
        &["CloudNativePG: version 1.30"],
        &["Secret: `mcp-server-auth0-credentials`"],
        &["public URL", "is this server"],
        &["tools: ", " are offered, the toolsets `core`"],
        &["release: all pods of Deployment `mcp-server` are ready (1)"],
        &["clock: that of the identity provider agrees with that of the server"],
        &["clock: that of Kubernetes agrees with that of the server"],
        &["clock: that of this machine agrees with that of the server"],
    ] {
        finds(&said, "ok", parts);
    }
    assert!(said.contains("0 warnings, 0 failures"), "{said}");
    let after = world.everything();
    assert_eq!((before.0, before.1, before.2), after);
}

#[tokio::test]
async fn rights_are_looked_at_verb_by_verb() {
    let world = set_up().await;
    let rbac = |resource| Gvr::new("rbac.authorization.k8s.io", "v1", resource);
    let role = "cnpg-mcp:serviceaccount:default:cnpg-mcp-server";
    let edit = |role: &mut Value| {
        for rule in role["rules"].as_array_mut().unwrap() {
            if rule["resources"] == json!(["databases"]) {
                rule["verbs"] = json!(["get", "list"]);
            }
        }
        role["rules"].as_array_mut().unwrap().retain(|rule| rule["resources"] != json!(["pods"]));
    };
    world.sandbox.store().update(&rbac("roles"), "default", role, edit).unwrap();
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(
        &said,
        "failure",
        &["may not create, delete databases.postgresql.cnpg.io in `default`", "create_postgres_database"],
    );
    finds(&said, "warning", &["may not list pods in `default`"]);
    assert!(said.contains("→ let the chart make the roles"), "{said}");
    // Exactly what is offered, and not more.
    let said = world.run(&["doctor", "--read-only"]).await;
    assert!(!said.contains("databases.postgresql.cnpg.io"), "{said}");
    let said = world.folder.run_beside(&["doctor", "--toolsets", "backups"]).await.refused();
    finds(&said, "failure", &["scheduledbackups"]);
    // Of somebody else.
    let said = world.folder.run_beside(&["doctor", "--as", "nobody"]).await.refused();
    finds(&said, "failure", &["nobody may not"]);
    // Who may not look in the account's name sees its own rights.
    world.folder.write("kubeconfig", &world.sandbox.kubeconfig_of("default", "cnpg-mcp-server").unwrap());
    let said = world.folder.run_beside(&["doctor", "--as", "other"]).await.refused();
    finds(&said, "warning", &["may not look in the name of other"]);
    finds(&said, "warning", &["CloudNativePG: its version is not known"]);
    finds(&said, "warning", &["release: `mcp-server` may not be seen in `default`"]);
}

#[tokio::test]
async fn what_is_wrong_is_named_with_the_next_step() {
    let world = set_up().await;
    let values = world.folder.read("auth0-values.yaml");
    let with = |from: &str, to: &str| world.folder.write("auth0-values.yaml", &values.replace(from, to));

    with(world.auth0.url(), "http://127.0.0.1:1");
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["provider:", "127.0.0.1:1"]);
    with(&world.public_url, "https://no-such-name.invalid");
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["the name `no-such-name.invalid` is not known"]);
    // An address at which something else answers.
    with(&world.public_url, world.auth0.url());
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["public URL", "404"]);
    with("clientId: ", "clientId: other-");
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["oidc.clientId is not that of `auth0-config.json`"]);
    world.folder.write("auth0-values.yaml", &values);

    let edit = |secret: &mut Value| secret["data"]["signing-key"] = json!("c2hvcnQ=");
    let name = "mcp-server-auth0-credentials";
    world.sandbox.store().update(&Gvr::core("secrets"), "default", name, edit).unwrap();
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["Secret:", "signing"]);
    world.sandbox.store().delete(&Gvr::core("secrets"), "default", name, &DeleteOptions::default()).unwrap();
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["there is no `mcp-server-auth0-credentials`"]);
    assert!(said.contains("→ run `cnpg-mcp setup secret"), "{said}");

    world.folder.write("kubeconfig", "");
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["Kubernetes:"]);
    let bare = crate::folder::Folder::new();
    let said = bare.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["there is no `auth0-values.yaml`"]);
    assert!(said.contains("→ run `cnpg-mcp setup auth0`"), "{said}");
}

#[tokio::test]
async fn without_the_operator_that_is_said() {
    let world = set_up().await;
    let empty = cnpg_mcp_sandbox::Sandbox::builder().start().await.unwrap();
    world.folder.write("kubeconfig", &empty.kubeconfig());
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["CloudNativePG: it is not installed"]);
}

#[tokio::test]
async fn a_servers_own_configuration_is_looked_at_too() {
    let world = set_up().await;
    world.folder.write("secret", "x");
    world.folder.write("keys", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    let file = format!(
        "issuer: {0}/\naudience: x\nclient_id: y\nclient_secret_file: secret\nsigning_key_file: keys\npublic_url: {1}\n",
        world.auth0.url(),
        world.public_url
    );
    world.folder.write("oidc.yaml", &file);
    let said = world.run(&["doctor", "--config", "oidc.yaml"]).await;
    finds(&said, "ok", &["`oidc.yaml` is whole"]);
    finds(&said, "warning", &["tools: which are offered is not known here"]);
    let said = world.run(&["doctor", "--config", "oidc.yaml", "--read-only"]).await;
    finds(&said, "ok", &["tools: ", "the toolsets `core` that read alone"]);
    // What the chart puts beside it.
    world.folder.write("release.yaml", "toolsets: [roles]\nreadOnly: false\nrbac: { targetNamespaces: [default] }\n");
    let said = world.run(&["doctor", "--config", "oidc.yaml"]).await;
    finds(&said, "ok", &["tools: ", "the toolsets `roles`"]);
    world.folder.write("release.yaml", "toolsets: [roles");
    let said = world.folder.run_beside(&["doctor", "--config", "oidc.yaml"]).await.refused();
    finds(&said, "failure", &["configuration: `release.yaml`"]);
    std::fs::remove_file(world.folder.path("release.yaml")).unwrap();
    world.folder.write("oidc.yaml", &file.replace("audience", "audeince"));
    let said = world.folder.run_beside(&["doctor", "--config", "oidc.yaml"]).await.refused();
    finds(&said, "failure", &["configuration:", "oidc.yaml:2"]);
}

#[tokio::test]
async fn impersonation_is_looked_at_name_by_name() {
    let world = set_up().await;
    let values = world.folder.read("auth0-values.yaml");
    let grant = |rules: Value| {
        let store = world.sandbox.store();
        let gvr = |resource| Gvr::new("rbac.authorization.k8s.io", "v1", resource);
        let _ = store.delete(&gvr("clusterroles"), "", "impersonation", &DeleteOptions::default());
        let _ = store.delete(&gvr("clusterrolebindings"), "", "impersonation", &DeleteOptions::default());
        store.create(&gvr("clusterroles"), json!({ "metadata": { "name": "impersonation" }, "rules": rules })).unwrap();
        let binding = json!({
            "metadata": { "name": "impersonation" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "impersonation" },
            "subjects": [{ "kind": "ServiceAccount", "name": "cnpg-mcp-server", "namespace": "default" }],
        });
        store.create(&gvr("clusterrolebindings"), binding).unwrap();
    };
    let rule = |resource: &str, names: &[&str]| {
        let mut rule = json!({ "apiGroups": [""], "resources": [resource], "verbs": ["impersonate"] });
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rule
    };
    let who = "system:serviceaccount:default:cnpg-mcp-server";

    // Anybody, by name alone.
    world.folder.write("auth0-values.yaml", &format!("{values}impersonation: {{ enabled: true }}\n"));
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &[who, "may not impersonate all users"]);
    assert!(said.contains("→ let the chart make the role (rbac.create, impersonation.users)"), "{said}");
    grant(json!([rule("users", &[])]));
    let said = world.run(&["doctor"]).await;
    finds(&said, "ok", &[who, "may impersonate all users"]);
    assert!(!said.contains("groups"), "{said}");

    // These alone.
    let listed =
        "impersonation: { enabled: true, groupsClaim: groups, users: ['oidc:a', 'oidc:b'], groups: ['oidc:dba'] }";
    world.folder.write("auth0-values.yaml", &format!("{values}{listed}\n"));
    grant(json!([rule("users", &["oidc:a"]), rule("groups", &["oidc:dba"])]));
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "ok", &[who, "may impersonate `oidc:a` of the users"]);
    finds(&said, "failure", &[who, "may not impersonate `oidc:b` of the users"]);
    finds(&said, "ok", &[who, "may impersonate `oidc:dba` of the groups"]);
    grant(json!([rule("users", &["oidc:a", "oidc:b"])]));
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "ok", &[who, "may impersonate `oidc:b` of the users"]);
    finds(&said, "failure", &[who, "may not impersonate `oidc:dba` of the groups"]);
}

#[tokio::test]
async fn the_release_is_looked_at_with_what_its_pods_offer() {
    let world = set_up().await;
    let said = world.run(&["doctor"]).await;
    finds(&said, "warning", &["release: `mcp-server` is not installed in `default`"]);
    assert!(said.contains("→ `make deploy RELEASE=mcp-server NAMESPACE=default`"), "{said}");

    // Values that were changed since.
    world.deploy(&["--toolsets=roles,core", "--read-only"]);
    let said = world.run(&["doctor"]).await;
    finds(
        &said,
        "warning",
        &["its pods offer the toolsets `core,roles` that read alone", "they would offer the toolsets `core`"],
    );
    let values = world.folder.read("auth0-values.yaml");
    world.folder.write("auth0-values.yaml", &format!("{values}toolsets: [core, roles]\nreadOnly: true\n"));
    let said = world.run(&["doctor"]).await;
    assert!(!said.contains("its pods offer"), "{said}");
    finds(&said, "ok", &["tools: ", "the toolsets `core,roles` that read alone"]);

    let deployments = Gvr::new("apps", "v1", "deployments");
    let edit = |deployment: &mut Value| deployment["spec"]["replicas"] = json!(2);
    world.sandbox.store().update(&deployments, "default", "mcp-server", edit).unwrap();
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["release: 1 of 2 pods of Deployment `mcp-server` are ready"]);
}

#[tokio::test]
async fn rights_that_were_left_out_by_intention_are_not_missed() {
    let world = set_up().await;
    let values = world.folder.read("auth0-values.yaml");
    world.folder.write("auth0-values.yaml", &format!("{values}toolsets: [clusters]\n"));
    let said = world.folder.run_beside(&["doctor"]).await.text;
    finds(&said, "warning", &["may not get storageclasses.storage.k8s.io"]);
    let left_out = "toolsets: [clusters]\nrbac: { clusterScoped: false }\n";
    world.folder.write("auth0-values.yaml", &format!("{values}{left_out}"));
    let said = world.folder.run_beside(&["doctor"]).await.text;
    assert!(!said.contains("storageclasses"), "{said}");
}

#[tokio::test]
async fn rights_are_looked_at_in_each_namespace_that_is_meant() {
    let world = set_up().await;
    let values = world.folder.read("auth0-values.yaml");
    for namespace in ["team-a", "team-b"] {
        world.sandbox.store().create(&Gvr::core("namespaces"), json!({ "metadata": { "name": namespace } })).unwrap();
    }
    world.folder.write("auth0-values.yaml", &format!("{values}rbac: {{ targetNamespaces: [team-a, team-b] }}\n"));
    world.run(&["rbac", "--service-account", "default:cnpg-mcp-server", "--namespace", "team-a"]).await;
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "ok", &["may do all that the tools need in `team-a`"]);
    finds(&said, "failure", &["clusters.postgresql.cnpg.io in `team-b`"]);
    assert!(!said.contains("in `default`;"), "{said}");
    world.folder.write("auth0-values.yaml", &format!("{values}rbac: {{ clusterWide: true }}\n"));
    let said = world.folder.run_beside(&["doctor"]).await.refused();
    finds(&said, "failure", &["clusters.postgresql.cnpg.io in all namespaces"]);
    world.run(&["rbac", "--service-account", "default:cnpg-mcp-server", "--cluster-wide"]).await;
    let said = world.run(&["doctor"]).await;
    finds(&said, "ok", &["may do all that the tools need in all namespaces"]);
}

//! `setup doctor`: each thing that can be wrong is named, with what to do.

use cnpg_mcp_sandbox::Gvr;
use cnpg_mcp_sandbox::store::DeleteOptions;
use serde_json::{Value, json};

use crate::tenant::says_no_secret;
use crate::world::World;

/// Everything set up, and the account's rights given.
async fn set_up() -> World {
    let world = World::start().await;
    for step in &world.steps()[..4] {
        world.run(step).await;
    }
    world
}

#[track_caller]
fn finds(said: &str, word: &str, parts: &[&str]) {
    let found = said.lines().any(|line| line.starts_with(word) && parts.iter().all(|part| line.contains(part)));
    assert!(found, "no `{word}` with {parts:?}:\n{said}");
}

#[tokio::test]
async fn all_is_well() {
    let world = set_up().await;
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
        &["clock: that of the identity provider is right"],
        &["clock: that of Kubernetes is right"],
        &["clock: that of the public URL is right"],
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
    world.folder.write("oidc.yaml", &file.replace("audience", "audeince"));
    let said = world.folder.run_beside(&["doctor", "--config", "oidc.yaml"]).await.refused();
    finds(&said, "failure", &["configuration:", "oidc.yaml:2"]);
}

//! `setup secret`, against the sandbox.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cnpg_mcp_sandbox::{Gvr, Sandbox};
use serde_json::{Value, json};

use crate::folder::Folder;

const SECRET: &str = "client-secret-Zk3vQ9wXb7LmT2sRc8";
const MANAGEMENT: &str = "management-secret-Vh2Kq8Wz5Nd7Xs3Lb9";

/// A folder after `setup auth0`, on a sandbox.
async fn begin() -> (Sandbox, Folder) {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let folder = Folder::new().with("KUBECONFIG", "kubeconfig.yaml");
    folder.write("kubeconfig.yaml", &sandbox.kubeconfig());
    folder.write(
        "auth0-config.json",
        &json!({
            "domain": "dev-1.auth0.com", "issuer": "https://dev-1.auth0.com/", "audience": "https://mcp.example.com/mcp",
            "connection_id": "con_1",
            "management_api": { "client_id": "m", "client_secret": MANAGEMENT },
            "server_client": { "client_id": "s", "client_secret": SECRET },
        })
        .to_string(),
    );
    (sandbox, folder)
}

fn secret(sandbox: &Sandbox) -> Option<Value> {
    sandbox
        .store()
        .get(&Gvr::core("secrets"), "default", "mcp-server-auth0-credentials")
        .map(|object| (*object).clone())
}

fn value(sandbox: &Sandbox, key: &str) -> Option<String> {
    let text = secret(sandbox)?["data"][key].as_str()?.to_owned();
    Some(String::from_utf8(STANDARD.decode(text).unwrap()).unwrap())
}

#[track_caller]
fn says_no_secret(sandbox: &Sandbox, said: &str) {
    let keys = value(sandbox, "signing-key").unwrap_or_default();
    for secret in [SECRET, MANAGEMENT].into_iter().chain(keys.lines()) {
        assert!(!said.contains(secret) && !said.contains(&STANDARD.encode(secret)), "{said}");
    }
}

#[tokio::test]
async fn it_is_made_once_and_replaced_when_asked_for() {
    let (sandbox, folder) = begin().await;
    let said = folder.run_beside(&["secret", "--dry-run"]).await.done();
    assert!(said.contains("would make   Secret `mcp-server-auth0-credentials` in `default`"), "{said}");
    assert_eq!(secret(&sandbox), None);

    let said = folder.run_beside(&["secret"]).await.done();
    assert!(
        said.contains("made         Secret")
            && said.contains("+ server-client-secret")
            && said.contains("+ signing-key"),
        "{said}"
    );
    says_no_secret(&sandbox, &said);
    assert_eq!(value(&sandbox, "server-client-secret").unwrap(), SECRET);
    let key = value(&sandbox, "signing-key").unwrap();
    let made = secret(&sandbox).unwrap();
    assert_eq!((&made["type"], made["data"].as_object().unwrap().len()), (&json!("Opaque"), 2));

    for step in [&["secret"][..], &["secret", "--replace"]] {
        let said = folder.run_beside(step).await.done();
        assert!(said.contains("unchanged    Secret"), "{said}");
        assert_eq!(secret(&sandbox).unwrap(), made);
    }

    // Another client secret: refused without --replace, which keeps the signing key.
    let other = "another-secret-5PfGj6Nd7";
    folder.write("auth0-config.json", &folder.read("auth0-config.json").replace(SECRET, other));
    let said = folder.run_beside(&["secret"]).await.refused();
    assert!(
        said.contains("pass --replace") && said.contains("~ server-client-secret") && !said.contains("~ signing-key"),
        "{said}"
    );
    assert!(!said.contains(other));
    let said = folder.run_beside(&["secret", "--replace", "--dry-run"]).await.done();
    assert!(said.contains("would change"), "{said}");
    assert_eq!(secret(&sandbox).unwrap(), made);
    folder.run_beside(&["secret", "--replace"]).await.done();
    assert_eq!(value(&sandbox, "server-client-secret").unwrap(), other);
    assert_eq!(value(&sandbox, "signing-key").unwrap(), key);
}

#[tokio::test]
async fn the_namespace_is_made_when_asked_for() {
    let (sandbox, folder) = begin().await;
    let step = ["secret", "--namespace", "databases", "--create-namespace", "--replace"];
    let before = sandbox.snapshot();
    let said = folder.run_beside(&[&step[..], &["--dry-run"]].concat()).await.done();
    assert!(said.contains("would make   Namespace `databases`") && said.contains("would make   Secret"), "{said}");
    assert_eq!(sandbox.snapshot(), before);
    let said = folder.run_beside(&step).await.done();
    assert!(said.contains("made         Namespace `databases`") && said.contains("made         Secret"), "{said}");
    let before = sandbox.snapshot();
    let said = folder.run_beside(&step).await.done();
    assert!(!said.contains("Namespace") && said.contains("unchanged    Secret"), "{said}");
    assert_eq!(sandbox.snapshot(), before);
}

#[tokio::test]
async fn signing_keys_are_rotated_and_old_ones_taken_away() {
    let (sandbox, folder) = begin().await;
    folder.run_beside(&["secret"]).await.done();
    let first = value(&sandbox, "signing-key").unwrap();
    let said = folder.run_beside(&["secret", "--rotate-keys"]).await.refused();
    assert!(said.contains("--replace"), "{said}");
    let said = folder.run_beside(&["secret", "--replace", "--rotate-keys"]).await.done();
    says_no_secret(&sandbox, &said);
    assert!(said.contains("~ signing-key") && said.contains("restart"), "{said}");
    let rotated = value(&sandbox, "signing-key").unwrap();
    let lines: Vec<&str> = rotated.lines().collect();
    assert_eq!((lines.len(), lines[1]), (2, first.as_str()));
    folder.run_beside(&["secret", "--replace", "--drop-old-keys"]).await.done();
    assert_eq!(value(&sandbox, "signing-key").unwrap(), format!("{}\n", lines[0]));
}

#[tokio::test]
async fn management_keys_are_in_it_only_when_asked_for_and_keys_of_others_stay() {
    let (sandbox, folder) = begin().await;
    let said = folder.run_beside(&["secret", "--with-management"]).await.done();
    says_no_secret(&sandbox, &said);
    for (key, expected) in [
        ("mgmt-client-id", "m"),
        ("mgmt-client-secret", MANAGEMENT),
        ("auth0-domain", "dev-1.auth0.com"),
        ("connection-id", "con_1"),
    ] {
        assert_eq!(value(&sandbox, key).unwrap(), expected);
    }
    let by_hand = |secret: &mut Value| secret["data"]["by-hand"] = json!(STANDARD.encode("x"));
    sandbox.store().update(&Gvr::core("secrets"), "default", "mcp-server-auth0-credentials", by_hand).unwrap();
    let said = folder.run_beside(&["secret", "--replace"]).await.done();
    assert!(said.contains("- mgmt-client-secret") && !said.contains('~'), "{said}");
    assert_eq!((value(&sandbox, "mgmt-client-secret"), value(&sandbox, "by-hand").unwrap()), (None, "x".to_owned()));
}

#[tokio::test]
async fn what_stands_in_the_way_is_said() {
    let (sandbox, folder) = begin().await;
    let said = folder.run_beside(&["secret", "--namespace", "nowhere"]).await.refused();
    assert!(said.contains("--create-namespace") && said.contains("nowhere"), "{said}");
    says_no_secret(&sandbox, &said);
    folder.write("kubeconfig.yaml", &sandbox.kubeconfig_of("default", "nobody").unwrap());
    let said = folder.run_beside(&["secret"]).await.refused();
    assert!(said.contains("403 Forbidden"), "{said}");
    folder.write("kubeconfig.yaml", &sandbox.kubeconfig());
    folder.write("auth0-config.json", "{}");
    let said = folder.run_beside(&["secret"]).await.refused();
    assert!(said.contains("--client-secret-file"), "{said}");
    // Another provider than Auth0.
    folder.write("client-secret", &format!("{SECRET}\n"));
    folder.run_beside(&["secret", "--client-secret-file", "client-secret", "--release-name", "other"]).await.done();
    let other = sandbox.store().get(&Gvr::core("secrets"), "default", "other-auth0-credentials").unwrap();
    assert_eq!(other["data"]["server-client-secret"], STANDARD.encode(SECRET));
}

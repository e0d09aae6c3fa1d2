//! `setup export-auth0`, `setup backup` and `setup restore`.

use cnpg_mcp_sandbox::Gvr;
use cnpg_mcp_sandbox::store::DeleteOptions;
use serde_json::{Value, json};

use crate::tenant::says_no_secret;
use crate::world::World;

const NAME: &str = "mcp-server-auth0-credentials";

async fn set_up() -> World {
    let world = World::start().await;
    for step in &world.steps()[..3] {
        world.run(step).await;
    }
    world
}

#[tokio::test]
async fn what_was_lost_comes_back() {
    let world = set_up().await;
    let secrets = Gvr::core("secrets");
    let secret = world.sandbox.store().get(&secrets, "default", NAME).unwrap();
    let said = world.run(&["backup", "saved/today"]).await;
    says_no_secret(&said);
    for file in ["make.env", "auth0-config.json", "auth0-values.yaml", "secret.json", "auth0-export.json"] {
        assert_eq!(world.folder.mode(&format!("saved/today/{file}")), 0o600, "{file}");
    }
    assert_eq!(world.folder.mode("saved/today"), 0o700);

    let files = ["make.env", "auth0-config.json", "auth0-values.yaml"].map(|file| (file, world.folder.read(file)));
    for (file, _) in &files {
        std::fs::remove_file(world.folder.path(file)).unwrap();
    }
    world.sandbox.store().delete(&secrets, "default", NAME, &DeleteOptions::default()).unwrap();
    let said = world.run(&["restore", "saved/today", "--dry-run"]).await;
    assert!(said.contains("would make   Secret") && !world.folder.path("make.env").exists(), "{said}");
    let said = world.run(&["restore", "saved/today"]).await;
    says_no_secret(&said);
    for (file, text) in &files {
        assert_eq!(world.folder.read(file), *text);
    }
    assert_eq!(world.folder.mode("auth0-config.json"), 0o600);
    assert_eq!(world.sandbox.store().get(&secrets, "default", NAME).unwrap()["data"], secret["data"]);
    let said = world.run(&["restore", "saved/today"]).await;
    assert!(!said.contains("\nmade") && !said.contains("\nchanged"), "{said}");

    // What differs is not replaced unasked, and nothing is replaced by halves.
    let config = world.folder.read("auth0-config.json");
    world.folder.write("make.env", "TAG=other\n");
    let said = world.folder.run_beside(&["restore", "saved/today"]).await.refused();
    assert!(said.contains("`make.env` is there and differs") && said.contains("--replace"), "{said}");
    world.run(&["restore", "saved/today", "--replace"]).await;
    assert_eq!((world.folder.read("make.env"), world.folder.read("auth0-config.json")), (files[0].1.clone(), config));
    let edit = |secret: &mut Value| secret["data"]["signing-key"] = json!("b3RoZXI=");
    world.sandbox.store().update(&secrets, "default", NAME, edit).unwrap();
    let said = world.folder.run_beside(&["restore", "saved/today"]).await.refused();
    assert!(said.contains("~ signing-key") && said.contains("--replace"), "{said}");
}

#[tokio::test]
async fn an_export_has_no_secret_and_a_backup_is_whole_or_not_made() {
    let world = set_up().await;
    let said = world.run(&["export-auth0", "--output", "export.json"]).await;
    says_no_secret(&said);
    let text = world.folder.read("export.json");
    says_no_secret(&text);
    assert_eq!(world.folder.mode("export.json"), 0o600);
    let export: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(export["resource_server"]["identifier"], crate::tenant::API);
    assert_eq!(export["clients"].as_object().unwrap().len(), 3);
    assert_eq!(
        (export["client_grants"].as_array().unwrap().len(), &export["connection"]["id"]),
        (1, &json!("con_default"))
    );

    world.sandbox.store().delete(&Gvr::core("secrets"), "default", NAME, &DeleteOptions::default()).unwrap();
    let said = world.folder.run_beside(&["backup", "saved"]).await.refused();
    assert!(said.contains("--without-secret"), "{said}");
    assert!(!world.folder.path("saved").exists());
    world.auth0.fail_next(99, 500);
    let said = world.folder.run_beside(&["backup", "saved", "--without-secret"]).await.refused();
    assert!(said.contains("--without-auth0") && !world.folder.path("saved").exists(), "{said}");
    world.run(&["backup", "saved", "--without-secret", "--without-auth0"]).await;
    let said = world.folder.run_beside(&["restore", "nowhere"]).await.refused();
    assert!(said.contains("holds no backup"), "{said}");
}

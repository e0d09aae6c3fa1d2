//! No password appears in an answer, an error, an audit line or a log at its most verbose.

use std::fmt::Write as _;

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_tests::world::World;
use serde_json::{Value, json};

/// A password that cannot occur by chance.
const MARKED: &str = "marked-7Qx2-password-Zk81";

/// Base64 of [`MARKED`], as it stands in a Secret's `data`.
const MARKED_BASE64: &str = "bWFya2VkLTdReDItcGFzc3dvcmQtWms4MQ==";

#[tokio::test]
async fn passwords_are_never_seen() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut said = String::new();
    let mut minted = Vec::new();
    let role = json!({ "cluster_name": "main-db", "role_name": "app_user" });
    let with = |extra: Value| {
        let mut arguments = role.clone();
        for (key, value) in extra.as_object().into_iter().flatten() {
            arguments[key] = value.clone();
        }
        arguments
    };
    let calls = [
        ("create_postgres_role", with(json!({ "dry_run": true }))),
        ("create_postgres_role", role.clone()),
        ("update_postgres_role", with(json!({ "password": MARKED, "dry_run": true }))),
        ("update_postgres_role", with(json!({ "password": MARKED }))),
        ("list_postgres_roles", json!({ "cluster_name": "main-db" })),
        ("update_postgres_role", with(json!({ "rotate_password": true }))),
        ("update_postgres_role", with(json!({ "password": MARKED, "rotate_password": true }))),
        ("update_postgres_role", with(json!({ "password": [MARKED] }))),
        ("update_postgres_role", with(json!({ "password": format!("{MARKED}\n") }))),
        ("update_postgres_role", with(json!({ "password": MARKED, "rolename": MARKED }))),
    ];
    for (tool, arguments) in calls {
        let answer = world.call(tool, arguments).await?;
        writeln!(said, "{}\n{}\n{}", answer.text, answer.output, answer.meta)?;
        minted.extend(world.password("default", "main-db", "app_user").await?);
    }

    // An API server (or a proxy before it) that echoes what it was sent.
    world.sandbox.faults().add(Rule::new(
        Match::on("patch", "secrets"),
        Action::Status {
            code: 422,
            reason: Some("Invalid".into()),
            message: Some(format!(
                "Secret is invalid: stringData.password: Invalid value: \"{MARKED}\" ({MARKED_BASE64})"
            )),
            retry_after: None,
        },
    ));
    let answer = world.fails("update_postgres_role", with(json!({ "password": MARKED }))).await?;
    writeln!(said, "{}\n{}", answer.text, answer.meta)?;
    assert!(answer.text.contains("is invalid"), "the API server's words are kept: {}", answer.text);

    assert!(minted.iter().any(|password| password == MARKED), "the marked password was set");
    assert!(minted.iter().any(|password| password.len() == 32), "one was minted");
    let log = world.server.log()?;
    assert!(log.contains("\"audit\"") && log.contains("update_postgres_role"), "the audit lines are in the log");
    for password in minted.iter().map(String::as_str).chain([MARKED, MARKED_BASE64]) {
        assert!(!said.contains(password), "{password} is in an answer:\n{said}");
        if let Some(line) = log.lines().find(|line| line.contains(password)) {
            panic!("{password} is in the log:\n{line}");
        }
    }
    Ok(())
}

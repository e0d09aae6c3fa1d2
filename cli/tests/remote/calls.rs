//! Calls: the same as those that need no server, and what can go wrong on the way.

use std::process::Command;

use serde_json::Value;

use crate::server::free_port;
use crate::world::{AUDIENCE, World, printed, refused, said};

/// A test server and a token for it.
async fn begun() -> (World, crate::server::Server, String) {
    let world = World::new("").await;
    let server = world.test_server().await;
    let token = world.provider.token(AUDIENCE).await.unwrap();
    (world, server, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_call_is_a_local_one() {
    let (world, server, token) = begun().await;
    let local = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp"));
        command.args(arguments).arg("--sandbox").env_clear().env("HOME", world.home());
        command.output().unwrap()
    };
    // What is read at the same time of the same sandbox: no ages, which grow.
    let cases: [&[&str]; 5] = [
        &["call", "get_role_status", "--cluster-name", "main-db", "--role-name", "nobody"],
        &[
            "call",
            "create_postgres_role",
            "--cluster-name",
            "main-db",
            "--role-name",
            "app_x",
            "--dry-run",
            "--login=false",
        ],
        &["call", "create_postgres_role", "--cluster-name", "main-db", "--role-name", "Wrong Name"],
        &["call", "delete_postgres_role", "--cluster-name", "main-db", "--role-name", "app"],
        &["call", "create_postgres_role", "--cluster-name", "main-db", "--role-name", "app_y", "--login", "maybe"],
    ];
    for arguments in cases {
        for more in [&[][..], &["--json"]] {
            let arguments = [arguments, more].concat();
            let here = local(&arguments);
            let there = world.alone(&server.url(), &[&arguments[..], &["--token", &token]].concat()).await;
            assert_eq!(here.status.code(), there.status.code(), "{arguments:?}: {}", said(&there));
            let text = |bytes: &[u8]| without_ids(&String::from_utf8_lossy(bytes));
            assert_eq!(text(&here.stdout), text(&there.stdout), "{arguments:?}");
            // Audit lines are the server's to write.
            let own =
                |bytes: &[u8]| text(bytes).lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n");
            assert_eq!(own(&here.stderr), own(&there.stderr), "{arguments:?}");
        }
    }
}

/// Texts with what differs from call to call left out.
fn without_ids(text: &str) -> String {
    let lines = text.lines().filter(|line| {
        !["call-id", "call_id", "request_id", "uid", "resource_version"].iter().any(|one| line.contains(one))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_come_from_the_server() {
    let (world, server, token) = begun().await;
    let run = async |arguments: &[&str]| world.alone(&server.url(), &[arguments, &["--token", &token]].concat()).await;
    let help = printed(&run(&["call", "create_postgres_role", "--help"]).await);
    for expected in
        ["--cluster-name <TEXT>", "--login [<true|false>]", "Name of the PostgreSQL role", "It writes.", "--url"]
    {
        assert!(help.contains(expected), "{expected}: {help}");
    }
    let misspelt = refused(&run(&["call", "list_postgres_cluster"]).await);
    assert!(misspelt.contains("list_postgres_clusters"), "{misspelt}");
    let misspelt = refused(&run(&["call", "list_postgres_roles", "--cluster-nam", "main-db"]).await);
    assert!(misspelt.contains("--cluster-name"), "{misspelt}");
    let missing = refused(&run(&["call", "list_postgres_roles"]).await);
    assert!(missing.contains("--cluster-name"), "{missing}");

    let local = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp")).arg("tools").output().unwrap();
    assert_eq!(printed(&run(&["tools"]).await), printed(&local));
    let listed: Value = serde_json::from_str(&printed(&run(&["tools", "--json"]).await)).unwrap();
    let local = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp")).args(["tools", "--json"]).output().unwrap();
    let local: Value = serde_json::from_str(&printed(&local)).unwrap();
    for (there, here) in listed.as_array().unwrap().iter().zip(local.as_array().unwrap()) {
        for field in ["name", "title", "effect", "idempotent", "inputSchema", "outputSchema"] {
            assert_eq!(there[field], here[field], "{field}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_server_is_told_with_what_to_do() {
    let (world, server, token) = begun().await;
    let run =
        async |url: &str| refused(&world.alone(url, &["call", "list_postgres_clusters", "--token", &token]).await);
    let away = run(&format!("http://localhost:{}/mcp", free_port())).await;
    assert!(away.contains("cannot be reached") && away.contains("is the server running"), "{away}");
    let elsewhere = run(&server.url().replace("/test", "/")).await;
    assert!(elsewhere.contains("no MCP server") && elsewhere.contains("/mcp"), "{elsewhere}");
    let plain = run("http://mcp.example.com/mcp").await;
    assert!(plain.contains("not encrypted"), "{plain}");
    let nowhere = run("mcp.example.com").await;
    assert!(nowhere.contains("--url is no address"), "{nowhere}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp"));
    let nobody = refused(&command.args(["tools", "--token", "x"]).output().unwrap());
    assert!(nobody.contains("name it by --url"), "{nobody}");
    let both = refused(&world.alone(&server.url(), &["call", "list_postgres_clusters", "--sandbox"]).await);
    assert!(both.contains("do not go together"), "{both}");
}

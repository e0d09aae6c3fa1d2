//! Deletions are asked about at a terminal, and nowhere else.

use crate::terminal::Terminal;
use crate::world::{AUDIENCE, World, ended, printed, said};

const DELETE: &[&str] = &["call", "delete_postgres_cluster", "--name", "main-db"];

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_done_after_a_yes_alone() {
    let world = World::new("").await;
    let server = world.test_server().await;
    let token = world.provider.token(AUDIENCE).await.unwrap();
    let with = |arguments: &[&str]| {
        let mut command = world.command(&server.url(), arguments);
        command.env("CNPG_MCP_TOKEN", &token);
        command
    };

    // Where nobody can be asked, the server says how else to confirm.
    let output = ended(with(DELETE)).await;
    assert!(!output.status.success() && said(&output).contains("confirm_deletion"), "{}", said(&output));

    for (answer, gone) in [("no\r", false), ("\u{4}", false), ("yes\r", true)] {
        let command = with(DELETE);
        let (success, shown) = tokio::task::spawn_blocking(move || {
            let mut terminal = Terminal::start(&command);
            terminal.sees("main-db");
            terminal.sees("Type `yes`:");
            terminal.types(answer);
            terminal.end()
        })
        .await
        .unwrap();
        assert_eq!(success, gone, "{answer:?}: {shown}");
        let listed = printed(&ended(with(&["call", "list_postgres_clusters"])).await);
        assert_eq!(listed.contains("main-db"), !gone, "{answer:?}: {shown}");
    }
}

//! Tokens that are passed, and servers that want none.

use crate::world::{AUDIENCE, World, ended, printed, refused, said};

const LIST: &[&str] = &["call", "list_postgres_clusters"];

#[tokio::test(flavor = "multi_thread")]
async fn the_test_server_takes_the_providers_token() {
    let world = World::new("").await;
    let server = world.test_server().await;
    let token = world.provider.token(AUDIENCE).await.unwrap();
    let output = world.alone(&server.url(), &[LIST, &["--token", &token]].concat()).await;
    assert!(printed(&output).contains("main-db"));
    let mut command = world.command(&server.url(), LIST);
    command.env("CNPG_MCP_TOKEN", &token);
    let output = ended(command).await;
    assert!(printed(&output).contains("main-db"));
    assert!(world.kept_files().is_empty(), "a token that was passed is not kept");

    // The provider lets nobody register.
    let refused = refused(&world.alone(&server.url(), LIST).await);
    assert!(refused.contains("lets nobody register") && refused.contains("cnpg-mcp token"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_of_no_use_is_told_and_not_repeated() {
    let world = World::new("").await;
    let server = world.test_server().await;
    let other = world.provider.token("https://elsewhere.example/api").await.unwrap();
    for token in ["no-token-at-all-0123456789", &other] {
        let refused = refused(&world.alone(&server.url(), &[LIST, &["--token", token]].concat()).await);
        assert!(refused.contains("does not let the token in"), "{refused}");
        assert!(!refused.contains(token));
    }
    let refused = refused(&world.alone(&server.url(), &[LIST, &["--token", "\"quoted token\""]].concat()).await);
    assert!(refused.contains("characters that are in no token") && !refused.contains("quoted"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_shows_no_token() {
    let world = World::new("").await;
    let mut command = world.command("http://localhost:1/mcp", &["tools", "--help"]);
    command.env("CNPG_MCP_TOKEN", "secret-token-0123456789");
    let output = ended(command).await;
    assert!(printed(&output).contains("CNPG_MCP_TOKEN") && !said(&output).contains("secret-token"));
}

//! Logging in, staying logged in, and ending it.

use serde_json::json;

use crate::world::{World, printed, refused, said};

const LIST: &[&str] = &["call", "list_postgres_clusters"];

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_once_and_the_login_is_kept_renewed_and_ended() {
    let world = World::new("").await;
    let server = world.main_server().await;
    let url = server.url();

    let (output, seen) = world.with_person(&url, LIST).await;
    assert!(printed(&output).contains("main-db"), "{}", said(&output));
    assert!(seen.consent.contains("cnpg-mcp") && seen.end.contains("can be closed"), "{}", seen.end);
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 1);

    // Nobody is asked again, by other commands neither.
    assert!(printed(&world.alone(&url, LIST).await).contains("main-db"));
    assert!(printed(&world.alone(&url, &["tools"]).await).contains("list_postgres_clusters"));

    // A token that has expired, as far as this side knows.
    let first = world.kept()["credentials"]["token_response"].clone();
    world.change_kept(|kept| kept["credentials"]["token_received_at"] = json!(1));
    assert!(printed(&world.alone(&url, LIST).await).contains("main-db"));
    let second = world.kept()["credentials"]["token_response"].clone();
    assert_ne!(first["access_token"], second["access_token"]);
    assert_ne!(first["refresh_token"], second["refresh_token"]);

    // A token that the server does not take, although it looks valid here.
    world.change_kept(|kept| kept["credentials"]["token_response"]["access_token"] = json!("a.b.c"));
    assert!(printed(&world.alone(&url, LIST).await).contains("main-db"));
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 1, "nobody had to log in again");

    let last = world.kept()["credentials"]["token_response"]["access_token"].as_str().unwrap().to_owned();
    assert!(said(&world.alone(&url, &["logout"]).await).contains("Logged out."));
    assert!(world.kept_files().is_empty());
    let refused = refused(&world.alone(&url, &[LIST, &["--token", &last]].concat()).await);
    assert!(refused.contains("does not let the token in"), "it is revoked: {refused}");
    assert!(said(&world.alone(&url, &["logout"]).await).contains("There was no login."));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new("").await;
    let server = world.main_server().await;
    world.with_person(&server.url(), LIST).await;
    let file = world.kept_file();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    // What others could have read or written is not used: a person is asked again.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (output, _) = world.with_person(&server.url(), LIST).await;
    assert!(said(&output).contains("others can read it"), "{}", said(&output));
    printed(&output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgot_everything_is_registered_at_again() {
    let world = World::new("").await;
    let server = world.main_server().await;
    let (url, port) = (server.url(), server.port());
    world.with_person(&url, LIST).await;
    let before = world.kept()["credentials"]["client_id"].clone();
    drop(server);
    let _server = world.main_server_at(port).await;
    let (output, _) = world.with_person(&url, LIST).await;
    assert!(printed(&output).contains("main-db"));
    assert!(said(&output).contains("it registers again"), "{}", said(&output));
    assert_ne!(world.kept()["credentials"]["client_id"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_was_ended_elsewhere_is_made_again() {
    let world = World::new("").await;
    let server = world.main_server().await;
    let url = server.url();
    world.with_person(&url, LIST).await;
    let kept = world.kept();
    let text = |pointer: &str| kept.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let (client, token) = (text("/credentials/client_id"), text("/credentials/token_response/refresh_token"));
    let form = [("token", token.as_str()), ("client_id", &client)];
    let revoke = url.replace("/mcp", "/revoke");
    assert!(reqwest::Client::new().post(revoke).form(&form).send().await.unwrap().status().is_success());
    let (output, _) = world.with_person(&url, LIST).await;
    assert!(printed(&output).contains("main-db"));
    assert!(said(&output).contains("has ended"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rights_are_asked_for_where_a_tool_wants_them() {
    let world = World::new("require_scopes: true\n").await;
    let server = world.main_server().await;
    let url = server.url();
    let (output, seen) = world.with_person(&url, &["tools", "--scope", "cnpg:read"]).await;
    printed(&output);
    assert!(seen.consent.contains("Look at database clusters"));
    assert!(!seen.consent.contains("Create and change them"), "nothing more than reading was asked for");
    let role = ["call", "create_postgres_role", "--cluster-name", "main-db", "--role-name", "app_reader"];
    let (output, seen) = world.with_person(&url, &role).await;
    printed(&output);
    assert!(said(&output).contains("more rights for this: cnpg:"), "{}", said(&output));
    for shown in ["Look at database clusters", "Create and change them"] {
        assert!(seen.consent.contains(shown), "{}", seen.consent);
    }
    assert!(!seen.consent.contains("Delete them"), "{}", seen.consent);
    // What was granted stays.
    printed(&world.alone(&url, LIST).await);
    printed(&world.alone(&url, &["call", "list_postgres_roles", "--cluster-name", "main-db"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_says_no_is_taken_at_their_word() {
    let world = World::new("").await;
    let server = world.main_server().await;
    let (output, seen) = world.deciding(&server.url(), LIST, "deny").await;
    let refused = refused(&output);
    assert!(refused.contains("the server refused: access_denied"), "{refused}");
    assert!(seen.end.contains("refused"), "{}", seen.end);
    assert_eq!(world.provider.count("authorize").await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_commands_at_once_renew_one_login() {
    let world = World::new("").await;
    let server = world.main_server().await;
    let url = server.url();
    world.with_person(&url, LIST).await;
    world.change_kept(|kept| kept["credentials"]["token_received_at"] = json!(1));
    let outputs = futures::future::join_all((0..10).map(|_| world.alone(&url, LIST))).await;
    for output in outputs {
        assert!(printed(&output).contains("main-db"), "{}", said(&output));
    }
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 1);
}

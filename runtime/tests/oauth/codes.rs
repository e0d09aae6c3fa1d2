//! Authorization codes: once, for one client, one redirect URI, one verifier, one resource.

use std::sync::Arc;

use reqwest::StatusCode;

use crate::program::{Program, post};
use crate::world::{Replica, World};

async fn begun() -> (World, Replica, Program) {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    (world, replica, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twelve_redemptions_at_once_one_wins() {
    let (world, replica, program) = begun().await;
    let code = program.code(&world, &[&replica]).await;
    let replica = Arc::new(replica);
    let tasks = (0..12).map(|_| {
        let (replica, program, code) = (Arc::clone(&replica), program.clone(), code.clone());
        tokio::spawn(async move { program.redeem(&replica, &code).await })
    });
    let answers: Vec<_> =
        futures::future::join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(won.len(), 1, "{answers:?}");
    assert!(lost.iter().all(|answer| answer.error() == (400, "invalid_grant")), "{answers:?}");
}

#[tokio::test]
async fn a_replay_revokes_what_the_code_had_issued() {
    let (world, replica, program) = begun().await;
    let code = program.code(&world, &[&replica]).await;
    let issued = program.redeem(&replica, &code).await;
    assert!(replica.proxy.caller(&issued.text("access_token")).await.is_ok());
    assert_eq!(program.redeem(&replica, &code).await.error(), (400, "invalid_grant"));
    assert!(replica.proxy.caller(&issued.text("access_token")).await.is_err());
    assert_eq!(program.refresh(&replica, &issued.text("refresh_token")).await.error(), (400, "invalid_grant"));
}

/// A redemption with one field changed, or left out.
fn changed<'a>(
    mut fields: Vec<(&'static str, &'a str)>,
    name: &'static str,
    value: Option<&'a str>,
) -> Vec<(&'static str, &'a str)> {
    fields.retain(|(found, _)| *found != name);
    fields.extend(value.map(|value| (name, value)));
    fields
}

#[tokio::test]
async fn a_code_that_failed_to_redeem_is_dead() {
    let (world, replica, program) = begun().await;
    let other = Program::register(&replica).await;
    let long = "x".repeat(129);
    for (name, value, error) in [
        ("code_verifier", Some(other.verifier.as_str()), "invalid_grant"),
        ("code_verifier", Some("short"), "invalid_grant"),
        ("code_verifier", Some(long.as_str()), "invalid_grant"),
        ("code_verifier", None, "invalid_grant"),
        ("client_id", Some(other.id.as_str()), "invalid_grant"),
        ("redirect_uri", Some("https://claude.ai/api/mcp/auth_callback/"), "invalid_grant"),
        ("redirect_uri", Some("https://evil.example/"), "invalid_grant"),
        ("resource", Some("https://other.example/mcp"), "invalid_target"),
    ] {
        let code = program.code(&world, &[&replica]).await;
        let fields = changed(program.redeems(&code), name, value);
        assert_eq!(post(&replica.url("/token"), &fields).await.error(), (400, error), "{name} {value:?}");
        assert_eq!(program.redeem(&replica, &code).await.error(), (400, "invalid_grant"), "{name} {value:?}: dead");
    }
}

#[tokio::test]
async fn requests_that_are_none_leave_a_code_alone() {
    let (world, replica, program) = begun().await;
    let code = program.code(&world, &[&replica]).await;
    let url = replica.url("/token");
    let fields = program.redeems(&code);
    for (name, value, error) in [
        ("grant_type", Some("password"), (400, "unsupported_grant_type")),
        ("grant_type", None, (400, "invalid_request")),
        ("code", None, (400, "invalid_request")),
        ("client_id", Some("nobody"), (401, "invalid_client")),
        ("client_id", None, (401, "invalid_client")),
        ("client_secret", Some("made up"), (401, "invalid_client")),
    ] {
        assert_eq!(post(&url, &changed(fields.clone(), name, value)).await.error(), error, "{name} {value:?}");
    }
    let twice = [&fields[..], &[("code", "x")]].concat();
    assert_eq!(post(&url, &twice).await.error(), (400, "invalid_request"));
    let json = crate::browser::http().post(&url).json(&serde_json::json!({ "grant_type": "authorization_code" }));
    assert_eq!(json.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let in_query = format!("{url}?code={code}");
    assert_eq!(crate::browser::http().get(&in_query).send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(program.redeem(&replica, &code).await.status, StatusCode::OK, "the code is still good");
}

#[tokio::test]
async fn codes_expire() {
    let mut world = World::new().await;
    world.times.code = std::time::Duration::from_millis(100);
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    let code = program.code(&world, &[&replica]).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(program.redeem(&replica, &code).await.error(), (400, "invalid_grant"));
}

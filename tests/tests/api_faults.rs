//! What goes wrong between the server and the API: each tool answers within its deadline, with advice, and leaves
//! nothing half done without saying so.

use std::time::{Duration, Instant};

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_tests::world::{World, example};
use serde_json::{Value, json};

/// An answer later than this is too late: the deadline of a call, and a little for a loaded machine.
const TOO_LATE: Duration = Duration::from_secs(75);

fn status(code: u16, reason: &str) -> Action {
    let message =
        (code == 403).then(|| "clusters is forbidden: User \"nobody\" cannot patch resource \"clusters\"".to_owned());
    Action::Status { code, reason: Some(reason.to_owned()), message, retry_after: None }
}

/// A fault, and words of the advice for it.
fn faults() -> Vec<(&'static str, Action, &'static [&'static str])> {
    vec![
        ("401", status(401, "Unauthorized"), &["credentials"]),
        ("403", status(403, "Forbidden"), &["kubectl auth can-i"]),
        ("422", status(422, "Invalid"), &[]),
        ("429", status(429, "TooManyRequests"), &["again"]),
        ("500", status(500, "InternalError"), &["API server"]),
        ("503", status(503, "ServiceUnavailable"), &["again"]),
        ("dropped", Action::DropBefore, &["API server"]),
        (
            "a proxy's page",
            Action::Raw { code: 502, content_type: "text/html".into(), body: "<html>Bad Gateway</html>".into() },
            &[],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_answers_every_fault_with_advice() -> anyhow::Result<()> {
    let world = World::start().await?;
    let before = world.settled().await;
    let mut complaints = Vec::new();
    for (what, action, words) in faults() {
        world.sandbox.faults().clear();
        world.sandbox.faults().add(Rule::new(Match::any(), action));
        for tool in world.client.tools().keys() {
            let mut arguments = example(tool);
            if arguments.get("dry_run").is_none() && tool.starts_with("delete") {
                arguments["confirm_deletion"] = json!(true);
                if !world.client.tools()[tool].input["properties"]
                    .as_object()
                    .is_some_and(|all| all.contains_key("confirm_deletion"))
                {
                    arguments.as_object_mut().expect("an object").remove("confirm_deletion");
                }
            }
            let begun = Instant::now();
            let answer = world.call(tool, arguments).await?;
            if begun.elapsed() > TOO_LATE {
                complaints.push(format!("{tool} on {what}: answered after {:?}", begun.elapsed()));
            }
            if !answer.is_error {
                complaints.push(format!("{tool} on {what}: succeeded: {}", answer.text));
            }
            for word in words {
                if !answer.text.contains(word) {
                    complaints.push(format!("{tool} on {what}: no `{word}` in: {}", answer.text));
                }
            }
        }
    }
    world.sandbox.faults().clear();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(world.settled().await, before, "something was written");
    Ok(())
}

/// A fault at each write of creating a role: what stands afterwards is all or nothing, or the answer says what stands.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_whole_or_not_at_all() -> anyhow::Result<()> {
    let truncate = Action::Truncate { bytes: 20 };
    for (resource, verb) in [("secrets", "create"), ("clusters", "patch")] {
        for (what, action) in [
            ("dropped before", Action::DropBefore),
            ("dropped after", Action::DropAfter),
            ("truncated", truncate.clone()),
            ("503", status(503, "ServiceUnavailable")),
            ("409", status(409, "Conflict")),
            ("webhooks down", Action::WebhooksDown),
        ] {
            for times in [1, 1000] {
                let world = World::start().await?;
                let secrets = world.role_secrets("default").await?;
                let fault = Rule { times: Some(times), ..Rule::new(Match::on(verb, resource), action.clone()) };
                world.sandbox.faults().add(fault);
                let arguments = json!({ "cluster_name": "main-db", "role_name": "app_user" });
                let begun = Instant::now();
                let answer = world.call("create_postgres_role", arguments.clone()).await?;
                let place = format!("{what} at {verb} {resource}, {times} times:\n{}", answer.text);
                assert!(begun.elapsed() < TOO_LATE, "{place}");
                world.sandbox.faults().clear();
                let role =
                    world.managed_roles("default", "main-db").await?.iter().any(|role| role["name"] == "app_user");
                let left: Vec<_> = world.role_secrets("default").await?.difference(&secrets).cloned().collect();
                if answer.is_error {
                    let said = left.iter().all(|secret| answer.text.contains(secret.as_str()));
                    assert!((!role && left.is_empty()) || said, "{place}\nrole: {role}, secrets: {left:?}");
                    // Calling again, as the answer says, gets there or says that it is done.
                    let again = world.call("create_postgres_role", arguments).await?;
                    assert!(!again.is_error || again.text.contains("already exists"), "{place}\nagain: {}", again.text);
                } else {
                    assert!(role && left.len() == 1, "{place}\nrole: {role}, secrets: {left:?}");
                }
            }
        }
    }
    Ok(())
}

/// The server dies between any two requests of creating a role; calling a new one again finishes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_call_is_finished_by_the_next() -> anyhow::Result<()> {
    for after in 1..12 {
        let mut world = World::start().await?;
        let tool = "create_postgres_role";
        let arguments = json!({ "cluster_name": "main-db", "role_name": "app_user" });
        let gate = world.sandbox.faults().hold(Match::any().by(tool));
        gate.release(after - 1);
        let call = {
            let (client, arguments) = (world.client.clone(), arguments.clone());
            tokio::spawn(async move { client.call(tool, arguments).await })
        };
        let held = tokio::time::timeout(Duration::from_secs(3), gate.reached(1)).await.is_ok();
        if !held {
            // The call made fewer requests than that: every point was tried.
            assert!(call.await??.outcome() == "done");
            assert!(after > 4, "creating a role takes only {} requests", after - 1);
            return Ok(());
        }
        world.server.kill()?;
        assert!(call.await?.is_err(), "the connection broke");
        drop(gate);
        world.sandbox.faults().clear();
        let server = cnpg_mcp_tests::server::Server::start(&world.sandbox, &[]).await?;
        let client = server.client().await?;
        let answer = client.call(tool, arguments).await?;
        assert!(!answer.is_error || answer.text.contains("already exists"), "killed after {after}: {}", answer.text);
        let roles = world.managed_roles("default", "main-db").await?;
        let role = roles.iter().find(|role| role["name"] == "app_user").expect("the role is there");
        let secret = role["passwordSecret"]["name"].as_str().expect("it has a Secret").to_owned();
        assert!(world.role_secrets("default").await?.contains(&secret), "killed after {after}: its Secret is there");
    }
    anyhow::bail!("creating a role takes more requests than this test kills at")
}

#[tokio::test]
async fn a_missing_operator_and_a_missing_namespace_are_told_apart() -> anyhow::Result<()> {
    let without = World::on(cnpg_mcp_sandbox::Sandbox::builder(), &[]).await?;
    let answer = without.fails("list_postgres_clusters", json!({})).await?;
    assert!(answer.text.contains("CloudNativePG") && answer.text.contains("install"), "{}", answer.text);

    let world = World::start().await?;
    let answer = world.fails("create_postgres_cluster", json!({ "name": "a", "namespace": "nowhere" })).await?;
    assert!(answer.text.contains("kubectl create namespace nowhere"), "{}", answer.text);
    let answer = world.fails("get_cluster_status", json!({ "name": "no-such" })).await?;
    assert!(answer.text.contains("no-such"), "{}", answer.text);
    let answer = world.done("list_postgres_clusters", json!({ "namespace": "data" })).await?;
    assert_ne!(answer.output["clusters"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn webhooks_that_cannot_be_called_get_their_own_advice() -> anyhow::Result<()> {
    let world = World::start().await?;
    world.sandbox.faults().webhooks_down();
    let answer = world.fails("create_postgres_cluster", json!({ "name": "orders" })).await?;
    assert!(answer.text.contains("webhook"), "{}", answer.text);
    assert!(
        answer.text.contains("-l app.kubernetes.io/name=cloudnative-pg"),
        "the advice says where to look: {}",
        answer.text
    );
    world.done("get_cluster_status", json!({ "name": "main-db" })).await?;
    Ok(())
}

//! What goes wrong between the server and the API: each tool answers within its deadline, with advice, and leaves
//! nothing half done without saying so.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_tests::world::{EVERY_TOOL, World, example};
use futures::{StreamExt, TryStreamExt};
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
        // At once: what takes long is waiting before the next attempt.
        let calls = world.client.tools().iter().map(|(tool, known)| {
            let mut arguments = example(tool);
            if known.input["properties"].get("confirm_deletion").is_some() {
                arguments["confirm_deletion"] = json!(true);
            }
            let world = &world;
            async move { (tool, Instant::now(), world.call(tool, arguments).await, Instant::now()) }
        });
        for (tool, begun, answer, ended) in futures::future::join_all(calls).await {
            let answer = answer?;
            if ended - begun > TOO_LATE {
                complaints.push(format!("{tool} on {what}: answered after {:?}", ended - begun));
            }
            if !answer.is_error {
                complaints.push(format!("{tool} on {what}: succeeded: {}", answer.text));
            }
            for word in words.iter().filter(|word| !answer.text.contains(**word)) {
                complaints.push(format!("{tool} on {what}: no `{word}` in: {}", answer.text));
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
    let mut cases = Vec::new();
    for (resource, verb) in [("secrets", "create"), ("clusters", "patch")] {
        for (what, action) in [
            ("dropped before", Action::DropBefore),
            ("dropped after", Action::DropAfter),
            ("truncated", Action::Truncate { bytes: 20 }),
            ("503", status(503, "ServiceUnavailable")),
            ("409", status(409, "Conflict")),
            ("webhooks down", Action::WebhooksDown),
        ] {
            for times in [1, 1000] {
                let fault = Rule { times: Some(times), ..Rule::new(Match::on(verb, resource), action.clone()) };
                cases.push(a_role_with(fault, format!("{what} at {verb} {resource}, {times} times")));
            }
        }
    }
    futures::stream::iter(cases).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(())
}

async fn a_role_with(fault: Rule, what: String) -> anyhow::Result<()> {
    let world = World::start().await?;
    let secrets = world.role_secrets("default").await?;
    world.sandbox.faults().add(fault);
    let arguments = json!({ "cluster_name": "main-db", "role_name": "app_user" });
    let begun = Instant::now();
    let answer = world.call("create_postgres_role", arguments.clone()).await?;
    let place = format!("{what}:\n{}", answer.text);
    assert!(begun.elapsed() < TOO_LATE, "{place}");
    world.sandbox.faults().clear();
    let role = world.managed_roles("default", "main-db").await?.iter().any(|role| role["name"] == "app_user");
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
    Ok(())
}

/// A call of every tool that writes, and words that a second call may be refused with once the first got through.
fn writing_calls() -> Vec<(&'static str, Value, &'static str)> {
    let role = |name: &str| json!({ "cluster_name": "main-db", "role_name": name });
    let update =
        json!({ "cluster_name": "main-db", "role_name": "app_user", "createdb": true, "rotate_password": true });
    let database = json!({ "cluster_name": "main-db", "database_name": "my_db", "owner": "billing" });
    let schedule = json!({ "cluster_name": "main-db", "schedule_name": "monthly", "schedule": "@monthly" });
    let restored = json!({ "backup_name": "main-db-nightly", "name": "restored", "instances": 1 });
    let main = |more: Value| {
        let mut arguments = json!({ "name": "main-db" });
        for (key, value) in more.as_object().into_iter().flatten() {
            arguments[key] = value.clone();
        }
        arguments
    };
    vec![
        ("create_postgres_cluster", json!({ "name": "new-one", "instances": 1 }), "already"),
        ("scale_postgres_cluster", main(json!({ "instances": 2 })), NOTHING),
        ("delete_postgres_cluster", main(json!({ "confirm_deletion": true })), "was not found"),
        ("resize_postgres_cluster", main(json!({ "storage_size": "40Gi" })), NOTHING),
        ("promote_cluster_instance", main(json!({ "instance": "main-db-2" })), "is changing its primary already"),
        ("restart_postgres_cluster", main(json!({})), NOTHING),
        ("hibernate_postgres_cluster", main(json!({})), NOTHING),
        ("create_postgres_role", role("someone"), "already exists"),
        ("update_postgres_role", update, NOTHING),
        ("delete_postgres_role", role("app_user"), NOTHING),
        ("create_postgres_database", database, "is managed already"),
        (
            "delete_postgres_database",
            json!({ "cluster_name": "main-db", "database_name": "orders" }),
            "No Database object",
        ),
        ("create_backup", json!({ "cluster_name": "main-db", "backup_name": "by-hand" }), "Choose another name"),
        ("create_scheduled_backup", schedule, "Choose another name"),
        ("delete_scheduled_backup", json!({ "schedule_name": "main-db-weekly" }), "was not found"),
        ("restore_cluster_from_backup", restored, "Choose another name"),
    ]
}

/// Words that no answer holds: the second call is not refused.
const NOTHING: &str = "no such words";

/// Worlds at once: each waits more than it works.
const AT_ONCE: usize = 6;

#[test]
fn the_list_of_writing_calls_is_whole() {
    let listed: BTreeSet<&str> = writing_calls().into_iter().map(|(tool, ..)| tool).collect();
    let tools = cnpg_mcp::tools();
    let writing = tools.iter().filter(|tool| tool.info.effect != cnpg_mcp_runtime::tool::Effect::Read);
    assert_eq!(listed, writing.map(|tool| tool.info.name).collect());
}

/// One fault at one write of every tool that writes: it is done, or the answer says what was not taken back.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_a_write_is_made_good_or_told() -> anyhow::Result<()> {
    let mut struck = Vec::new();
    for (tool, arguments, _) in writing_calls() {
        for verb in ["create", "patch", "delete"] {
            for action in
                [Action::DropAfter, Action::Truncate { bytes: 20 }, Action::WebhooksDown, status(500, "InternalError")]
            {
                struck.push(strike(tool, arguments.clone(), verb, action));
            }
        }
    }
    let struck: Vec<bool> = futures::stream::iter(struck).buffer_unordered(AT_ONCE).try_collect().await?;
    let struck = struck.into_iter().filter(|struck| *struck).count();
    assert!(struck > 60, "only {struck} writes were struck");
    Ok(())
}

/// Whether the call asks for such a write at all.
async fn strike(tool: &str, arguments: Value, verb: &str, action: Action) -> anyhow::Result<bool> {
    let world = World::start().await?;
    world.done("create_postgres_role", json!({ "cluster_name": "main-db", "role_name": "app_user" })).await?;
    let before = world.settled().await;
    let matches = Match { verb: Some(verb.to_owned()), ..Match::any() }.by(tool);
    let fault = world.sandbox.faults().add(Rule::once(matches, action.clone()));
    let answer = world.call(tool, arguments).await?;
    if world.sandbox.faults().matched(fault) == Some(0) {
        return Ok(false);
    }
    let told = ["Left behind", "Taken back", "is not known"].iter().any(|words| answer.text.contains(words));
    if answer.is_error && !told {
        let place = format!("{tool}, {action:?} at {verb}:\n{}", answer.text);
        assert!(world.settled().await == before, "{place}\nand something is left");
    }
    Ok(true)
}

/// An API that never answers: every tool says so in time, and nothing is written.
#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_hangs_is_given_up_in_time() -> anyhow::Result<()> {
    let world = World::start().await?;
    let before = world.settled().await;
    world.sandbox.faults().add(Rule::new(Match::any(), Action::Delay { millis: 600_000 }));
    let begun = Instant::now();
    let tools: Vec<_> = world.client.tools().keys().cloned().collect();
    let calls = tools.iter().map(|tool| world.fails(tool, example(tool)));
    for answer in futures::future::join_all(calls).await {
        let answer = answer?;
        assert!(answer.text.contains("What to do"), "{}", answer.text);
    }
    assert!(begun.elapsed() < TOO_LATE, "answered after {:?}", begun.elapsed());
    world.sandbox.faults().clear();
    assert_eq!(world.settled().await, before, "something was written");
    Ok(())
}

/// Kills the server between any two requests of a call, then calls again on a new server: that finishes it, or says
/// in `finished` words that it is finished. No Secret of ours is left that no role refers to.
async fn killed_anywhere(tool: &'static str, arguments: Value, finished: &str) -> anyhow::Result<()> {
    const MOST: usize = 40;
    for after in 0..MOST {
        let mut world = World::start().await?;
        if arguments["role_name"] == "app_user" {
            world.done("create_postgres_role", json!({ "cluster_name": "main-db", "role_name": "app_user" })).await?;
        }
        let gate = world.sandbox.faults().hold(Match::any().by(tool));
        gate.release(after);
        let call = {
            let (client, arguments) = (world.client.clone(), arguments.clone());
            tokio::spawn(async move { client.call(tool, arguments).await })
        };
        let ended = tokio::select! {
            () = gate.reached(1) => false,
            () = async { while !call.is_finished() { tokio::time::sleep(Duration::from_millis(2)).await } } => true,
        };
        if ended {
            // Fewer requests than that: every point was tried.
            let answer = call.await??;
            assert!(!answer.is_error, "{tool}: {}", answer.text);
            assert!(after > 0, "{tool} asks nothing of the API");
            return Ok(());
        }
        world.server.kill()?;
        assert!(call.await?.is_err(), "the connection broke");
        drop(gate);
        world.sandbox.faults().clear();
        let server = cnpg_mcp_tests::server::Server::start(&world.sandbox, EVERY_TOOL).await?;
        let again = server.client().await?.call(tool, arguments.clone()).await?;
        let place = format!("{tool}, killed after {after} requests, called again:\n{}", again.text);
        assert!(!again.is_error || again.text.contains(finished), "{place}");
        world.settled().await;
        let roles = world.managed_roles("default", "main-db").await?;
        let named: Vec<_> = roles.iter().filter_map(|role| role["passwordSecret"]["name"].as_str()).collect();
        let secrets = world.role_secrets("default").await?;
        assert!(
            secrets.iter().all(|secret| named.contains(&secret.as_str())),
            "{place}\nleft: {secrets:?}, named: {named:?}"
        );
        let present = |role: &&Value| role["name"] == arguments["role_name"] && role["ensure"] != "absent";
        if let Some(role) = roles.iter().find(present) {
            let secret = role["passwordSecret"]["name"].as_str().unwrap_or_default();
            assert!(secrets.contains(secret), "{place}\nits Secret {secret} is not there");
        }
    }
    anyhow::bail!("{tool} takes more than {MOST} requests")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_call_is_finished_by_the_next() -> anyhow::Result<()> {
    let calls =
        writing_calls().into_iter().map(|(tool, arguments, finished)| killed_anywhere(tool, arguments, finished));
    futures::stream::iter(calls).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(())
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

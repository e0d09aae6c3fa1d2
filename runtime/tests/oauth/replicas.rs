//! Several replicas on one Redis, and a Redis that goes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cnpg_mcp_runtime::auth::oauth::NotLetIn;
use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Browser, http};
use crate::endpoint::{in_session, list, open, ping};
use crate::program::Program;
use crate::redis_server::RedisServer;
use crate::world::{Replica, World};

async fn two() -> (World, RedisServer, Replica, Replica) {
    let mut world = World::new().await;
    let redis = RedisServer::start(false).await;
    let first = world.replica_on(Arc::new(redis.store())).await;
    let second = world.replica_on(Arc::new(redis.store())).await;
    (world, redis, first, second)
}

#[tokio::test]
async fn a_login_begun_on_one_is_finished_on_the_other() {
    let (world, _redis, first, second) = two().await;
    let program = Program::register(&first).await;
    for order in [[&first, &second], [&second, &first]] {
        let code = program.code(&world, &order).await;
        let issued = program.redeem(order[1], &code).await;
        assert_eq!(issued.status, StatusCode::OK, "{issued:?}");
        let refreshed = program.refresh(order[0], &issued.text("refresh_token")).await;
        assert_eq!(refreshed.status, StatusCode::OK);
        for replica in order {
            assert!(replica.proxy.caller(&refreshed.text("access_token")).await.is_ok());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_once_wherever_it_comes() {
    let (world, _redis, first, second) = two().await;
    let program = Program::register(&first).await;
    let code = program.code(&world, &[&first]).await;
    let replicas = [Arc::new(first), Arc::new(second)];
    let tasks = (0..12).map(|index| {
        let (replica, program, code) = (Arc::clone(&replicas[index % 2]), program.clone(), code.clone());
        tokio::spawn(async move { program.redeem(&replica, &code).await.status })
    });
    let answers = futures::future::join_all(tasks.collect::<Vec<_>>()).await;
    assert_eq!(answers.into_iter().filter(|status| *status.as_ref().unwrap() == StatusCode::OK).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_calls_at_the_moment_of_expiry_cause_one_refresh() {
    let (mut world, _redis, first, second) = two().await;
    // Redis, then the store in memory, which one replica has alone.
    let alone = world.replica().await;
    for replicas in [vec![Arc::new(first), Arc::new(second)], vec![Arc::new(alone)]] {
        world.provider.switch(json!({ "access_token": 31 })).await.unwrap();
        let program = Program::register(&replicas[0]).await;
        let (access, _) = program.log_in(&world, &replicas[0]).await;
        world.provider.switch(json!({ "access_token": 3600 })).await.unwrap();
        world.provider.fault("refresh_token", json!({ "delay_ms": 300 })).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let before = world.provider.count("refresh_token").await.unwrap();
        let tasks = (0..100).map(|index| {
            let (replica, access) = (Arc::clone(&replicas[index % replicas.len()]), access.clone());
            tokio::spawn(async move { list(&replica).bearer_auth(access).send().await.unwrap().status() })
        });
        for status in futures::future::join_all(tasks.collect::<Vec<_>>()).await {
            assert_eq!(status.unwrap(), StatusCode::OK);
        }
        assert_eq!(world.provider.count("refresh_token").await.unwrap() - before, 1);
    }
}

/// The provider rotates its refresh tokens: an answer that nobody keeps would end the session.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_in_the_middle_of_a_refresh_costs_nobody_the_login() {
    let mut world = World::new().await;
    world.provider.switch(json!({ "access_token": 31 })).await.unwrap();
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    let (access, refresh) = program.log_in(&world, &replica).await;
    world.provider.switch(json!({ "access_token": 3600 })).await.unwrap();
    world.provider.fault("refresh_token", json!({ "delay_ms": 1000 })).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let before = world.provider.count("refresh_token").await.unwrap();
    let impatient = list(&replica).bearer_auth(&access).timeout(Duration::from_millis(500)).send().await;
    assert!(impatient.unwrap_err().is_timeout());
    let began = Instant::now();
    assert_eq!(list(&replica).bearer_auth(&access).send().await.unwrap().status(), StatusCode::OK);
    assert!(began.elapsed() < Duration::from_secs(5), "the next one waited for {:?}", began.elapsed());
    assert_eq!(world.provider.count("refresh_token").await.unwrap() - before, 1, "what the provider gave is kept");
    assert_eq!(program.refresh(&replica, &refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_replica_that_ends_logs_nobody_out() {
    let (mut world, redis, first, second) = two().await;
    let program = Program::register(&first).await;
    let (access, refresh) = program.log_in(&world, &first).await;
    let link = program.link(&first);
    let browser = Browser::default();
    let page = browser.asked(&first, &link).await;
    drop(first);
    assert!(second.proxy.caller(&access).await.is_ok());
    let third = world.replica_on(Arc::new(redis.store())).await;
    assert!(third.proxy.caller(&access).await.is_ok(), "one that has just started knows the session");
    assert_eq!(program.refresh(&third, &refresh).await.status, StatusCode::OK);
    assert_eq!(browser.decide(&third, &page, "allow").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_of_mcp_goes_on_at_another_replica() {
    let (world, _redis, first, second) = two().await;
    let program = Program::register(&first).await;
    let (alice, _) = program.log_in(&world, &first).await;
    world.provider.switch(json!({ "account": "bob" })).await.unwrap();
    let (bob, _) = program.log_in(&world, &first).await;
    let session = open(&first, &alice).await;
    let status =
        async |token: &str| in_session(&second, &session, &ping()).bearer_auth(token).send().await.unwrap().status();
    assert_eq!(status(&bob).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&alice).await, StatusCode::OK);
    drop(first);
    let call = json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/list" });
    let listed = in_session(&second, &session, &call).bearer_auth(&alice).send().await.unwrap();
    assert!(listed.text().await.unwrap().contains("echo_role"));
    let ended = http().delete(second.url("/mcp")).header("mcp-session-id", &session).bearer_auth(&alice);
    assert!(ended.send().await.unwrap().status().is_success());
    assert_eq!(status(&alice).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stream_that_broke_off_is_resumed_at_another_replica() {
    let (world, _redis, first, second) = two().await;
    let program = Program::register(&first).await;
    let (access, _) = program.log_in(&world, &first).await;
    let session = open(&first, &access).await;
    let call =
        json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": "sleep", "arguments": {} } });
    let mut stream = in_session(&first, &session, &call).bearer_auth(&access).send().await.unwrap();
    let begun = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    let last =
        begun.lines().find_map(|line| line.strip_prefix("id:")).unwrap_or_else(|| panic!("{begun}")).trim().to_owned();
    drop(stream);
    let resume = |last: &str| {
        let request = http().get(second.url("/mcp")).bearer_auth(&access).header("mcp-session-id", &session);
        request.header("accept", "text/event-stream").header("last-event-id", last)
    };
    let resumed = resume(&last).send().await.unwrap();
    assert_eq!(resumed.status(), StatusCode::OK);
    let told = resumed.text().await.unwrap();
    assert!(told.contains("\"id\":7") && told.contains("result"), "{told}");
    let guessed = resume(&format!("{}x", last.replacen("_1_", "_0_", 1))).send().await.unwrap();
    assert_eq!(guessed.text().await.unwrap(), "", "nobody reads a stream by guessing");
}

#[tokio::test]
async fn while_redis_is_away_everything_says_so_and_nobody_has_to_start_again() {
    let (world, redis, first, _second) = two().await;
    let program = Program::register(&first).await;
    let (access, refresh) = program.log_in(&world, &first).await;
    redis.pause();
    let gone = Instant::now();
    let refused = list(&first).bearer_auth(&access).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after") && !refused.headers().contains_key("www-authenticate"));
    assert!(refused.text().await.unwrap().contains("the session store is not available; try again"));
    let answer = program.refresh(&first, &refresh).await;
    assert_eq!(answer.error(), (503, "temporarily_unavailable"));
    assert!(answer.text("error_description").contains("session store"), "{answer:?}");
    let page = Browser::default().get(&first.here(&program.link(&first))).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.headers.contains_key("retry-after") && page.body.contains("Not available right now"));
    assert_eq!(http().get(first.url("/readyz")).send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(http().get(first.url("/healthz")).send().await.unwrap().status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(10).saturating_sub(gone.elapsed())).await;
    redis.resume();
    let listed = list(&first).bearer_auth(&access).send().await.unwrap();
    assert_eq!(listed.status(), StatusCode::OK, "no restart is needed");
    assert_eq!(program.refresh(&first, &refresh).await.status, StatusCode::OK);
    assert_eq!(http().get(first.url("/readyz")).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn after_redis_was_emptied_clients_are_told_to_register_again() {
    let (world, mut redis, first, _second) = two().await;
    let program = Program::register(&first).await;
    let (access, refresh) = program.log_in(&world, &first).await;
    redis.stop();
    redis.start_again().await;
    for _ in 0..50 {
        if first.proxy.store().ready().await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(first.proxy.caller(&access).await, Err(NotLetIn::Ended));
    assert_eq!(program.refresh(&first, &refresh).await.error(), (401, "invalid_client"));
    let again = Program::register(&first).await;
    let (access, _) = again.log_in(&world, &first).await;
    assert!(first.proxy.caller(&access).await.is_ok());
}

#[tokio::test]
async fn what_lies_in_redis_tells_nothing() {
    let (world, redis, first, _second) = two().await;
    let program = Program::register(&first).await;
    let code = program.code(&world, &[&first]).await;
    let issued = program.redeem(&first, &code).await;
    let client = redis::Client::open(redis.options().url.expose()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let names: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert!(names.len() >= 4, "{names:?}");
    let mut all = names.concat();
    for name in &names {
        let value: String = redis::cmd("GET").arg(name).query_async(&mut connection).await.unwrap();
        assert!(value.starts_with("gAAAAA") || value.parse::<u64>().is_ok(), "{name} is not sealed: {value}");
        all += &value;
    }
    let refresh = issued.text("refresh_token");
    let session = refresh.split('.').nth(1).unwrap();
    for secret in [&code, &issued.text("access_token"), &refresh, session, &program.id, "alice", "claude.ai"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

//! The store in Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cnpg_mcp_runtime::auth::store::{Key, RedisOptions, RedisStore, SessionStore as _, Space, StoreError};
use cnpg_mcp_runtime::secret::SecretText;

use crate::contract::{LONG, keeps_its_promises};
use crate::redis_server::{PASSWORD, RedisServer};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_redis_keeps_its_promises() {
    let server = RedisServer::start(false).await;
    keeps_its_promises(Arc::new(server.store())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_too() {
    let server = RedisServer::start(true).await;
    keeps_its_promises(Arc::new(server.store())).await;
}

#[tokio::test]
async fn a_certificate_of_nobody_known_is_refused() {
    let server = RedisServer::start(true).await;
    let store = RedisStore::new(&RedisOptions { authorities: None, ..server.options() }).unwrap();
    unavailable(&store.ready().await.unwrap_err());
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it() {
    let server = RedisServer::start(false).await;
    let url = SecretText::new(format!("redis://:wrong-hunter3@{}", server.address()));
    let store = RedisStore::new(&RedisOptions { url, ..server.options() }).unwrap();
    let error = store.ready().await.unwrap_err();
    unavailable(&error);
    assert!(!format!("{error} {error:?}").contains("hunter"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_takes_on_two_replicas_one_wins() {
    let server = RedisServer::start(false).await;
    let replicas = [Arc::new(server.store()), Arc::new(server.store())];
    let key = Key::of(Space::Code, "a code");
    replicas[0].put(&key, b"code", LONG).await.unwrap();
    let tasks = (0..100).map(|index| {
        let (store, key) = (Arc::clone(&replicas[index % 2]), key.clone());
        tokio::spawn(async move { store.take(&key).await.unwrap() })
    });
    let taken = futures::future::join_all(tasks.collect::<Vec<_>>()).await;
    assert_eq!(taken.into_iter().filter_map(Result::unwrap).count(), 1);
}

#[tokio::test]
async fn prefixes_keep_servers_apart() {
    let server = RedisServer::start(false).await;
    let key = Key::of(Space::Session, "the same");
    let other = RedisStore::new(&RedisOptions { prefix: Some("other:".to_owned()), ..server.options() }).unwrap();
    server.store().put(&key, b"ours", LONG).await.unwrap();
    assert_eq!(other.get(&key).await.unwrap(), None);
    other.put(&key, b"theirs", LONG).await.unwrap();
    assert_eq!(server.store().get(&key).await.unwrap().unwrap(), b"ours");
}

#[tokio::test]
async fn keys_in_redis_are_hashes_and_all_of_them_expire() {
    let server = RedisServer::start(false).await;
    let store = server.store();
    let key = Key::of(Space::Code, "the-code-itself");
    store.put(&key, b"1", LONG).await.unwrap();
    store.compare_and_swap(&key, b"1", b"2", LONG).await.unwrap();
    store.put_if_absent(&Key::of(Space::Lock, "the-lock"), b"1", LONG).await.unwrap();
    store.count(&Key::of(Space::Rate, "192.0.2.1"), LONG).await.unwrap();
    let client = redis::Client::open(server.options().url.expose()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let names: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert_eq!(names.len(), 3);
    for name in names {
        let hash = name.strip_prefix("cnpg-mcp:").and_then(|rest| rest.split_once(':')).unwrap().1;
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        let left: i64 = redis::cmd("PTTL").arg(&name).query_async(&mut connection).await.unwrap();
        assert!(left > 0, "{name} lives for ever");
    }
}

#[tokio::test]
async fn a_redis_that_goes_is_told_at_once_and_one_that_comes_back_is_used() {
    let mut server = RedisServer::start(false).await;
    let store = server.store();
    let key = Key::of(Space::Session, "a session");
    store.put(&key, b"session", LONG).await.unwrap();
    server.stop();
    for _ in 0..3 {
        let began = Instant::now();
        unavailable(&store.get(&key).await.unwrap_err());
        unavailable(&store.take(&key).await.unwrap_err());
        unavailable(&store.count(&key, LONG).await.unwrap_err());
        unavailable(&store.ready().await.unwrap_err());
        assert!(began.elapsed() < Duration::from_secs(13), "{:?}", began.elapsed());
    }
    server.start_again().await;
    // At most the operation that finds the old connection dead fails.
    let _ = store.ready().await;
    store.ready().await.unwrap();
    assert_eq!(store.get(&key).await.unwrap(), None, "it came back empty");
    store.put(&key, b"again", LONG).await.unwrap();
    // Scripts were forgotten with everything else.
    assert!(store.compare_and_swap(&key, b"again", b"and again", LONG).await.unwrap());
}

#[tokio::test]
async fn a_redis_that_hangs_is_given_up() {
    // Accepts connections and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = SecretText::new(format!("redis://{}", listener.local_addr().unwrap()));
    let store = RedisStore::new(&RedisOptions { url, prefix: None, authorities: None }).unwrap();
    let began = Instant::now();
    unavailable(&store.get(&Key::of(Space::Code, "x")).await.unwrap_err());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn addresses_that_are_none_are_refused_without_being_quoted() {
    for (url, says) in [
        ("", "not an address of Redis"),
        ("localhost:6379", "not an address of Redis"),
        ("http://hunter2@host", "not an address of Redis"),
        ("unix:///run/redis", "not an address of Redis"),
        ("rediss://:hunter2@host/#insecure", "has no `#` part"),
        ("redis://:hunter2@host:port", "cannot be read"),
        ("redis://:hunter2@host/database", "cannot be read"),
    ] {
        let options = RedisOptions { url: SecretText::new(url.to_owned()), prefix: None, authorities: None };
        let error = RedisStore::new(&options).unwrap_err();
        assert!(matches!(error, StoreError::Configuration { .. }), "{url}: {error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(says) && !text.contains("hunter2"), "{url}: {text}");
    }
    let url = SecretText::new("redis://host".to_owned());
    let unused = RedisOptions { url, prefix: None, authorities: Some(Vec::new()) };
    assert!(RedisStore::new(&unused).unwrap_err().to_string().contains("write rediss://"));
}

fn unavailable(error: &StoreError) {
    let text = format!("{error} {error:?}");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{text}");
    assert!(!text.contains(PASSWORD), "{text}");
}

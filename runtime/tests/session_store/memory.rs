//! The store in memory.

use std::sync::Arc;

use cnpg_mcp_runtime::auth::store::{Key, MemoryStore, SessionStore as _, Space};

use crate::contract::{LONG, keeps_its_promises};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_keeps_its_promises() {
    keeps_its_promises(Arc::new(MemoryStore::new())).await;
}

#[tokio::test]
async fn a_million_registrations_are_bounded_and_end_no_session() {
    let store = MemoryStore::bounded(100, 1 << 20);
    let session = Key::of(Space::Session, "somebody's");
    store.put(&session, b"session", LONG / 2).await.unwrap();
    let used = Key::of(Space::Client, "a client that has logged in");
    store.put(&used, b"client", LONG * 60).await.unwrap();
    for index in 0..1_000_000 {
        let key = Key::of(Space::Client, &index.to_string());
        store.put(&key, b"never used", LONG).await.unwrap();
    }
    assert_eq!(store.len(), 101);
    assert!(store.get(&session).await.unwrap().is_some());
    assert!(store.get(&used).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_held_is_not_shown() {
    let store = MemoryStore::new();
    store.put(&Key::of(Space::Code, "the-code"), b"the-value", LONG).await.unwrap();
    assert_eq!(format!("{store:?}"), "MemoryStore(1)");
    assert!(!store.is_empty());
}

//! One suite for every store.

use std::sync::Arc;
use std::time::Duration;

use cnpg_mcp_runtime::auth::store::{Key, MAX_LIFE, MAX_VALUE, SessionStore, Space, StoreError};

/// Longer than any test.
pub const LONG: Duration = Duration::from_mins(1);

/// A life whose end is waited for.
const SHORT: Duration = Duration::from_millis(150);

/// After which what lived [`SHORT`] is gone.
const LATER: Duration = Duration::from_millis(300);

type Store = Arc<dyn SessionStore>;

/// Holds a store to all its promises. Each uses keys of its own, so they run side by side.
pub async fn keeps_its_promises(store: Store) {
    store.ready().await.unwrap();
    tokio::join!(
        values(&store),
        absent(&store),
        taking(&store),
        swapping(&store),
        deleting_the_same(&store),
        expiry(&store),
        sliding(&store),
        counting(&store),
        bounds(&store),
        spaces(&store),
        one_of_many_takes(&store),
        one_of_many_puts(&store),
        no_swap_is_lost(&store),
        no_event_is_lost(&store),
    );
}

fn key(name: &str) -> Key {
    Key::of(Space::Session, name)
}

async fn values(store: &Store) {
    let key = key("values");
    assert_eq!(store.get(&key).await.unwrap(), None);
    assert!(!store.delete(&key).await.unwrap());
    for value in [&b"one"[..], b"", b"\0\xff\r\n$-1 binary"] {
        store.put(&key, value, LONG).await.unwrap();
        assert_eq!(store.get(&key).await.unwrap().unwrap(), value);
    }
    assert!(store.delete(&key).await.unwrap());
    assert_eq!(store.get(&key).await.unwrap(), None);
}

async fn absent(store: &Store) {
    let key = key("absent");
    assert!(store.put_if_absent(&key, b"first", LONG).await.unwrap());
    assert!(!store.put_if_absent(&key, b"second", LONG).await.unwrap());
    assert_eq!(store.get(&key).await.unwrap().unwrap(), b"first");
    store.delete(&key).await.unwrap();
    assert!(store.put_if_absent(&key, b"third", LONG).await.unwrap());
}

async fn taking(store: &Store) {
    let key = key("taking");
    assert_eq!(store.take(&key).await.unwrap(), None);
    store.put(&key, b"once", LONG).await.unwrap();
    assert_eq!(store.take(&key).await.unwrap().unwrap(), b"once");
    assert_eq!(store.take(&key).await.unwrap(), None);
}

async fn swapping(store: &Store) {
    let key = key("swapping");
    assert!(!store.compare_and_swap(&key, b"", b"new", LONG).await.unwrap(), "nothing is no empty value");
    store.put(&key, b"a", LONG).await.unwrap();
    assert!(!store.compare_and_swap(&key, b"b", b"c", LONG).await.unwrap());
    assert_eq!(store.get(&key).await.unwrap().unwrap(), b"a");
    assert!(store.compare_and_swap(&key, b"a", b"\0\xff", SHORT).await.unwrap());
    assert_eq!(store.get(&key).await.unwrap().unwrap(), b"\0\xff");
    assert!(store.compare_and_swap(&key, b"\0\xff", b"last", SHORT).await.unwrap());
    tokio::time::sleep(LATER).await;
    assert!(!store.compare_and_swap(&key, b"last", b"more", LONG).await.unwrap(), "the swap gave a short life");
    assert_eq!(store.get(&key).await.unwrap(), None);
}

async fn deleting_the_same(store: &Store) {
    let key = key("deleting");
    assert!(!store.compare_and_delete(&key, b"").await.unwrap());
    store.put(&key, b"a", LONG).await.unwrap();
    assert!(!store.compare_and_delete(&key, b"A").await.unwrap());
    assert!(store.get(&key).await.unwrap().is_some());
    assert!(store.compare_and_delete(&key, b"a").await.unwrap());
    assert!(!store.compare_and_delete(&key, b"a").await.unwrap());
}

async fn expiry(store: &Store) {
    let names = ["get", "take", "delete", "extend", "swap", "absent"].map(|name| key(&format!("expiry of {name}")));
    for key in &names {
        store.put(key, b"short", SHORT).await.unwrap();
    }
    let replaced = key("expiry, replaced");
    store.put(&replaced, b"short", SHORT).await.unwrap();
    store.put(&replaced, b"long", LONG).await.unwrap();
    tokio::time::sleep(LATER).await;
    let [get, take, delete, extend, same, absent] = &names;
    assert_eq!(store.get(get).await.unwrap(), None);
    assert_eq!(store.take(take).await.unwrap(), None);
    assert!(!store.delete(delete).await.unwrap());
    assert!(!store.extend(extend, LONG).await.unwrap());
    assert!(!store.compare_and_delete(same, b"short").await.unwrap());
    assert!(store.put_if_absent(absent, b"again", LONG).await.unwrap());
    assert_eq!(store.get(&replaced).await.unwrap().unwrap(), b"long");
}

async fn sliding(store: &Store) {
    let (longer, shorter) = (key("longer"), key("shorter"));
    assert!(!store.extend(&longer, LONG).await.unwrap(), "nothing is there yet");
    store.put(&longer, b"kept", SHORT).await.unwrap();
    store.put(&shorter, b"dropped", LONG).await.unwrap();
    assert!(store.extend(&longer, LONG).await.unwrap());
    assert!(store.extend(&shorter, SHORT).await.unwrap());
    tokio::time::sleep(LATER).await;
    assert_eq!(store.get(&longer).await.unwrap().unwrap(), b"kept");
    assert_eq!(store.get(&shorter).await.unwrap(), None);
}

async fn counting(store: &Store) {
    let (key, other) = (Key::of(Space::Rate, "counting"), Key::of(Space::Rate, "another address"));
    let first = store.count(&key, LATER).await.unwrap();
    assert_eq!(first.events, 1);
    assert!(first.ends_in <= LATER && first.ends_in > SHORT / 2, "{first:?}");
    tokio::time::sleep(SHORT).await;
    let second = store.count(&key, LATER).await.unwrap();
    assert_eq!(second.events, 2);
    assert!(second.ends_in <= SHORT, "the window does not move: {second:?}");
    assert_eq!(store.count(&other, LONG).await.unwrap().events, 1);
    tokio::time::sleep(LATER).await;
    assert_eq!(store.count(&key, LATER).await.unwrap().events, 1, "a new window");
}

async fn bounds(store: &Store) {
    let key = key("bounds");
    let (full, long) = (vec![7; MAX_VALUE], vec![7; MAX_VALUE + 1]);
    store.put(&key, &full, LONG).await.unwrap();
    let too_long = StoreError::TooLong { bytes: MAX_VALUE + 1 };
    assert_eq!(store.put(&key, &long, LONG).await.unwrap_err(), too_long);
    assert_eq!(store.put_if_absent(&key, &long, LONG).await.unwrap_err(), too_long);
    assert_eq!(store.compare_and_swap(&key, &full, &long, LONG).await.unwrap_err(), too_long);
    assert_eq!(store.get(&key).await.unwrap().unwrap(), full);
    // Lives out of bounds are bounded, not refused.
    store.put(&key, b"a year", Duration::MAX).await.unwrap();
    assert!(store.extend(&key, MAX_LIFE * 2).await.unwrap());
    assert_eq!(store.get(&key).await.unwrap().unwrap(), b"a year");
    store.put(&key, b"a moment", Duration::ZERO).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(store.get(&key).await.unwrap(), None);
}

async fn spaces(store: &Store) {
    for space in Space::ALL.into_iter().filter(|space| *space != Space::Rate) {
        store.put(&Key::of(space, "the same name"), space.as_str().as_bytes(), LONG).await.unwrap();
    }
    for space in Space::ALL.into_iter().filter(|space| *space != Space::Rate) {
        let value = store.get(&Key::of(space, "the same name")).await.unwrap().unwrap();
        assert_eq!(value, space.as_str().as_bytes());
    }
}

/// Runs an operation many times at once, in tasks of their own.
async fn at_once<T, F>(store: &Store, operation: impl Fn(Store, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks = (0..50).map(|index| tokio::spawn(operation(Arc::clone(store), index)));
    futures::future::join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect()
}

async fn one_of_many_takes(store: &Store) {
    store.put(&key("a code"), b"code", LONG).await.unwrap();
    let taken = at_once(store, async |store, _| store.take(&key("a code")).await.unwrap()).await;
    assert_eq!(taken.iter().flatten().count(), 1);
}

async fn one_of_many_puts(store: &Store) {
    let put = at_once(store, async |store, index| {
        store.put_if_absent(&key("a lock"), index.to_string().as_bytes(), LONG).await.unwrap()
    })
    .await;
    let winner = put.iter().position(|put| *put).unwrap();
    assert_eq!(put.iter().filter(|put| **put).count(), 1);
    assert_eq!(store.get(&key("a lock")).await.unwrap().unwrap(), winner.to_string().as_bytes());
}

async fn no_swap_is_lost(store: &Store) {
    store.put(&key("a total"), b"0", LONG).await.unwrap();
    at_once(store, async |store, _| {
        loop {
            let before = store.get(&key("a total")).await.unwrap().unwrap();
            let total: u32 = std::str::from_utf8(&before).unwrap().parse().unwrap();
            let after = (total + 1).to_string();
            if store.compare_and_swap(&key("a total"), &before, after.as_bytes(), LONG).await.unwrap() {
                break;
            }
        }
    })
    .await;
    assert_eq!(store.get(&key("a total")).await.unwrap().unwrap(), b"50");
}

async fn no_event_is_lost(store: &Store) {
    let mut seen =
        at_once(store, async |store, _| store.count(&Key::of(Space::Rate, "events"), LONG).await.unwrap().events).await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=50).collect::<Vec<_>>());
}

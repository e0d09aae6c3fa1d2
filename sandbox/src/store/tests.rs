use super::*;

fn store() -> Store {
    let mut registry = Registry::default();
    builtin::register(&mut registry);
    Store::new(registry, Clock::system(), Identities::new(Some(1)))
}

fn config(name: &str) -> Value {
    json!({ "metadata": { "name": name, "namespace": "ns" }, "data": { "k": "v" } })
}

#[test]
fn a_write_that_changes_nothing_makes_no_version() {
    let store = store();
    let gvr = Gvr::core("configmaps");
    let made = store.create(&gvr, config("a")).unwrap();
    let same = store.update(&gvr, "ns", "a", |object| object["data"]["k"] = json!("v")).unwrap();
    assert_eq!(made["metadata"]["resourceVersion"], same["metadata"]["resourceVersion"]);
    let other = store.update(&gvr, "ns", "a", |object| object["data"]["k"] = json!("w")).unwrap();
    assert_ne!(made["metadata"]["resourceVersion"], other["metadata"]["resourceVersion"]);
    assert_eq!(made["metadata"]["uid"], other["metadata"]["uid"]);
}

#[test]
fn finalizers_hold_and_the_last_one_lets_go() {
    let store = store();
    let gvr = Gvr::core("configmaps");
    let mut object = config("a");
    object["metadata"]["finalizers"] = json!(["example.com/hold"]);
    store.create(&gvr, object).unwrap();
    let mut changes = store.watch(&gvr);
    assert!(matches!(store.delete(&gvr, "ns", "a", &DeleteOptions::default()).unwrap(), Deleted::Held(_)));
    assert_eq!(store.create(&gvr, config("a")).unwrap_err().code, 409);
    store.update(&gvr, "ns", "a", |object| object["metadata"]["finalizers"] = json!([])).unwrap();
    assert!(!store.exists(&gvr, "ns", "a"));
    let kinds: Vec<ChangeKind> = std::iter::from_fn(|| changes.ready().unwrap()).map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Modified, ChangeKind::Deleted]);
}

#[test]
fn a_listing_can_be_taken_at_an_older_version_until_it_is_forgotten() {
    let store = store();
    let gvr = Gvr::core("configmaps");
    store.create(&gvr, config("a")).unwrap();
    store.create(&gvr, config("b")).unwrap();
    let then = store.revision();
    store.delete(&gvr, "ns", "a", &DeleteOptions::default()).unwrap();
    store.create(&gvr, config("c")).unwrap();
    let names = |at| -> Vec<String> {
        let listing = store.listing(&gvr, None, at).unwrap();
        listing.items.iter().map(|object| object["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(Some(then)), ["a", "b"]);
    assert_eq!(names(None), ["b", "c"]);
    store.forget_history();
    assert_eq!(store.listing(&gvr, None, Some(then)).unwrap_err(), HistoryLost);
    assert!(store.changes(&gvr, Some(then)).is_err());
}

#[tokio::test]
async fn changes_come_in_order_and_without_a_gap() {
    let store = store();
    let gvr = Gvr::core("configmaps");
    let mut changes = store.watch(&gvr);
    let writer = store.clone();
    let written = tokio::spawn(async move {
        for number in 0..50 {
            writer.create(&Gvr::core("configmaps"), config(&format!("c{number:02}"))).unwrap();
            tokio::task::yield_now().await;
        }
    });
    for number in 0..50 {
        let change = changes.next().await.unwrap();
        assert_eq!(change.object["metadata"]["name"], format!("c{number:02}"));
    }
    written.await.unwrap();
    assert!(changes.ready().unwrap().is_none());
}

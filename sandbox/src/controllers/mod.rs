//! The controllers of Kubernetes itself that clients notice: the garbage collector, the
//! controller of namespaces and that of aggregated roles. Without them a deleted cluster would leave its pods behind, a
//! deleted namespace would stay, and an aggregated role would grant nothing.

mod aggregation;
mod garbage;
mod namespaces;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::store::{ChangeKind, Gvr, Store};

/// The controllers at work; they stop when this is dropped.
#[derive(Debug)]
pub struct Controllers {
    // Dropping the set aborts its tasks.
    _tasks: JoinSet<()>,
}

/// An object that is there, or was.
struct Seen {
    gvr: Gvr,
    object: Arc<Value>,
    gone: bool,
}

/// Begins to work on `store`; needs a Tokio runtime.
pub fn start(store: &Store) -> Controllers {
    // What is there already is furnished before anybody asks, so that a seeded sandbox begins alike every time.
    let namespaces = Gvr::core("namespaces");
    for namespace in store.list(&namespaces, None) {
        namespaces::seen(store, &namespaces, &namespace, false);
    }
    let mut tasks = JoinSet::new();
    let (sender, mut seen) = unbounded_channel();
    for kind in store.registry().iter() {
        tasks.spawn(follow(store.clone(), kind.gvr.clone(), sender.clone()));
    }
    drop(sender);
    let store = store.clone();
    tasks.spawn(async move {
        let mut garbage = garbage::Collector::new(store.clone());
        while let Some(Seen { gvr, object, gone }) = seen.recv().await {
            garbage.seen(&gvr, &object, gone);
            namespaces::seen(&store, &gvr, &object, gone);
            aggregation::seen(&store, &gvr);
        }
    });
    Controllers { _tasks: tasks }
}

/// Hands on every object of one resource, and every change of it.
async fn follow(store: Store, gvr: Gvr, sender: UnboundedSender<Seen>) {
    loop {
        // Watching begins before listing, so that nothing falls between; seeing an object twice does no harm.
        let mut changes = store.watch(&gvr);
        for object in store.list(&gvr, None) {
            if sender.send(Seen { gvr: gvr.clone(), object, gone: false }).is_err() {
                return;
            }
        }
        // Ends when history was lost: then everything is listed again.
        while let Ok(change) = changes.next().await {
            let gone = change.kind == ChangeKind::Deleted;
            if sender.send(Seen { gvr: gvr.clone(), object: change.object, gone }).is_err() {
                return;
            }
        }
    }
}

//! Watching: a stream of events, one a line.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Call;
use super::answer::{self, Answer, Form};
use super::query::Query;
use super::selector::Selector;
use crate::error::ApiError;
use crate::store::{Change, ChangeKind, Changes, HistoryLost, ResourceType};

/// How long a watch is open where the client does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(30);
/// How often a client that wants bookmarks gets one while nothing happens.
const BOOKMARK_EVERY: Duration = Duration::from_secs(10);

/// No watch is open longer than this.
const LONGEST: Duration = Duration::from_hours(24);
/// How long before the end the last bookmark comes.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

struct Stream {
    kind: Arc<ResourceType>,
    form: Form,
    query: Query,
    selector: Selector,
    namespace: Option<String>,
    ready: VecDeque<Bytes>,
    changes: Option<Changes>,
    ends: Instant,
    next_bookmark: Option<Instant>,
}

/// When the next bookmark is due: in a while, or shortly before the end.
fn bookmark_after(now: Instant, ends: Instant) -> Instant {
    let due = now + BOOKMARK_EVERY;
    match ends.checked_sub(LAST_BOOKMARK) {
        Some(last) if last > now => due.min(last),
        _ => due,
    }
}

impl Call<'_> {
    pub(super) fn watch(&self) -> Result<Answer, ApiError> {
        let form = Form::of(self.header(&header::ACCEPT))?;
        let options = self.query.list_options(true)?;
        let selector = self.selector(&options)?;
        let store = &self.api.store;
        let version = options.resource_version.filter(|version| *version > 0);
        let timeout = options.timeout_seconds.filter(|seconds| *seconds > 0);
        let now = Instant::now();
        let ends = now + timeout.map_or(DEFAULT_TIMEOUT, Duration::from_secs).min(LONGEST);
        let mut stream = Stream {
            kind: Arc::clone(&self.kind),
            form,
            query: self.query.clone(),
            selector,
            namespace: self.scope().map(str::to_owned),
            ready: VecDeque::new(),
            changes: None,
            ends,
            next_bookmark: options.bookmarks.then(|| bookmark_after(now, ends)),
        };
        // Without a version (or with 0) the watch begins with what there is.
        let initial = options.initial_events.unwrap_or(version.is_none());
        let since = if initial {
            let listing = store
                .listing(&self.kind.gvr, self.scope(), None)
                .map_err(|HistoryLost| ApiError::internal("the current state is not held"))?;
            for item in &listing.items {
                if stream.selector.matches(item) {
                    stream.push("ADDED", item);
                }
            }
            if options.initial_events == Some(true) && options.bookmarks {
                stream.bookmark(listing.revision, true);
            }
            listing.revision
        } else {
            version.unwrap_or_else(|| store.revision())
        };
        match store.changes(&self.kind.gvr, Some(since)) {
            Ok(changes) => stream.changes = Some(changes),
            Err(HistoryLost) => stream.fail(since, store.revision()),
        }
        Ok(Answer::stream(stream.into_body()))
    }
}

impl Stream {
    fn push(&mut self, kind: &str, object: &Arc<Value>) {
        let mut bytes = format!("{{\"type\":\"{kind}\",\"object\":").into_bytes();
        match self.form {
            Form::Plain | Form::Yaml => answer::write(&mut bytes, object),
            form => answer::write(&mut bytes, &form.object(&self.kind, object, &self.query)),
        }
        bytes.extend_from_slice(b"}\n");
        self.ready.push_back(Bytes::from(bytes));
    }

    fn bookmark(&mut self, revision: u64, initial_end: bool) {
        let mut metadata = json!({ "resourceVersion": revision.to_string() });
        if initial_end {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let object = json!({ "kind": self.kind.kind, "apiVersion": self.kind.gvr.api_version(), "metadata": metadata });
        let object = match self.form {
            Form::Plain | Form::Yaml => object,
            form => form.object(&self.kind, &Arc::new(object), &self.query),
        };
        self.ready.push_back(Bytes::from(format!("{{\"type\":\"BOOKMARK\",\"object\":{object}}}\n")));
    }

    /// The end of a watch whose history is gone: an event of type ERROR with a 410.
    fn fail(&mut self, since: u64, now: u64) {
        let status = ApiError::expired(format!("too old resource version: {since} ({now})")).status();
        self.ready.push_back(Bytes::from(format!("{{\"type\":\"ERROR\",\"object\":{status}}}\n")));
        self.changes = None;
        self.ends = Instant::now();
    }

    fn in_scope(&self, object: &Value) -> bool {
        self.namespace.as_deref().is_none_or(|namespace| object["metadata"]["namespace"] == namespace)
            && self.selector.matches(object)
    }

    /// An object that leaves the selection is deleted for this watch, one that enters is added.
    fn take(&mut self, change: &Change) {
        let now = change.kind != ChangeKind::Deleted && self.in_scope(&change.object);
        let before = change.previous.as_ref().is_some_and(|previous| self.in_scope(previous));
        match (before, now) {
            (false, true) => self.push("ADDED", &change.object),
            (true, true) => self.push("MODIFIED", &change.object),
            (true, false) if change.kind == ChangeKind::Deleted => self.push("DELETED", &change.object),
            (true, false) => {
                // As it last was in the selection, with the version of the change.
                if let Some(previous) = &change.previous {
                    let mut last = (**previous).clone();
                    last["metadata"]["resourceVersion"] = json!(change.revision.to_string());
                    self.push("DELETED", &Arc::new(last));
                }
            }
            (false, false) => {}
        }
    }

    fn into_body(self) -> Body {
        let events = futures::stream::unfold(self, |mut stream| async move {
            let bytes = stream.next().await?;
            Some((Ok::<Bytes, Infallible>(bytes), stream))
        });
        Body::from_stream(events)
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(bytes);
            }
            let changes = self.changes.as_mut()?;
            let bookmark = async {
                let Some(at) = self.next_bookmark else { return std::future::pending().await };
                tokio::time::sleep_until(at).await;
            };
            tokio::select! {
                change = changes.next() => if let Ok(change) = change {
                    self.take(&change);
                } else {
                    let seen = changes.seen();
                    self.fail(seen, seen);
                },
                () = bookmark => {
                    let seen = changes.seen();
                    self.next_bookmark = Some(bookmark_after(Instant::now(), self.ends));
                    self.bookmark(seen, false);
                }
                () = tokio::time::sleep_until(self.ends) => return None,
            }
        }
    }
}

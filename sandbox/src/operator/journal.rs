//! What the containers of instances have written: JSON lines as CloudNativePG's instance manager writes them
//! (its documentation, "Logging"). Steps write what they did as they do it; checkpoints, which come with time
//! alone, are worked out when somebody reads.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cluster_view::{ClusterView, OPERATOR_VERSION};
use super::instance_objects::is_ready;
use super::world::World;
use crate::store::{Gvr, Store};

/// Checkpoints come that far apart (PostgreSQL's `checkpoint_timeout`).
const CHECKPOINT_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Lines and checkpoints of a pod beyond so many are rotated away, oldest first.
const MOST_LINES: usize = 2000;
const MOST_CHECKPOINTS: i64 = 1000;

/// One line, and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// The line, without its end.
    pub text: String,
}

/// The lines of all pods, by the pods' uids; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    pods: Arc<Mutex<HashMap<String, VecDeque<LogLine>>>>,
}

impl Journal {
    fn write(&self, uid: &str, line: LogLine) {
        // One insert at a time: a panic elsewhere leaves the lines whole.
        let mut pods = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = pods.entry(uid.to_owned()).or_default();
        if lines.len() == MOST_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Adds lines to the log of a pod, as of now; whether that pod is there.
    pub(super) fn add(&self, store: &Store, namespace: &str, pod: &str, text: &str) -> bool {
        let Some(pod) = store.get(&Gvr::core("pods"), namespace, pod) else { return false };
        let (uid, at) = (pod["metadata"]["uid"].as_str().unwrap_or_default(), store.clock().now());
        for line in text.lines() {
            self.write(uid, LogLine { at, text: line.to_owned() });
        }
        true
    }

    /// Forgets the lines of a pod that is gone.
    pub(super) fn forget(&self, uid: &str) {
        self.pods.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    /// The log of a pod, oldest line first.
    pub fn read(&self, store: &Store, pod: &Value) -> Vec<LogLine> {
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        let mut lines: Vec<LogLine> = {
            let pods = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
            pods.get(uid).into_iter().flatten().cloned().collect()
        };
        lines.extend(checkpoints(store, pod));
        // Stable: lines of one moment keep the order in which they were written.
        lines.sort_by_key(|line| line.at);
        lines
    }
}

/// The checkpoints of a ready instance since its pod started; restartpoints on a replica.
fn checkpoints(store: &Store, pod: &Value) -> Vec<LogLine> {
    let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let started = text("/status/containerStatuses/0/state/running/startedAt").parse::<Timestamp>();
    let (Ok(started), true) = (started, is_ready(pod)) else { return Vec::new() };
    let is_primary = text("/metadata/labels/cnpg.io~1instanceRole") == "primary";
    let kind = if is_primary { "checkpoint" } else { "restartpoint" };
    let passed = store.clock().now().duration_since(started).as_secs() / CHECKPOINT_EVERY.as_secs();
    ((passed - MOST_CHECKPOINTS).max(0)..passed)
        .filter_map(|number| {
            let after = CHECKPOINT_EVERY.checked_mul(i32::try_from(number + 1).ok()?)?;
            let at = started.checked_add(after).ok()?;
            Some(LogLine {
                at,
                text: record(text("/metadata/name"), at, "LOG", &format!("{kind} starting: time"), "checkpointer", ""),
            })
        })
        .collect()
}

fn manager(pod: &str, at: Timestamp, message: &str, more: &Value) -> String {
    let mut line = json!({
        "level": "info", "ts": at.to_string(), "logger": "instance-manager", "msg": message, "logging_pod": pod,
    });
    if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
        line.extend(more.clone());
    }
    line.to_string()
}

/// A line of PostgreSQL's own log, with the columns of its `csvlog` format.
fn record(pod: &str, at: Timestamp, severity: &str, message: &str, backend: &str, command: &str) -> String {
    let time = at.strftime("%Y-%m-%d %H:%M:%S.%3f UTC").to_string();
    let client = backend == "client backend";
    let line = json!({
        "level": "info", "ts": at.to_string(), "logger": "postgres", "msg": "record", "logging_pod": pod,
        "record": {
            "log_time": time, "user_name": if client { "postgres" } else { "" },
            "database_name": if client { "postgres" } else { "" }, "process_id": if client { "67" } else { "31" },
            "connection_from": if client { "[local]" } else { "" }, "session_id": "", "session_line_num": "1",
            "command_tag": command, "session_start_time": time, "virtual_transaction_id": "", "transaction_id": "0",
            "error_severity": severity, "sql_state_code": if severity == "FATAL" { "57P03" } else { "00000" },
            "message": message, "application_name": if client { "cnpg-instance-manager" } else { "" },
            "backend_type": backend, "query_id": "0",
        },
    });
    line.to_string()
}

impl World {
    fn log(&self, namespace: &str, pod: &str, line: impl Fn(Timestamp) -> String) {
        if let Some(object) = self.store.get(&Gvr::core("pods"), namespace, pod) {
            let at = self.store.clock().now();
            let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
            self.journal.write(uid, LogLine { at, text: line(at) });
        }
    }

    /// A line of the instance manager of a pod.
    pub(super) fn log_manager(&self, namespace: &str, pod: &str, message: &str) {
        self.log(namespace, pod, |at| manager(pod, at, message, &Value::Null));
    }

    /// A line of the instance manager about what went wrong.
    pub(super) fn log_error(&self, namespace: &str, pod: &str, message: &str) {
        self.log(namespace, pod, |at| manager(pod, at, message, &json!({"level": "error"})));
    }

    /// Lines of PostgreSQL, as severity `LOG`.
    pub(super) fn log_postgres(&self, namespace: &str, pod: &str, backend: &str, messages: &[&str]) {
        for message in messages {
            self.log(namespace, pod, |at| record(pod, at, "LOG", message, backend, ""));
        }
    }

    /// A pod's container starts: its instance manager, and PostgreSQL in it.
    pub(super) fn log_start(&self, cluster: ClusterView<'_>, pod: &str) {
        let version = json!({"version": OPERATOR_VERSION});
        self.log(cluster.namespace(), pod, |at| manager(pod, at, "Starting CloudNativePG Instance Manager", &version));
        let number = cluster.image().rsplit_once(':').map_or("", |(_, tag)| tag);
        let number = number.split(['-', '@']).next().unwrap_or_default();
        let starting = format!("starting PostgreSQL {number} on x86_64-pc-linux-gnu, 64-bit");
        let listening = [
            &*starting,
            "listening on IPv4 address \"0.0.0.0\", port 5432",
            "listening on Unix socket \"/controller/run/.s.PGSQL.5432\"",
        ];
        self.log_postgres(cluster.namespace(), pod, "postmaster", &listening);
    }

    /// A pod that was told never to become ready refuses whoever asks.
    pub(super) fn log_not_ready(&self, namespace: &str, pod: &str) {
        let message = "the database system is starting up";
        self.log(namespace, pod, |at| record(pod, at, "FATAL", message, "client backend", ""));
    }

    /// PostgreSQL answers, as primary or as replica.
    pub(super) fn log_ready(&self, cluster: ClusterView<'_>, pod: &str, is_primary: bool) {
        let namespace = cluster.namespace();
        if is_primary {
            self.log_postgres(namespace, pod, "postmaster", &["database system is ready to accept connections"]);
            return;
        }
        let timeline = cluster.status()["timelineID"].as_u64().unwrap_or(1);
        let streaming = format!("started streaming WAL from primary at 0/5000000 on timeline {timeline}");
        let consistent = ["entering standby mode", "consistent recovery state reached at 0/5000000"];
        self.log_postgres(namespace, pod, "startup", &consistent);
        let ready = "database system is ready to accept read-only connections";
        self.log_postgres(namespace, pod, "postmaster", &[ready]);
        self.log_postgres(namespace, pod, "walreceiver", &[&*streaming]);
    }

    /// A primary shuts down, so that another can take over.
    pub(super) fn log_demotion(&self, namespace: &str, pod: &str) {
        self.log_manager(namespace, pod, "This is an old primary instance, waiting for the switchover to finish");
        self.log_postgres(
            namespace,
            pod,
            "postmaster",
            &["received fast shutdown request", "aborting any active transactions"],
        );
        self.log_postgres(
            namespace,
            pod,
            "checkpointer",
            &["shutting down", "checkpoint starting: shutdown immediate"],
        );
        self.log_postgres(namespace, pod, "postmaster", &["database system is shut down"]);
    }

    /// A replica becomes the primary.
    pub(super) fn log_promotion(&self, namespace: &str, pod: &str, timeline: u64) {
        self.log_manager(namespace, pod, "I'm the target primary, wait for the wal_receiver to be terminated");
        let timeline = format!("selected new timeline ID: {timeline}");
        self.log_postgres(
            namespace,
            pod,
            "startup",
            &["received promote request", &*timeline, "archive recovery complete"],
        );
        self.log_postgres(namespace, pod, "checkpointer", &["checkpoint starting: force"]);
        self.log_postgres(namespace, pod, "postmaster", &["database system is ready to accept connections"]);
    }

    /// A statement that changes roles or databases, where the cluster's `log_statement` has such logged. Statements
    /// that carry a password never are: the operator turns logging off for them.
    pub(super) fn log_statement(&self, namespace: &str, cluster: &str, command: &str, statement: &str) {
        let Some(object) = self.cluster(namespace, cluster) else { return };
        let view = ClusterView::new(&object);
        let level = view.spec()["postgresql"]["parameters"]["log_statement"].as_str().unwrap_or("none");
        if matches!(level, "ddl" | "mod" | "all") {
            let (pod, message) = (view.current_primary(), format!("statement: {statement}"));
            self.log(namespace, pod, |at| record(pod, at, "LOG", &message, "client backend", command));
        }
    }
}

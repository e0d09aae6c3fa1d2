//! What the container of an instance or of one of its jobs has written, worked out from what its pod and
//! cluster say: JSON lines as CloudNativePG's instance manager writes them (its documentation, "Logging").

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cluster_view::ClusterView;
use super::instance_objects::is_ready;
use crate::store::{Gvr, Store};

/// Checkpoints come that far apart; older ones than so many are rotated away.
const CHECKPOINT_EVERY: SignedDuration = SignedDuration::from_mins(5);
const MOST_CHECKPOINTS: i64 = 1000;

/// One line, and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// The line, without its end.
    pub text: String,
}

struct Writer<'a> {
    pod: &'a str,
    lines: Vec<LogLine>,
}

impl Writer<'_> {
    fn manager(&mut self, at: Timestamp, message: &str) {
        let line = json!({
            "level": "info", "ts": at.to_string(), "logger": "instance-manager", "msg": message,
            "logging_pod": self.pod,
        });
        self.lines.push(LogLine { at, text: line.to_string() });
    }

    fn postgres(&mut self, at: Timestamp, severity: &str, message: &str) {
        let line = json!({
            "level": "info", "ts": at.to_string(), "logger": "postgres", "msg": "record", "logging_pod": self.pod,
            "record": {
                "log_time": at.strftime("%Y-%m-%d %H:%M:%S.%3f UTC").to_string(), "process_id": "31",
                "error_severity": severity, "sql_state_code": "00000", "message": message,
                "backend_type": "postmaster", "query_id": "0",
            },
        });
        self.lines.push(LogLine { at, text: line.to_string() });
    }
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// The log of a pod, oldest line first.
pub fn log_of(store: &Store, pod: &Value) -> Vec<LogLine> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let mut writer = Writer { pod: name, lines: Vec::new() };
    let started = moment(&pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
        .or_else(|| moment(&pod["status"]["startTime"]));
    let Some(started) = started else { return writer.lines };
    if let Some(job) = pod["metadata"]["labels"]["cnpg.io/jobRole"].as_str() {
        writer.manager(started, &format!("Starting {job} of the instance"));
        if pod["status"]["phase"] == "Succeeded" {
            writer.manager(started, &format!("The {job} of the instance is done"));
        }
        return writer.lines;
    }
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let cluster = pod["metadata"]["labels"]["cnpg.io/cluster"].as_str().unwrap_or_default();
    let cluster = store.get(&Gvr::cnpg("clusters"), namespace, cluster).unwrap_or_default();
    instance(&mut writer, started, pod, ClusterView::new(&cluster), store.clock().now());
    writer.lines.sort_by_key(|line| line.at);
    writer.lines
}

fn instance(writer: &mut Writer<'_>, started: Timestamp, pod: &Value, cluster: ClusterView<'_>, now: Timestamp) {
    let name = writer.pod;
    let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
    let version = image.rsplit_once(':').map_or("", |(_, tag)| tag).split(['-', '@']).next().unwrap_or_default();
    writer.manager(started, "Starting CloudNativePG Instance Manager");
    writer.postgres(started, "LOG", &format!("starting PostgreSQL {version} on x86_64-pc-linux-gnu, 64-bit"));
    writer.postgres(started, "LOG", "listening on IPv4 address \"0.0.0.0\", port 5432");
    let since = moment(&cluster.status()["currentPrimaryTimestamp"]);
    let is_primary = cluster.current_primary() == name;
    let timeline = cluster.status()["timelineID"].as_u64().unwrap_or(1);
    // Later than its start: it began as a replica and was promoted.
    let promoted = since.filter(|since| is_primary && timeline > 1 && *since > started);
    if is_primary && promoted.is_none() {
        if is_ready(pod) {
            writer.postgres(started, "LOG", "database system is ready to accept connections");
        }
    } else {
        writer.postgres(started, "LOG", "entering standby mode");
        if is_ready(pod) {
            writer.postgres(started, "LOG", "database system is ready to accept read-only connections");
            let of = if promoted.is_some() { timeline - 1 } else { timeline };
            writer.postgres(
                started,
                "LOG",
                &format!("started streaming WAL from primary at 0/5000000 on timeline {of}"),
            );
        }
    }
    if let Some(at) = promoted {
        writer.postgres(at, "LOG", "received promote request");
        writer.postgres(at, "LOG", &format!("selected new timeline ID: {timeline}"));
        writer.postgres(at, "LOG", "database system is ready to accept connections");
    }
    if !is_ready(pod) {
        writer.postgres(started, "FATAL", "the database system is starting up");
        return;
    }
    let passed = now.duration_since(started).as_secs() / CHECKPOINT_EVERY.as_secs();
    for number in (passed - MOST_CHECKPOINTS).max(0)..passed {
        let after = i32::try_from(number + 1).map_or(SignedDuration::ZERO, |number| CHECKPOINT_EVERY * number);
        if let Ok(at) = started.checked_add(after) {
            writer.postgres(
                at,
                "LOG",
                if is_primary { "checkpoint starting: time" } else { "restartpoint starting: time" },
            );
        }
    }
}

//! The record of who asked what: which verbs on which kinds each tool really used, so that
//! permissions can be held against it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::request_info::RequestInfo;

/// How many requests are kept in full; older ones go, but [`Recorder::by_tool`] forgets nothing.
const KEPT: usize = 100_000;

/// One request and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// What was asked.
    #[serde(flatten)]
    pub request: RequestInfo,
    /// HTTP status of the answer; absent where the connection was dropped without one, by either side.
    pub status: Option<u16>,
}

/// Group, resource (with `/subresource` where there is one) and verb.
pub type Access = (String, String, String);

/// Keeps records; cheap to clone, all clones share them.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    records: VecDeque<Record>,
    by_tool: BTreeMap<String, BTreeSet<Access>>,
    file: Option<File>,
}

impl Recorder {
    /// A recorder that also appends each record as a line of JSON to `path`, so that the records
    /// of several processes can be joined. Each line is written at once.
    ///
    /// # Errors
    /// When the file can be neither opened nor made.
    pub fn with_file(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let recorder = Self::default();
        recorder.lock().file = Some(file);
        Ok(recorder)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The records stay whole at every step, so a panic elsewhere does not spoil them.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one record.
    pub fn add(&self, record: Record) {
        let mut inner = self.lock();
        if let (Some(tool), false) = (record.request.tool(), record.request.resource.is_empty()) {
            let access = access(&record.request);
            inner.by_tool.entry(tool.to_owned()).or_default().insert(access);
        }
        if let Some(file) = &mut inner.file
            && let Ok(mut line) = serde_json::to_vec(&record)
        {
            line.push(b'\n');
            if let Err(error) = file.write_all(&line) {
                tracing::warn!(%error, "a record could not be written");
            }
        }
        if inner.records.len() == KEPT {
            inner.records.pop_front();
        }
        inner.records.push_back(record);
    }

    /// All records, oldest first, at most the last 100,000.
    pub fn records(&self) -> Vec<Record> {
        self.lock().records.iter().cloned().collect()
    }

    /// What each tool used, by the tool's name.
    pub fn by_tool(&self) -> BTreeMap<String, BTreeSet<Access>> {
        self.lock().by_tool.clone()
    }

    /// Forgets everything (the file stays as it is).
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.records.clear();
        inner.by_tool.clear();
    }
}

fn access(request: &RequestInfo) -> Access {
    let resource = if request.subresource.is_empty() {
        request.resource.clone()
    } else {
        format!("{}/{}", request.resource, request.subresource)
    };
    (request.group.clone(), resource, request.verb.clone())
}

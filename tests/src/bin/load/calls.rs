//! Requests in a closed loop: each connection sends the next one when the answer to the last has come and was right.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::CLUSTERS;
use crate::figures::at;
use crate::served::Served;

/// The revision that is spoken.
const REVISION: &str = "2026-07-28";

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub enum Load {
    /// `tools/list`.
    List,
    /// `tools/call` of `list_postgres_clusters`.
    Clusters,
}

/// When it is enough.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After a time.
    Time(Duration),
    /// After so many answers.
    Count(usize),
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Answers a second.
    pub rate: f64,
    /// Time that half of the answers took at most, in seconds.
    pub p50: f64,
    /// Time that 99 of 100 answers took at most, in seconds.
    pub p99: f64,
}

impl fmt::Display for Measured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.0} a second, p50 {:.2} ms, p99 {:.2} ms", self.rate, self.p50 * 1e3, self.p99 * 1e3)
    }
}

impl Load {
    pub const BOTH: [Self; 2] = [Self::List, Self::Clusters];

    pub fn title(self) -> &'static str {
        match self {
            Self::List => "tools/list",
            Self::Clusters => "list_postgres_clusters",
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::List => "tools/list",
            Self::Clusters => "tools/call",
        }
    }

    fn params(self) -> Value {
        match self {
            Self::List => json!({}),
            Self::Clusters => json!({
                "name": "list_postgres_clusters",
                "arguments": { "all_namespaces": true, "limit": CLUSTERS },
            }),
        }
    }

    /// Whether an answer is the right one.
    fn check(self, answer: &Value) -> anyhow::Result<()> {
        let result = &answer["result"];
        let right = match self {
            Self::List => result["tools"].as_array().is_some_and(|tools| !tools.is_empty()),
            Self::Clusters => {
                result["isError"] != true && result["structuredContent"]["total"].as_u64() == Some(CLUSTERS as u64)
            }
        };
        let shown: String = answer.to_string().chars().take(2_000).collect();
        ensure!(right, "{} is answered otherwise than it should be: {shown}", self.title());
        Ok(())
    }
}

/// Asks a server from so many connections.
///
/// # Errors
/// With the first answer that is not right.
pub async fn run(served: &Served, load: Load, connections: usize, until: Until) -> anyhow::Result<Measured> {
    let left = Arc::new(AtomicUsize::new(match until {
        Until::Time(_) => usize::MAX,
        Until::Count(count) => count,
    }));
    let begun = Instant::now();
    let end = match until {
        Until::Time(time) => Some(begun + time),
        Until::Count(_) => None,
    };
    let tasks = (0..connections).map(|_| {
        let (left, url, token) = (Arc::clone(&left), served.endpoint(), served.token.clone());
        tokio::spawn(async move {
            let connection = Connection::new(load, &url, token.as_deref())?;
            let mut times = Vec::new();
            while end.is_none_or(|end| Instant::now() < end)
                && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            {
                let sent = Instant::now();
                let body = connection.ask().await?;
                times.push(sent.elapsed().as_secs_f64());
                load.check(&answer_in(&body)?)?;
            }
            anyhow::Ok(times)
        })
    });
    let mut times = Vec::new();
    for task in futures::future::join_all(tasks).await {
        times.extend(task??);
    }
    let took = begun.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let rate = times.len() as f64 / took;
    Ok(Measured { rate, p50: at(&times, 0.5), p99: at(&times, 0.99) })
}

/// A client with one connection, and the request that it sends.
struct Connection {
    http: reqwest::Client,
    url: String,
    headers: HeaderMap,
    body: String,
}

impl Connection {
    fn new(load: Load, url: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let mut params = load.params();
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientInfo": { "name": "load", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let mut headers = HeaderMap::new();
        headers.insert("accept", "application/json, text/event-stream".parse()?);
        headers.insert("content-type", "application/json".parse()?);
        headers.insert("mcp-protocol-version", REVISION.parse()?);
        headers.insert("mcp-method", load.method().parse()?);
        if let Some(name) = params["name"].as_str() {
            headers.insert("mcp-name", name.parse()?);
        }
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}").parse()?);
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": load.method(), "params": params }).to_string();
        Ok(Self { http: cnpg_mcp_tests::http(), url: url.to_owned(), headers, body })
    }

    async fn ask(&self) -> anyhow::Result<String> {
        let response = self.http.post(&self.url).headers(self.headers.clone()).body(self.body.clone()).send().await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{status}: {body}");
        Ok(body)
    }
}

/// The message in a body, whether it came as JSON or as an event.
fn answer_in(body: &str) -> anyhow::Result<Value> {
    let event =
        body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    serde_json::from_str(event.unwrap_or(body)).with_context(|| format!("this is no message: {body}"))
}

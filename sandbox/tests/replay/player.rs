//! Sends the exchanges of one recording to a fresh sandbox.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cnpg_mcp_sandbox::api::Anonymous;
use cnpg_mcp_sandbox::{AdmissionMode, OperatorConfig, Sandbox};
use futures::StreamExt;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::compare;
use super::names::{Names, expand};

/// How long a controller may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What differs, by exchange.
pub type Outcome = Vec<(String, Vec<String>)>;

struct Player {
    sandbox: Sandbox,
    client: Client,
    names: Names,
    /// Tokens by `namespace/serviceaccount`.
    tokens: BTreeMap<String, String>,
    outcome: Outcome,
}

/// One answer.
struct Answer {
    code: u16,
    content_type: String,
    warnings: BTreeSet<String>,
    text: String,
}

impl Answer {
    fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| Value::String(self.text.clone()))
    }
}

/// Plays a recording.
pub async fn play(recording: &Value, kinds: &[Value]) -> Outcome {
    let admission = if recording["mode"] == "webhooks" { AdmissionMode::Operator } else { AdmissionMode::Crds };
    let sandbox = Sandbox::builder()
        .kinds(kinds.to_vec())
        .admission(admission)
        .operator(OperatorConfig::off())
        .anonymous(Anonymous::Nobody)
        .start()
        .await
        .expect("the sandbox starts");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut player = Player {
        sandbox,
        client: Client::new(),
        names: Names::default(),
        tokens: BTreeMap::new(),
        outcome: Vec::new(),
    };
    let down = recording["scenario"].as_str().is_some_and(|name| name.contains("webhooks-down"));
    let mut struck = false;
    for exchange in recording["exchanges"].as_array().into_iter().flatten() {
        let note = exchange["note"].as_str().unwrap_or_default();
        if down && !struck && !note.starts_with("setup") {
            player.sandbox.faults().webhooks_down();
            struck = true;
        }
        if note.contains("(after the compaction)") {
            player.sandbox.store().compact();
        }
        if exchange["watch"] == true && exchange["response"]["events"].is_array() {
            player.watch(exchange).await;
        } else {
            player.exchange(exchange).await;
        }
    }
    player.sandbox.shutdown().await;
    player.outcome
}

impl Player {
    fn request(&self, exchange: &Value) -> RequestBuilder {
        let request = &exchange["request"];
        let method: Method = request["method"].as_str().unwrap_or_default().parse().expect("a method");
        let path = self.names.fill_path(request["path"].as_str().unwrap_or_default());
        let mut builder = self.client.request(method, format!("{}{path}", self.sandbox.url()));
        builder = builder.header("user-agent", "python-requests/2.32");
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            builder = builder.header(name, value.as_str().unwrap_or_default());
        }
        let auth = &request["auth"];
        builder = match auth["kind"].as_str() {
            None => builder.bearer_auth(self.sandbox.token()),
            Some("bearer") => {
                let account = auth["serviceAccount"].as_str().unwrap_or_default();
                builder.bearer_auth(self.tokens.get(account).map_or("none", String::as_str))
            }
            Some("header") => builder.header("authorization", auth["authorization"].as_str().unwrap_or_default()),
            Some(_) => builder,
        };
        match &request["body"] {
            Value::Null => builder,
            Value::String(text) => builder.body(expand(text)),
            // Written with blanks, as the client of the recordings does: messages quote the bytes.
            body => builder.body(python_json(&self.names.fill(body))),
        }
    }

    async fn send(&self, exchange: &Value) -> Answer {
        let response = self.request(exchange).send().await.expect("an answer");
        let code = response.status().as_u16();
        let header = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let content_type = response.headers().get("content-type").map(header).unwrap_or_default();
        let warnings = response.headers().get_all("warning").iter().map(header).collect();
        Answer { code, content_type, warnings, text: response.text().await.unwrap_or_default() }
    }

    fn note(&mut self, exchange: &Value, problems: Vec<String>) {
        let request = &exchange["request"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let what = format!(
            "{} {} ({} {})",
            text(&exchange["id"]),
            text(&exchange["note"]),
            text(&request["method"]),
            text(&request["path"])
        );
        self.outcome.push((what, problems));
    }

    async fn exchange(&mut self, exchange: &Value) {
        let started = std::time::Instant::now();
        let problems = loop {
            let answer = self.send(exchange).await;
            let problems = self.judge(exchange, &answer);
            let reading = exchange["request"]["method"] == "GET";
            if problems.is_empty() || !reading || !waits(exchange) || started.elapsed() > PATIENCE {
                break problems;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        self.note(exchange, problems);
    }

    fn judge(&mut self, exchange: &Value, answer: &Answer) -> Vec<String> {
        let (request, recorded) = (&exchange["request"], &exchange["response"]);
        let note = exchange["note"].as_str().unwrap_or_default();
        let wanted = recorded["status"].as_u64().unwrap_or_default();
        if note == "right after" && answer.code == 404 && wanted == 200 {
            return Vec::new();
        }
        let mut problems = Vec::new();
        if u64::from(answer.code) != wanted {
            let shown: String = answer.text.chars().take(400).collect();
            problems.push(format!("{wanted} recorded, {} answered: {shown}", answer.code));
            return problems;
        }
        let plain = |text: &str| text.split(';').next().unwrap_or_default().to_owned();
        let media = recorded["headers"]["content-type"].as_str().unwrap_or_default();
        if plain(media) != plain(&answer.content_type) {
            problems.push(format!("content type {media} recorded, {} answered", answer.content_type));
        }
        let list = recorded["headers"]["warning"].as_array().into_iter().flatten();
        let warnings: BTreeSet<String> = list.filter_map(Value::as_str).map(str::to_owned).collect();
        if warnings != answer.warnings {
            problems.push(format!("warnings {warnings:?} recorded, {:?} answered", answer.warnings));
        }
        let path = request["path"].as_str().unwrap_or_default();
        let body = answer.body();
        if !recorded["body"].is_null() {
            problems.extend(compare::body(&mut self.names, path, &recorded["body"], &body));
        }
        if let Some(token) = body["status"]["token"].as_str().filter(|_| path.ends_with("/token")) {
            let parts: Vec<&str> = path.split('/').collect();
            if let [.., "namespaces", namespace, "serviceaccounts", name, "token"] = parts.as_slice() {
                self.tokens.insert(format!("{namespace}/{name}"), token.to_owned());
            }
        }
        problems
    }

    async fn watch(&mut self, exchange: &Value) {
        let response = self.request(exchange).send().await.expect("an answer");
        let code = u64::from(response.status().as_u16());
        let mut problems = Vec::new();
        if code != exchange["response"]["status"].as_u64().unwrap_or_default() {
            problems.push(format!("{} recorded, {code} answered", exchange["response"]["status"]));
        }
        let reading = tokio::spawn(async move {
            let mut text = Vec::new();
            let mut stream = response.bytes_stream();
            while let Some(Ok(chunk)) = stream.next().await {
                text.extend_from_slice(&chunk);
            }
            text
        });
        // Their names come after the watch, but their answers are what the events are compared with.
        for inner in exchange["during"].as_array().into_iter().flatten() {
            self.exchange(inner).await;
        }
        let text = String::from_utf8(reading.await.expect("the stream ends")).expect("events are UTF-8");
        let found: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| json!(line))).collect();
        let recorded = exchange["response"]["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        problems.extend(compare::events(&mut self.names, recorded, &found));
        self.note(exchange, problems);
    }
}

/// Whether a controller may still be at work on what this exchange reads.
fn waits(exchange: &Value) -> bool {
    let note = exchange["note"].as_str().unwrap_or_default();
    ["gone", "after", "collector", "controller", "terminat", "later", "still"].iter().any(|word| note.contains(word))
}

/// JSON as Python's `json.dumps` writes it.
fn python_json(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let fields: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", json!(key), python_json(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

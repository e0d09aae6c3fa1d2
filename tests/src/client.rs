//! A small MCP client of revision 2026-07-28 (no session), which holds every answer against the published schemas.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The revision that this client speaks.
const REVISION: &str = "2026-07-28";

/// A client of one server. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    next_id: Arc<AtomicU64>,
    tools: Arc<BTreeMap<String, Tool>>,
}

/// A tool as the server lists it.
pub struct Tool {
    /// Input schema.
    pub input: Value,
    /// Output schema.
    pub output: Value,
    /// Annotations.
    pub annotations: Value,
    validator: Validator,
}

/// What a tool answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether it is a tool error.
    pub is_error: bool,
    /// The text for people and models.
    pub text: String,
    /// Structured output; null for errors.
    pub output: Value,
    /// `_meta`, with the machine form of an error.
    pub meta: Value,
}

impl Answer {
    /// The outcome of a success.
    ///
    /// # Panics
    /// With the error's text, where the call failed.
    #[must_use]
    pub fn outcome(&self) -> &str {
        assert!(!self.is_error, "the call failed:\n{}", self.text);
        self.output["outcome"].as_str().expect("every output has an outcome")
    }
}

impl Client {
    /// Lists the tools of a server and prepares their schemas.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let mut client = Self {
            http: crate::http(),
            url: url.to_owned(),
            next_id: Arc::new(AtomicU64::new(1)),
            tools: Arc::new(BTreeMap::new()),
        };
        let listed = client.request("tools/list", None, json!({})).await?;
        let mut tools = BTreeMap::new();
        for tool in listed["tools"].as_array().context("tools/list gives no list")? {
            let name = tool["name"].as_str().context("a tool has no name")?.to_owned();
            let output = tool["outputSchema"].clone();
            let validator = jsonschema::validator_for(&output).map_err(|error| anyhow!("{name}: {error}"))?;
            let annotations = tool["annotations"].clone();
            tools.insert(name, Tool { input: tool["inputSchema"].clone(), output, annotations, validator });
        }
        client.tools = Arc::new(tools);
        Ok(client)
    }

    /// The tools, by name.
    #[must_use]
    pub fn tools(&self) -> &BTreeMap<String, Tool> {
        &self.tools
    }

    /// Calls a tool. A success whose structured output does not fit the published schema is an error.
    pub async fn call(&self, tool: &str, arguments: Value) -> anyhow::Result<Answer> {
        let result = self.request("tools/call", Some(tool), json!({ "name": tool, "arguments": arguments })).await?;
        let text = result["content"]
            .as_array()
            .context("a result has content")?
            .iter()
            .filter_map(|block| block["text"].as_str())
            .collect::<Vec<_>>()
            .join("\n");
        let is_error = result["isError"].as_bool().unwrap_or(false);
        let output = result["structuredContent"].clone();
        if !is_error {
            let known = self.tools.get(tool).with_context(|| format!("{tool} is not listed"))?;
            let problems: Vec<_> = known
                .validator
                .iter_errors(&output)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            if !problems.is_empty() {
                bail!("the output of {tool} does not fit its schema:\n{}\n{output:#}", problems.join("\n"));
            }
        }
        if text.chars().count() > 25_000 {
            bail!("the answer of {tool} has {} characters", text.chars().count());
        }
        Ok(Answer { is_error, text, output, meta: result["_meta"].clone() })
    }

    /// Sends a request and gives its result; a protocol error is an error.
    pub async fn request(&self, method: &str, name: Option<&str>, mut params: Value) -> anyhow::Result<Value> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut meta = Map::new();
        meta.insert("io.modelcontextprotocol/protocolVersion".into(), json!(REVISION));
        meta.insert("io.modelcontextprotocol/clientInfo".into(), json!({ "name": "cnpg-mcp-tests", "version": "1" }));
        meta.insert("io.modelcontextprotocol/clientCapabilities".into(), json!({}));
        params["_meta"] = Value::Object(meta);
        let mut request = self
            .http
            .post(&self.url)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", REVISION)
            .header("mcp-method", method)
            .json(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        let response = request.send().await?;
        let status = response.status();
        let body = response.text().await?;
        let message =
            answer_to(id, &body).with_context(|| format!("HTTP {status}: no answer to {method} in {body:?}"))?;
        if let Some(error) = message.get("error") {
            bail!("HTTP {status}: protocol error {error}");
        }
        Ok(message["result"].clone())
    }
}

/// Finds the answer to a request in a JSON body or an event stream.
fn answer_to(id: u64, body: &str) -> Option<Value> {
    let whole = serde_json::from_str::<Value>(body).ok().into_iter();
    let events = body.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok());
    whole.chain(events).find(|message| message["id"] == json!(id))
}

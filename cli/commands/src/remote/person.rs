//! The person at the terminal, as MCP's client: sees progress, and is asked.

use std::io::{BufRead as _, IsTerminal as _};

use cnpg_mcp_runtime::call::ProgressSink as _;
use rmcp::ErrorData;
use rmcp::handler::client::ClientHandler;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction, Implementation,
    ProgressNotificationParam,
};
use rmcp::service::{NotificationContext, RequestContext, RoleClient};
use serde_json::{Map, Value};

use crate::plain::plain;
use crate::progress::Lines;

/// Whoever called the command.
pub struct Person {
    lines: Lines,
    can_be_asked: bool,
}

impl Person {
    pub fn new() -> Self {
        let can_be_asked = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self { lines: Lines::default(), can_be_asked }
    }

    /// Ends the line of progress, where one is open.
    pub fn end(&self) {
        self.lines.end();
    }
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        config.client_info = Implementation::new("cnpg-mcp", env!("CARGO_PKG_VERSION"));
        // Whoever cannot be asked says so, and the server tells how else to confirm.
        if self.can_be_asked {
            config.capabilities = ClientCapabilities::builder().enable_elicitation().build();
        }
        config
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.end();
        // Addresses to open are for browsers, and this client did not say that it shows them.
        let ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } = request else {
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        };
        let schema = serde_json::to_value(requested_schema)
            .map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        eprintln!("{}\n", plain(&message));
        let answered = tokio::task::spawn_blocking(move || ask(&schema)).await;
        let answered = answered.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        Ok(match answered {
            Some(content) => ElicitResult::new(ElicitationAction::Accept).with_content(Value::Object(content)),
            None => ElicitResult::new(ElicitationAction::Decline),
        })
    }

    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        #[allow(clippy::cast_possible_truncation, reason = "steps are counted, and a cast saturates")]
        let (done, of) = (progress.progress as i64, progress.total.unwrap_or(progress.progress) as i64);
        self.lines.report(done, of, &progress.message.unwrap_or_default());
    }
}

/// Asks for each field of a form. `None`: the person does not want to.
fn ask(schema: &Value) -> Option<Map<String, Value>> {
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let mut content = Map::new();
    for (name, field) in fields {
        let title = plain(field["title"].as_str().unwrap_or(&name));
        let answer = if field["type"] == "boolean" {
            eprintln!("{title}: go ahead? Type `yes`:");
            if !line()?.eq_ignore_ascii_case("yes") {
                return None;
            }
            Value::Bool(true)
        } else {
            eprintln!("{title}{}:", choices(&field));
            let line = line()?;
            if line.is_empty() {
                if required(&name) {
                    return None;
                }
                continue;
            }
            typed(&field, line)
        };
        content.insert(name, answer);
    }
    Some(content)
}

fn choices(field: &Value) -> String {
    let words: Vec<&str> = field["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if words.is_empty() { String::new() } else { plain(&format!(" ({})", words.join(", "))) }
}

fn typed(field: &Value, line: String) -> Value {
    let number = match field["type"].as_str() {
        Some("integer") => line.parse::<i64>().map(Value::from).ok(),
        Some("number") => line.parse::<f64>().map(Value::from).ok(),
        _ => None,
    };
    number.unwrap_or(Value::String(line))
}

/// A line of standard input; `None` at its end.
fn line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.is_ok_and(|bytes| bytes > 0).then(|| line.trim().to_owned())
}

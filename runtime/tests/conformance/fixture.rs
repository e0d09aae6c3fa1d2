//! A server with what MCP's conformance suite asks for by name: everything that can be said in data is in
//! `fixture.json`, the rest is here. It stands on the same HTTP stack as the real one.
#![allow(deprecated, reason = "the suite asks for logging and sampling, which later revisions took away")]

use std::sync::Arc;
use std::time::Duration;

use cnpg_mcp_runtime::registry::{Options, Registry};
use cnpg_mcp_runtime::transport::http::Served;
use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::*;
use rmcp::service::{RequestContext, RoleServer};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::small_tools;

/// The suite's server.
#[derive(Clone)]
pub struct Fixture {
    data: Arc<Value>,
    registry: Arc<Registry>,
}

impl Fixture {
    pub fn new() -> Self {
        let text = include_str!("fixture.json");
        let media: Value = serde_json::from_str(text).unwrap();
        let said = |name: &str| media["media"][name].as_str().unwrap().to_owned();
        let text = text.replace("$IMAGE", &said("IMAGE")).replace("$AUDIO", &said("AUDIO"));
        let registry = small_tools::registry(Options::new(small_tools::VERSION));
        Self { data: Arc::new(serde_json::from_str(&text).unwrap()), registry }
    }

    fn all<T: DeserializeOwned>(&self, name: &str) -> Vec<T> {
        serde_json::from_value(self.data[name].clone()).unwrap()
    }

    async fn ask(&self, name: &str, message: &str, context: &RequestContext<RoleServer>) -> Result<Value, ErrorData> {
        let question = json!({ "mode": "form", "message": message, "requestedSchema": self.data["questions"][name] });
        let answer = context.peer.create_elicitation(read(question)?).await;
        let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        let answer = json!({ "action": answer.action, "content": answer.content });
        Ok(json!({ "content": [{ "type": "text", "text": format!("User response: {answer}") }] }))
    }

    async fn sample(
        &self,
        arguments: &Map<String, Value>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value, ErrorData> {
        let message = json!({ "role": "user", "content": { "type": "text", "text": arguments.get("prompt") } });
        let answer = context.peer.create_message(read(json!({ "messages": [message], "maxTokens": 100 }))?).await;
        let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        let answer = serde_json::to_value(answer).unwrap();
        Ok(json!({ "content": [{ "type": "text", "text": format!("LLM response: {}", answer["content"]) }] }))
    }
}

/// Reads a message of the protocol from data.
fn read<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// A result that is the whole answer (2026-07-28; the SDK takes the word out for older revisions).
fn complete<T: DeserializeOwned>(mut value: Value) -> Result<T, ErrorData> {
    value["resultType"] = json!("complete");
    read(value)
}

impl Served for Fixture {
    fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_completions()
            .enable_logging()
            .build();
        ServerConfig::new(capabilities).with_protocol_version(ProtocolVersion::V_2025_11_25)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.all::<Tool>("tools").into_iter().find(|tool| tool.name == name)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.all("tools")))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let name = request.name.as_ref();
        match name {
            "test_tool_with_progress" => {
                for progress in [0, 50, 100] {
                    if let Some(token) = context.meta.get_progress_token() {
                        let told = json!({ "progressToken": token, "progress": progress, "total": 100 });
                        let _ = context.peer.notify_progress(read(told)?).await;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            "test_tool_with_logging" => {
                for data in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                    let _ = context.peer.notify_logging_message(read(json!({ "level": "info", "data": data }))?).await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            "test_reconnection" => tokio::time::sleep(Duration::from_millis(100)).await,
            "test_sampling" => {
                return complete::<CallToolResult>(self.sample(&arguments, &context).await?).map(Into::into);
            }
            asks if self.data["questions"].get(asks).is_some() => {
                let message = arguments.get("message").and_then(Value::as_str).unwrap_or("Please answer.");
                return complete::<CallToolResult>(self.ask(asks, message, &context).await?).map(Into::into);
            }
            _ => {}
        }
        let result = self.data["results"].get(name).cloned();
        let result = result.ok_or_else(|| ErrorData::invalid_params(format!("unknown tool `{name}`"), None))?;
        complete::<CallToolResult>(result).map(Into::into)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(self.all("resources")))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(self.all("resourceTemplates")))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri.as_str();
        let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
        let content = match (self.data["contents"].get(uri), id) {
            (Some(content), _) => content.clone(),
            (None, Some(id)) => {
                let text = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }).to_string();
                json!({ "uri": uri, "mimeType": "application/json", "text": text })
            }
            (None, None) => {
                let data = Some(json!({ "uri": uri }));
                return Err(ErrorData::resource_not_found(format!("there is no resource `{uri}`"), data));
            }
        };
        let contents = read::<ResourceContents>(content)?;
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        complete(json!({ "completion": { "values": ["paris", "park"], "total": 2, "hasMore": false } }))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(self.all("prompts")))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let messages = self.data["messages"].get(&request.name);
        let mut messages = messages.ok_or_else(|| ErrorData::invalid_params("unknown prompt", None))?.to_string();
        for (name, value) in request.arguments.unwrap_or_default() {
            messages = messages.replace(&format!("${name}"), value.as_str().unwrap_or_default());
        }
        let messages: Value = serde_json::from_str(&messages).unwrap();
        complete::<GetPromptResult>(json!({ "messages": messages })).map(Into::into)
    }
}

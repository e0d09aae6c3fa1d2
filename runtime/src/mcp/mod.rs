//! The registry as an MCP server, for every transport and both lifecycles (with `initialize`, up to
//! 2025-11-25, and without, from 2026-07-28).

mod access;
mod asking;
mod listing;
mod progress;
mod result;

pub use access::Access;
pub use result::{CALL_ID_KEY, FAILURE_KEY};

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, Implementation, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
    RequestStateCodec, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use crate::call::ProgressSink;
use crate::confirm::{NoPrompter, Prompter};
use crate::registry::{CallContext, NotCallable, Registry};

/// Name under which the server presents itself.
pub const SERVER_NAME: &str = "cloudnative-pg";

/// An MCP server; cheap to clone, one clone serves one connection or request.
#[derive(Clone)]
pub struct McpServer {
    shared: Arc<Shared>,
}

struct Shared {
    registry: Arc<Registry>,
    config: ServerConfig,
    tools: Vec<Tool>,
    codec: RequestStateCodec,
    access: Option<Access>,
}

impl McpServer {
    /// A server of the registry's tools. `state_key` seals what clients carry between the rounds of a
    /// confirmation; replicas need the same one.
    pub fn new(registry: Arc<Registry>, state_key: &[u8; 32]) -> Self {
        let info = Implementation::new(SERVER_NAME, registry.version()).with_title("CloudNativePG");
        let config = ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
            .with_server_info(info)
            .with_instructions(listing::instructions(&registry));
        let tools = registry.tools().map(listing::to_tool).collect();
        // The key is as long as the codec asks for.
        let codec = RequestStateCodec::new_unchecked(state_key.to_vec());
        Self { shared: Arc::new(Shared { registry, config, tools, codec, access: None }) }
    }

    /// The same under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        let mut shared = self.apart();
        name.clone_into(&mut shared.config.server_info.name);
        Self { shared: Arc::new(shared) }
    }

    /// The same for people who were let in: calls by nobody are refused.
    #[must_use]
    pub fn for_people(self, access: Access) -> Self {
        let shared = self.apart();
        Self { shared: Arc::new(Shared { access: Some(access), ..shared }) }
    }

    fn apart(self) -> Shared {
        let shared = &*self.shared;
        Shared {
            registry: Arc::clone(&shared.registry),
            config: shared.config.clone(),
            tools: shared.tools.clone(),
            codec: shared.codec.clone(),
            access: shared.access.clone(),
        }
    }

    /// The registry behind it.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.shared.registry
    }

    async fn call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let who = access::identity(self.shared.access.as_ref(), &request.name, &context)?;
        let progress: Arc<dyn ProgressSink> =
            Arc::new(progress::Notifications::new(context.peer.clone(), context.meta.get_progress_token()));
        let stateless = context
            .protocol_version()
            .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
        let asks = context.client_capabilities().is_some_and(|capabilities| asking::shows_forms(&capabilities));
        let run = async |prompter: Arc<dyn Prompter>| {
            let context = CallContext { cancellation: context.ct.clone(), progress, prompter, who: who.clone() };
            self.shared
                .registry
                .call(&request.name, arguments.clone(), context)
                .await
                .map_err(|error| not_callable(&error))
        };
        if stateless && asks {
            let asking =
                asking::InputRequired::new(&self.shared.codec, &who, &request.name, &Value::Object(arguments.clone()));
            let rounds = asking.prompter(request.request_state.as_deref(), request.input_responses.as_ref())?;
            let rounds = Arc::new(rounds);
            let answer = run(Arc::clone(&rounds) as Arc<dyn Prompter>).await?;
            return Ok(match asking.result(&rounds) {
                Some(question) => question.into(),
                None => result::to_result(answer).into(),
            });
        }
        let prompter: Arc<dyn Prompter> =
            if asks { Arc::new(asking::Elicitation { peer: context.peer.clone() }) } else { Arc::new(NoPrompter) };
        Ok(result::to_result(run(prompter).await?).into())
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        self.shared.config.clone()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.shared.tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.shared.tools.clone()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(request, context).await
    }
}

/// MCP 2025-11-25, "Tools", error handling: an unknown tool is -32602.
fn not_callable(error: &NotCallable) -> ErrorData {
    ErrorData::invalid_params(error.to_string(), None)
}

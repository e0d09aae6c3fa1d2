//! Answers as MCP results.

use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde_json::Map;

use crate::answer::{Answer, Content};

/// Key of `_meta` under which a failure stands in its machine form.
pub const FAILURE_KEY: &str = "cnpg-mcp.io/failure";

/// Key of `_meta` under which the call's id stands; objects that the call made carry it too.
pub const CALL_ID_KEY: &str = "cnpg-mcp.io/call-id";

/// Markdown as content, the output as structured content; a failure is a tool error with its machine form
/// in `_meta` and no structured content, since it fits no output schema.
pub(super) fn to_result(answer: Answer) -> CallToolResult {
    let content = vec![ContentBlock::text(answer.markdown)];
    let mut meta = Map::new();
    meta.insert(CALL_ID_KEY.to_owned(), answer.call_id.into());
    let mut result = match answer.content {
        Content::Output { structured, .. } => {
            let mut result = CallToolResult::success(content);
            result.structured_content = Some(structured);
            result
        }
        Content::Failure { machine, .. } => {
            meta.insert(FAILURE_KEY.to_owned(), machine);
            CallToolResult::error(content)
        }
    };
    result.meta = Some(MetaObject(meta));
    result
}

//! Tools of a server somewhere else: `cnpg-mcp call … --url`, `cnpg-mcp tools --url` and `cnpg-mcp logout`.

pub mod call;
mod exchanges;
mod flags;
mod login;
pub mod logout;
pub mod options;
mod person;
mod revocation;
mod session;
mod store;
pub mod tools;
mod trouble;

use rmcp::model::Tool;

use session::Session;

/// The server's tools, all pages.
async fn tools_of(session: &Session) -> anyhow::Result<Vec<Tool>> {
    session.run(async |connected| Ok(connected.list_all_tools().await?)).await
}

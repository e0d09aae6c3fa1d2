//! The MCP server for tests, which takes the identity provider's own access tokens and keeps no state.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use cnpg_mcp::server::{self, ServerFlags};
use cnpg_mcp_runtime::auth::configuration::{Server, Where};
use cnpg_mcp_runtime::auth::resource::ProviderTokens;
use cnpg_mcp_runtime::mcp::McpServer;
use cnpg_mcp_runtime::transport::http::{self, Limits};

/// Name under which the server presents itself.
const NAME: &str = "cloudnative-pg-test";

/// The same MCP server for whoever has an access token of the identity provider already: streamable HTTP at /test.
// Doc comments here are help texts for a terminal, not Markdown.
#[allow(clippy::doc_markdown)]
#[derive(Debug, Parser)]
#[command(name = "cnpg-mcp-test-server", version, max_term_width = 100)]
struct Cli {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 3001, env = "CNPG_MCP_TEST_PORT")]
    port: u16,

    #[command(flatten)]
    flags: ServerFlags,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::start(&cli.flags, || run(&cli))
}

async fn run(cli: &Cli) -> anyhow::Result<()> {
    let stop = server::stopping();
    let loopback = http::is_loopback(&cli.flags.host).await?;
    if cli.flags.let_in.check_only() {
        return cli.flags.let_in.check(Server::Test, Where { loopback, port: cli.port });
    }
    let listening = http::bind_anywhere(&cli.flags.host, cli.port).await?;
    let listens = Where { loopback, port: listening.address().port() };
    let configuration = cli.flags.let_in.configuration(Server::Test, listens)?;
    server::metrics::offer(&cli.flags, listening.address(), env!("CARGO_BIN_NAME"), &stop).await?;
    let tokens = ProviderTokens::new(&configuration)?;
    match tokens.warm().await {
        Err(error) if !error.is_away() => return Err(error.into()),
        Err(error) => tracing::warn!(%error, "until the identity provider is there nobody is let in"),
        Ok(()) => {}
    }
    let opened = cli.flags.target().open().await?;
    let registry = cli.flags.registry(&opened)?;
    let access = server::access(&registry, configuration.effect_scopes.as_ref(), configuration.impersonation.clone());
    let door = tokens.door(access.scopes.clone());
    let mut key = [0; 32];
    getrandom::fill(&mut key).context("the operating system gives no random bytes")?;
    let server = McpServer::new(registry, &key).named(NAME).for_people(access);
    let url = tokens.resource().url();
    tracing::info!(url, listening = %listening.address(), sandbox = opened.sandbox_url(), "serving MCP to whoever has a token of the identity provider");
    listening.serve_behind(&door, &server, server::names(&configuration), Limits::default(), stop, url).await;
    opened.close().await;
    Ok(())
}

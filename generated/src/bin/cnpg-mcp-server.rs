//! The MCP server.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use cnpg_mcp::VERSION;
use cnpg_mcp::client_config::{self, Reach};
use cnpg_mcp::server::{self, SESSIONS, ServerFlags, Usage};
use cnpg_mcp_runtime::auth::configuration::{Server, SigningKeys, Where};
use cnpg_mcp_runtime::auth::oauth::{Proxy, Setup};
use cnpg_mcp_runtime::mcp::McpServer;
use cnpg_mcp_runtime::registry::Registry;
use cnpg_mcp_runtime::transport::http::{self, Limits, Names};
use cnpg_mcp_runtime::transport::stdio;

/// MCP server that manages PostgreSQL on Kubernetes through CloudNativePG.
// Doc comments here are help texts for a terminal, not Markdown.
#[allow(clippy::doc_markdown)]
#[derive(Debug, Parser)]
#[command(name = "cnpg-mcp-server", version, max_term_width = 100)]
struct Cli {
    /// How clients talk to the server.
    #[arg(long, value_enum, default_value_t = Transport::Stdio, env = "CNPG_MCP_TRANSPORT")]
    transport: Transport,

    /// Who is let in over HTTP; unset: oauth. `none` lets everyone in and is possible on a loopback address alone.
    #[arg(long, value_enum, env = "CNPG_MCP_AUTH")]
    auth: Option<Auth>,

    /// Port to listen on (HTTP); 0 takes a free one.
    #[arg(long, default_value_t = 4204, env = "CNPG_MCP_PORT")]
    port: u16,

    /// Print configurations of MCP clients, ready to paste. With stdio nothing is served then.
    #[arg(long)]
    print_client_config: bool,

    #[command(flatten)]
    flags: ServerFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Transport {
    /// Standard input and output, for a client that starts the server itself.
    Stdio,
    /// Streamable HTTP at /mcp.
    Http,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Auth {
    /// People log in at an identity provider, and allow a program to act for them.
    Oauth,
    /// Nobody is asked who they are.
    None,
}

/// Name of the server in metrics.
const NAME: &str = env!("CARGO_BIN_NAME");

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::start(&cli.flags, || run(&cli))
}

async fn run(cli: &Cli) -> anyhow::Result<()> {
    match cli.transport {
        _ if cli.flags.let_in.check_only() => check_config(cli).await,
        Transport::Stdio => serve_stdio(cli).await,
        Transport::Http => serve_http(cli).await,
    }
}

async fn serve_stdio(cli: &Cli) -> anyhow::Result<()> {
    if cli.auth.is_some() || !cli.flags.let_in.is_empty() {
        return Err(Usage(
            "--auth, and what belongs to it, is for --transport http: over stdio the client that starts the server is the one who is let in",
        )
        .into());
    }
    if cli.flags.metrics_port.is_some() {
        return Err(Usage("--metrics-port is for --transport http: over stdio nothing listens").into());
    }
    if cli.print_client_config {
        print!("{}", client_config::text(&own_command()?));
        return Ok(());
    }
    // Listened to before anything takes time, so that a stop in the meantime is not lost.
    let stop = server::stopping();
    let opened = cli.flags.target().open().await?;
    let server = for_everyone(cli.flags.registry(&opened)?)?;
    let ended = stdio::serve(server, stop).await;
    opened.close().await;
    Ok(ended?)
}

async fn serve_http(cli: &Cli) -> anyhow::Result<()> {
    match cli.auth.unwrap_or(Auth::Oauth) {
        Auth::Oauth => serve_oauth(cli).await,
        Auth::None if cli.flags.let_in.is_empty() => serve_openly(cli).await,
        Auth::None => Err(Usage(
            "--auth none asks nobody who they are, so there is nothing to configure; leave the other flags out",
        )
        .into()),
    }
}

/// Everyone is let in, on a loopback address.
async fn serve_openly(cli: &Cli) -> anyhow::Result<()> {
    let stop = server::stopping();
    // Before the sandbox, so that a taken port is told at once.
    let listening = http::bind(&cli.flags.host, cli.port).await?;
    server::metrics::offer(&cli.flags, listening.address(), NAME, &stop).await?;
    let opened = cli.flags.target().open().await?;
    let server = for_everyone(cli.flags.registry(&opened)?)?;
    tracing::info!(
        url = listening.url(),
        sandbox = opened.sandbox_url(),
        "serving MCP without authentication, for this machine only"
    );
    print_reach(cli, &listening.url());
    listening.serve(&server, Names::default(), Limits::default(), stop).await;
    opened.close().await;
    Ok(())
}

/// People log in at an identity provider.
async fn serve_oauth(cli: &Cli) -> anyhow::Result<()> {
    let stop = server::stopping();
    let loopback = http::is_loopback(&cli.flags.host).await?;
    let listening = http::bind_anywhere(&cli.flags.host, cli.port).await?;
    let listens = Where { loopback, port: listening.address().port() };
    let configuration = cli.flags.let_in.configuration(Server::Main, listens).map_err(|error| {
        let hint = if loopback { "\nTo let everyone on this machine in without asking, say --auth none." } else { "" };
        anyhow::anyhow!("{error}{hint}")
    })?;
    let names = server::names(&configuration);
    let (scopes, impersonation) = (configuration.effect_scopes.clone(), configuration.impersonation.clone());
    if configuration.signing_keys == Some(SigningKeys::Generated) {
        tracing::warn!("no signing_key_file: a key was made for this start, and a restart logs everyone out");
    }
    server::metrics::offer(&cli.flags, listening.address(), NAME, &stop).await?;
    let proxy = Proxy::new(configuration, Setup::default())?;
    match proxy.warm().await {
        Err(error) if !error.is_away() => return Err(error.into()),
        Err(error) => tracing::warn!(%error, "until the identity provider is there nobody can log in"),
        Ok(()) => {}
    }
    if let Err(error) = proxy.store().ready().await {
        tracing::warn!(%error, "until the session store is there nobody is let in");
    }
    let opened = cli.flags.target().open().await?;
    let registry = cli.flags.registry(&opened)?;
    let access = server::access(&registry, scopes.as_ref(), impersonation);
    let door = proxy.door(access.scopes.clone());
    // Every replica opens what another sealed.
    let server = McpServer::new(registry, proxy.keys().rounds()).for_people(access);
    tracing::info!(url = proxy.resource(), listening = %listening.address(), sandbox = opened.sandbox_url(), "serving MCP to people who log in");
    print_reach(cli, proxy.resource());
    let limits = Limits { sessions: SESSIONS, ..Limits::default() };
    listening.serve_behind(&door, &server, names, limits, stop, proxy.resource()).await;
    opened.close().await;
    Ok(())
}

async fn check_config(cli: &Cli) -> anyhow::Result<()> {
    let loopback = http::is_loopback(&cli.flags.host).await?;
    cli.flags.let_in.check(Server::Main, Where { loopback, port: cli.port })
}

fn print_reach(cli: &Cli, url: &str) {
    if cli.print_client_config {
        println!("{NAME} {VERSION} is at {url}\n\n{}", client_config::text(&Reach::Http(url.to_owned())));
    }
}

fn for_everyone(registry: Arc<Registry>) -> anyhow::Result<McpServer> {
    let mut key = [0; 32];
    // One process: what it sealed, it opens; a restart forgets open questions.
    getrandom::fill(&mut key).context("the operating system gives no random bytes")?;
    Ok(McpServer::new(registry, &key))
}

/// This program with the options it was called with, for clients that start it themselves.
fn own_command() -> anyhow::Result<Reach> {
    let command = std::env::current_exe().context("the path of this program is not known")?;
    let arguments = std::env::args().skip(1).filter(|argument| argument != "--print-client-config").collect();
    Ok(Reach::Stdio { command: command.display().to_string(), arguments })
}

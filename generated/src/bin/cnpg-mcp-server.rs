//! The MCP server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use cnpg_mcp::VERSION;
use cnpg_mcp::auth_flags::AuthFlags;
use cnpg_mcp::client_config::{self, Reach};
use cnpg_mcp::target::Target;
use cnpg_mcp_runtime::auth::configuration::{Configuration, Server, SigningKeys, Where};
use cnpg_mcp_runtime::auth::oauth::{Proxy, Setup};
use cnpg_mcp_runtime::call::Settings;
use cnpg_mcp_runtime::logging::{self, LogFormat};
use cnpg_mcp_runtime::mcp::McpServer;
use cnpg_mcp_runtime::registry::{Options, Registry, Toolsets, UnknownToolset};
use cnpg_mcp_runtime::transport::http::{self, HttpError, Limits, Names};
use cnpg_mcp_runtime::transport::{stdio, stop_requested};
use tokio_util::sync::CancellationToken;
use tracing::level_filters::LevelFilter;

/// Exit code for a wrong combination of options, as clap's own.
const USAGE: u8 = 2;

/// Sessions of MCP at a time, where many people share a server.
const SESSIONS: usize = 10_000;

/// Time for blocking reads of standard input when everything else has ended.
const LAST: Duration = Duration::from_millis(100);

/// MCP server that manages PostgreSQL on Kubernetes through CloudNativePG.
// Doc comments here are help texts for a terminal, not Markdown; and switches are bools.
#[allow(clippy::doc_markdown, clippy::struct_excessive_bools)]
#[derive(Debug, Parser)]
#[command(name = "cnpg-mcp-server", version, max_term_width = 100)]
struct Cli {
    /// How clients talk to the server.
    #[arg(long, value_enum, default_value_t = Transport::Stdio, env = "CNPG_MCP_TRANSPORT")]
    transport: Transport,

    /// Who is let in over HTTP; unset: oauth. `none` lets everyone in and is possible on a loopback address alone.
    #[arg(long, value_enum, env = "CNPG_MCP_AUTH")]
    auth: Option<Auth>,

    /// Address to listen on (HTTP).
    #[arg(long, default_value = "127.0.0.1", env = "CNPG_MCP_HOST")]
    host: String,

    /// Port to listen on (HTTP); 0 takes a free one.
    #[arg(long, default_value_t = 4204, env = "CNPG_MCP_PORT")]
    port: u16,

    /// Work on a sandbox inside this process, with two clusters to look at, instead of a real Kubernetes.
    #[arg(long, conflicts_with_all = ["kubeconfig", "context"])]
    sandbox: bool,

    /// Offer only tools that read.
    #[arg(long, env = "CNPG_MCP_READ_ONLY")]
    read_only: bool,

    /// Offer no tools that destroy.
    #[arg(long, env = "CNPG_MCP_DISABLE_DESTRUCTIVE")]
    disable_destructive: bool,

    /// Toolsets to offer, with commas between them: clusters, roles, databases, backups, diagnostics; core (the
    /// usual tools of the first three) or all.
    #[arg(long, value_name = "NAMES", default_value = "core", env = "CNPG_MCP_TOOLSETS", value_parser = toolsets)]
    toolsets: Toolsets,

    /// Kubeconfig file. Unset: the pod's own cluster, else KUBECONFIG, else ~/.kube/config.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig. Unset: its current one.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Where PostgreSQL images come from.
    #[arg(long, value_name = "REGISTRY", default_value = "ghcr.io/cloudnative-pg", env = "CNPG_MCP_IMAGE_REGISTRY")]
    image_registry: String,

    /// How log lines look; they go to standard error.
    #[arg(long, default_value_t = LogFormat::Text, value_name = "text|json", env = "CNPG_MCP_LOG_FORMAT")]
    log_format: LogFormat,

    /// What is logged: off, error, warn, info, debug or trace. Audit lines are always written.
    #[arg(long, default_value = "info", value_name = "LEVEL", env = "CNPG_MCP_LOG_LEVEL")]
    log_level: LevelFilter,

    /// Print configurations of MCP clients, ready to paste. With stdio nothing is served then.
    #[arg(long)]
    print_client_config: bool,

    #[command(flatten)]
    let_in: AuthFlags,
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

fn toolsets(names: &str) -> Result<Toolsets, UnknownToolset> {
    Toolsets::parse(names, &cnpg_mcp::tools())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = logging::start(cli.log_format, cli.log_level) {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(cli));
    // A read of standard input may still be blocked in a thread of its own.
    runtime.shutdown_timeout(LAST);
    code
}

async fn run(cli: Cli) -> ExitCode {
    let done = match cli.transport {
        _ if cli.let_in.check_only() => check_config(&cli).await,
        Transport::Stdio => serve_stdio(cli).await,
        Transport::Http => serve_http(cli).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            let usage = error.is::<Usage>() || matches!(error.downcast_ref(), Some(HttpError::Exposed { .. }));
            if usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

/// A combination of options that makes no sense.
#[derive(Debug)]
struct Usage(&'static str);

impl std::fmt::Display for Usage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Usage {}

async fn serve_stdio(cli: Cli) -> anyhow::Result<()> {
    if cli.auth.is_some() || !cli.let_in.is_empty() {
        return Err(Usage(
            "--auth, and what belongs to it, is for --transport http: over stdio the client that starts the server is the one who is let in",
        )
        .into());
    }
    if cli.print_client_config {
        print!("{}", client_config::text(&own_command()?));
        return Ok(());
    }
    // Listened to before anything takes time, so that a stop in the meantime is not lost.
    let stop = stopping();
    let opened = target(&cli).open().await?;
    let server = mcp_server(registry(&cli, &opened)?)?;
    let ended = stdio::serve(server, stop).await;
    opened.close().await;
    Ok(ended?)
}

async fn serve_http(cli: Cli) -> anyhow::Result<()> {
    match cli.auth.unwrap_or(Auth::Oauth) {
        Auth::Oauth => serve_oauth(cli).await,
        Auth::None if cli.let_in.is_empty() => serve_openly(cli).await,
        Auth::None => Err(Usage(
            "--auth none asks nobody who they are, so there is nothing to configure; leave the other flags out",
        )
        .into()),
    }
}

/// Everyone is let in, on a loopback address.
async fn serve_openly(cli: Cli) -> anyhow::Result<()> {
    let stop = stopping();
    // Before the sandbox, so that a taken port is told at once.
    let listening = http::bind(&cli.host, cli.port).await?;
    let opened = target(&cli).open().await?;
    let server = mcp_server(registry(&cli, &opened)?)?;
    tracing::info!(
        url = listening.url(),
        sandbox = opened.sandbox_url(),
        "serving MCP without authentication, for this machine only"
    );
    print_reach(&cli, &listening.url());
    listening.serve(server, Names::default(), Limits::default(), stop).await;
    opened.close().await;
    Ok(())
}

/// People log in at an identity provider.
async fn serve_oauth(cli: Cli) -> anyhow::Result<()> {
    let stop = stopping();
    let loopback = http::is_loopback(&cli.host).await?;
    let listening = http::bind_anywhere(&cli.host, cli.port).await?;
    let listens = Where { loopback, port: listening.address().port() };
    let configuration = cli.let_in.configuration(Server::Main, listens).map_err(|error| {
        let hint = if loopback { "\nTo let everyone on this machine in without asking, say --auth none." } else { "" };
        anyhow::anyhow!("{error}{hint}")
    })?;
    let names = names(&configuration);
    if configuration.signing_keys == Some(SigningKeys::Generated) {
        tracing::warn!("no signing_key_file: a key was made for this start, and a restart logs everyone out");
    }
    let proxy = Proxy::new(configuration, Setup::default())?;
    match proxy.warm().await {
        Err(error) if !error.is_away() => return Err(error.into()),
        Err(error) => tracing::warn!(%error, "until the identity provider is there nobody can log in"),
        Ok(()) => {}
    }
    if let Err(error) = proxy.store().ready().await {
        tracing::warn!(%error, "until the session store is there nobody is let in");
    }
    let opened = target(&cli).open().await?;
    // Every replica opens what another sealed.
    let server = McpServer::new(registry(&cli, &opened)?, proxy.keys().rounds());
    tracing::info!(url = proxy.resource(), listening = %listening.address(), sandbox = opened.sandbox_url(), "serving MCP to people who log in");
    print_reach(&cli, proxy.resource());
    let limits = Limits { sessions: SESSIONS, ..Limits::default() };
    listening.serve_behind(&proxy.door(), server, names, limits, stop, proxy.resource()).await;
    opened.close().await;
    Ok(())
}

/// Names that the server goes by, and web pages that may call it.
fn names(configuration: &Configuration) -> Names {
    let public_url = &configuration.public_url;
    let hosts = configuration.allowed_hosts.iter().cloned().chain([public_url.authority().to_owned()]);
    let origins = configuration.allowed_origins.iter().cloned().chain([public_url.as_str().to_owned()]);
    Names::new(hosts, origins)
}

async fn check_config(cli: &Cli) -> anyhow::Result<()> {
    let loopback = http::is_loopback(&cli.host).await?;
    cli.let_in.check(Server::Main, Where { loopback, port: cli.port })
}

fn print_reach(cli: &Cli, url: &str) {
    if cli.print_client_config {
        println!(
            "{} {VERSION} is at {url}\n\n{}",
            env!("CARGO_BIN_NAME"),
            client_config::text(&Reach::Http(url.to_owned()))
        );
    }
}

fn target(cli: &Cli) -> Target {
    Target { sandbox: cli.sandbox, kubeconfig: cli.kubeconfig.clone(), context: cli.context.clone() }
}

fn registry(cli: &Cli, opened: &cnpg_mcp::target::Opened) -> anyhow::Result<Arc<Registry>> {
    let settings = Arc::new(Settings { image_registry: cli.image_registry.trim_end_matches('/').to_owned() });
    let options = Options {
        read_only: cli.read_only,
        disable_destructive: cli.disable_destructive,
        toolsets: cli.toolsets.clone(),
        settings,
        ..Options::new(VERSION)
    };
    Ok(Arc::new(cnpg_mcp::registry(Arc::clone(&opened.kubernetes), options)?))
}

fn mcp_server(registry: Arc<Registry>) -> anyhow::Result<McpServer> {
    let mut key = [0; 32];
    // One process: what it sealed, it opens; a restart forgets open questions.
    getrandom::fill(&mut key).context("the operating system gives no random bytes")?;
    Ok(McpServer::new(registry, &key))
}

/// A token that is cancelled when the process is asked to stop.
fn stopping() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        stop_requested().await;
        cancelled.cancel();
    });
    stop
}

/// This program with the options it was called with, for clients that start it themselves.
fn own_command() -> anyhow::Result<Reach> {
    let command = std::env::current_exe().context("the path of this program is not known")?;
    let arguments = std::env::args().skip(1).filter(|argument| argument != "--print-client-config").collect();
    Ok(Reach::Stdio { command: command.display().to_string(), arguments })
}

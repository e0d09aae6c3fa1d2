//! `cnpg-mcp call TOOL --param value …`

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command};
use cnpg_mcp::VERSION;
use cnpg_mcp_commands::call_options::{json_arg, log_level_arg};
use cnpg_mcp_commands::remote::options;
use cnpg_mcp_commands::{FAILED, flags, progress};
use cnpg_mcp_runtime::answer::{Answer, Content};
use cnpg_mcp_runtime::call::{Identity, Settings};
use cnpg_mcp_runtime::logging::{self, LogFormat};
use cnpg_mcp_runtime::registry::{CallContext, Options};
use cnpg_mcp_runtime::tool::{Arguments, Outcome};
use cnpg_mcp_runtime::transport::stop_requested;
use tokio_util::sync::CancellationToken;
use tracing::level_filters::LevelFilter;

use crate::{ask, target};

pub fn command() -> Command {
    let command = Command::new("call")
        .about("Call a tool")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("TOOL")
        .subcommand_help_heading("Tools")
        .args(target::args())
        // With an address, the tools are the server's: `remote::call` reads the command line then.
        .args(options::args())
        .mut_arg("token", |token| token.env(None::<&str>).requires("url"))
        .arg(json_arg())
        .arg(log_level_arg())
        .arg(
            Arg::new("image-registry")
                .long("image-registry")
                .global(true)
                .value_name("REGISTRY")
                .default_value("ghcr.io/cloudnative-pg")
                .help("Where PostgreSQL images come from"),
        );
    cnpg_mcp::tools().into_iter().fold(command, |command, tool| command.subcommand(flags::command(tool.info)))
}

pub async fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(ExitCode::from(FAILED)) };
    let Some(tool) = cnpg_mcp::tools().into_iter().find(|tool| tool.info.name == name) else {
        return Ok(ExitCode::from(FAILED));
    };
    logging::start(LogFormat::Text, matches.get_one("log-level").copied().unwrap_or(LevelFilter::WARN))?;
    let arguments = flags::arguments(tool.info, matches)?;
    let image_registry = matches.get_one::<String>("image-registry").cloned().unwrap_or_default();
    let answer = call(name, arguments, target::target(matches), image_registry).await?;
    print(&answer, matches.get_flag("json"))?;
    let success = matches!(
        &answer.content,
        Content::Output { outcome: Outcome::Done | Outcome::Unchanged | Outcome::Planned, .. }
    );
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

async fn call(
    name: &str,
    arguments: Arguments,
    target: cnpg_mcp::target::Target,
    image_registry: String,
) -> anyhow::Result<Answer> {
    let opened = target.open().await?;
    let options = Options { settings: Arc::new(Settings { image_registry }), ..Options::new(VERSION) };
    let registry = cnpg_mcp::registry(Arc::clone(&opened.kubernetes), options)?;
    let cancellation = CancellationToken::new();
    let cancelled = cancellation.clone();
    tokio::spawn(async move {
        stop_requested().await;
        cancelled.cancel();
    });
    let lines = Arc::new(progress::Lines::default());
    let context = CallContext {
        cancellation,
        progress: lines.clone(),
        prompter: Arc::new(ask::Terminal),
        who: Identity { program: Some(format!("cnpg-mcp {VERSION}")), ..Identity::default() },
    };
    let answer = registry.call(name, arguments, context).await?;
    lines.end();
    registry.stop(Duration::ZERO).await;
    opened.close().await;
    Ok(answer)
}

fn print(answer: &Answer, json: bool) -> anyhow::Result<()> {
    if json {
        let value = match &answer.content {
            Content::Output { structured, .. } => structured,
            Content::Failure { machine, .. } => machine,
        };
        println!("{}", serde_json::to_string_pretty(value)?);
    } else if answer.is_error() {
        eprintln!("{}", answer.markdown);
    } else {
        println!("{}", answer.markdown);
    }
    Ok(())
}

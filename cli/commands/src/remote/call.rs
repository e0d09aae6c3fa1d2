//! `cnpg-mcp call TOOL --url URL --param value …`

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use cnpg_mcp_runtime::logging::{self, LogFormat};
use cnpg_mcp_runtime::mcp::FAILURE_KEY;
use cnpg_mcp_runtime::transport::stop_requested;
use rmcp::model::{CallToolRequestParams, CallToolResult, Tool};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use super::flags;
use super::options::{self, Options};
use super::session::Session;
use crate::call_options::{json_arg, log_level_arg};
use crate::plain::plain;
use crate::{FAILED, Running};

/// Outcomes that are no failure, in the answers of this project's servers.
const SUCCESSES: [&str; 3] = ["done", "unchanged", "planned"];

/// Calls a server's tool. `ours`: the options that were found in advance; `arguments`: the whole command line.
pub fn run(ours: Vec<OsString>, arguments: &[OsString]) -> Running<'_> {
    Box::pin(call(ours, arguments))
}

async fn call(ours: Vec<OsString>, arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let advance = Command::new("cnpg-mcp call").no_binary_name(true).disable_help_flag(true);
    let advance = match advance.args(options::args()).arg(log_level_arg()).try_get_matches_from(ours) {
        Ok(matches) => matches,
        Err(error) => return said_by_clap(&error),
    };
    logging::start(LogFormat::Text, level(&advance))?;
    let session = Session::new(&Options::of(&advance)?)?;
    let tools = super::tools_of(&session).await?;
    let matches = match command(&tools).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return said_by_clap(&error),
    };
    let matches = matches.subcommand_matches("call").context("the command is `call`")?;
    let (name, matches) = matches.subcommand().context("there is a tool")?;
    let tool = tools.iter().find(|tool| tool.name == name).context("the server has the tool")?;
    let parameters = CallToolRequestParams::new(name.to_owned()).with_arguments(flags::arguments(tool, matches)?);
    let call = session.run(async |connected| Ok(connected.call_tool(parameters.clone()).await?));
    tokio::select! {
        result = call => answered(&result?, matches),
        () = stop_requested() => {
            eprintln!("error: stopped while the call was running; what it had begun may be done. Look before calling again");
            Ok(ExitCode::from(FAILED))
        }
    }
}

/// Unless another is asked for, nothing is logged: what goes wrong at a server is told in one sentence at the end, and
/// what is on the way there is the libraries' view of it.
fn level(matches: &ArgMatches) -> LevelFilter {
    let asked = matches.value_source("log-level") == Some(ValueSource::CommandLine);
    matches.get_one("log-level").copied().filter(|_| asked).unwrap_or(LevelFilter::OFF)
}

/// The command line, with the server's tools.
fn command(tools: &[Tool]) -> Command {
    let ours = options::names();
    let call = Command::new("call")
        .about("Call a tool of a server")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("TOOL")
        .subcommand_help_heading("Tools of the server")
        .args(options::args())
        .arg(json_arg())
        .arg(log_level_arg())
        .subcommands(tools.iter().map(|tool| flags::command(tool, &ours)));
    Command::new("cnpg-mcp").max_term_width(100).subcommand(call)
}

fn said_by_clap(error: &clap::Error) -> anyhow::Result<ExitCode> {
    error.print()?;
    Ok(ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILED)))
}

fn answered(result: &CallToolResult, matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let failed = result.is_error.unwrap_or_default();
    let text = text_of(result);
    if matches.get_flag("json") {
        println!("{}", serde_json::to_string_pretty(&value_of(result, failed, &text))?);
    } else if failed {
        eprintln!("{text}");
    } else {
        println!("{text}");
    }
    let outcome = result.structured_content.as_ref().and_then(|output| output["outcome"].as_str());
    let success = !failed && outcome.is_none_or(|outcome| SUCCESSES.contains(&outcome));
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// What is there for people; what is no text is named.
fn text_of(result: &CallToolResult) -> String {
    let mut parts = Vec::new();
    for block in &result.content {
        let block = serde_json::to_value(block).unwrap_or_default();
        parts.push(match (block["text"].as_str(), block["type"].as_str()) {
            (Some(text), _) => plain(text),
            (None, kind) => format!("[{} that cannot be shown here]", plain(kind.unwrap_or("content"))),
        });
    }
    parts.join("\n")
}

/// What is there for programs.
fn value_of(result: &CallToolResult, failed: bool, text: &str) -> Value {
    let failure = result.meta.as_ref().and_then(|meta| meta.0.get(FAILURE_KEY)).filter(|_| failed);
    match (failure, &result.structured_content) {
        (Some(failure), _) => failure.clone(),
        (None, Some(output)) => output.clone(),
        (None, None) => json!({ "text": text }),
    }
}

//! `cnpg-mcp`: every tool from a terminal, and the sandbox by itself.

mod ask;
mod call;
mod sandbox;
mod target;
mod tools;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Command;
use cnpg_mcp_commands::{FAILED, probe, remote, setup, token};

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(FAILED);
        }
    };
    let done = runtime.block_on(run());
    // A question at the terminal may still be blocked in a thread of its own.
    runtime.shutdown_timeout(std::time::Duration::from_millis(100));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn command() -> Command {
    Command::new("cnpg-mcp")
        .version(cnpg_mcp::VERSION)
        .about("Manage PostgreSQL on Kubernetes with the tools of the MCP server, from a terminal")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .max_term_width(100)
        .subcommand(tools::command())
        .subcommand(call::command())
        .subcommand(remote::logout::command())
        .subcommand(sandbox::command())
        .subcommand(token::command())
        .subcommand(probe::command())
        .subcommand(setup::command())
}

async fn run() -> anyhow::Result<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|command| command == "call")
        && let Some(ours) = remote::options::in_advance(&arguments)?
    {
        return remote::call::run(ours, &arguments).await;
    }
    let matches = command().get_matches_from(arguments);
    match matches.subcommand() {
        Some(("tools", matches)) => tools::run(matches).await,
        Some(("call", matches)) => call::run(matches).await,
        Some(("logout", matches)) => remote::logout::run(matches).await,
        Some(("sandbox", matches)) => sandbox::run(matches).await,
        Some(("token", matches)) => token::run(matches).await,
        Some(("probe", matches)) => probe::run(matches).await,
        Some(("setup", matches)) => setup::run(matches, cnpg_mcp::tools).await,
        _ => Ok(ExitCode::from(FAILED)),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_flag_of_a_tool_meets_one_of_ours() {
        super::command().debug_assert();
    }
}

//! `cnpg-mcp logout --url URL`: ends a login at a server.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::options::{self, Options};
use super::session::Session;
use crate::Running;

/// The command line of `logout`.
pub fn command() -> Command {
    Command::new("logout")
        .about("End the login at a server that `call --url` or `tools --url` made")
        .long_about(
            "Ends the login at a server that `call --url` or `tools --url` made: its tokens are revoked there, the \
             identity provider's with them, and nothing is kept here.",
        )
        .arg(options::url().required(true).help("Address of the server's MCP endpoint"))
        .arg(
            Arg::new("forget")
                .long("forget")
                .action(ArgAction::SetTrue)
                .help("Only forget it here, where the server cannot be told; its tokens stay valid until they expire"),
        )
        // What the address needs to be read as everywhere.
        .args(options::access().map(|arg| arg.hide(true)))
}

/// Ends a login.
pub fn run(matches: &ArgMatches) -> Running<'_> {
    Box::pin(end(matches))
}

async fn end(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let session = Session::new(&Options::of(matches)?)?;
    if matches.get_flag("forget") {
        session.forget_login()?;
        eprintln!("Nothing is kept any more.");
    } else if session.end_login().await? {
        eprintln!("Logged out.");
    } else {
        eprintln!("There was no login.");
    }
    Ok(ExitCode::SUCCESS)
}

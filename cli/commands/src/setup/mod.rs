//! `cnpg-mcp setup …`: from an empty folder to a server on a cluster. Each step stands by itself, says what it did and
//! what is next, and changes nothing when it is run again.

mod answers;
mod auth0;
mod backup;
mod cluster;
mod doctor;
pub(crate) mod files;
mod git;
mod init;
mod make_env;
mod paths;
mod rbac;
mod rights;
mod secret;
mod secret_keys;
mod story;

use std::process::ExitCode;

use clap::{ArgMatches, Command, FromArgMatches as _, Subcommand};

use crate::Running;
use rights::Compiled;

#[derive(Debug, Subcommand)]
enum Step {
    /// Write make.env: which image is built, and where it goes
    Init(init::Arguments),
    /// Make the API and the clients at Auth0, and the chart's values from them
    Auth0(Box<auth0::Arguments>),
    /// Make the Secret with the client's secret and the signing key
    Secret(Box<secret::Arguments>),
    /// Give an account or a person outside of the chart the rights that tools need
    Rbac(Box<rbac::Arguments>),
    /// Write what is managed at Auth0 into a file, without secrets
    ExportAuth0(Box<auth0::export::Arguments>),
    /// Save files, Secret and what is managed at Auth0 in a folder
    Backup(Box<backup::Backup>),
    /// Bring files and Secret back from such a folder
    Restore(Box<backup::Restore>),
    /// Look at the whole way and say what is wrong; changes nothing
    Doctor(Box<doctor::Arguments>),
}

/// The command line of `setup`.
pub fn command() -> Command {
    let command = Command::new("setup")
        .about("Set a server up on a cluster, step by step")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("STEP")
        .subcommand_help_heading("Steps");
    Step::augment_subcommands(command)
}

/// Does a step. `compiled`: the tools that servers of this build have.
pub fn run(matches: &ArgMatches, compiled: Compiled) -> Running<'_> {
    Box::pin(step(matches, compiled))
}

async fn step(matches: &ArgMatches, compiled: Compiled) -> anyhow::Result<ExitCode> {
    match Step::from_arg_matches(matches)? {
        Step::Init(arguments) => init::run(&arguments),
        Step::Auth0(arguments) => auth0::run(*arguments).await,
        Step::Secret(arguments) => secret::run(*arguments).await,
        Step::Rbac(arguments) => rbac::run(*arguments, compiled).await,
        Step::ExportAuth0(arguments) => auth0::export::run(*arguments).await,
        Step::Backup(arguments) => backup::back_up(*arguments).await,
        Step::Restore(arguments) => backup::restore(*arguments).await,
        Step::Doctor(arguments) => doctor::run(*arguments, compiled).await,
    }
}

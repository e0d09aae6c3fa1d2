//! Flags of who is let in, made from the list of keys of the configuration.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use cnpg_mcp_runtime::auth::configuration::{Configuration, DEFAULT_FILE, Form, Given, KEYS, Server, Sources, Where};

/// Heading of the flags in help texts.
const HEADING: &str = "Who is let in";

/// `--config`, `--check-config`, and a flag for each key.
#[derive(Debug, Clone, Default)]
pub struct AuthFlags {
    file: Option<PathBuf>,
    check: bool,
    values: HashMap<String, String>,
}

impl AuthFlags {
    /// Whether the configuration is to be printed, and nothing served.
    pub fn check_only(&self) -> bool {
        self.check
    }

    /// Whether anything was said by flags.
    pub fn is_empty(&self) -> bool {
        self.file.is_none() && self.values.is_empty()
    }

    /// What is in force.
    ///
    /// # Errors
    /// Everything that is wrong, one line each.
    pub fn configuration(&self, server: Server, listens: Where) -> anyhow::Result<Configuration> {
        self.settle(server, listens).1
    }

    /// Prints what is in force, and tells what is wrong with it.
    ///
    /// # Errors
    /// Everything that is wrong, one line each.
    pub fn check(&self, server: Server, listens: Where) -> anyhow::Result<()> {
        let (shown, configuration) = self.settle(server, listens);
        print!("{shown}");
        configuration.map(|_| ())
    }

    fn settle(&self, server: Server, listens: Where) -> (String, anyhow::Result<Configuration>) {
        let sources = Sources { file: self.file.clone(), flags: self.values.clone(), ..Sources::of_process() };
        let (shown, configuration) = Configuration::settle(Given::read(&sources), server, listens);
        let configuration = configuration.map_err(|problems| {
            let count = problems.0.len();
            let things = if count == 1 { "thing is" } else { "things are" };
            anyhow::anyhow!("{count} {things} wrong with the configuration of who is let in:\n{problems}")
        });
        (shown.to_string(), configuration)
    }
}

impl Args for AuthFlags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .env("CNPG_MCP_CONFIG")
            .value_parser(ValueParser::path_buf())
            .help_heading(HEADING)
            .help(format!("Configuration file; unset: {DEFAULT_FILE}, where it is there"));
        let check = Arg::new("check_config")
            .long("check-config")
            .action(ArgAction::SetTrue)
            .help_heading(HEADING)
            .help("Print the configuration in force, without secrets, and what is wrong with it; serve nothing");
        let keys = KEYS.iter().filter_map(|key| {
            let value = match key.form {
                Form::Words => "WORDS",
                Form::Pairs => "NAME=VALUE,…",
                Form::Switch => "true|false",
                Form::Number => "NUMBER",
                Form::Text | Form::Secret | Form::Address => "TEXT",
            };
            let flag = key.flag()?;
            // The environment is read with the file, so that a problem tells which of them it is in.
            let help = format!("{} [env: {}]", key.help, key.variable());
            Some(Arg::new(key.name).long(flag).value_name(value).help_heading(HEADING).help(help))
        });
        command.arg(file).arg(check).args(keys)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for AuthFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |name: &str| matches.get_one::<String>(name).cloned();
        Ok(Self {
            file: matches.get_one::<PathBuf>("config").cloned(),
            check: matches.get_flag("check_config"),
            values: KEYS
                .iter()
                .filter(|key| key.flag().is_some())
                .filter_map(|key| Some((key.name.to_owned(), value(key.name)?)))
                .collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

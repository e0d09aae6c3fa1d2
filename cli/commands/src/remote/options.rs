//! Options that say which server is called, and how it lets this command in.

use std::ffi::OsString;

use anyhow::bail;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use cnpg_mcp_runtime::auth::configuration::Address;
use cnpg_mcp_runtime::secret::SecretText;

use super::login::Choices;
use crate::browser::PORT;

/// Options of a call to Kubernetes, which a server has of its own.
const OF_KUBERNETES: [&str; 4] = ["sandbox", "kubeconfig", "context", "image-registry"];

/// The address of a server.
pub(super) fn url() -> Arg {
    Arg::new("url")
        .long("url")
        .value_name("URL")
        .help("Call the tools of a server, at the address of its MCP endpoint, such as https://mcp.example.com/mcp")
}

/// How a server lets this command in.
pub(super) fn access() -> [Arg; 4] {
    [
        Arg::new("token")
            .long("token")
            .value_name("TOKEN")
            .env("CNPG_MCP_TOKEN")
            .hide_env_values(true)
            .help("Access token for --url, or CNPG_MCP_TOKEN, which keeps it out of process lists; unset: log in where the server wants it"),
        Arg::new("scope")
            .long("scope")
            .value_name("SCOPES")
            .help("Rights to ask for at a login, with blanks between them; unset: what the server asks for. Where a tool wants more, it is asked for then"),
        Arg::new("no-browser")
            .long("no-browser")
            .action(ArgAction::SetTrue)
            .help("Print the address of the login instead of opening it"),
        Arg::new("port")
            .long("port")
            .value_name("PORT")
            .value_parser(value_parser!(u16))
            .help(format!("Port on 127.0.0.1 that the login comes back to; 0 takes a free one [default: {PORT}]")),
    ]
}

/// All of them under one heading, for every place of a command line.
pub fn args() -> impl Iterator<Item = Arg> {
    std::iter::once(url()).chain(access()).map(|arg| arg.global(true).help_heading("Which server"))
}

/// # Errors
/// Where a token is passed and no server is named.
pub fn no_token_without_server(matches: &ArgMatches) -> anyhow::Result<()> {
    let passed = matches.value_source("token") == Some(ValueSource::CommandLine);
    anyhow::ensure!(!passed, "--token is for a server: name it by --url");
    Ok(())
}

/// Names of flags that a tool's parameter cannot have.
pub(super) fn names() -> Vec<&'static str> {
    vec!["url", "token", "scope", "no-browser", "port", "json", "log-level", "help"]
}

/// What was chosen.
pub(super) struct Options {
    pub(super) server: Address,
    pub(super) token: Option<SecretText>,
    pub(super) choices: Choices,
}

impl Options {
    /// # Errors
    /// Where the address is none, or not encrypted.
    pub(super) fn of(matches: &ArgMatches) -> anyhow::Result<Self> {
        let url = matches.get_one::<String>("url").map(String::as_str).unwrap_or_default();
        let server = Address::parse(url).map_err(|why| anyhow::anyhow!("--url {why}"))?;
        let token = matches.get_one::<String>("token").filter(|token| !token.is_empty());
        if token.is_some_and(|token| token.chars().any(|character| !character.is_ascii_graphic())) {
            bail!("the token has characters that are in no token; pass it whole, without quotes and line breaks");
        }
        let choices = Choices {
            scopes: matches
                .get_one::<String>("scope")
                .map(|scopes| scopes.split_whitespace().map(str::to_owned).collect()),
            no_browser: matches.get_flag("no-browser"),
            port: matches.get_one("port").copied().unwrap_or(PORT),
        };
        Ok(Self { server, token: token.cloned().map(SecretText::new), choices })
    }
}

/// The options of ours among the arguments of a call. They have to be known before the server's tools are, and with
/// them what else may be on the command line. `None`: no server is named.
///
/// # Errors
/// Where options for Kubernetes are there too.
pub fn in_advance(arguments: &[OsString]) -> anyhow::Result<Option<Vec<OsString>>> {
    let mut ours = Vec::new();
    let mut named = false;
    let mut arguments = arguments.iter().take_while(|argument| *argument != "--");
    let mut of_kubernetes = None;
    while let Some(argument) = arguments.next() {
        let Some(text) = argument.to_str().and_then(|text| text.strip_prefix("--")) else { continue };
        let (name, inline) = text.split_once('=').map_or((text, false), |(name, _)| (name, true));
        of_kubernetes = OF_KUBERNETES.into_iter().find(|one| *one == name).or(of_kubernetes);
        let takes_value = match name {
            "url" | "token" | "scope" | "port" | "log-level" => true,
            "no-browser" => false,
            _ => continue,
        };
        named |= name == "url";
        ours.push(argument.clone());
        if takes_value && !inline {
            ours.extend(arguments.next().cloned());
        }
    }
    match of_kubernetes {
        Some(name) if named => {
            bail!("--{name} and --url do not go together: a server has its own Kubernetes and its own settings")
        }
        _ => Ok(named.then_some(ours)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arguments: &[&str]) -> Option<Vec<OsString>> {
        in_advance(&arguments.iter().map(OsString::from).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn options_are_found_at_any_place() {
        assert_eq!(found(&["list", "--namespace", "x"]), None);
        let ours = found(&["list", "--url=https://a", "--namespace", "x", "--port", "0", "--json", "--no-browser"]);
        assert_eq!(ours.unwrap(), ["--url=https://a", "--port", "0", "--no-browser"]);
        assert_eq!(found(&["--token", "--url", "list"]), None, "that is a token");
        assert_eq!(found(&["list", "--", "--url", "x"]), None);
        assert!(in_advance(&["--url".into(), "x".into(), "--sandbox".into()]).is_err());
    }
}

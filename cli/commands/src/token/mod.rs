//! `cnpg-mcp token`: a person's access token from the identity provider, for the test server.

mod browser;
mod cache;
mod claims;
mod device;
mod provider;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use cnpg_mcp_runtime::auth::oidc::Tokens;

use cache::{Cache, Kept};
use provider::Asked;

use crate::Running;
use crate::browser::{PORT, listen, redirect_uri};

/// The command line of `token`.
pub fn command() -> Command {
    const HEADING: &str = "Whose token, and for what";
    let said = |name: &'static str, value: &'static str, variable: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).env(variable).help_heading(HEADING).help(help)
    };
    let switch =
        |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("token")
        .about("Log in at the identity provider and print an access token, for the test server")
        .long_about(
            "Logs in at the identity provider by the browser, or with --device on another device, and prints an access \
             token for the test server, and nothing else, to standard output. The token is kept in the user's cache, \
             readable by its owner alone, and renewed when it expires.\n\n\
             Issuer, audience and client come from auth0-config.json where it is there.",
        )
        .arg(said("issuer", "URL", "CNPG_MCP_ISSUER", "The identity provider, as it names itself"))
        .arg(said("audience", "TEXT", "CNPG_MCP_AUDIENCE", "What the token is for: the audience of the test server"))
        .arg(said(
            "client-id",
            "ID",
            "CNPG_MCP_TEST_CLIENT_ID",
            "The public client that is registered for this command",
        ))
        .arg(
            Arg::new("auth0-config")
                .long("auth0-config")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help_heading(HEADING)
                .help("File that `cnpg-mcp setup auth0` wrote; unset: auth0-config.json, where it is there"),
        )
        .arg(switch("device", "Log in on another device: nothing here opens a browser").conflicts_with("port"))
        .arg(switch("no-browser", "Print the address to open instead of opening it"))
        .arg(
            Arg::new("port")
                .long("port")
                .value_name("PORT")
                .default_value("8976")
                .value_parser(value_parser!(u16))
                .help("Port on 127.0.0.1 that the provider sends the browser back to; 0 takes a free one"),
        )
        .arg(switch("renew", "Do not use a token that is still valid"))
        .arg(switch("forget", "Forget what is kept of this login, and do nothing else"))
        .arg(switch("claims", "Print what is inside the token (JSON) instead of the token"))
}

/// Prints a token.
pub fn run(matches: &ArgMatches) -> Running<'_> {
    Box::pin(print(matches))
}

async fn print(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let asked = Asked::of(matches)?;
    let cache = Cache::of(&asked)?;
    if matches.get_flag("forget") {
        cache.forget()?;
        eprintln!("Nothing is kept any more.");
        return Ok(ExitCode::SUCCESS);
    }
    let kept = token(&asked, &cache, matches).await?;
    if matches.get_flag("claims") {
        println!("{}", claims::of(kept.access_token.expose())?);
    } else {
        println!("{}", kept.access_token.expose());
    }
    Ok(ExitCode::SUCCESS)
}

/// A token that is valid for a while: the one that is kept, one for the refresh token that is kept, or after a login.
async fn token(asked: &Asked, cache: &Cache, matches: &ArgMatches) -> anyhow::Result<Kept> {
    let kept = cache.read()?;
    if let Some(kept) = &kept
        && kept.lasts()
        && !matches.get_flag("renew")
    {
        return Ok(kept.clone());
    }
    let port = matches.get_one("port").copied().unwrap_or(PORT);
    // A refresh asks for no browser.
    let mut provider = asked.provider(&redirect_uri(port));
    if let Some(refresh_token) = kept.and_then(|kept| kept.refresh_token) {
        match provider.refresh(&refresh_token).await {
            Ok(tokens) => return keep(asked, cache, tokens, Some(refresh_token)).await,
            Err(error) if error.is_away() => return Err(error.into()),
            Err(error) => eprintln!("The login that was kept has ended ({error})."),
        }
    }
    let tokens = if matches.get_flag("device") {
        device::log_in(&provider).await?
    } else {
        let listening = listen(port, "--port takes another one, --device needs none").await?;
        provider = asked.provider(&listening.redirect_uri);
        browser::log_in(listening, &provider, matches.get_flag("no-browser")).await?
    };
    keep(asked, cache, tokens, None).await
}

/// Keeps tokens whose access token the test server would let in.
async fn keep(
    asked: &Asked,
    cache: &Cache,
    tokens: Tokens,
    refreshed_by: Option<cnpg_mcp_runtime::secret::SecretText>,
) -> anyhow::Result<Kept> {
    let expires = asked.check(tokens.access_token.expose()).await?;
    let refresh_token = tokens.refresh_token.or(refreshed_by);
    let kept = Kept { access_token: tokens.access_token, expires, refresh_token };
    cache.write(&kept)?;
    Ok(kept)
}

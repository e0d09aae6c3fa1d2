//! `cnpg-mcp setup auth0`: the API, its clients and the connection at Auth0, `auth0-config.json` and `auth0-values.yaml`.

pub mod access;
mod api;
pub mod config;
mod difference;
mod domain;
pub mod export;
mod tenant;
mod values;
mod wanted;

use std::process::ExitCode;

use anyhow::ensure;
use cnpg_mcp_runtime::auth::configuration::PublicUrl;

use super::answers;
use super::files::AUTH0_CONFIG;
use super::story::{Story, note};
use access::Access;
use config::Config;
use domain::Domain;
use tenant::Tenant;
use values::Image;

/// Which tenant, which API, and by whose right.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Domain of the tenant, such as example.eu.auth0.com [default: that of auth0-config.json]
    #[arg(long)]
    domain: Option<String>,
    /// Identifier of the API, which is the audience of its tokens: `https://HOST/mcp` [default: that of auth0-config.json]
    #[arg(long, value_name = "IDENTIFIER")]
    api_identifier: Option<String>,
    /// Where clients will reach the server [default: that of auth0-config.json, else the host of the identifier]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Connection that people log in by [default: that of auth0-config.json, else Username-Password-Authentication]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    #[command(flatten)]
    token: access::Token,
    /// Make new secrets for the server's client and the management client
    #[arg(long)]
    recreate_client: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let story = Story::new(arguments.dry_run);
    // Before anything is made: without it the last part would fail.
    let image = Image::read()?;
    let mut config = Config::read()?;

    let domain = match arguments.domain.as_deref().or(config.text(config::DOMAIN)) {
        Some(domain) => domain.to_owned(),
        None => asked("Domain of the tenant, such as example.eu.auth0.com", "--domain TENANT.auth0.com", |answer| {
            Domain::parse(answer).map(drop)
        })?,
    };
    let domain = Domain::parse(&domain)?;
    let identifier = match arguments.api_identifier.as_deref().or(config.text(config::AUDIENCE)) {
        Some(identifier) => identifier.to_owned(),
        None => asked(
            "Identifier of the API, such as https://mcp.example.com/mcp",
            "--api-identifier https://HOST/mcp",
            domain::check_identifier,
        )?,
    };
    domain::check_identifier(&identifier)?;
    let saved = config.text(config::PUBLIC_URL);
    let public_url = domain::public_url(arguments.public_url.as_deref(), saved, &identifier)?;
    let earlier = saved.and_then(|saved| PublicUrl::parse(saved).ok()).filter(|earlier| *earlier != public_url);
    another_tenant_or_api(&config, &domain, &identifier)?;

    let access = access::access(arguments.token, &config, &domain, arguments.recreate_client).await?;
    config.set(config::DOMAIN, domain.saved());
    config.set(config::ISSUER, issuer(&config, &domain));
    config.set(config::AUDIENCE, identifier.as_str());
    if earlier.is_none() {
        config.set(config::PUBLIC_URL, public_url.as_str());
    }
    match access {
        Access::Api { api, as_itself } => {
            config.keep(story)?;
            let mut tenant = Tenant {
                api: &api,
                story,
                config: &mut config,
                domain: &domain,
                identifier: &identifier,
                public_url: &public_url,
                earlier_url: earlier,
                connection: arguments.connection.as_deref(),
                rotate: arguments.recreate_client,
                as_itself,
                clients: None,
            };
            let settled = tenant.settle().await;
            if settled.is_err() {
                eprintln!("What was done so far is kept: the same command goes on from there.");
            }
            settled?;
        }
        Access::File(why) => {
            let made = config.client_id(config::SERVER).is_some();
            ensure!(made, "{why}, and `{AUTH0_CONFIG}` knows no server client; pass a token of the Management API");
            note(format_args!("nothing was asked of Auth0: {why}"));
        }
    }
    // Not before the earlier one is gone from Auth0.
    config.set(config::PUBLIC_URL, public_url.as_str());
    config.finish(story)?;
    values::write(&config, &image, &public_url, story)?;
    story.next("`make secret NAMESPACE=NAME`, then `make deploy NAMESPACE=NAME`");
    Ok(ExitCode::SUCCESS)
}

/// Asks for what neither a flag nor the file says.
fn asked(question: &str, flag: &str, fits: impl Fn(&str) -> anyhow::Result<()>) -> anyhow::Result<String> {
    ensure!(answers::somebody_is_there(), "`{AUTH0_CONFIG}` does not say it; pass {flag}");
    answers::ask(question, flag, fits)
}

/// A file is of one tenant and one API: its clients are of no use elsewhere.
fn another_tenant_or_api(config: &Config, domain: &Domain, identifier: &str) -> anyhow::Result<()> {
    for (key, saved, wanted) in [
        (
            config::DOMAIN,
            config.text(config::DOMAIN).map(Domain::parse).transpose()?.map(|one| one.saved()),
            domain.saved(),
        ),
        (config::AUDIENCE, config.text(config::AUDIENCE).map(str::to_owned), identifier.to_owned()),
    ] {
        if let Some(saved) = saved {
            ensure!(
                saved == wanted,
                "`{AUTH0_CONFIG}` is of another {key}, `{saved}`; run this in another folder, or move the file away"
            );
        }
    }
    Ok(())
}

/// The issuer: the tenant's, unless the file names another one (a custom domain). Auth0's end with a slash.
fn issuer(config: &Config, domain: &Domain) -> String {
    config.text(config::ISSUER).map_or_else(|| domain.issuer(), |saved| format!("{}/", saved.trim_end_matches('/')))
}

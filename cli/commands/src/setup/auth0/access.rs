//! By whose right Auth0 is asked.

use clap::builder::{StringValueParser, TypedValueParser as _};
use cnpg_mcp_runtime::secret::SecretText;

use super::super::answers;
use super::api::{Api, ApiError};
use super::config::{self, Config};
use super::domain::Domain;

/// A token of the Management API.
#[derive(Debug, clap::Args)]
pub struct Token {
    /// Token of Auth0's Management API, or `-` to read it from standard input. Everyone on this machine can see
    /// a flag: the variable, or being asked, is better [default: the saved management client gets one]
    #[arg(long, env = "AUTH0_MGMT_TOKEN", hide_env_values = true, value_parser = StringValueParser::new().map(SecretText::new))]
    token: Option<SecretText>,
}

/// What came of it.
pub enum Access {
    /// Auth0 can be asked.
    Api {
        api: Box<Api>,
        /// As the management client.
        as_itself: bool,
    },
    /// It cannot, and why; what the file says is to do.
    File(String),
}

/// A token that was passed, else one for the saved management client, else one that is asked for. `needed`: without one
/// nothing can be done.
pub async fn access(token: Token, config: &Config, domain: &Domain, needed: bool) -> anyhow::Result<Access> {
    let given = match token.token {
        Some(token) if token.expose() == "-" => Some(answers::read_secret()?),
        Some(token) => {
            Some(SecretText::new(token.expose().trim().to_owned())).filter(|token| !token.expose().is_empty())
        }
        None => None,
    };
    if let Some(token) = given {
        return api(domain, token, config);
    }
    let saved = config.client_id(config::MANAGEMENT).zip(config.client_secret(config::MANAGEMENT));
    if let Some((id, secret)) = saved {
        return match Api::of_client(domain, id, &secret, config.secrets()).await {
            Ok(api) => Ok(Access::Api { api: Box::new(api), as_itself: true }),
            // The values can be made without Auth0.
            Err(error) if !needed && error.is::<ApiError>() => Ok(Access::File(error.to_string())),
            Err(error) => Err(error.context("pass a token of the Management API (AUTH0_MGMT_TOKEN)")),
        };
    }
    if answers::somebody_is_there() && (needed || !config.was_there()) {
        let question = "Token of the Management API (Auth0 dashboard, APIs, Auth0 Management API, API Explorer)";
        return api(domain, answers::ask_secret(question, "--token or AUTH0_MGMT_TOKEN")?, config);
    }
    let why = "there is no token (--token, AUTH0_MGMT_TOKEN) and no saved management client";
    anyhow::ensure!(!needed, "{why}; pass one");
    Ok(Access::File(why.to_owned()))
}

fn api(domain: &Domain, token: SecretText, config: &Config) -> anyhow::Result<Access> {
    Ok(Access::Api { api: Box::new(Api::new(domain, token, config.secrets())?), as_itself: false })
}

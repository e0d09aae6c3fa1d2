//! A server that is called, and the ways in: without a token, with one that was passed, or after a login.

use cnpg_mcp_runtime::auth::configuration::Address;
use cnpg_mcp_runtime::secret::SecretText;
use rmcp::model::ProtocolVersion;
use rmcp::service::{ClientLifecycleMode, ClientServiceExt as _, RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::WWWAuthenticateParams;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

use super::exchanges;
use super::login::{Login, Renewed};
use super::options::Options;
use super::person::Person;
use super::trouble::Trouble;
use crate::plain::plain;

/// A connected client.
pub type Connected = RunningService<RoleClient, Person>;

/// Most ways in that are tried one after the other: the token that is kept, a renewed one, a login, more scopes.
const ATTEMPTS: usize = 4;

/// One server, for one command.
pub struct Session {
    server: Address,
    http: reqwest::Client,
    /// One that was passed: nobody logs in then.
    token: Option<SecretText>,
    login: Login,
}

/// How a server was let in last, which says what may be tried next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As it is: without a token, or with the one that is kept.
    AsItIs,
    /// With a token of this run.
    Fresh,
    /// After a login for more scopes.
    More,
}

impl Session {
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        Ok(Self {
            server: options.server.clone(),
            http: exchanges::client().build()?,
            token: options.token.clone(),
            login: Login::at(&options.server, options.choices.clone())?,
        })
    }

    /// Connects and does something, and does it again where the server wants a login, or more scopes, first. It does
    /// so before it does anything else.
    ///
    /// # Errors
    /// Where it cannot be done: what is wrong, with the server's address.
    pub async fn run<T>(&self, what: impl AsyncFn(&Connected) -> Result<T, Trouble>) -> anyhow::Result<T> {
        let mut token = match &self.token {
            Some(token) => Some(token.clone()),
            None => self.login.kept()?,
        };
        let mut way = Way::AsItIs;
        for _ in 0..ATTEMPTS {
            let trouble = match self.once(token.as_ref(), &what).await {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble,
            };
            (token, way) = match (trouble, way) {
                (Trouble::Unauthorized(challenge), Way::AsItIs) if self.token.is_none() => {
                    let token = match self.login.renew().await? {
                        Renewed::Token(token) => token,
                        Renewed::AskPerson { registered } => {
                            self.login.by_person(&challenge, registered, false).await?
                        }
                    };
                    (Some(token), Way::Fresh)
                }
                (Trouble::Forbidden(challenge), Way::AsItIs | Way::Fresh) if self.token.is_none() => {
                    eprintln!("The server wants more rights for this: {}.", self.scopes(&challenge));
                    (Some(self.login.by_person(&challenge, true, true).await?), Way::More)
                }
                (trouble, _) => return Err(self.told(trouble)),
            };
        }
        anyhow::bail!("{} wants one login after the other", self.server.as_str())
    }

    /// Ends the login. Whether there was one.
    ///
    /// # Errors
    /// Where the server cannot be told.
    pub async fn end_login(&self) -> anyhow::Result<bool> {
        self.login.end().await
    }

    /// Forgets the login here alone.
    ///
    /// # Errors
    /// Where the file cannot be removed.
    pub fn forget_login(&self) -> anyhow::Result<()> {
        self.login.forget()
    }

    async fn once<T>(
        &self,
        token: Option<&SecretText>,
        what: impl AsyncFn(&Connected) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.server.as_str());
        config.auth_header = token.map(|token| token.expose().to_owned());
        let transport = StreamableHttpClientTransport::with_client(self.http.clone(), config);
        let lifecycle = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: Some(ProtocolVersion::V_2025_11_25),
        };
        let connected = Person::new().serve_with_lifecycle(transport, lifecycle).await?;
        let done = what(&connected).await;
        connected.service().end();
        // A session that cannot be closed ends by itself.
        let _ = connected.cancel().await;
        done
    }

    fn scopes(&self, challenge: &str) -> String {
        let asked = WWWAuthenticateParams::parse(challenge, self.server.url());
        plain(&asked.scope.unwrap_or_else(|| "it does not say which".to_owned()))
    }

    fn told(&self, trouble: Trouble) -> anyhow::Error {
        let url = self.server.as_str();
        let said = |challenge: &str| {
            let asked = WWWAuthenticateParams::parse(challenge, self.server.url());
            asked.error_description.map(|why| format!(" ({})", plain(&why))).unwrap_or_default()
        };
        match trouble {
            Trouble::Unauthorized(challenge) if self.token.is_some() => anyhow::anyhow!(
                "{url} does not let the token in{}; is it for this server, and not expired? Without --token and \
                 CNPG_MCP_TOKEN this command logs in by itself",
                said(&challenge)
            ),
            Trouble::Unauthorized(challenge) => {
                anyhow::anyhow!("{url} does not let in the token that it gave just now{}", said(&challenge))
            }
            Trouble::Forbidden(challenge) => anyhow::anyhow!(
                "{url} wants more rights than the token has: {}{}",
                self.scopes(&challenge),
                said(&challenge)
            ),
            Trouble::Other(why) => anyhow::anyhow!("{url}: {why}"),
        }
    }
}

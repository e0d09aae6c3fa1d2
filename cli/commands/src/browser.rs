//! Sending a person's browser to a login, and waiting on a port of this machine until it comes back (RFC 8252,
//! section 7.3).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cnpg_mcp_runtime::auth::keys::same_secret;
use cnpg_mcp_runtime::secret::SecretText;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Port where nothing else is said. Servers that compare redirect URIs whole, as Auth0 does, must know it.
pub const PORT: u16 = 8976;

/// How long the person may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// What the browser brought.
type Brought = HashMap<String, String>;

/// The redirect URI of a port.
pub fn redirect_uri(port: u16) -> String {
    format!("http://127.0.0.1:{port}/callback")
}

/// A port that the browser comes back to.
pub struct Listening {
    listener: TcpListener,
    /// Its address.
    pub redirect_uri: String,
}

/// The answer to a login.
pub struct Answered {
    /// Who says that it is theirs (RFC 9207); to be checked before anything else is believed.
    pub issuer: Option<String>,
    brought: Brought,
}

/// Listens on a port of 127.0.0.1; 0 takes a free one. `otherwise`: what to do where it is taken.
pub async fn listen(port: u16, otherwise: &str) -> anyhow::Result<Listening> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("cannot listen on 127.0.0.1:{port}; {otherwise}"))?;
    let redirect_uri = redirect_uri(listener.local_addr()?.port());
    Ok(Listening { listener, redirect_uri })
}

impl Listening {
    /// Sends the browser to an address, or only shows it, and waits for the answer.
    ///
    /// # Errors
    /// Where nobody logs in within five minutes.
    pub async fn log_in(self, url: &str, state: &SecretText, no_browser: bool) -> anyhow::Result<Answered> {
        let (sender, mut answers) = mpsc::channel(1);
        let pages = Router::new().route("/callback", get(callback)).with_state((Arc::new(state.clone()), sender));
        let server = tokio::spawn(axum::serve(self.listener, pages).into_future());
        if no_browser || open::that_detached(url).is_err() {
            eprintln!("Open this address to log in:\n\n{url}\n");
        } else {
            eprintln!("Log in by the browser that opens. If none does, open this address:\n\n{url}\n");
        }
        let brought = tokio::time::timeout(PATIENCE, answers.recv()).await;
        // The page that thanks is still on its way.
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.abort();
        let mut brought: Brought = brought.ok().flatten().context("nobody logged in within five minutes")?;
        Ok(Answered { issuer: brought.remove("iss"), brought })
    }
}

impl Answered {
    /// The code, to be redeemed. `who`: whom the person logged in at.
    ///
    /// # Errors
    /// Where the login was refused.
    pub fn code(mut self, who: &str) -> anyhow::Result<SecretText> {
        if let Some(error) = self.brought.get("error") {
            bail!("{who} refused: {}", refusal(error, self.brought.get("error_description")));
        }
        let code = self.brought.remove("code");
        code.map(SecretText::new).with_context(|| format!("{who} sent the browser back without a code"))
    }
}

type Waiting = (Arc<SecretText>, mpsc::Sender<Brought>);

/// The page that the browser comes back to. Whoever does not bring `state` was not sent by this command.
async fn callback(State((state, answers)): State<Waiting>, Query(brought): Query<Brought>) -> Response {
    if !brought.get("state").is_some_and(|found| same_secret(found, state.expose())) {
        return page(StatusCode::BAD_REQUEST, "This address does not belong to the login that is going on.");
    }
    let text = if brought.contains_key("error") {
        "The login was refused. The terminal says more; this page can be closed."
    } else {
        "Logged in. This page can be closed."
    };
    // A second answer has nobody who waits for it.
    let _ = answers.try_send(brought);
    page(StatusCode::OK, text)
}

fn page(status: StatusCode, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, format!("{text}\n")).into_response()
}

/// Text that strangers wrote, for a terminal.
fn refusal(error: &str, description: Option<&String>) -> String {
    let text = description.map_or_else(|| error.to_owned(), |description| format!("{error} ({description})"));
    text.chars().filter(|character| !character.is_control()).take(300).collect()
}

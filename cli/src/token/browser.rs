//! Logging in by the person's browser, which comes back to a port of this machine (RFC 8252, section 7.3).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::ArgMatches;
use cnpg_mcp_runtime::auth::keys::{random_secret, same_secret};
use cnpg_mcp_runtime::auth::oidc::{AuthorizationRequest, Pkce, Provider, Tokens};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::provider::redirect_uri;

/// How long the person may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// A port that the browser comes back to.
pub struct Listening {
    listener: TcpListener,
    /// Its address.
    pub redirect_uri: String,
}

/// What the browser brought.
type Brought = HashMap<String, String>;

pub async fn listen(matches: &ArgMatches) -> anyhow::Result<Listening> {
    let port = matches.get_one("port").copied().unwrap_or(super::PORT);
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("cannot listen on 127.0.0.1:{port}; --port takes another one, --device needs none"))?;
    let redirect_uri = redirect_uri(listener.local_addr()?.port());
    Ok(Listening { listener, redirect_uri })
}

pub async fn log_in(listening: Listening, provider: &Provider, no_browser: bool) -> anyhow::Result<Tokens> {
    let (state, nonce, pkce) = (random_secret()?, random_secret()?, Pkce::new()?);
    let request = AuthorizationRequest { state: state.expose(), nonce: nonce.expose(), pkce: &pkce };
    let url = provider.authorization_url(&request).await?;
    let (sender, mut answers) = mpsc::channel(1);
    let expected = Arc::new(state.clone());
    let pages = Router::new().route("/callback", get(callback)).with_state((expected, sender));
    let server = tokio::spawn(axum::serve(listening.listener, pages).into_future());
    if no_browser || open::that_detached(url.as_str()).is_err() {
        eprintln!("Open this address to log in:\n\n{url}\n");
    } else {
        eprintln!("Log in by the browser that opens. If none does, open this address:\n\n{url}\n");
    }
    let brought = tokio::time::timeout(PATIENCE, answers.recv()).await;
    // The page that thanks is still on its way.
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.abort();
    let brought = brought.ok().flatten().context("nobody logged in within five minutes")?;
    provider.check_answer(brought.get("iss").map(String::as_str)).await?;
    if let Some(error) = brought.get("error") {
        bail!("the identity provider refused: {}", printable(error, brought.get("error_description")));
    }
    let code = brought.get("code").context("the identity provider sent the browser back without a code")?;
    Ok(provider.exchange(code, &pkce, nonce.expose()).await?)
}

type Waiting = (Arc<cnpg_mcp_runtime::secret::SecretText>, mpsc::Sender<Brought>);

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
fn printable(error: &str, description: Option<&String>) -> String {
    let text = description.map_or_else(|| error.to_owned(), |description| format!("{error} ({description})"));
    text.chars().filter(|character| !character.is_control()).take(300).collect()
}

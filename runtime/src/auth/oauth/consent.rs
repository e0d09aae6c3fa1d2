//! `/consent`: a person is asked, before the identity provider is, for every client.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::authorize::{ReturnTo, Wrong, find};
use super::client::Client;
use super::failure::Sorry;
use super::parameters::Parameters;
use super::transaction::{self, Approved, Asked};
use super::{CONSENT, Shared, browser, redirect};
use crate::auth::keys::random_secret;
use crate::auth::oidc::AuthorizationRequest;
use crate::auth::pages::{Consent, Destination, Permission};
use crate::secret::SecretText;

/// Header by which browsers say which site made a request (Fetch Metadata).
const SITE: &str = "sec-fetch-site";

/// `GET /consent`.
pub(super) async fn show(State(shared): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match ask(&shared, query.as_deref().unwrap_or_default(), &headers).await {
        Ok(response) => response,
        Err(wrong) => shared.tell(wrong),
    }
}

async fn ask(shared: &Shared, query: &str, headers: &HeaderMap) -> Result<Response, Wrong> {
    let parameters = Parameters::read(query).map_err(|_| Sorry::over())?;
    let name = parameters.get("transaction").ok_or(Sorry::over())?;
    let (asked, browser) = of_this_browser(shared, name, headers).await?;
    let client = find(shared, &asked.client).await?;
    let consent = page(shared, &client, &asked, name, browser::form_token(&shared.keys, &browser, name));
    Ok(shared.pages.consent(&consent))
}

/// `POST /consent`.
pub(super) async fn decide(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    match take(&shared, &headers, &body).await {
        Ok(response) => response,
        Err(wrong) => shared.tell(wrong),
    }
}

async fn take(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Response, Wrong> {
    // The page has no referrer, so that browsers send `Origin: null` with its form; they say truly whether the form
    // is this site's all the same.
    let site = headers.get(SITE).map(|site| site.to_str().unwrap_or_default());
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if site.is_some_and(|site| site != "same-origin") || !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Sorry::forged().into());
    }
    let form = std::str::from_utf8(body).ok().and_then(|body| Parameters::read(body).ok()).ok_or(Sorry::forged())?;
    let name = form.get("transaction").ok_or(Sorry::over())?;
    let (_, browser) = of_this_browser(shared, name, headers).await?;
    let token = form.get("form_token").unwrap_or_default();
    if !browser::is_our_form(&shared.keys, &browser, name, token) {
        return Err(Sorry::forged().into());
    }
    let allowed = match form.get("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(Sorry::forged().into()),
    };
    // Before the transaction is used up: if the provider is away, the person can try again.
    let metadata = shared.provider.metadata().await;
    if allowed && let Err(error) = metadata {
        return Err(error.into());
    }
    let asked = transaction::decide(shared, name).await?.ok_or(Sorry::over())?;
    // Once more: the client may have changed its addresses since.
    if !find(shared, &asked.client).await?.has_redirect(&asked.redirect_uri) {
        return Err(Sorry::redirect().into());
    }
    if !allowed {
        tracing::info!(client = ?asked.client, "a person denied access to a client");
        let to = ReturnTo { uri: asked.redirect_uri, state: asked.state };
        return Err(Wrong::Client { to, error: "access_denied", description: "the person did not allow it" });
    }
    let state = random_secret()?;
    let approved = Approved::new(asked)?;
    let pkce = approved.pkce();
    let request = AuthorizationRequest { state: state.expose(), nonce: approved.nonce(), pkce: &pkce };
    let provider = shared.provider.authorization_url(&request).await?;
    transaction::approve(shared, state.expose(), &approved).await?;
    let cookies = shared.cookies.approved(&shared.keys, state.expose(), shared.times.transaction.as_secs());
    Ok(shared.redirect(StatusCode::SEE_OTHER, provider.as_str(), &cookies))
}

/// What was asked for, where this browser asked, and the browser's name.
async fn of_this_browser(shared: &Shared, name: &str, headers: &HeaderMap) -> Result<(Asked, SecretText), Sorry> {
    let asked = transaction::look(shared, name).await?.ok_or(Sorry::over())?;
    let browser = shared.cookies.browser(headers).ok_or(Sorry::other_browser())?;
    if shared.keys.csrf().verify(browser.expose().as_bytes(), &asked.browser) {
        Ok((asked, browser))
    } else {
        Err(Sorry::other_browser())
    }
}

fn page(shared: &Shared, client: &Client, asked: &Asked, name: &str, form_token: String) -> Consent {
    let document_host = url::Url::parse(&client.id).ok().and_then(|url| url.host_str().map(str::to_owned));
    let provider = url::Url::parse(shared.issuer.as_str()).ok();
    Consent {
        client: client.name.clone(),
        document_host,
        destination: match redirect::destination(&asked.redirect_uri) {
            redirect::Destination::Site(host) => Destination::Site(host),
            redirect::Destination::ThisMachine => Destination::ThisMachine,
            redirect::Destination::Program(scheme) => Destination::Program(scheme),
        },
        permissions: permissions(shared, &asked.scopes),
        provider: provider.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default(),
        action: CONSENT.to_owned(),
        transaction: name.to_owned(),
        form_token,
    }
}

fn permissions(shared: &Shared, scopes: &[String]) -> Vec<Permission> {
    let Some(names) = &shared.effect_scopes else {
        let text = "Do everything that this server's tools can do: look at databases, create, change and delete them"
            .to_owned();
        return vec![Permission { text, scope: None, destroys: false }];
    };
    let texts = [
        (&names.read, "Look at database clusters, roles, databases and backups", false),
        (&names.write, "Create and change them", false),
        (&names.destroy, "Delete them, and the data in them", true),
    ];
    let asked = texts.into_iter().filter(|(scope, ..)| scopes.contains(scope));
    asked
        .map(|(scope, text, destroys)| Permission { text: text.to_owned(), scope: Some(scope.clone()), destroys })
        .collect()
}

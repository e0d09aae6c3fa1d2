//! Registration of clients (RFC 7591), open to everyone and bounded.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::client::{self, Authentication, Client};
use super::failure::{Refusal, no_store};
use super::peer::Peer;
use super::{Shared, redirect, times};
use crate::auth::keys::random_secret;

/// Most redirect URIs of a client.
const MAX_URIS: usize = 10;

/// Most bytes of the redirect URIs of a client together.
const MAX_URIS_BYTES: usize = 8 << 10;

/// Most bytes of a client's name that is looked at.
const MAX_NAME: usize = 1024;

/// What is taken of the metadata; what else there is, is passed over (RFC 7591, section 2).
#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

/// `POST /register`.
pub(super) async fn register(State(shared): State<Shared>, Extension(peer): Extension<Peer>, body: Bytes) -> Response {
    match answer(&shared, peer, &body).await {
        Ok(registered) => {
            let mut response = (StatusCode::CREATED, Json(registered)).into_response();
            no_store(&mut response);
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn answer(shared: &Shared, peer: Peer, body: &[u8]) -> Result<Value, Refusal> {
    let metadata: Metadata = serde_json::from_slice(body).map_err(|_| {
        invalid("the metadata is no JSON object whose `redirect_uris`, `grant_types` and `response_types` are lists of texts, and the rest texts")
    })?;
    let (method, grants) = checked(&metadata)?;
    // What is malformed costs nothing, so it does not count.
    shared.rates.registration(peer).await?;
    let (secret, authentication) = if method == "none" {
        (None, Authentication::None)
    } else {
        let (secret, authentication) = client::new_secret()?;
        (Some(secret), authentication)
    };
    let client = Client {
        id: random_secret()?.expose().to_owned(),
        name: metadata.client_name.as_deref().and_then(client::shown_name),
        redirect_uris: metadata.redirect_uris,
        authentication,
    };
    shared.clients.add(&client).await?;
    tracing::info!(client = client.id, name = ?client.name, "a client registered");
    let mut registered = Map::new();
    registered.insert("client_id".into(), client.id.into());
    registered.insert("client_id_issued_at".into(), times::now().into());
    if let Some(secret) = secret {
        registered.insert("client_secret".into(), secret.expose().into());
        registered.insert("client_secret_expires_at".into(), 0.into());
    }
    if let Some(name) = client.name {
        registered.insert("client_name".into(), name.into());
    }
    registered.insert("redirect_uris".into(), client.redirect_uris.into());
    registered.insert("token_endpoint_auth_method".into(), method.into());
    registered.insert("grant_types".into(), grants.into());
    registered.insert("response_types".into(), vec!["code"].into());
    Ok(registered.into())
}

/// The authentication method and the grant types of metadata that can be registered.
fn checked(metadata: &Metadata) -> Result<(&'static str, Vec<&'static str>), Refusal> {
    let uris = &metadata.redirect_uris;
    if uris.is_empty() || uris.len() > MAX_URIS {
        return Err(bad_uri(format!("`redirect_uris` has {}, where 1 to {MAX_URIS} are expected", uris.len())));
    }
    if uris.iter().map(String::len).sum::<usize>() > MAX_URIS_BYTES {
        return Err(bad_uri(format!("`redirect_uris` is longer than {MAX_URIS_BYTES} bytes")));
    }
    for uri in uris {
        redirect::check(uri).map_err(bad_uri)?;
    }
    if metadata.client_name.as_ref().is_some_and(|name| name.len() > MAX_NAME) {
        return Err(invalid(format!("`client_name` is longer than {MAX_NAME} bytes")));
    }
    // RFC 7591, section 2: where nothing is said, it is the header.
    let method = match metadata.token_endpoint_auth_method.as_deref() {
        Some("none") => "none",
        Some("client_secret_post") => "client_secret_post",
        Some("client_secret_basic") | None => "client_secret_basic",
        Some(_) => {
            let what = "`token_endpoint_auth_method` is none of none, client_secret_post and client_secret_basic";
            return Err(invalid(what));
        }
    };
    if metadata.response_types.as_ref().is_some_and(|types| !types.iter().any(|kind| kind == "code")) {
        return Err(invalid("`response_types` lacks `code`, which is the only one"));
    }
    let known = ["authorization_code", "refresh_token"];
    let grants: Vec<&str> = match &metadata.grant_types {
        None => known.to_vec(),
        Some(asked) => known.into_iter().filter(|known| asked.iter().any(|asked| asked == known)).collect(),
    };
    if !grants.contains(&"authorization_code") {
        return Err(invalid("`grant_types` lacks `authorization_code`, without which nobody logs in"));
    }
    Ok((method, grants))
}

fn invalid(description: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalid_client_metadata", description)
}

fn bad_uri(description: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalid_redirect_uri", description)
}

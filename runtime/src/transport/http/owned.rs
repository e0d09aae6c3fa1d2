//! Sessions of MCP (up to 2025-11-25) belong to who opened them. For everybody else they are not there: a name that
//! somebody found out lets nobody into another's session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::routes::SESSION;
use crate::auth::store::{Key, SessionStore, Space, StoreError};

/// Most sessions of one owner; opening one more ends the one that was opened first.
const MOST: usize = 32;

/// Attempts to change an owner's list while others change it too.
const ATTEMPTS: usize = 20;

/// Who a request is from, as far as sessions go. The guard of a door puts it among the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The person.
    pub subject: String,
    /// The client program.
    pub client: String,
}

impl Owner {
    /// One text that no other owner has.
    fn name(&self) -> String {
        format!("{}\0{}", self.subject, self.client)
    }
}

/// Who opened which session.
#[derive(Clone)]
struct Owned {
    store: Arc<dyn SessionStore>,
    life: Duration,
}

/// An owner's sessions, by a number that grows.
#[derive(Default, Serialize, Deserialize)]
struct List(BTreeMap<u64, String>);

/// Lets owners alone into their sessions. `idle`: time without a message after which a session ends.
pub(super) fn sessions(endpoint: Router, store: Arc<dyn SessionStore>, idle: Duration) -> Router {
    // What a session's own end leaves behind is not worth more than the session.
    let owned = Owned { store, life: idle + Duration::from_mins(1) };
    endpoint.layer(middleware::from_fn_with_state(owned, check))
}

async fn check(State(sessions): State<Owned>, request: Request, next: Next) -> Response {
    // Without a guard nobody is told from anybody.
    let Some(owner) = request.extensions().get::<Owner>().cloned() else { return next.run(request).await };
    let ends = request.method() == Method::DELETE;
    let Ok(named) = one_session(request.headers()) else { return not_found() };
    if let Some(session) = &named {
        match sessions.belongs(session, &owner).await {
            Ok(true) => {}
            Ok(false) => return not_found(),
            Err(error) => return unavailable(&error),
        }
    }
    let response = next.run(request).await;
    let opened = response.headers().get(SESSION).and_then(|session| session.to_str().ok());
    let kept = match (named, opened) {
        (Some(session), _) if ends && response.status().is_success() => sessions.forget(&session).await,
        (None, Some(session)) => sessions.remember(session, &owner).await,
        _ => Ok(()),
    };
    match kept {
        Ok(()) => response,
        Err(error) => unavailable(&error),
    }
}

/// The session that a request names; once, or it is none.
fn one_session(headers: &HeaderMap) -> Result<Option<String>, ()> {
    let mut named = headers.get_all(SESSION).iter();
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some(session), None) => session.to_str().map(|session| Some(session.to_owned())).map_err(drop),
        _ => Err(()),
    }
}

/// What the SDK answers for a session that is not there (MCP 2025-11-25, "Session Management").
fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Not Found: Session not found\n").into_response()
}

fn unavailable(error: &StoreError) -> Response {
    tracing::error!(%error, "a session could not be looked up");
    let text = "The session store is not available; try again.\n";
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

impl Owned {
    async fn belongs(&self, session: &str, owner: &Owner) -> Result<bool, StoreError> {
        let key = owner_key(session);
        let belongs = self.store.get(&key).await?.is_some_and(|name| name == tag(owner));
        Ok(belongs && self.store.extend(&key, self.life).await?)
    }

    async fn remember(&self, session: &str, owner: &Owner) -> Result<(), StoreError> {
        self.store.put(&owner_key(session), &tag(owner), self.life).await?;
        let key = Key::of(Space::Binding, &format!("sessions\0{}", owner.name()));
        for _ in 0..ATTEMPTS {
            let raw = self.store.get(&key).await?;
            let mut list: List = raw.as_deref().and_then(|raw| serde_json::from_slice(raw).ok()).unwrap_or_default();
            let number = list.0.last_key_value().map_or(0, |(number, _)| number + 1);
            list.0.insert(number, session.to_owned());
            let mut over = Vec::new();
            while list.0.len() > MOST {
                over.extend(list.0.pop_first().map(|(_, session)| session));
            }
            let written = serde_json::to_vec(&list).unwrap_or_default();
            // As long as any session of the list can live, counted from the last that was opened.
            let life = crate::auth::store::MAX_LIFE.min(self.life * 48);
            let put = match &raw {
                Some(raw) => self.store.compare_and_swap(&key, raw, &written, life).await?,
                None => self.store.put_if_absent(&key, &written, life).await?,
            };
            if put {
                for session in over {
                    self.forget(&session).await?;
                }
                return Ok(());
            }
        }
        tracing::warn!("an owner opens sessions faster than they can be counted");
        Ok(())
    }

    async fn forget(&self, session: &str) -> Result<(), StoreError> {
        self.store.delete(&owner_key(session)).await.map(drop)
    }
}

fn owner_key(session: &str) -> Key {
    Key::of(Space::Binding, &format!("owner\0{session}"))
}

/// What is kept of an owner: nothing that can be read.
fn tag(owner: &Owner) -> Vec<u8> {
    Key::of(Space::Binding, &owner.name()).to_string().into_bytes()
}

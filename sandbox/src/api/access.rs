//! Who asks: bearer tokens of the administrator and of service accounts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, header};
use serde_json::Value;

use super::Api;
use crate::error::ApiError;
use crate::store::Gvr;

/// Group that may do everything.
pub(super) const MASTERS: &str = "system:masters";
pub(super) const AUTHENTICATED: &str = "system:authenticated";
pub(super) const UNAUTHENTICATED: &str = "system:unauthenticated";
pub(super) const ANONYMOUS: &str = "system:anonymous";

/// Who a request without credentials is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anonymous {
    /// The administrator, as behind `kubectl proxy`: the default, for a sandbox on loopback.
    #[default]
    Administrator,
    /// `system:anonymous`, as on a real server.
    Nobody,
}

/// Somebody who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// User name.
    pub name: String,
    /// uid, where known.
    pub uid: String,
    /// Groups.
    pub groups: Vec<String>,
    /// Extra attributes.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    fn administrator() -> Self {
        Self {
            name: "kubernetes-admin".to_owned(),
            groups: vec![MASTERS.to_owned(), AUTHENTICATED.to_owned()],
            ..Self::default()
        }
    }

    fn anonymous() -> Self {
        Self { name: ANONYMOUS.to_owned(), groups: vec![UNAUTHENTICATED.to_owned()], ..Self::default() }
    }

    pub(super) fn service_account(namespace: &str, name: &str) -> Self {
        Self {
            name: format!("system:serviceaccount:{namespace}:{name}"),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                AUTHENTICATED.to_owned(),
            ],
            ..Self::default()
        }
    }

    pub(super) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }
}

/// A token that was given out.
#[derive(Debug, Clone)]
struct Issued {
    namespace: String,
    name: String,
    uid: String,
    id: String,
    expires: jiff::Timestamp,
}

/// The tokens that are good.
#[derive(Debug)]
pub(super) struct Tokens {
    admin: String,
    issued: Mutex<BTreeMap<String, Issued>>,
}

impl Tokens {
    pub(super) fn new(admin: String) -> Self {
        Self { admin, issued: Mutex::default() }
    }

    pub(super) fn admin(&self) -> &str {
        &self.admin
    }

    fn find(&self, token: &str) -> Option<Issued> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    fn keep(&self, token: String, issued: Issued) {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner).insert(token, issued);
    }
}

impl Api {
    pub(super) fn authenticate(&self, headers: &HeaderMap) -> Result<User, ApiError> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = given.strip_prefix("Bearer ").map(str::trim).filter(|token| !token.is_empty());
        let Some(token) = token else {
            let administrator = given.is_empty() && self.anonymous == Anonymous::Administrator;
            return Ok(if administrator { User::administrator() } else { User::anonymous() });
        };
        if token == self.tokens.admin() {
            return Ok(User::administrator());
        }
        self.user_of_token(token).ok_or_else(ApiError::unauthorized)
    }

    /// The service account that a token was given to, while that is there and the token has not expired.
    pub(super) fn user_of_token(&self, token: &str) -> Option<User> {
        let issued = self.tokens.find(token)?;
        let account = self.store.get(&Gvr::core("serviceaccounts"), &issued.namespace, &issued.name)?;
        if account["metadata"]["uid"] != issued.uid.as_str() || self.store.clock().now() > issued.expires {
            return None;
        }
        let mut user = User::service_account(&issued.namespace, &issued.name);
        user.uid = issued.uid;
        let id = format!("JTI={}", issued.id);
        user.extra.insert("authentication.kubernetes.io/credential-id".to_owned(), vec![id]);
        Some(user)
    }
}

impl Api {
    /// Keeps a fresh token for a service account, good until then.
    pub(crate) fn issue_token(&self, account: &Value, expires: jiff::Timestamp) -> String {
        let identities = self.store.identities();
        let (id, secret) = (identities.uid(), identities.uid());
        let text = |field: &str| account["metadata"][field].as_str().unwrap_or_default().to_owned();
        // Shaped like a JWT for whoever looks at it; nothing here is signed.
        let token = format!("sandbox.{}.{}", id.replace('-', ""), secret.replace('-', ""));
        let issued = Issued { namespace: text("namespace"), name: text("name"), uid: text("uid"), id, expires };
        self.tokens.keep(token.clone(), issued);
        token
    }
}

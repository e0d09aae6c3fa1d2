//! Who asks, and may they: bearer tokens, impersonation and RBAC.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, header};
use serde_json::Value;

use super::query::Query;
use super::{Api, Call};
use crate::error::ApiError;
use crate::request_info::RequestInfo;
use crate::store::Gvr;

/// Group that may do everything.
const MASTERS: &str = "system:masters";
const AUTHENTICATED: &str = "system:authenticated";

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
        Self {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..Self::default()
        }
    }

    fn service_account(namespace: &str, name: &str) -> Self {
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

    fn is_master(&self) -> bool {
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

/// What somebody wants to do.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes {
    pub(super) verb: String,
    pub(super) group: String,
    pub(super) resource: String,
    pub(super) subresource: String,
    pub(super) namespace: String,
    pub(super) name: String,
    /// For paths that are no resource.
    pub(super) path: String,
}

impl Attributes {
    fn of(info: &RequestInfo, query: &Query) -> Self {
        if info.resource.is_empty() {
            return Self { verb: info.verb.clone(), path: info.path.clone(), ..Self::default() };
        }
        let mut name = info.name.clone();
        // A list narrowed to one name is about that name.
        if name.is_empty()
            && let Some(fields) = query.get("fieldSelector")
        {
            let only = fields.split(',').find_map(|term| term.strip_prefix("metadata.name="));
            only.unwrap_or_default().trim_start_matches('=').clone_into(&mut name);
        }
        Self {
            verb: info.verb.clone(),
            group: info.group.clone(),
            resource: info.resource.clone(),
            subresource: info.subresource.clone(),
            namespace: info.namespace.clone(),
            name,
            path: String::new(),
        }
    }

    fn full_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// The refusal of this to a user.
    fn forbidden(&self, user: &User) -> ApiError {
        self.forbidden_verb(user, &self.verb)
    }

    fn forbidden_verb(&self, user: &User, verb: &str) -> ApiError {
        if self.resource.is_empty() {
            let text = format!("forbidden: User \"{}\" cannot {verb} path \"{}\"", user.name, self.path);
            let mut error = ApiError::new(403, "Forbidden", text);
            error.details = Some(serde_json::Map::new());
            return error;
        }
        let scope = if self.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{}\"", self.namespace)
        };
        let why = format!(
            "User \"{}\" cannot {verb} resource \"{}\" in API group \"{}\" {scope}",
            user.name,
            self.full_resource(),
            self.group
        );
        ApiError::forbidden(&self.group, &self.resource, &self.name, &why)
    }
}

/// A rule that somebody has, and by what.
pub(super) struct Granted {
    pub(super) rule: Value,
    reason: String,
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

    /// Applies the `Impersonate-…` headers, where that is allowed.
    pub(super) fn impersonate(&self, user: User, headers: &HeaderMap, info: &RequestInfo) -> Result<User, ApiError> {
        let values = |name: &str| -> Vec<String> {
            headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
        };
        let Some(name) = values("impersonate-user").pop().filter(|name| !name.is_empty()) else {
            return Ok(user);
        };
        let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        let mut other = match account {
            Some((namespace, name)) => User::service_account(namespace, name),
            None => User { name: name.clone(), groups: vec![AUTHENTICATED.to_owned()], ..User::default() },
        };
        let groups = values("impersonate-group");
        if !groups.is_empty() {
            other.groups.clone_from(&groups);
            other.groups.push(AUTHENTICATED.to_owned());
        }
        for (header, value) in headers {
            if let Some(key) = header.as_str().strip_prefix("impersonate-extra-")
                && let Ok(value) = value.to_str()
            {
                other.extra.entry(key.to_owned()).or_default().push(value.to_owned());
            }
        }
        if user.is_master() {
            return Ok(other);
        }
        let may = |resource: &str, namespace: &str, name: &str| {
            let attributes = Attributes {
                verb: "impersonate".to_owned(),
                resource: resource.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                ..Attributes::default()
            };
            self.allowed(&user, &attributes).is_some()
        };
        let (allowed, what) = match account {
            Some((namespace, name)) => (may("serviceaccounts", namespace, name), "serviceaccount"),
            None => (may("users", "", &name), "user-info"),
        };
        if allowed && groups.iter().all(|group| may("groups", "", group)) {
            return Ok(other);
        }
        let attributes = Attributes::of(info, &Query::default());
        Err(attributes.forbidden_verb(&user, &format!("impersonate-on:{what}:{}", info.verb)))
    }

    pub(super) fn authorize(&self, user: &User, info: &RequestInfo, query: &Query) -> Result<(), ApiError> {
        let attributes = Attributes::of(info, query);
        self.allowed(user, &attributes).map(|_| ()).ok_or_else(|| attributes.forbidden(user))
    }

    /// Why a user may do that; empty for administrators; `None` where nothing allows it.
    pub(super) fn allowed(&self, user: &User, wanted: &Attributes) -> Option<String> {
        if user.is_master() {
            return Some(String::new());
        }
        let granted = self.granted(user, &wanted.namespace);
        granted.into_iter().find(|granted| permits(&granted.rule, wanted)).map(|granted| granted.reason)
    }

    /// The rules that a user has in a namespace, those of the whole cluster first.
    pub(super) fn granted(&self, user: &User, namespace: &str) -> Vec<Granted> {
        let rbac = |resource: &str| Gvr::new("rbac.authorization.k8s.io", "v1", resource);
        let mut granted = Vec::new();
        let mut collect = |binding: &Value, namespaced: bool| {
            let Some(subject) =
                binding["subjects"].as_array().into_iter().flatten().find(|s| is_subject(s, user, binding))
            else {
                return;
            };
            let (kind, name) = (binding["roleRef"]["kind"].as_str(), binding["roleRef"]["name"].as_str());
            let (Some(kind), Some(name)) = (kind, name) else { return };
            let role = if kind == "Role" {
                self.store.get(&rbac("roles"), namespace, name)
            } else {
                self.store.get(&rbac("clusterroles"), "", name)
            };
            let Some(role) = role else { return };
            let metadata = &binding["metadata"];
            let named = metadata["name"].as_str().unwrap_or_default();
            let (bound, named) = if namespaced {
                ("RoleBinding", format!("{named}/{namespace}"))
            } else {
                ("ClusterRoleBinding", named.to_owned())
            };
            let who = match (subject["kind"].as_str(), subject["name"].as_str(), subject["namespace"].as_str()) {
                (Some("ServiceAccount"), Some(name), Some(namespace)) => {
                    format!("ServiceAccount \"{name}/{namespace}\"")
                }
                (kind, name, _) => format!("{} \"{}\"", kind.unwrap_or_default(), name.unwrap_or_default()),
            };
            let reason = format!("RBAC: allowed by {bound} \"{named}\" of {kind} \"{name}\" to {who}");
            for rule in role["rules"].as_array().into_iter().flatten() {
                granted.push(Granted { rule: rule.clone(), reason: reason.clone() });
            }
        };
        let mut bindings = self.store.list(&rbac("clusterrolebindings"), None);
        // In the order in which they were made, so that the more general ones of the server come first.
        bindings.sort_by_key(|binding| {
            binding["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse::<u64>().ok())
        });
        for binding in &bindings {
            collect(binding, false);
        }
        if !namespace.is_empty() {
            for binding in self.store.list(&rbac("rolebindings"), Some(namespace)) {
                collect(&binding, true);
            }
        }
        granted
    }
}

fn is_subject(subject: &Value, user: &User, binding: &Value) -> bool {
    let name = subject["name"].as_str().unwrap_or_default();
    match subject["kind"].as_str() {
        Some("User") => user.name == name,
        Some("Group") => user.groups.iter().any(|group| group == name),
        Some("ServiceAccount") => {
            let namespace = subject["namespace"].as_str().or(binding["metadata"]["namespace"].as_str());
            user.name == format!("system:serviceaccount:{}:{name}", namespace.unwrap_or_default())
        }
        _ => false,
    }
}

fn permits(rule: &Value, wanted: &Attributes) -> bool {
    let list = |field: &str| rule[field].as_array().map(Vec::as_slice).unwrap_or_default();
    let has = |field: &str, text: &str| list(field).iter().any(|there| there == "*" || there == text);
    if !has("verbs", &wanted.verb) {
        return false;
    }
    if wanted.resource.is_empty() {
        return list("nonResourceURLs")
            .iter()
            .filter_map(Value::as_str)
            .any(|url| url.strip_suffix('*').map_or(url == wanted.path, |prefix| wanted.path.starts_with(prefix)));
    }
    let resource = wanted.full_resource();
    let any_of = format!("*/{}", wanted.subresource);
    let names = list("resourceNames");
    has("apiGroups", &wanted.group)
        && (has("resources", &resource) || (!wanted.subresource.is_empty() && has("resources", &any_of)))
        && (names.is_empty() || names.iter().any(|name| !wanted.name.is_empty() && *name == wanted.name.as_str()))
}

impl Call<'_> {
    /// An apply that creates needs the verb `create` too.
    pub(super) fn authorize_apply_create(&self) -> Result<(), ApiError> {
        let mut attributes = Attributes::of(&self.info, &self.query);
        "create".clone_into(&mut attributes.verb);
        self.api.allowed(&self.user, &attributes).map(|_| ()).ok_or_else(|| attributes.forbidden(&self.user))
    }

    /// Keeps a fresh token for a service account, good until then.
    pub(super) fn issue_token(&self, account: &Value, expires: jiff::Timestamp) -> String {
        let identities = self.api.store.identities();
        let (id, secret) = (identities.uid(), identities.uid());
        let text = |field: &str| account["metadata"][field].as_str().unwrap_or_default().to_owned();
        // Shaped like a JWT for whoever looks at it; nothing here is signed.
        let token = format!("sandbox.{}.{}", id.replace('-', ""), secret.replace('-', ""));
        let issued = Issued { namespace: text("namespace"), name: text("name"), uid: text("uid"), id, expires };
        self.api.tokens.keep(token.clone(), issued);
        token
    }
}

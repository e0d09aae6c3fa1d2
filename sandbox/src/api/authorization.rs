//! May they: the rules of RBAC (Kubernetes documentation, "Using RBAC Authorization"). The administrator may do everything.

use serde_json::Value;

use super::access::User;
use super::query::Query;
use super::{Api, Call};
use crate::error::ApiError;
use crate::request_info::RequestInfo;
use crate::store::Gvr;

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
    pub(super) fn of(info: &RequestInfo, query: &Query) -> Self {
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

    pub(super) fn forbidden_verb(&self, user: &User, verb: &str) -> ApiError {
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
}

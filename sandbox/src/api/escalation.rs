//! Nobody grants what they do not have: roles and bindings are checked against the rights of whoever writes them
//! (Kubernetes documentation, "Privilege escalation prevention and bootstrapping").

use serde_json::{Value, json};

use super::Call;
use super::access::User;
use super::authorization::Attributes;
use crate::error::ApiError;
use crate::store::Gvr;

const RBAC: &str = "rbac.authorization.k8s.io";

impl Call<'_> {
    /// Refuses a role or binding that would grant more than the user has; every other kind passes.
    pub(super) fn confirm_no_escalation(&self, object: &Value) -> Result<(), ApiError> {
        let gvr = &self.kind.gvr;
        if gvr.group != RBAC || self.user.is_master() {
            return Ok(());
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let refused = |why: &str| Err(ApiError::forbidden(RBAC, &gvr.resource, name, why));
        let rules = if gvr.resource.ends_with("roles") {
            if self.is_explicitly_allowed("escalate", &gvr.resource, name) {
                return Ok(());
            }
            let everything = [
                json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] }),
                json!({ "verbs": ["*"], "nonResourceURLs": ["*"] }),
            ];
            if object["aggregationRule"].is_object() && !self.missing(&everything).is_empty() {
                return refused("must have cluster-admin privileges to use the aggregationRule");
            }
            object["rules"].as_array().cloned().unwrap_or_default()
        } else {
            let role = &object["roleRef"];
            let (resource, namespace) =
                if role["kind"] == "Role" { ("roles", self.namespace()) } else { ("clusterroles", "") };
            let name = role["name"].as_str().unwrap_or_default();
            if self.is_explicitly_allowed("bind", resource, name) {
                return Ok(());
            }
            let there = self.api.store.get(&Gvr::new(RBAC, "v1", resource), namespace, name);
            let there = there.ok_or_else(|| ApiError::not_found(RBAC, resource, name))?;
            there["rules"].as_array().cloned().unwrap_or_default()
        };
        let missing = self.missing(&rules);
        if missing.is_empty() {
            return Ok(());
        }
        let User { name: user, groups, .. } = &self.user;
        refused(&format!(
            "user {} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
            json!(user),
            quoted(groups.iter().map(String::as_str)),
            described(&missing).join("\n")
        ))
    }

    fn is_explicitly_allowed(&self, verb: &str, resource: &str, name: &str) -> bool {
        let attributes = Attributes {
            verb: verb.to_owned(),
            group: RBAC.to_owned(),
            resource: resource.to_owned(),
            namespace: self.namespace().to_owned(),
            name: name.to_owned(),
            ..Attributes::default()
        };
        self.api.allowed(&self.user, &attributes).is_some()
    }

    /// What of these rules the user does not have.
    fn missing(&self, rules: &[Value]) -> Vec<Right> {
        let held: Vec<Value> =
            self.api.granted(&self.user, self.namespace()).into_iter().map(|granted| granted.rule).collect();
        let wanted = rules.iter().flat_map(Right::of);
        wanted.filter(|right| !held.iter().any(|rule| right.is_covered_by(rule))).collect()
    }
}

/// One verb on one thing.
#[derive(Debug, PartialEq, Eq)]
struct Right {
    verb: String,
    thing: Thing,
}

#[derive(Debug, PartialEq, Eq)]
enum Thing {
    Path(String),
    Resource { group: String, resource: String, name: Option<String> },
}

fn list<'a>(rule: &'a Value, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    rule[field].as_array().into_iter().flatten().filter_map(Value::as_str)
}

impl Right {
    /// A rule, taken apart.
    fn of(rule: &Value) -> Vec<Self> {
        let mut things: Vec<Thing> = list(rule, "nonResourceURLs").map(|path| Thing::Path(path.to_owned())).collect();
        let mut names: Vec<Option<&str>> = list(rule, "resourceNames").map(Some).collect();
        if names.is_empty() {
            names.push(None);
        }
        for group in list(rule, "apiGroups") {
            for resource in list(rule, "resources") {
                things.extend(names.iter().map(|name| Thing::Resource {
                    group: group.to_owned(),
                    resource: resource.to_owned(),
                    name: name.map(str::to_owned),
                }));
            }
        }
        let each = |thing: Thing| {
            let thing = move || match &thing {
                Thing::Path(path) => Thing::Path(path.clone()),
                Thing::Resource { group, resource, name } => {
                    Thing::Resource { group: group.clone(), resource: resource.clone(), name: name.clone() }
                }
            };
            list(rule, "verbs").map(move |verb| Self { verb: verb.to_owned(), thing: thing() })
        };
        things.into_iter().flat_map(each).collect()
    }

    fn is_covered_by(&self, rule: &Value) -> bool {
        let has = |field: &str, wanted: &str| list(rule, field).any(|there| there == "*" || there == wanted);
        has("verbs", &self.verb)
            && match &self.thing {
                Thing::Path(path) => list(rule, "nonResourceURLs")
                    .any(|url| url == path || url.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix))),
                Thing::Resource { group, resource, name } => {
                    let any_of = resource.split_once('/').map(|(_, subresource)| format!("*/{subresource}"));
                    let mut names = list(rule, "resourceNames").peekable();
                    has("apiGroups", group)
                        && (has("resources", resource) || any_of.is_some_and(|any_of| has("resources", &any_of)))
                        && (names.peek().is_none() || names.any(|there| Some(there) == name.as_deref()))
                }
            }
    }
}

fn quoted<'a>(list: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", list.map(|text| json!(text).to_string()).collect::<Vec<_>>().join(" "))
}

/// The rights as the real server lists them: verbs on one thing together, sorted.
fn described(rights: &[Right]) -> Vec<String> {
    let mut things: Vec<(&Thing, Vec<&str>)> = Vec::new();
    for right in rights {
        match things.iter_mut().find(|(thing, _)| *thing == &right.thing) {
            Some((_, verbs)) => verbs.push(&right.verb),
            None => things.push((&right.thing, vec![&right.verb])),
        }
    }
    let one = |text: &str| quoted([text].into_iter());
    let mut lines: Vec<String> = things
        .into_iter()
        .map(|(thing, verbs)| {
            let verbs = quoted(verbs.into_iter());
            match thing {
                Thing::Path(path) => format!("{{NonResourceURLs:{}, Verbs:{verbs}}}", one(path)),
                Thing::Resource { group, resource, name } => {
                    let name = name.as_ref().map(|name| format!("ResourceNames:{}, ", one(name))).unwrap_or_default();
                    format!("{{APIGroups:{}, Resources:{}, {name}Verbs:{verbs}}}", one(group), one(resource))
                }
            }
        })
        .collect();
    lines.sort();
    lines
}

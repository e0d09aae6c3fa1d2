//! The rules of roles and bindings: decoding, defaults and validation (`pkg/apis/rbac` of Kubernetes).

use serde_json::{Value, json};

use crate::error::{ApiError, Cause};
use crate::schema::{Schema, Type, type_name};
use crate::store::ResourceType;

pub(super) const GROUP: &str = "rbac.authorization.k8s.io";

const RULE: &[&str] = &["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"];
const SUBJECT: &[&str] = &["kind", "apiGroup", "name", "namespace"];
const ROLE_REF: &[&str] = &["apiGroup", "kind", "name"];

/// What a field of these kinds may hold, so that misspelt keys are told.
pub(super) fn schema(field: &str) -> Option<Schema> {
    let object = |fields: &[&str]| {
        let mut schema = Schema::any();
        schema.kind = Type::Object;
        schema.preserves_unknown = false;
        schema.properties = fields.iter().map(|field| ((*field).to_owned(), Schema::any())).collect();
        schema
    };
    let list = |fields: &[&str]| {
        let mut schema = Schema::any();
        schema.kind = Type::Array;
        schema.items = Some(Box::new(object(fields)));
        schema
    };
    match field {
        "rules" => Some(list(RULE)),
        "subjects" => Some(list(SUBJECT)),
        "roleRef" => Some(object(ROLE_REF)),
        _ => None,
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Whether Go could read it.
///
/// # Errors
/// 400 in the words of the decoder.
pub(super) fn decode(kind: &ResourceType, object: &Value) -> Result<(), ApiError> {
    let name = &kind.kind;
    let refuse = |value: &Value, field: &str, wanted: &str| {
        let found = match type_name(value) {
            "integer" => "number",
            "boolean" => "bool",
            other => other,
        };
        Err(ApiError::bad_request(format!(
            "{name} in version \"v1\" cannot be handled as a {name}: json: cannot unmarshal {found} into Go struct field \
             {name}.{field} of type {wanted}"
        )))
    };
    let (rules, subjects, role) = (&object["rules"], &object["subjects"], &object["roleRef"]);
    for (field, list, each) in [("rules", rules, "v1.PolicyRule"), ("subjects", subjects, "v1.Subject")] {
        if !(list.is_null() || list.is_array()) {
            return refuse(list, field, &format!("[]{each}"));
        }
        if let Some(wrong) = items(list).find(|item| !item.is_object()) {
            return refuse(wrong, field, each);
        }
    }
    for (rule, field) in items(rules).flat_map(|rule| RULE.iter().map(move |field| (rule, *field))) {
        let list = &rule[field];
        if !(list.is_null() || list.is_array()) {
            return refuse(list, &format!("rules.{field}"), "[]string");
        }
        if let Some(wrong) = items(list).find(|item| !item.is_string()) {
            return refuse(wrong, &format!("rules.{field}"), "string");
        }
    }
    for (subject, field) in items(subjects).flat_map(|subject| SUBJECT.iter().map(move |field| (subject, *field))) {
        let text = &subject[field];
        if !(text.is_null() || text.is_string()) {
            return refuse(text, &format!("subjects.{field}"), "string");
        }
    }
    if !(role.is_null() || role.is_object()) {
        return refuse(role, "roleRef", "v1.RoleRef");
    }
    match ROLE_REF.iter().find(|field| !(role[**field].is_null() || role[**field].is_string())) {
        Some(field) => refuse(&role[*field], &format!("roleRef.{field}"), "string"),
        None => Ok(()),
    }
}

/// The group of who is bound and of what they are bound to.
pub(super) fn fill_in_binding(object: &mut Value) {
    for subject in object["subjects"].as_array_mut().into_iter().flatten() {
        let unset = subject["apiGroup"].as_str().is_none_or(str::is_empty);
        if unset && (subject["kind"] == "User" || subject["kind"] == "Group") {
            subject["apiGroup"] = json!(GROUP);
        }
    }
    if !object["roleRef"].is_object() {
        object["roleRef"] = json!({});
    }
    if object["roleRef"]["apiGroup"].as_str().is_none_or(str::is_empty) {
        object["roleRef"]["apiGroup"] = json!(GROUP);
    }
}

/// The rules of a `Role` or `ClusterRole`.
pub(super) fn validate_role(kind: &ResourceType, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (at, rule) in items(&object["rules"]).enumerate() {
        let path = |field: &str| format!("rules[{at}].{field}");
        let given = |field: &str| items(&rule[field]).next().is_some();
        if !given("verbs") {
            causes.push(Cause::required(path("verbs"), "verbs must contain at least one value"));
        }
        if given("nonResourceURLs") {
            let urls = &rule["nonResourceURLs"];
            if kind.namespaced {
                let why = format!("Invalid value: {urls}: namespaced rules cannot apply to non-resource URLs");
                causes.push(Cause::invalid(path("nonResourceURLs"), why));
            }
            if given("apiGroups") || given("resources") || given("resourceNames") {
                let why = format!(
                    "Invalid value: {urls}: rules cannot apply to both regular resources and non-resource URLs"
                );
                causes.push(Cause::invalid(path("nonResourceURLs"), why));
            }
            continue;
        }
        if !given("apiGroups") {
            causes.push(Cause::required(path("apiGroups"), "resource rules must supply at least one api group"));
        }
        if !given("resources") {
            causes.push(Cause::required(path("resources"), "resource rules must supply at least one resource"));
        }
    }
    let aggregation = &object["aggregationRule"];
    if aggregation.is_object() && items(&aggregation["clusterRoleSelectors"]).next().is_none() {
        let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        causes.push(Cause::required("aggregationRule.clusterRoleSelectors", why));
    }
    causes
}

/// The rules of a `RoleBinding` or `ClusterRoleBinding`.
pub(super) fn validate_binding(kind: &ResourceType, old: Option<&Value>, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let role = &object["roleRef"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let quoted = |value: &Value| json!(value.as_str().unwrap_or_default()).to_string();
    if role["apiGroup"] != GROUP {
        causes.push(Cause::unsupported("roleRef.apiGroup", &quoted(&role["apiGroup"]), &[GROUP]));
    }
    let kinds: &[&str] = if kind.namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&text(&role["kind"]).as_str()) {
        causes.push(Cause::unsupported("roleRef.kind", &quoted(&role["kind"]), kinds));
    }
    let name = text(&role["name"]);
    if name.is_empty() {
        causes.push(Cause::required("roleRef.name", ""));
    } else if let Some(why) = no_path_segment(&name) {
        causes.push(Cause::invalid("roleRef.name", format!("Invalid value: {}: {why}", json!(name))));
    }
    for (at, subject) in items(&object["subjects"]).enumerate() {
        let path = |field: &str| format!("subjects[{at}].{field}");
        if text(&subject["name"]).is_empty() {
            causes.push(Cause::required(path("name"), ""));
        }
        let group = text(&subject["apiGroup"]);
        match text(&subject["kind"]).as_str() {
            "ServiceAccount" => {
                if !group.is_empty() {
                    causes.push(Cause::unsupported(path("apiGroup"), &json!(group).to_string(), &[""]));
                }
                if !kind.namespaced && text(&subject["namespace"]).is_empty() {
                    causes.push(Cause::required(path("namespace"), ""));
                }
            }
            "User" | "Group" => {
                if group != GROUP {
                    causes.push(Cause::unsupported(path("apiGroup"), &json!(group).to_string(), &[GROUP]));
                }
            }
            other => {
                let known = &["ServiceAccount", "User", "Group"];
                causes.push(Cause::unsupported(path("kind"), &json!(other).to_string(), known));
            }
        }
    }
    if old.is_some_and(|old| old["roleRef"] != *role) {
        causes.push(Cause::invalid("roleRef", format!("Invalid value: {role}: cannot change roleRef")));
    }
    causes
}

fn no_path_segment(name: &str) -> Option<&'static str> {
    match name {
        "." => Some("may not be '.'"),
        ".." => Some("may not be '..'"),
        _ if name.contains('/') => Some("may not contain '/'"),
        _ if name.contains('%') => Some("may not contain '%'"),
        _ => None,
    }
}

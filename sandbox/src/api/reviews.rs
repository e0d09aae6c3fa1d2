//! Requests that are answered and not kept: access reviews and tokens.

use bytes::Bytes;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::access::User;
use super::answer::Answer;
use super::authorization::Attributes;
use super::{Api, Call, body};
use crate::error::{ApiError, Cause};
use crate::request_info::RequestInfo;

const AUTHORIZATION: &str = "authorization.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";

/// The reviews that are served: group, kind, plural, in a namespace.
pub(super) const REVIEWS: [(&str, &str, &str, bool); 6] = [
    (AUTHENTICATION, "SelfSubjectReview", "selfsubjectreviews", false),
    (AUTHENTICATION, "TokenReview", "tokenreviews", false),
    (AUTHORIZATION, "LocalSubjectAccessReview", "localsubjectaccessreviews", true),
    (AUTHORIZATION, "SelfSubjectAccessReview", "selfsubjectaccessreviews", false),
    (AUTHORIZATION, "SelfSubjectRulesReview", "selfsubjectrulesreviews", false),
    (AUTHORIZATION, "SubjectAccessReview", "subjectaccessreviews", false),
];

fn attributes(spec: &Value) -> Attributes {
    let resource = &spec["resourceAttributes"];
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    if resource.is_object() {
        return Attributes {
            verb: text(resource, "verb"),
            group: text(resource, "group"),
            resource: text(resource, "resource"),
            subresource: text(resource, "subresource"),
            namespace: text(resource, "namespace"),
            name: text(resource, "name"),
            path: String::new(),
        };
    }
    let path = &spec["nonResourceAttributes"];
    Attributes { verb: text(path, "verb"), path: text(path, "path"), ..Attributes::default() }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A review asks about one thing, which is a resource or a path (`pkg/apis/authorization/validation` of Kubernetes).
fn check(kind: &str, spec: &Value, more: &[Cause]) -> Result<(), ApiError> {
    let mut causes = Vec::new();
    match (spec["resourceAttributes"].is_object(), spec["nonResourceAttributes"].is_object()) {
        (true, true) => {
            let rule = "cannot be specified in combination with resourceAttributes";
            let value = &spec["nonResourceAttributes"];
            causes.push(Cause::invalid("spec.nonResourceAttributes", format!("Invalid value: {value}: {rule}")));
        }
        (false, false) => {
            let rule = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            causes.push(Cause::invalid("spec.resourceAttributes", format!("Invalid value: null: {rule}")));
        }
        _ => {}
    }
    causes.extend_from_slice(more);
    if causes.is_empty() { Ok(()) } else { Err(ApiError::invalid(AUTHORIZATION, kind, "", &causes)) }
}

impl Api {
    /// Answers a review; `None` for every other resource.
    pub(super) fn review(
        &self,
        method: &Method,
        info: &RequestInfo,
        user: &User,
        bytes: &Bytes,
    ) -> Result<Option<Answer>, ApiError> {
        let review = REVIEWS.iter().find(|(group, _, plural, _)| *group == info.group && *plural == info.resource);
        let Some((group, kind, ..)) = review else { return Ok(None) };
        if *method != Method::POST {
            return Err(ApiError::method_not_allowed(&info.verb, &info.group, &info.resource));
        }
        let parsed = body::parse_json(bytes).map_err(|why| {
            ApiError::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why}"))
        })?;
        let spec = parsed.object["spec"].clone();
        let mut answer = json!({ "kind": kind, "apiVersion": format!("{group}/v1"), "metadata": {} });
        let spec_of = |answer: &mut Value| answer["spec"] = spec.clone();
        let status = match *kind {
            "SelfSubjectReview" => {
                answer["metadata"] = json!({ "creationTimestamp": self.store.clock().stamp() });
                json!({ "userInfo": user_info(user) })
            }
            "TokenReview" => {
                spec_of(&mut answer);
                match self.user_of_token(spec["token"].as_str().unwrap_or_default()) {
                    Some(user) => json!({ "authenticated": true, "user": user_info(&user) }),
                    None => json!({ "error": "[invalid bearer token]" }),
                }
            }
            "SelfSubjectRulesReview" => {
                answer["spec"] = json!({});
                let namespace = spec["namespace"].as_str().unwrap_or_default();
                if namespace.is_empty() {
                    return Err(ApiError::bad_request("no namespace on request"));
                }
                self.rules_of(user, namespace)
            }
            "SelfSubjectAccessReview" => {
                check(kind, &spec, &[])?;
                spec_of(&mut answer);
                self.decision(user, &spec)
            }
            _ => {
                let nobody = spec["user"].as_str().is_none_or(str::is_empty) && items(&spec["groups"]).next().is_none();
                let rule = "Invalid value: \"\": at least one of user or group must be specified";
                let nobody = nobody.then(|| Cause::invalid("spec.user", rule));
                check(kind, &spec, nobody.as_slice())?;
                let place = spec["resourceAttributes"]["namespace"].as_str().unwrap_or_default();
                if *kind == "LocalSubjectAccessReview" && place != info.namespace {
                    let text = format!("spec.resourceAttributes.namespace must match namespace: {}", info.namespace);
                    return Err(ApiError::bad_request(text));
                }
                spec_of(&mut answer);
                let groups = items(&spec["groups"]);
                let other = User {
                    name: spec["user"].as_str().unwrap_or_default().to_owned(),
                    groups: groups.filter_map(Value::as_str).map(str::to_owned).collect(),
                    ..User::default()
                };
                self.decision(&other, &spec)
            }
        };
        answer["status"] = status;
        Ok(Some(Answer::json(201, &answer)))
    }

    fn decision(&self, user: &User, spec: &Value) -> Value {
        match self.allowed(user, &attributes(spec)) {
            None => json!({ "allowed": false }),
            Some(reason) if reason.is_empty() => json!({ "allowed": true }),
            Some(reason) => json!({ "allowed": true, "reason": reason }),
        }
    }

    fn rules_of(&self, user: &User, namespace: &str) -> Value {
        let (mut resources, mut paths) = (Vec::new(), Vec::new());
        for granted in self.granted(user, namespace) {
            if granted.rule.get("nonResourceURLs").is_some() {
                paths.push(granted.rule);
            } else {
                resources.push(granted.rule);
            }
        }
        json!({ "resourceRules": resources, "nonResourceRules": paths, "incomplete": false })
    }
}

fn user_info(user: &User) -> Value {
    let mut info = json!({ "username": user.name });
    if !user.uid.is_empty() {
        info["uid"] = json!(user.uid);
    }
    info["groups"] = json!(user.groups);
    if !user.extra.is_empty() {
        info["extra"] = json!(user.extra);
    }
    info
}

impl Call<'_> {
    /// `POST …/serviceaccounts/NAME/token`.
    pub(super) fn request_token(&self) -> Result<Answer, ApiError> {
        let account = self.stored().ok_or_else(|| self.not_found())?;
        let request = body::parse_json(&self.body).map_err(|why| {
            ApiError::bad_request(format!("the object provided is unrecognized (must be of type TokenRequest): {why}"))
        })?;
        let seconds = request.object["spec"]["expirationSeconds"].as_i64().unwrap_or(3600);
        let now = self.api.store.clock().now();
        let expires = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
        let token = self.api.issue_token(&account, expires);
        let mut metadata = json!({});
        for field in ["name", "namespace", "uid"] {
            metadata[field] = account["metadata"][field].clone();
        }
        metadata["creationTimestamp"] = json!(self.api.store.clock().stamp());
        let answer = json!({
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": metadata,
            "spec": {
                "audiences": ["https://kubernetes.default.svc"],
                "expirationSeconds": seconds,
                "boundObjectRef": null,
            },
            "status": { "token": token, "expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() },
        });
        Ok(Answer::json(201, &answer))
    }
}

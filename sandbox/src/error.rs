//! What the API answers when it says no: a Kubernetes `Status`.

use serde_json::{Map, Value, json};

/// One entry of `details.causes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueInvalid`, `FieldValueRequired`, … ; empty where the real server gives none.
    pub reason: String,
    /// What is wrong with the field.
    pub message: String,
    /// Path of the field.
    pub field: String,
}

impl Cause {
    /// A cause from its three parts.
    pub fn new(reason: &str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), message: message.into(), field: field.into() }
    }

    /// `Invalid value: …`.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new("FieldValueInvalid", field, message)
    }

    /// `Required value`, with what the server adds to it.
    pub fn required(field: impl Into<String>, why: &str) -> Self {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self::new("FieldValueRequired", field, message)
    }

    /// `Forbidden: …`.
    pub fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self::new("FieldValueForbidden", field, format!("Forbidden: {why}"))
    }

    /// `Unsupported value: …: supported values: …`; `value` is already quoted.
    pub fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let list = supported.iter().map(|v| format!("\"{v}\"")).collect::<Vec<_>>().join(", ");
        Self::new("FieldValueNotSupported", field, format!("Unsupported value: {value}: supported values: {list}"))
    }
}

/// A refusal or failure of the API, as the client will see it. Shape and wording follow the real
/// server (kube-apiserver 1.36), `reason` included where that has none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// HTTP status code.
    pub code: u16,
    /// `metav1.StatusReason`; empty for the few answers that have none.
    pub reason: String,
    /// The text for people.
    pub message: String,
    /// `details` of the Status; `None` leaves the field out.
    pub details: Option<Map<String, Value>>,
    /// Token to go on with, for an expired `continue`.
    pub continue_token: Option<String>,
}

impl ApiError {
    /// An error with a reason and no details.
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self { code, reason: reason.to_owned(), message: message.into(), details: None, continue_token: None }
    }

    fn about(mut self, name: &str, group: &str, kind: &str) -> Self {
        let mut details = Map::new();
        if !name.is_empty() {
            details.insert("name".to_owned(), json!(name));
        }
        if !group.is_empty() {
            details.insert("group".to_owned(), json!(group));
        }
        if !kind.is_empty() {
            details.insert("kind".to_owned(), json!(kind));
        }
        self.details = Some(details);
        self
    }

    /// 404: no such object.
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", qualified(resource, group));
        Self::new(404, "NotFound", message).about(name, group, resource)
    }

    /// 409: an object of this name is there.
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", qualified(resource, group));
        Self::new(409, "AlreadyExists", message).about(name, group, resource)
    }

    /// 409: an object of this name is there and on its way out.
    pub fn being_deleted(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("object is being deleted: {} \"{name}\" already exists", qualified(resource, group));
        Self::new(409, "AlreadyExists", message).about(name, group, resource)
    }

    /// 409: somebody else wrote first, or a precondition does not hold.
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", qualified(resource, group));
        Self::new(409, "Conflict", message).about(name, group, resource)
    }

    /// 409: `metadata.resourceVersion` is not the stored one.
    pub fn stale(group: &str, resource: &str, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(group, resource, name, why)
    }

    /// 422: the object breaks rules. `kind` is the kind, or the resource where the server says so.
    pub fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let lines: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let text = match lines.as_slice() {
            [only] => only.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let message = format!("{} \"{name}\" is invalid: {text}", qualified(kind, group));
        let mut error = Self::new(422, "Invalid", message).about(name, group, kind);
        if let Some(details) = error.details.as_mut() {
            details.insert("causes".to_owned(), causes_json(causes));
        }
        error
    }

    /// 422 about the options of a request, such as `CreateOptions`.
    pub fn invalid_options(kind: &str, causes: &[Cause]) -> Self {
        Self::invalid("meta.k8s.io", kind, "", causes)
    }

    /// 422 with the fixed text that a JSON patch gets that cannot be applied.
    pub fn unprocessable() -> Self {
        let mut error = Self::new(422, "Invalid", "the server rejected our request due to an error in our request");
        error.details = Some(Map::new());
        error
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 403 about an object or a resource; `scope` is `in the namespace "x"` or `at the cluster scope`.
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let subject = if name.is_empty() {
            qualified(resource, group)
        } else {
            format!("{} \"{name}\"", qualified(resource, group))
        };
        Self::new(403, "Forbidden", format!("{subject} is forbidden: {why}")).about(name, group, resource)
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 405: a resource does not know a verb.
    pub fn method_not_allowed(verb: &str, group: &str, resource: &str) -> Self {
        let kind = qualified(resource, group);
        let message = format!("{verb} is not supported on resources of kind \"{kind}\"");
        Self::new(405, "MethodNotAllowed", message).about("", group, resource)
    }

    /// 410: history that is no longer held.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 415 with the media types that are accepted.
    pub fn unsupported_media_type(accepted: &str) -> Self {
        let text =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, "UnsupportedMediaType", text)
    }

    /// 500 `InternalError`.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", format!("Internal error occurred: {}", message.into()))
    }

    /// 501: something that a real server does and this one does not.
    pub fn not_implemented(what: impl std::fmt::Display) -> Self {
        Self::new(501, "NotImplemented", format!("the sandbox does not implement this: {what}"))
    }

    /// Adds causes to the details.
    #[must_use]
    pub fn with_causes(mut self, causes: &[Cause]) -> Self {
        self.details.get_or_insert_default().insert("causes".to_owned(), causes_json(causes));
        self
    }

    /// Adds `details.retryAfterSeconds`; the server sends it as the header `Retry-After` too.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.details.get_or_insert_default().insert("retryAfterSeconds".to_owned(), json!(seconds));
        self
    }

    /// `details.retryAfterSeconds`, where given.
    pub fn retry_after(&self) -> Option<u64> {
        self.details.as_ref()?.get("retryAfterSeconds")?.as_u64()
    }

    /// Reads a Status that somebody else wrote, such as a webhook's refusal.
    pub fn from_status(status: &Value) -> Self {
        Self {
            code: status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500),
            reason: status["reason"].as_str().unwrap_or_default().to_owned(),
            message: status["message"].as_str().unwrap_or_default().to_owned(),
            details: status["details"].as_object().cloned(),
            continue_token: None,
        }
    }

    /// The body of the answer.
    pub fn status(&self) -> Value {
        let metadata = match &self.continue_token {
            Some(token) => json!({ "continue": token }),
            None => json!({}),
        };
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if let Some(details) = &self.details {
            status["details"] = Value::Object(details.clone());
        }
        status["code"] = json!(self.code);
        status
    }
}

/// `clusters.postgresql.cnpg.io`, or `secrets` in the core group.
pub fn qualified(resource: &str, group: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

fn causes_json(causes: &[Cause]) -> Value {
    let list = causes.iter().map(|cause| {
        let mut entry = Map::new();
        if !cause.reason.is_empty() {
            entry.insert("reason".to_owned(), json!(cause.reason));
        }
        entry.insert("message".to_owned(), json!(cause.message));
        entry.insert("field".to_owned(), json!(cause.field));
        Value::Object(entry)
    });
    Value::Array(list.collect())
}

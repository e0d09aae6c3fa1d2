//! How a webhook says no: the `Status` that the API server makes of a refusal.

use serde_json::{Value, json};

/// API group of CloudNativePG.
pub const GROUP: &str = "postgresql.cnpg.io";

/// One field that is wrong, as `field.Error` of Kubernetes writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// `FieldValueInvalid`, `FieldValueDuplicate`, …
    reason: &'static str,
    /// Path of the field, such as `spec.storage.size`.
    field: String,
    /// What is wrong, with the value quoted.
    message: String,
}

impl FieldError {
    /// A value that breaks a rule, and the rule.
    pub fn invalid(field: impl Into<String>, value: &Value, rule: impl std::fmt::Display) -> Self {
        Self { reason: "FieldValueInvalid", field: field.into(), message: format!("Invalid value: {value}: {rule}") }
    }

    /// A value that stands twice in a list that has each once.
    pub fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self { reason: "FieldValueDuplicate", field: field.into(), message: format!("Duplicate value: {value}") }
    }
}

/// A webhook's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// The object could not be decoded into the operator's type: 400 without a reason.
    Undecodable {
        /// Name of the webhook, such as `mcluster.cnpg.io`.
        webhook: &'static str,
        /// What the decoder said.
        message: String,
    },
    /// The object breaks rules: 422 `Invalid` with a cause for each.
    Invalid {
        /// Name of the webhook.
        webhook: &'static str,
        /// Kind, as the operator writes it (for `Database` with a blank behind it).
        kind: &'static str,
        /// Name of the object.
        name: String,
        /// What is wrong; never empty.
        errors: Vec<FieldError>,
    },
    /// Nobody answers for the webhook: 500 `InternalError`.
    Unreachable {
        /// Name of the webhook.
        webhook: &'static str,
        /// Path on the webhook's server.
        path: &'static str,
    },
}

impl Denial {
    /// HTTP status code.
    pub fn code(&self) -> u16 {
        match self {
            Self::Undecodable { .. } => 400,
            Self::Invalid { .. } => 422,
            Self::Unreachable { .. } => 500,
        }
    }

    /// The body of the answer, a Kubernetes `Status`.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        });
        match self {
            Self::Undecodable { webhook, message } => {
                status["message"] = json!(format!("admission webhook \"{webhook}\" denied the request: {message}"));
            }
            Self::Invalid { webhook, kind, name, errors } => {
                let lines: Vec<String> =
                    errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
                let text = match lines.as_slice() {
                    [only] => only.clone(),
                    many => format!("[{}]", many.join(", ")),
                };
                let causes: Vec<Value> = errors
                    .iter()
                    .map(|error| json!({"reason": error.reason, "message": error.message, "field": error.field}))
                    .collect();
                status["message"] = json!(format!(
                    "admission webhook \"{webhook}\" denied the request: {kind}.{GROUP} \"{name}\" is invalid: {text}"
                ));
                status["reason"] = json!("Invalid");
                status["details"] = json!({"name": name, "group": GROUP, "kind": kind, "causes": causes});
            }
            Self::Unreachable { webhook, path } => {
                let cause = format!(
                    "failed calling webhook \"{webhook}\": failed to call webhook: Post \
                     \"https://webhook.invalid:9443{path}?timeout=10s\": dial tcp webhook.invalid:9443: \
                     connect: connection refused"
                );
                status["message"] = json!(format!("Internal error occurred: {cause}"));
                status["reason"] = json!("InternalError");
                status["details"] = json!({"causes": [{"message": cause}]});
            }
        }
        status["code"] = json!(self.code());
        status
    }
}

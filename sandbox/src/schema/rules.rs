//! `x-kubernetes-validations`: CEL rules on a node of the schema.

use serde_json::Value;

use super::CrdError;
use super::cel::Expression;

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(crate) expression: Expression,
    /// What is said when it does not hold.
    pub(crate) message: String,
    /// Compares with the old value, so it runs on updates only.
    pub(crate) transition: bool,
    /// `reason`, as a cause has it.
    pub(crate) reason: String,
    /// `fieldPath` below the node, such as `.name`.
    pub(crate) field_path: String,
}

impl Rule {
    pub(super) fn parse(rule: &Value, path: &str) -> Result<Self, CrdError> {
        let source = rule["rule"].as_str().unwrap_or_default();
        let fail = |error: String| CrdError::Rule { path: path.to_owned(), rule: source.to_owned(), error };
        if rule.get("messageExpression").is_some() {
            return Err(fail("`messageExpression` is not understood".to_owned()));
        }
        if rule["optionalOldSelf"] == true {
            return Err(fail("`optionalOldSelf` is not understood".to_owned()));
        }
        let expression = Expression::parse(source).map_err(fail)?;
        let message = match rule["message"].as_str() {
            Some(message) if !message.is_empty() => message.to_owned(),
            _ => format!("failed rule: {source}"),
        };
        Ok(Self {
            transition: expression.mentions("oldSelf"),
            expression,
            message,
            reason: rule["reason"].as_str().unwrap_or("FieldValueInvalid").to_owned(),
            field_path: rule["fieldPath"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

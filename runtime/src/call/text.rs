//! `read`: the end of a text that belongs to an object, such as the log of a Pod.

use serde_json::Value;

use super::Call;
use super::clauses::{Clauses, advice_clause, forbidden_clause};
use crate::failure::{Attempt, Failure, ObjectRef};
use crate::fields::{Fields, IntoField};
use crate::kubernetes::ApiRequest;

/// Most bytes that a step keeps, whatever a spec says.
const MOST: usize = 1 << 20;

/// A `read` step.
#[must_use = "a step does nothing before it is sent"]
pub struct Text<'c, 'a> {
    call: &'c mut Call,
    object: ObjectRef,
    subresource: &'static str,
    query: Vec<(&'static str, String)>,
    limit: usize,
    clauses: Clauses<'a>,
}

impl<'c, 'a> Text<'c, 'a> {
    pub(super) fn new(
        call: &'c mut Call,
        object: ObjectRef,
        clauses: Clauses<'a>,
        subresource: &'static str,
        max_bytes: i64,
    ) -> Self {
        let limit = usize::try_from(max_bytes).unwrap_or(1).clamp(1, MOST);
        Self { call, object, subresource, query: Vec::new(), limit, clauses }
    }

    advice_clause!();
    forbidden_clause!();

    /// A parameter of the request; an absent one is left out.
    pub fn query(mut self, name: &'static str, value: impl IntoField) -> Self {
        let fields = Fields::new().set(name, value);
        let value = fields.real().get(name).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        self.query.extend(value.map(|value| (name, value)));
        self
    }

    /// The text; it is a failure where it cannot be read.
    pub async fn required(self) -> Result<String, Failure> {
        self.call.go_on()?;
        let name = self.object.name.as_deref().unwrap_or_default();
        if name.is_empty() {
            return Err(Failure::refused(format!("A {} without a name was asked for.", self.object.kind.kind)));
        }
        let namespace = self.object.namespace.as_deref();
        let request = ApiRequest::text(&self.object.kind, namespace, name, self.subresource, self.query, self.limit);
        let answer = self
            .call
            .link
            .read(&request)
            .await
            .map_err(|error| self.clauses.failure(self.call, error, Attempt::Read, &self.object))?;
        self.call.touch(&self.object);
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// The text, or `None` where it (or its object) is not there, or may not be read and the step has a note for
    /// that.
    pub async fn if_present(self) -> Result<Option<String>, Failure> {
        self.optional(true).await
    }

    /// The text, or `None` where it may not be read and the step has a note for that.
    pub async fn if_permitted(self) -> Result<Option<String>, Failure> {
        self.optional(false).await
    }

    async fn optional(mut self, missing_ok: bool) -> Result<Option<String>, Failure> {
        let clauses = std::mem::take(&mut self.clauses);
        let step = Text { call: &mut *self.call, clauses: Clauses::default(), ..self };
        match step.required().await {
            Ok(text) => Ok(Some(text)),
            Err(failure) => {
                let failure = clauses.advised(failure);
                clauses.absent(self.call, failure, missing_ok)
            }
        }
    }
}

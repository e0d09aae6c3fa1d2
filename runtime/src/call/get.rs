//! `get`: one object.

use std::marker::PhantomData;

use super::Call;
use super::Text;
use super::clauses::{Clauses, advice_clause, forbidden_clause};
use crate::failure::{Attempt, Failure, ObjectRef};
use crate::kind::Kind;
use crate::kubernetes::ApiRequest;

/// A `get` step.
#[must_use = "a step does nothing before it is sent"]
pub struct Get<'c, 'a, K> {
    call: &'c mut Call,
    object: ObjectRef,
    clauses: Clauses<'a>,
    kind: PhantomData<fn() -> K>,
}

impl Call {
    /// `get` of an object in a namespace.
    pub fn get<'c, 'a, K: Kind>(&'c mut self, namespace: &str, name: &str) -> Get<'c, 'a, K> {
        let object = ObjectRef { kind: K::INFO, namespace: Some(namespace.to_owned()), name: Some(name.to_owned()) };
        Get { call: self, object, clauses: Clauses::default(), kind: PhantomData }
    }

    /// `get` of an object of a kind without namespaces.
    pub fn get_cluster_scoped<'c, 'a, K: Kind>(&'c mut self, name: &str) -> Get<'c, 'a, K> {
        let object = ObjectRef { kind: K::INFO, namespace: None, name: Some(name.to_owned()) };
        Get { call: self, object, clauses: Clauses::default(), kind: PhantomData }
    }
}

impl<'c, 'a, K: Kind> Get<'c, 'a, K> {
    advice_clause!();
    forbidden_clause!();

    /// The object; it is a failure where it is not there.
    pub async fn required(self) -> Result<K, Failure> {
        self.call.go_on()?;
        let name = self.object.name.as_deref().unwrap_or_default();
        if name.is_empty() {
            return Err(Failure::refused(format!("A {} without a name was asked for.", self.object.kind.kind)));
        }
        let request = ApiRequest::get(&K::INFO, self.object.namespace.as_deref(), name);
        let answer = self.call.link.read(&request).await.and_then(|answer| answer.read());
        let object = answer.map_err(|error| self.clauses.failure(self.call, error, Attempt::Read, &self.object))?;
        self.call.touch(&self.object);
        Ok(object)
    }

    /// The object, or `None` where it (or its namespace or kind) is not there, or may not be read and the
    /// step has a note for that.
    pub async fn if_present(self) -> Result<Option<K>, Failure> {
        self.optional(true).await
    }

    /// The object, or `None` where it may not be read and the step has a note for that.
    pub async fn if_permitted(self) -> Result<Option<K>, Failure> {
        self.optional(false).await
    }

    /// Instead of the object the end of a text that belongs to it: the last whole lines that fit into so many
    /// bytes (at least 1, at most 1 MiB).
    pub fn text(self, subresource: &'static str, max_bytes: i64) -> Text<'c, 'a> {
        Text::new(self.call, self.object, self.clauses, subresource, max_bytes)
    }

    async fn optional(mut self, missing_ok: bool) -> Result<Option<K>, Failure> {
        let clauses = std::mem::take(&mut self.clauses);
        let step = Get {
            call: &mut *self.call,
            object: self.object,
            clauses: Clauses::default(),
            kind: PhantomData::<fn() -> K>,
        };
        match step.required().await {
            Ok(object) => Ok(Some(object)),
            Err(failure) => {
                let failure = clauses.advised(failure);
                clauses.absent(self.call, failure, missing_ok)
            }
        }
    }
}

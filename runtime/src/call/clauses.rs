//! Clauses that every step can have.

use super::Call;
use crate::failure::{AdviceOn, Attempt, Failure, FailureKind, ObjectRef, failure_of};
use crate::kubernetes::RequestError;

/// What a message closure returns: text, or a failure to make it.
pub trait Message {
    /// The text.
    ///
    /// # Errors
    /// The failure to make it.
    fn into_text(self) -> Result<String, Failure>;
}

impl Message for String {
    fn into_text(self) -> Result<String, Failure> {
        Ok(self)
    }
}

impl Message for &str {
    fn into_text(self) -> Result<String, Failure> {
        Ok(self.to_owned())
    }
}

impl Message for Result<String, Failure> {
    fn into_text(self) -> Result<String, Failure> {
        self
    }
}

/// A message that is made where it is needed.
pub(crate) type Text<'a> = Box<dyn Fn() -> Result<String, Failure> + Send + Sync + 'a>;

/// A condition on an object.
pub(crate) type Condition<'a, T> = Box<dyn Fn(&T) -> Result<bool, Failure> + Send + Sync + 'a>;

pub(crate) fn text<'a, M: Message>(message: impl Fn() -> M + Send + Sync + 'a) -> Text<'a> {
    Box::new(move || message().into_text())
}

/// `advice`, `missing: ok` and `forbidden: NOTE` of a step.
#[derive(Default)]
pub(crate) struct Clauses<'a> {
    pub(crate) advice: Vec<(AdviceOn, Text<'a>)>,
    pub(crate) forbidden_note: Option<Text<'a>>,
    pub(crate) missing_ok: bool,
}

impl Clauses<'_> {
    /// The failure that a request's error means, the spec's advice before the runtime's own.
    pub(crate) fn failure(&self, call: &Call, error: RequestError, attempt: Attempt, object: &ObjectRef) -> Failure {
        self.advised(call.masked(failure_of(error, attempt, object)))
    }

    /// A failure with the spec's advice on it.
    pub(crate) fn advised(&self, mut failure: Failure) -> Failure {
        for (on, advice) in self.advice.iter().rev() {
            if on.covers(failure.kind()) {
                match advice() {
                    Ok(advice) => failure = failure.advise_first(advice),
                    Err(other) => failure = failure.advise(other.to_string()),
                }
            }
        }
        failure
    }

    /// `None` where the spec takes the failure as an absent result; the note is then a warning.
    ///
    /// # Errors
    /// Every other failure.
    pub(crate) fn absent<T>(&self, call: &mut Call, failure: Failure, missing_ok: bool) -> Result<Option<T>, Failure> {
        match failure.kind() {
            FailureKind::NotFound | FailureKind::NamespaceMissing | FailureKind::KindUnknown if missing_ok => Ok(None),
            FailureKind::Forbidden => match &self.forbidden_note {
                Some(note) => {
                    call.warn(note()?);
                    Ok(None)
                }
                None => Err(failure),
            },
            _ => Err(failure),
        }
    }
}

/// The clause methods of a builder with a field `clauses`.
macro_rules! advice_clause {
    () => {
        /// Advice for failures of this step, before the runtime's own.
        pub fn advice<M: crate::call::Message>(
            mut self,
            on: crate::failure::AdviceOn,
            advice: impl Fn() -> M + Send + Sync + 'a,
        ) -> Self {
            self.clauses.advice.push((on, crate::call::clauses::text(advice)));
            self
        }
    };
}

/// The clause methods of a builder that reads.
macro_rules! forbidden_clause {
    () => {
        /// `forbidden: NOTE`: 403 is no error; the note goes to the warnings.
        pub fn forbidden_note<M: crate::call::Message>(mut self, note: impl Fn() -> M + Send + Sync + 'a) -> Self {
            self.clauses.forbidden_note = Some(crate::call::clauses::text(note));
            self
        }
    };
}

pub(crate) use {advice_clause, forbidden_clause};

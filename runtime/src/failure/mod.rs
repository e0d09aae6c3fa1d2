//! The one shape of errors: what failed, on which object, why in the API server's own words, what next.
//!
//! A failed call is told to a model and to a person, so the texts are part of the product. The machine
//! form, for `_meta`, holds the same without prose to read it from.

mod advice;
mod request;
mod shown;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::kind::KindInfo;
use crate::kubernetes::ApiStatus;
use crate::secret::KnownSecrets;

pub use advice::AdviceOn;
pub(crate) use advice::scope;
pub(crate) use request::{Attempt, failure_of};

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The tool's own rules say no: a guard of a spec did not hold.
    Refused,
    /// An argument is wrong.
    InvalidParameter,
    /// 401: the API server does not know the server's credentials.
    Unauthorized,
    /// 403: they may not do this.
    Forbidden,
    /// 404: the object is not there.
    NotFound,
    /// 404: the namespace is not there.
    NamespaceMissing,
    /// 404: the API server does not serve the kind; the operator is not installed, or too old.
    KindUnknown,
    /// 409 `AlreadyExists`.
    AlreadyExists,
    /// 409 `Conflict`: changed by someone else meanwhile, or made again under the same name.
    Conflict,
    /// 410: a page or version that the API server no longer has.
    Expired,
    /// 400 or 422: the API server or an admission rule does not take the object.
    Invalid,
    /// 429, until the call's deadline.
    TooManyRequests,
    /// 5xx, and every other status that no one expects.
    ServerError,
    /// The API server could not reach an admission webhook.
    WebhookUnavailable,
    /// No answer within the deadline.
    TimedOut,
    /// No connection to the API server, or one that broke.
    Unreachable,
    /// There is no configuration that names an API server.
    NoConfiguration,
    /// The client cancelled the call.
    Cancelled,
    /// A write was sent, and whether it was done could not be found out.
    ResultUnknown,
    /// What was waited for cannot come about.
    WaitFailed,
    /// An answer that cannot be read.
    Unreadable,
    /// A fault of this server.
    Internal,
}

impl FailureKind {
    /// The word in `_meta`, the audit line and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::InvalidParameter => "invalid_parameter",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::NamespaceMissing => "namespace_missing",
            Self::KindUnknown => "kind_unknown",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::Expired => "expired",
            Self::Invalid => "invalid",
            Self::TooManyRequests => "too_many_requests",
            Self::ServerError => "server_error",
            Self::WebhookUnavailable => "webhook_unavailable",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::NoConfiguration => "no_configuration",
            Self::Cancelled => "cancelled",
            Self::ResultUnknown => "result_unknown",
            Self::WaitFailed => "wait_failed",
            Self::Unreadable => "unreadable",
            Self::Internal => "internal",
        }
    }
}

/// An object, for texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: KindInfo,
    /// Its namespace; `None` for cluster-scoped kinds, and for every namespace.
    pub namespace: Option<String>,
    /// Its name; `None` where all objects of the kind are meant.
    pub name: Option<String>,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(formatter, "{} `{name}`", self.kind.kind)?,
            None => write!(formatter, "{} objects", self.kind.kind)?,
        }
        match &self.namespace {
            Some(namespace) => write!(formatter, " in namespace `{namespace}`"),
            None if self.kind.namespaced => formatter.write_str(" in all namespaces"),
            None => Ok(()),
        }
    }
}

/// Something that a failed call may have left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What it is and what state it is in, as a sentence.
    pub what: String,
    /// The shell command that clears it away, where there is one.
    pub command: Option<String>,
}

/// A failed call. See the module for its shape.
#[derive(Clone)]
pub struct Failure(Box<Parts>);

#[derive(Clone)]
struct Parts {
    kind: FailureKind,
    what: String,
    why: Option<String>,
    object: Option<ObjectRef>,
    parameter: Option<String>,
    advice: Vec<String>,
    status: Option<ApiStatus>,
    undone: Vec<String>,
    leftovers: Vec<Leftover>,
}

impl Failure {
    /// A failure of a kind; `what` is one sentence that says what failed.
    pub fn new(kind: FailureKind, what: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            what: what.into(),
            why: None,
            object: None,
            parameter: None,
            advice: Vec::new(),
            status: None,
            undone: Vec::new(),
            leftovers: Vec::new(),
        }))
    }

    /// The tool's own rules say no.
    pub fn refused(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, what)
    }

    /// An argument is wrong.
    pub fn invalid_parameter(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(FailureKind::InvalidParameter, what).parameter(name)
    }

    /// A fault of this server, worth a report.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Internal, what)
            .advise("This is a fault of the server itself. Please report it with the tool and its arguments.")
    }

    /// The client cancelled the call.
    pub fn cancelled() -> Self {
        Self::new(FailureKind::Cancelled, "The call was cancelled.")
    }

    /// Names the parameter that is to blame.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>) -> Self {
        self.0.parameter = Some(name.into());
        self
    }

    /// Names the object.
    #[must_use]
    pub fn on(mut self, object: ObjectRef) -> Self {
        self.0.object = Some(object);
        self
    }

    /// Adds the reason, in the words of who gave it.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.0.why = Some(why.into());
        self
    }

    /// Adds the API server's `Status`.
    #[must_use]
    pub fn with_status(mut self, status: ApiStatus) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds a sentence about what to do next.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        let advice = advice.into();
        if !self.0.advice.contains(&advice) {
            self.0.advice.push(advice);
        }
        self
    }

    /// Puts a sentence before the other advice: a spec knows more than the runtime.
    #[must_use]
    pub fn advise_first(mut self, advice: impl Into<String>) -> Self {
        self.0.advice.insert(0, advice.into());
        self
    }

    /// Notes a step that was taken back.
    pub(crate) fn add_undone(&mut self, what: String) {
        self.0.undone.push(what);
    }

    /// Notes something that may be left behind.
    pub(crate) fn add_leftover(&mut self, leftover: Leftover) {
        if !self.0.leftovers.contains(&leftover) {
            self.0.leftovers.push(leftover);
        }
    }

    /// Why the call failed.
    pub fn kind(&self) -> FailureKind {
        self.0.kind
    }

    /// What failed, as a sentence.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// The reason in the words of who gave it.
    pub fn why(&self) -> Option<&str> {
        self.0.why.as_deref()
    }

    /// The object.
    pub fn object(&self) -> Option<&ObjectRef> {
        self.0.object.as_ref()
    }

    /// The parameter that is to blame.
    pub fn parameter_name(&self) -> Option<&str> {
        self.0.parameter.as_deref()
    }

    /// What to do next, most useful first.
    pub fn advice(&self) -> &[String] {
        &self.0.advice
    }

    /// The API server's `Status`, where it gave one.
    pub fn status(&self) -> Option<&ApiStatus> {
        self.0.status.as_ref()
    }

    /// What was taken back after the failure.
    pub fn undone(&self) -> &[String] {
        &self.0.undone
    }

    /// What may be left behind.
    pub fn leftovers(&self) -> &[Leftover] {
        &self.0.leftovers
    }

    /// The failure as Markdown: what a model and a person read.
    pub fn markdown(&self) -> String {
        shown::markdown(self)
    }

    /// The failure as JSON, for `_meta` and the audit line.
    pub fn machine(&self) -> Value {
        shown::machine(self)
    }

    /// The failure with every known secret masked, in every text of it.
    #[must_use]
    pub(crate) fn masked(mut self, secrets: &KnownSecrets) -> Self {
        let parts = &mut *self.0;
        let mask = |text: &mut String| *text = secrets.mask(text);
        mask(&mut parts.what);
        parts.why.iter_mut().for_each(mask);
        parts.advice.iter_mut().for_each(mask);
        parts.undone.iter_mut().for_each(mask);
        for leftover in &mut parts.leftovers {
            mask(&mut leftover.what);
            leftover.command.iter_mut().for_each(mask);
        }
        if let Some(status) = &mut parts.status {
            status.mask(secrets);
        }
        self
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Failure")
            .field("kind", &self.0.kind)
            .field("what", &self.0.what)
            .field("why", &self.0.why)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.0.why.as_deref().map_or(Cow::Borrowed(""), |why| Cow::Owned(format!(" {why}")));
        write!(formatter, "{}{why}", self.0.what)
    }
}

impl std::error::Error for Failure {}

//! From a request that failed to a [`Failure`].

use super::advice::advice;
use super::{Failure, FailureKind, ObjectRef};
use crate::kubernetes::{ApiStatus, RequestError};

/// What a request was to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    Read,
    List,
    Create,
    Change,
    Delete,
    Watch,
}

impl Attempt {
    /// The RBAC verb.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Read => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Change => "patch",
            Self::Delete => "delete",
            Self::Watch => "watch",
        }
    }

    fn participle(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "listed",
            Self::Create => "created",
            Self::Change => "changed",
            Self::Delete => "deleted",
            Self::Watch => "watched",
        }
    }
}

/// The failure that a request's error means for a person.
pub(crate) fn failure_of(error: RequestError, attempt: Attempt, object: &ObjectRef) -> Failure {
    let kind = kind_of(&error, object);
    let mut failure = Failure::new(kind, headline(kind, attempt, object)).on(object.clone());
    let why = error.to_string();
    if !why.is_empty() {
        failure = failure.because(why);
    }
    if kind == FailureKind::Unreachable && failure.why().is_some_and(|why| why.contains("certificate")) {
        failure = failure.advise(
            "The API server's certificate is not trusted, or not for this address. Check `server`, `certificate-authority-data` and `tls-server-name` of the kubeconfig.",
        );
    }
    for sentence in advice(kind, attempt, object, error.status(), error.retry_after()) {
        failure = failure.advise(sentence);
    }
    match error {
        RequestError::Status(status, _) => failure.with_status(*status),
        _ => failure,
    }
}

fn kind_of(error: &RequestError, object: &ObjectRef) -> FailureKind {
    match error {
        RequestError::Status(status, _) => kind_of_status(status, object),
        RequestError::NotSent(_) | RequestError::Lost(_) => FailureKind::Unreachable,
        RequestError::TimedOut { .. } => FailureKind::TimedOut,
        RequestError::Unreadable(_) => FailureKind::Unreadable,
        RequestError::NoConfiguration(_) => FailureKind::NoConfiguration,
        RequestError::Credentials(_) => FailureKind::Unauthorized,
    }
}

fn kind_of_status(status: &ApiStatus, object: &ObjectRef) -> FailureKind {
    match status.code {
        400 | 422 | 413 => FailureKind::Invalid,
        401 => FailureKind::Unauthorized,
        403 => FailureKind::Forbidden,
        404 if status.details.kind == "namespaces" && object.kind.plural != "namespaces" => {
            FailureKind::NamespaceMissing
        }
        // The API server names the object that is missing; where it does not, it does not serve the kind.
        404 if status.details.name.is_empty() => FailureKind::KindUnknown,
        404 => FailureKind::NotFound,
        409 if status.is_already_exists() => FailureKind::AlreadyExists,
        409 => FailureKind::Conflict,
        410 => FailureKind::Expired,
        429 => FailureKind::TooManyRequests,
        504 if status.reason == "Timeout" => FailureKind::TimedOut,
        _ if status.is_webhook_unavailable() => FailureKind::WebhookUnavailable,
        _ => FailureKind::ServerError,
    }
}

fn headline(kind: FailureKind, attempt: Attempt, object: &ObjectRef) -> String {
    match kind {
        FailureKind::NotFound => format!("{object} was not found."),
        FailureKind::NamespaceMissing => {
            format!("Namespace `{}` does not exist.", object.namespace.as_deref().unwrap_or_default())
        }
        FailureKind::KindUnknown => format!("This Kubernetes does not know {} objects.", object.kind.kind),
        FailureKind::AlreadyExists => format!("{object} exists already."),
        FailureKind::NoConfiguration => "No Kubernetes is configured.".to_owned(),
        _ => format!("{object} could not be {}.", attempt.participle()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::KindInfo;
    use crate::kubernetes::StatusDetails;

    const CLUSTER: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "Cluster",
        plural: "clusters",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    fn object() -> ObjectRef {
        ObjectRef { kind: CLUSTER, namespace: Some("data".into()), name: Some("orders".into()) }
    }

    fn kind(code: u16, reason: &str, name: &str, kind: &str, message: &str) -> FailureKind {
        let details = StatusDetails { name: name.into(), kind: kind.into(), ..StatusDetails::default() };
        let status =
            ApiStatus { code, reason: reason.into(), message: message.into(), details, ..ApiStatus::default() };
        failure_of(RequestError::Status(Box::new(status), None), Attempt::Create, &object()).kind()
    }

    #[test]
    fn kinds_of_statuses_as_real_servers_send_them() {
        assert_eq!(kind(404, "NotFound", "orders", "clusters", ""), FailureKind::NotFound);
        assert_eq!(kind(404, "NotFound", "data", "namespaces", ""), FailureKind::NamespaceMissing);
        assert_eq!(
            kind(404, "NotFound", "", "", "the server could not find the requested resource"),
            FailureKind::KindUnknown
        );
        assert_eq!(kind(404, "", "", "", "404 page not found"), FailureKind::KindUnknown);
        assert_eq!(kind(409, "AlreadyExists", "orders", "clusters", ""), FailureKind::AlreadyExists);
        assert_eq!(kind(409, "Conflict", "orders", "clusters", ""), FailureKind::Conflict);
        assert_eq!(kind(400, "BadRequest", "", "", "strict decoding error"), FailureKind::Invalid);
        assert_eq!(
            kind(500, "InternalError", "", "", "failed calling webhook \"x\": y"),
            FailureKind::WebhookUnavailable
        );
        assert_eq!(kind(500, "", "", "", "strconv"), FailureKind::ServerError);
        assert_eq!(kind(504, "Timeout", "", "", ""), FailureKind::TimedOut);
        assert_eq!(kind(504, "", "", "", ""), FailureKind::ServerError);
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_named() {
        let failure = failure_of(
            RequestError::NotSent("invalid peer certificate: UnknownIssuer".into()),
            Attempt::Read,
            &object(),
        );
        assert!(failure.advice()[0].contains("certificate-authority-data"));
        assert!(failure.advice()[1].contains("kubectl cluster-info"));
    }

    #[test]
    fn the_servers_own_words_are_kept() {
        let status = ApiStatus {
            code: 403,
            reason: "Forbidden".into(),
            message: "clusters is forbidden: User \"x\" cannot list resource".into(),
            ..ApiStatus::default()
        };
        let failure = failure_of(
            RequestError::Status(Box::new(status), None),
            Attempt::List,
            &ObjectRef { name: None, ..object() },
        );
        assert_eq!(failure.what(), "Cluster objects in namespace `data` could not be listed.");
        assert_eq!(failure.why(), Some("clusters is forbidden: User \"x\" cannot list resource"));
        assert!(failure.advice()[0].contains("kubectl auth can-i list clusters.postgresql.cnpg.io --namespace data"));
    }
}

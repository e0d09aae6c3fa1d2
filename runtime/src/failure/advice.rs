//! What to do next: advice for each way in which a request to Kubernetes fails.

use std::time::Duration;

use super::request::Attempt;
use super::{FailureKind, ObjectRef};
use crate::expression::shell;
use crate::kubernetes::ApiStatus;

/// Failures that a spec can give advice of its own for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdviceOn {
    /// 403.
    Forbidden,
    /// 404, of the object or its namespace.
    NotFound,
    /// 409 `AlreadyExists`.
    AlreadyExists,
    /// 409 `Conflict`.
    Conflict,
    /// 400 and 422.
    Invalid,
}

impl AdviceOn {
    /// Whether it is meant for failures of this kind.
    pub(crate) fn covers(self, kind: FailureKind) -> bool {
        match self {
            Self::Forbidden => kind == FailureKind::Forbidden,
            Self::NotFound => matches!(kind, FailureKind::NotFound | FailureKind::NamespaceMissing),
            Self::AlreadyExists => kind == FailureKind::AlreadyExists,
            Self::Conflict => kind == FailureKind::Conflict,
            Self::Invalid => kind == FailureKind::Invalid,
        }
    }
}

/// The runtime's own advice, most useful first.
pub(super) fn advice(
    kind: FailureKind,
    attempt: Attempt,
    object: &ObjectRef,
    status: Option<&ApiStatus>,
    retry_after: Option<Duration>,
) -> Vec<String> {
    let resource = object.kind.resource();
    let scope = scope(object);
    let named = object.name.as_deref().map(|name| format!(" {}", shell(name))).unwrap_or_default();
    match kind {
        FailureKind::Unauthorized => vec![
            "The API server does not accept the server's credentials. Check them with `kubectl auth whoami`; log in again, or renew the token or certificate of the kubeconfig.".to_owned(),
            "In a pod, look at the service account and whether its token is mounted.".to_owned(),
        ],
        FailureKind::Forbidden => forbidden(attempt, object, status),
        FailureKind::NotFound => vec![format!("See what is there with `kubectl get {resource}{scope}`, and check name and namespace.")],
        FailureKind::NamespaceMissing => {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            vec![format!("Create it with `kubectl create namespace {}`, or pass another `namespace` (`kubectl get namespaces`).", shell(namespace))]
        }
        FailureKind::KindUnknown => match object.kind.operator {
            Some(operator) => vec![
                format!("{operator} is not installed in this Kubernetes, or a version that does not have the kind yet. Check with `kubectl get crd {resource}`."),
                format!("Install or upgrade {operator}, or point the server at another Kubernetes (`--context`)."),
            ],
            None => vec![format!("Check with `kubectl api-resources` that the API server serves `{}` in `{}`.", object.kind.plural, object.kind.api_version())],
        },
        FailureKind::AlreadyExists => vec![
            format!("Look at it with `kubectl get {resource}{named}{scope} -o yaml`. Choose another name, or change the one that exists."),
        ],
        FailureKind::Conflict => vec![
            format!("It was changed or made again by someone else meanwhile. Look at it with `kubectl get {resource}{named}{scope} -o yaml`, then call again."),
        ],
        FailureKind::Expired => vec!["Start again without `cursor`.".to_owned()],
        FailureKind::Invalid => invalid(object, status),
        FailureKind::TooManyRequests => {
            let when = retry_after.map_or_else(|| "in a moment".to_owned(), |after| format!("in {} seconds", after.as_secs().max(1)));
            vec![format!("The API server is busy. Call again {when}; if it stays so, ask for less at once.")]
        }
        FailureKind::WebhookUnavailable => webhook(object, status),
        FailureKind::ServerError => vec![
            "The API server, or a proxy before it, failed. Check it with `kubectl get --raw '/readyz?verbose'`, and call again when it is well.".to_owned(),
        ],
        FailureKind::TimedOut => vec![
            "The API server took too long. Check it with `kubectl get --raw '/readyz?verbose'`, then call again.".to_owned(),
        ],
        FailureKind::Unreachable => vec![
            "Check that the API server runs and can be reached from here: `kubectl cluster-info`. Look at the kubeconfig's `server`, VPN, proxy and firewall.".to_owned(),
        ],
        FailureKind::NoConfiguration => vec![
            "Run the server in a pod with a service account, or give it a kubeconfig: `--kubeconfig FILE` (and `--context NAME`), the variable `KUBECONFIG`, or `~/.kube/config`.".to_owned(),
            "To try it without Kubernetes, start it with `--sandbox`.".to_owned(),
        ],
        FailureKind::Unreadable => vec![
            "The API server, or a proxy before it, answered with something unexpected. Check that the configuration points to a Kubernetes API server and which version it is: `kubectl version`.".to_owned(),
        ],
        _ => Vec::new(),
    }
}

/// `--namespace x`, `--all-namespaces` or nothing, as kubectl takes it.
pub(crate) fn scope(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!(" --namespace {}", shell(namespace)),
        None if object.kind.namespaced => " --all-namespaces".to_owned(),
        None => String::new(),
    }
}

fn forbidden(attempt: Attempt, object: &ObjectRef, status: Option<&ApiStatus>) -> Vec<String> {
    let message = status.map(|status| status.message.as_str()).unwrap_or_default();
    if message.contains("exceeded quota") {
        let scope = scope(object);
        return vec![format!(
            "A resource quota is used up. See it with `kubectl describe resourcequota{scope}`; ask for less, free something, or have it raised."
        )];
    }
    if message.contains("because it is being terminated") {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        return vec![format!(
            "Namespace `{namespace}` is being deleted. Wait until it is gone and create it again, or pass another `namespace`."
        )];
    }
    if !message.contains("cannot ") {
        return vec!["An admission rule of this Kubernetes does not allow it; its reason stands above. Change what it names, or ask who runs this Kubernetes.".to_owned()];
    }
    if message.contains("cannot impersonate") {
        return vec!["The server asks in the name of the person who called, and its account may not `impersonate` them. Grant it that on users and groups (the chart does, where `impersonation` is on), or turn impersonation off.".to_owned()];
    }
    let check = format!("kubectl auth can-i {} {}{}", attempt.verb(), object.kind.resource(), scope(object));
    let user = message.split_once("User \"").and_then(|(_, rest)| rest.split_once('"')).map(|(user, _)| user);
    let as_whom = user.map(|user| format!(" --as {}", shell(user))).unwrap_or_default();
    // Where the server asks in a person's name, the right that is missing is theirs.
    let who = user
        .filter(|user| !user.starts_with("system:"))
        .map_or_else(|| "The server's account".to_owned(), |user| format!("`{user}`"));
    vec![format!(
        "{who} may not `{}` `{}` there. Check with `{check}{as_whom}`, and have the right granted by a Role and RoleBinding (ClusterRole and ClusterRoleBinding for all namespaces).",
        attempt.verb(),
        object.kind.plural
    )]
}

fn invalid(object: &ObjectRef, status: Option<&ApiStatus>) -> Vec<String> {
    let Some(status) = status else { return Vec::new() };
    if status.code == 400 && status.message.contains("continue token") {
        return vec!["The `cursor` is not one that this server gave. Start again without it.".to_owned()];
    }
    if status.message.contains("strict decoding error") {
        let operator = object.kind.operator.unwrap_or("Kubernetes");
        return vec![format!(
            "This {operator} does not know a field that the server sends: it is older (or much newer) than the server expects. Upgrade it, or use a server that matches it."
        )];
    }
    let fields: Vec<_> = status
        .details
        .causes
        .iter()
        .map(|cause| cause.field.as_str())
        .filter(|field| !field.is_empty() && *field != "<nil>")
        .collect();
    if fields.is_empty() {
        return vec!["The API server does not take the object; its reason stands above. Change the argument it speaks of and call again.".to_owned()];
    }
    let mut named: Vec<String> = Vec::new();
    for field in fields {
        let field = format!("`{}`", field.trim_start_matches('.'));
        if !named.contains(&field) {
            named.push(field);
        }
    }
    vec![format!(
        "Change the argument that sets {} and call again; a `dry_run` shows beforehand what the API server says.",
        named.join(", ")
    )]
}

fn webhook(object: &ObjectRef, status: Option<&ApiStatus>) -> Vec<String> {
    let name = status.and_then(ApiStatus::webhook).unwrap_or("named above");
    let operator = object.kind.operator.unwrap_or("the product that brought the webhook");
    let mut advice = vec![format!(
        "Nothing was changed. The API server cannot reach the admission webhook `{name}` of {operator}: see whether its operator runs, and call again when it does."
    )];
    if object.kind.operator == Some("CloudNativePG") {
        advice.push("`kubectl get pods --all-namespaces -l app.kubernetes.io/name=cloudnative-pg` shows the operator, `kubectl logs` of its pod says why.".to_owned());
    }
    advice.push("`kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations` shows what is called. A network policy or firewall between API server and operator has the same effect.".to_owned());
    advice
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::KindInfo;
    use crate::kubernetes::StatusCause;

    const CLUSTER: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "Cluster",
        plural: "clusters",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    fn advise(kind: FailureKind, code: u16, message: &str) -> String {
        let status = ApiStatus { code, message: message.into(), ..ApiStatus::default() };
        let object = ObjectRef { kind: CLUSTER, namespace: Some("data".into()), name: Some("orders".into()) };
        advice(kind, Attempt::Create, &object, Some(&status), None).join("\n")
    }

    #[test]
    fn every_kind_of_request_failure_has_advice() {
        for kind in [
            FailureKind::Unauthorized,
            FailureKind::Forbidden,
            FailureKind::NotFound,
            FailureKind::NamespaceMissing,
            FailureKind::KindUnknown,
            FailureKind::AlreadyExists,
            FailureKind::Conflict,
            FailureKind::Expired,
            FailureKind::Invalid,
            FailureKind::TooManyRequests,
            FailureKind::ServerError,
            FailureKind::WebhookUnavailable,
            FailureKind::TimedOut,
            FailureKind::Unreachable,
            FailureKind::NoConfiguration,
            FailureKind::Unreadable,
        ] {
            assert!(!advise(kind, 0, "").is_empty(), "{kind:?}");
        }
    }

    #[test]
    fn forbidden_has_three_causes() {
        let rbac = advise(
            FailureKind::Forbidden,
            403,
            "clusters is forbidden: User \"system:serviceaccount:a:b\" cannot create resource",
        );
        assert!(
            rbac.contains(
                "kubectl auth can-i create clusters.postgresql.cnpg.io --namespace data --as system:serviceaccount:a:b"
            ),
            "{rbac}"
        );
        let quota = advise(
            FailureKind::Forbidden,
            403,
            "clusters \"x\" is forbidden: exceeded quota: q, requested: count/clusters=1",
        );
        assert!(quota.contains("kubectl describe resourcequota --namespace data"));
        let policy = advise(FailureKind::Forbidden, 403, "ValidatingAdmissionPolicy 'p' denied request: no");
        assert!(policy.contains("admission rule"));
    }

    #[test]
    fn invalid_names_the_fields() {
        let cause = |field: &str| StatusCause { field: field.into(), ..StatusCause::default() };
        let mut status = ApiStatus { code: 422, ..ApiStatus::default() };
        status.details.causes = vec![cause("spec.instances"), cause(".spec.instances"), cause("<nil>")];
        let object = ObjectRef { kind: CLUSTER, namespace: None, name: None };
        let advice = advice(FailureKind::Invalid, Attempt::Create, &object, Some(&status), None).join("");
        assert!(advice.contains("sets `spec.instances` and"), "{advice}");
    }

    #[test]
    fn the_operator_is_named() {
        assert!(advise(FailureKind::KindUnknown, 404, "").contains("CloudNativePG is not installed"));
        assert!(
            advise(FailureKind::WebhookUnavailable, 500, "failed calling webhook \"mcluster.cnpg.io\": x")
                .contains("`mcluster.cnpg.io` of CloudNativePG")
        );
    }
}

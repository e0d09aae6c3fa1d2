//! What is asked of Kubernetes: the rights of the account, the operator, and the Secret.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cnpg_mcp_runtime::auth::keys::RootKeys;
use http::Method;
use serde_json::{Value, json};

use super::super::cluster::{Cluster, ClusterError};
use super::super::paths::segment;
use super::super::rights::{Offered, Right};
use super::super::secret;
use super::super::secret_keys::{self, CLIENT_SECRET, SIGNING_KEY};
use super::report::Report;
use super::settings::{Impersonation, Names};

const GROUP: &str = "postgresql.cnpg.io";

/// What to do where a review is refused.
const REVIEWS: &str = "SelfSubjectAccessReviews are open to everyone who is logged in (`system:basic-user`)";

/// Version of the operator that the tools are made for: major and minor.
const MADE_FOR: (u32, u32) = (1, 30);

/// Whether the API answers, and as whom. The name; `None`: it does not answer, or not in that name.
pub async fn access(cluster: &Cluster, report: &mut Report) -> Option<String> {
    let next = "check --kubeconfig and --context; `kubectl version` must work";
    match cluster.get("/version").await {
        Ok(version) => {
            let version = version.unwrap_or_default();
            let version = version["gitVersion"].as_str().unwrap_or("of an unknown version");
            report.ok(format_args!("Kubernetes: {version} answers"));
        }
        Err(error) => {
            report.failure(format_args!("Kubernetes: {error}"), next);
            return None;
        }
    }
    match who(cluster).await {
        Ok(name) => Some(name),
        Err(error) => {
            report.failure(format_args!("Kubernetes: {error}"), next);
            None
        }
    }
}

/// The name by which the API server knows who asks (`SelfSubjectReview`).
pub async fn who(cluster: &Cluster) -> Result<String, ClusterError> {
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = cluster.send(Method::POST, path, Some(&review), false).await?;
    Ok(answer["status"]["userInfo"]["username"].as_str().unwrap_or("somebody").to_owned())
}

/// Whether the account may do what the tools need, verb by verb.
pub async fn rights(cluster: &Cluster, who: &str, rights: &[Right], namespaces: &[String], report: &mut Report) {
    for namespace in namespaces {
        let place = if namespace.is_empty() { "all namespaces".to_owned() } else { format!("`{namespace}`") };
        let mut all = true;
        for right in rights {
            let namespace = if right.namespaced { namespace.as_str() } else { "" };
            let mut lacking = Vec::new();
            for verb in &right.verbs {
                let asked = Asked { group: &right.group, resource: &right.resource, name: "", verb };
                match may(cluster, namespace, &asked).await {
                    Ok(true) => {}
                    Ok(false) => lacking.push(*verb),
                    Err(error) => return report.failure(format_args!("rights: {error}"), REVIEWS),
                }
            }
            if lacking.is_empty() {
                continue;
            }
            all = false;
            let tools: Vec<&str> = right.tools.iter().copied().collect();
            let what = format!(
                "rights: {who} may not {} {} in {place}; needed by {}",
                lacking.join(", "),
                right.title(),
                tools.join(", ")
            );
            if right.can_be_left_out {
                report.warning(
                    what,
                    "these answers then say what is missing; the chart's roles, or `cnpg-mcp setup rbac`, give it",
                );
            } else {
                report.failure(what, "let the chart make the roles (rbac.create), or run `cnpg-mcp setup rbac`");
            }
        }
        if all {
            report.ok(format_args!("rights: {who} may do all that the tools need in {place}"));
        }
    }
}

/// Whether the account may act in others' names, which is all that it needs then.
pub async fn impersonation(cluster: &Cluster, who: &str, whom: &Impersonation, report: &mut Report) {
    let groups = whom.groups.as_ref().map(|names| ("groups", names));
    for (resource, names) in [("users", &whom.users)].into_iter().chain(groups) {
        let listed: Vec<Option<&str>> = match names {
            Names::Listed(names) => names.iter().map(|name| Some(name.as_str())).collect(),
            Names::All | Names::Unknown => vec![None],
        };
        for name in listed {
            let what = name.map_or_else(|| format!("all {resource}"), |name| format!("`{name}` of the {resource}"));
            let right = Asked { group: "", resource, name: name.unwrap_or_default(), verb: "impersonate" };
            match may(cluster, "", &right).await {
                Ok(true) => report.ok(format_args!("rights: {who} may impersonate {what}")),
                Ok(false) if matches!(names, Names::Unknown) => report.warning(
                    format_args!("rights: {who} may not impersonate {what}"),
                    "where impersonation.users or impersonation.groups list them, this is as it should be; else let the chart make the roles",
                ),
                Ok(false) => report.failure(
                    format_args!("rights: {who} may not impersonate {what}"),
                    format_args!("let the chart make the role (rbac.create, impersonation.{resource})"),
                ),
                Err(error) => return report.failure(format_args!("rights: {error}"), REVIEWS),
            }
        }
    }
    report.ok("rights: what people may do is up to their own bindings; `--as NAME` looks at a person's");
}

/// A verb on a resource; of one object where that has a name.
struct Asked<'a> {
    group: &'a str,
    /// Plural, with the subresource where it is one.
    resource: &'a str,
    name: &'a str,
    verb: &'a str,
}

async fn may(cluster: &Cluster, namespace: &str, asked: &Asked<'_>) -> Result<bool, ClusterError> {
    let (resource, subresource) = asked.resource.split_once('/').unwrap_or((asked.resource, ""));
    let attributes = json!({
        "namespace": namespace, "group": asked.group, "resource": resource, "subresource": subresource,
        "name": asked.name, "verb": asked.verb,
    });
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer = cluster.send(Method::POST, path, Some(&review), false).await?;
    Ok(answer["status"]["allowed"] == true)
}

/// Whether the release runs, and offers what its values say.
pub async fn release(cluster: &Cluster, namespace: &str, release: &str, offered: &Offered, report: &mut Report) {
    let selector = format!("app.kubernetes.io%2Fname%3Dcnpg-mcp%2Capp.kubernetes.io%2Finstance%3D{}", segment(release));
    let path = format!("/apis/apps/v1/namespaces/{}/deployments?labelSelector={selector}", segment(namespace));
    let list = match cluster.get(&path).await {
        Ok(list) => list.unwrap_or_default(),
        Err(ClusterError::Refused { code: 401 | 403, .. }) => {
            let next = "look with an account that may list Deployments";
            return report.warning(format_args!("release: `{release}` may not be seen in `{namespace}`"), next);
        }
        Err(error) => return report.failure(format_args!("release: {error}"), "run the same again"),
    };
    let deployment = &list["items"][0];
    let Some(name) = deployment["metadata"]["name"].as_str() else {
        let next = format!("`make deploy RELEASE={release} NAMESPACE={namespace}`");
        return report.warning(format_args!("release: `{release}` is not installed in `{namespace}`"), next);
    };
    let (wanted, ready) =
        (deployment["spec"]["replicas"].as_u64().unwrap_or(1), &deployment["status"]["readyReplicas"]);
    let ready = ready.as_u64().unwrap_or_default();
    if ready < wanted {
        report.failure(
            format_args!("release: {ready} of {wanted} pods of Deployment `{name}` are ready"),
            format_args!("`kubectl --namespace {namespace} describe pods --selector app.kubernetes.io/instance={release}` and their logs; docs/troubleshooting.md"),
        );
    } else {
        report.ok(format_args!("release: all pods of Deployment `{name}` are ready ({ready})"));
    }
    let containers = deployment.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let main = containers.into_iter().flatten().find(|container| container["name"] == "cnpg-mcp");
    let arguments = main.and_then(|main| main["args"].as_array()).into_iter().flatten();
    let runs = Offered::of_arguments(arguments.filter_map(Value::as_str));
    if runs != offered.in_full() {
        report.warning(
            format_args!("release: its pods offer {runs}, and by the values they would offer {offered}"),
            format_args!("`make deploy RELEASE={release} NAMESPACE={namespace}`"),
        );
    }
}

/// Whether the operator serves the kinds that the tools work on, and of which version it is.
pub async fn operator(cluster: &Cluster, rights: &[Right], report: &mut Report) {
    let install = "install CloudNativePG, or a newer version of it: https://cloudnative-pg.io/docs";
    let served = match cluster.get(&format!("/apis/{GROUP}/v1")).await {
        Ok(Some(served)) => served,
        Ok(None) => return report.failure("CloudNativePG: it is not installed", install),
        Err(error) => return report.failure(format_args!("CloudNativePG: {error}"), install),
    };
    let is_served =
        |plural: &str| served["resources"].as_array().into_iter().flatten().any(|one| one["name"] == plural);
    let plurals = rights.iter().filter(|right| right.group == GROUP).map(|right| right.resource.as_str());
    let missing: Vec<&str> = plurals.filter(|plural| !is_served(plural)).collect();
    if missing.is_empty() {
        report.ok("CloudNativePG: all kinds that the tools work on are served");
    } else {
        report.failure(format_args!("CloudNativePG: it does not serve {}", missing.join(", ")), install);
    }
    let deployments =
        cluster.get("/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3Dcloudnative-pg").await;
    let list = deployments.ok().flatten().unwrap_or_default();
    let image = list["items"][0]["spec"]["template"]["spec"]["containers"][0]["image"].as_str();
    match image.and_then(version) {
        Some(version) if version >= MADE_FOR => {
            report.ok(format_args!("CloudNativePG: version {}.{}", version.0, version.1));
        }
        Some((major, minor)) => report.warning(
            format_args!("CloudNativePG: version {major}.{minor}; the tools are made for {}.{}", MADE_FOR.0, MADE_FOR.1),
            "newer fields are left out by it; upgrade it where answers miss something",
        ),
        None => report.warning(
            "CloudNativePG: its version is not known, since its Deployment cannot be seen",
            "look yourself: `kubectl get deployments --all-namespaces --selector app.kubernetes.io/name=cloudnative-pg --output wide`",
        ),
    }
}

/// Major and minor version of an image (`…/cloudnative-pg:1.30.0@sha256:…`).
fn version(image: &str) -> Option<(u32, u32)> {
    let tag = image.split('@').next()?.rsplit_once(':')?.1;
    let mut parts = tag.trim_start_matches('v').split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Whether the Secret has what the server reads.
pub async fn credentials(cluster: &Cluster, namespace: &str, release: &str, report: &mut Report) {
    let name = secret::name(release);
    let again = format!("run `cnpg-mcp setup secret --namespace {namespace} --release-name {release} --replace`");
    let there = match cluster.get(&format!("{}/{}", secret::collection(namespace), segment(&name))).await {
        Ok(Some(there)) => there,
        Ok(None) => return report.failure(format_args!("Secret: there is no `{name}` in `{namespace}`"), again),
        Err(ClusterError::Refused { code: 401 | 403, .. }) => {
            let next = "look with an account that may read Secrets";
            return report.warning(format_args!("Secret: `{name}` may not be seen"), next);
        }
        Err(error) => return report.failure(format_args!("Secret: {error}"), again),
    };
    let data = secret_keys::data(&there);
    let keys = data.get(SIGNING_KEY).and_then(|value| STANDARD.decode(value).ok());
    let keys = keys.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    match RootKeys::parse(&keys, Path::new(SIGNING_KEY)) {
        Err(error) => report.failure(format_args!("Secret: {error}"), again),
        Ok(_) if data.get(CLIENT_SECRET).is_none_or(String::is_empty) => {
            report.failure(format_args!("Secret: `{name}` has no `{CLIENT_SECRET}`"), again);
        }
        Ok(_) => report.ok(format_args!("Secret: `{name}` in `{namespace}` has all that the server reads")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_images() {
        assert_eq!(version("ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0"), Some((1, 30)));
        assert_eq!(version("localhost:5000/x:v1.25.1-rc1@sha256:00"), Some((1, 25)));
        assert_eq!(version("localhost:5000/x"), None);
        assert_eq!(version("x:latest"), None);
    }
}

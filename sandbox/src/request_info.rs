//! What a request asks for, in the words of Kubernetes' authorisation: verb, group, resource,
//! subresource, namespace, name.
//!
//! Source of the rules: "Authorization Overview", section "Determine the Request Verb".

use http::{HeaderMap, Method, Uri, header};
use serde::Serialize;

/// One request, as an authoriser of Kubernetes sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestInfo {
    /// Value of `User-Agent`, empty where it was absent.
    pub user_agent: String,
    /// Value of `Host`: tells clients apart that reach the sandbox by different names.
    pub host: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`; for
    /// paths that are no resource the HTTP method in small letters.
    pub verb: String,
    /// API group; empty for the core group and for paths that are no resource.
    pub group: String,
    /// Plural name of the resource; empty for paths that are no resource.
    pub resource: String,
    /// Such as `status` or `scale`; empty where none is asked for.
    pub subresource: String,
    /// Namespace; empty where the request names none.
    pub namespace: String,
    /// Name of the object; empty for collections.
    pub name: String,
    /// Whether the request carries `dryRun`.
    pub dry_run: bool,
    /// Path without the query.
    pub path: String,
    /// In whose name (`Impersonate-User`); empty where the request is the client's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub on_behalf_of: String,
    /// The groups that come with that name (`Impersonate-Group`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

impl RequestInfo {
    /// Reads a request's line and headers.
    pub fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).or_else(|| uri.host());
        let query = uri.query().unwrap_or_default();
        let parameter = |wanted: &str| {
            query.split('&').find_map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (key == wanted).then_some(value)
            })
        };
        let values = |name: &str| {
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let mut info = Self {
            user_agent: user_agent.to_owned(),
            host: host.unwrap_or_default().to_owned(),
            verb: method.as_str().to_ascii_lowercase(),
            group: String::new(),
            resource: String::new(),
            subresource: String::new(),
            namespace: String::new(),
            name: String::new(),
            dry_run: parameter("dryRun").is_some(),
            path: uri.path().to_owned(),
            on_behalf_of: values("impersonate-user").collect(),
            groups: values("impersonate-group").collect(),
        };
        info.read_path();
        if info.resource.is_empty() {
            return info;
        }
        let watching = parameter("watch").is_some_and(|value| matches!(value, "" | "1" | "true" | "True" | "TRUE"));
        let verb = match (method.as_str(), info.name.is_empty()) {
            ("GET" | "HEAD", false) => "get",
            ("GET" | "HEAD", true) if watching => "watch",
            ("GET" | "HEAD", true) => "list",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", false) => "delete",
            ("DELETE", true) => "deletecollection",
            _ => return info,
        };
        verb.clone_into(&mut info.verb);
        info
    }

    /// `/api/v1/…` and `/apis/GROUP/VERSION/…`, with or without `namespaces/NAME`.
    fn read_path(&mut self) {
        let path = self.path.clone();
        let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
        match parts.next() {
            Some("api") => {}
            Some("apis") => match parts.next() {
                Some(group) => group.clone_into(&mut self.group),
                None => return,
            },
            _ => return,
        }
        if parts.next().is_none() {
            self.group.clear();
            return;
        }
        let rest: Vec<&str> = parts.collect();
        let (namespace, rest) = match rest.as_slice() {
            // `namespaces/NAME`, `…/status` and `…/finalize` are about the namespace itself.
            ["namespaces", namespace, resource, ..] if !matches!(*resource, "status" | "finalize") => {
                (*namespace, &rest[2..])
            }
            ["namespaces", namespace, ..] => (*namespace, &rest[..]),
            _ => ("", &rest[..]),
        };
        let part = |at: usize| rest.get(at).copied().unwrap_or_default().to_owned();
        self.resource = part(0);
        self.name = part(1);
        self.subresource = part(2);
        namespace.clone_into(&mut self.namespace);
        if self.resource.is_empty() {
            self.group.clear();
        }
    }

    /// The tool in whose name the request was made: what stands in parentheses behind
    /// `cnpg-mcp/VERSION` in the user agent.
    pub fn tool(&self) -> Option<&str> {
        let rest = self.user_agent.strip_prefix("cnpg-mcp/")?;
        let (_, tool) = rest.split_once('(')?;
        tool.split_once(')').map(|(tool, _)| tool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(method: &str, uri: &str) -> RequestInfo {
        RequestInfo::of(&method.parse().unwrap(), &uri.parse().unwrap(), &HeaderMap::new())
    }

    #[test]
    fn verbs_and_places() {
        let cases = [
            ("GET", "/api/v1/namespaces/a/pods?limit=5", "list", "", "pods", "", "a", ""),
            ("GET", "/api/v1/namespaces/a/pods?watch=1", "watch", "", "pods", "", "a", ""),
            ("GET", "/api/v1/pods?watch=false", "list", "", "pods", "", "", ""),
            ("GET", "/api/v1/namespaces/a", "get", "", "namespaces", "", "a", "a"),
            ("GET", "/api/v1/namespaces", "list", "", "namespaces", "", "", ""),
            ("DELETE", "/api/v1/namespaces/a/secrets/s", "delete", "", "secrets", "", "a", "s"),
            ("DELETE", "/api/v1/namespaces/a/secrets", "deletecollection", "", "secrets", "", "a", ""),
            ("PATCH", "/apis/g.io/v1/namespaces/a/clusters/c/scale", "patch", "g.io", "clusters", "scale", "a", "c"),
            ("POST", "/apis/g.io/v1/namespaces/a/clusters", "create", "g.io", "clusters", "", "a", ""),
            ("PUT", "/apis/g.io/v1/namespaces/a/clusters/c", "update", "g.io", "clusters", "", "a", "c"),
            ("GET", "/apis/g.io/v1", "get", "", "", "", "", ""),
            ("GET", "/version", "get", "", "", "", "", ""),
        ];
        for (method, uri, verb, group, resource, subresource, namespace, name) in cases {
            let got = info(method, uri);
            let seen = (&*got.verb, &*got.group, &*got.resource, &*got.subresource, &*got.namespace, &*got.name);
            assert_eq!(seen, (verb, group, resource, subresource, namespace, name), "{method} {uri}");
        }
        assert!(info("POST", "/api/v1/namespaces/a/secrets?dryRun=All").dry_run);
    }

    #[test]
    fn tools_are_named_by_the_user_agent() {
        let mut info = info("GET", "/version");
        for (agent, tool) in [
            ("cnpg-mcp/0.1.0 (list_postgres_roles)", Some("list_postgres_roles")),
            ("cnpg-mcp/0.1.0", None),
            ("kubectl/v1.36 (linux)", None),
        ] {
            agent.clone_into(&mut info.user_agent);
            assert_eq!(info.tool(), tool, "{agent}");
        }
    }
}

//! Kinds of Kubernetes objects, as generated code describes them.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::meta::ObjectMeta;

/// A kind that tools touch. Generated code implements it on one struct per resource description, with the
/// described fields only: everything else in an answer of the API server is skipped, `managedFields` among it.
pub trait Kind: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Where the API server serves it.
    const INFO: KindInfo;

    /// The object's metadata.
    fn metadata(&self) -> &ObjectMeta;
}

/// Where the API server serves a kind, and how this server reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// The kind, as in manifests.
    pub kind: &'static str,
    /// Plural resource name, as in URLs and RBAC rules.
    pub plural: &'static str,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Whether objects are read as `PartialObjectMetadata` only, so that their content never comes here.
    pub metadata_only: bool,
    /// Product whose installation brings the kind; `None` for Kubernetes' own kinds.
    pub operator: Option<&'static str>,
}

impl KindInfo {
    /// `apiVersion` of manifests: `v1`, `postgresql.cnpg.io/v1`.
    pub fn api_version(&self) -> Cow<'static, str> {
        if self.group.is_empty() {
            Cow::Borrowed(self.version)
        } else {
            Cow::Owned(format!("{}/{}", self.group, self.version))
        }
    }

    /// The resource as `kubectl` and RBAC tools take it: `secrets`, `clusters.postgresql.cnpg.io`.
    pub fn resource(&self) -> Cow<'static, str> {
        if self.group.is_empty() {
            Cow::Borrowed(self.plural)
        } else {
            Cow::Owned(format!("{}.{}", self.plural, self.group))
        }
    }

    /// Path of the collection: `/apis/postgresql.cnpg.io/v1/namespaces/default/clusters`; without a
    /// namespace that of every namespace, or of a kind that has none.
    pub fn collection_path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        match namespace {
            Some(namespace) if self.namespaced => {
                format!("{root}/namespaces/{}/{}", path_segment(namespace), self.plural)
            }
            _ => format!("{root}/{}", self.plural),
        }
    }

    /// Path of one object.
    pub fn object_path(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.collection_path(namespace), path_segment(name))
    }
}

/// Percent-encodes everything that could end a path segment or mean something in a URL (RFC 3986, 3.3).
/// Names from answers and arguments reach paths only through here.
pub(crate) fn path_segment(text: &str) -> String {
    percent_encode(text)
}

/// Percent-encodes all but RFC 3986's unreserved characters; for path segments and query values.
pub(crate) fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => encoded.push(char::from(byte)),
            b'.' if text != "." && text != ".." => encoded.push('.'),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "Cluster",
        plural: "clusters",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    #[test]
    fn paths_of_groups_and_core() {
        let secret = KindInfo { group: "", kind: "Secret", plural: "secrets", ..CLUSTER };
        assert_eq!(
            CLUSTER.object_path(Some("data"), "orders"),
            "/apis/postgresql.cnpg.io/v1/namespaces/data/clusters/orders"
        );
        assert_eq!(CLUSTER.collection_path(None), "/apis/postgresql.cnpg.io/v1/clusters");
        assert_eq!(secret.object_path(Some("data"), "orders"), "/api/v1/namespaces/data/secrets/orders");
        assert_eq!(secret.resource(), "secrets");
        assert_eq!(CLUSTER.resource(), "clusters.postgresql.cnpg.io");
    }

    #[test]
    fn names_cannot_leave_their_segment() {
        assert_eq!(path_segment("../secrets?x=1"), "..%2Fsecrets%3Fx%3D1");
        assert_eq!(path_segment(".."), "%2E%2E");
        assert_eq!(path_segment("a.b-c"), "a.b-c");
    }
}

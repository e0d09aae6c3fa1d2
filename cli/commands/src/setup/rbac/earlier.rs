//! What earlier runs gave the same account, person or group, and this one does not: another namespace, or all of them.

use anyhow::Context as _;
use http::Method;
use serde_json::Value;

use super::super::cluster::{Cluster, ClusterError};
use super::super::paths::segment;
use super::super::story::{Change, Story, note};
use super::{GROUP, MANAGED_BY, MANAGER};

/// Bindings before roles: what is broken off between them gives no rights.
const COLLECTIONS: [(&str, &str); 4] = [
    ("rolebindings", "RoleBinding"),
    ("clusterrolebindings", "ClusterRoleBinding"),
    ("roles", "Role"),
    ("clusterroles", "ClusterRole"),
];

/// Takes it away, or tells about it. `wanted`: namespaces with a role; `None` stands for the one in no namespace.
pub async fn settle(
    cluster: &Cluster,
    name: &str,
    wanted: &[Option<&str>],
    prune: bool,
    story: Story,
) -> anyhow::Result<()> {
    let mut left = Vec::new();
    for (plural, kind) in COLLECTIONS {
        let path = format!("/apis/{GROUP}/v1/{plural}?labelSelector={MANAGED_BY}%3D{MANAGER}");
        let list = match cluster.get(&path).await {
            Ok(list) => list.unwrap_or_default(),
            Err(ClusterError::Refused { code: 403, .. }) => {
                note(format_args!(
                    "rights that earlier runs gave elsewhere are not looked for: {plural} of all namespaces may not be listed"
                ));
                return Ok(());
            }
            Err(error) => return Err(error).context("what earlier runs made cannot be looked for"),
        };
        for object in list["items"].as_array().into_iter().flatten() {
            let namespace = object["metadata"]["namespace"].as_str();
            if object["metadata"]["name"] == name && !wanted.contains(&namespace) {
                left.push(Left { plural, kind, namespace: namespace.map(str::to_owned), version: version(object) });
            }
        }
    }
    for one in &left {
        if prune {
            one.remove(cluster, name, story).await?;
            story.tell(Change::Removed, format_args!("{} `{name}`{}", one.kind, one.place()));
        } else if one.kind.ends_with("Binding") {
            note(format_args!(
                "{} `{name}`{} of an earlier run still gives its rights; `--prune` takes it away",
                one.kind,
                one.place()
            ));
        }
    }
    Ok(())
}

struct Left {
    plural: &'static str,
    kind: &'static str,
    namespace: Option<String>,
    version: Value,
}

impl Left {
    fn place(&self) -> String {
        self.namespace.as_ref().map(|namespace| format!(" in `{namespace}`")).unwrap_or_default()
    }

    async fn remove(&self, cluster: &Cluster, name: &str, story: Story) -> anyhow::Result<()> {
        let place = self.namespace.as_ref().map(|namespace| format!("namespaces/{}/", segment(namespace)));
        let path = format!("/apis/{GROUP}/v1/{}{}/{}", place.unwrap_or_default(), self.plural, segment(name));
        // Not one that was made again meanwhile.
        let options = serde_json::json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "resourceVersion": self.version },
        });
        match cluster.send(Method::DELETE, &path, Some(&options), story.is_dry()).await {
            Ok(_) | Err(ClusterError::Refused { code: 404, .. }) => Ok(()),
            Err(error) => {
                Err(error).with_context(|| format!("{} `{name}`{} cannot be taken away", self.kind, self.place()))
            }
        }
    }
}

fn version(object: &Value) -> Value {
    object["metadata"]["resourceVersion"].clone()
}

//! What `kubectl get` shows of built-in kinds.

use crate::store::PrinterColumn;

fn column(name: &str, kind: &str, json_path: &str) -> PrinterColumn {
    PrinterColumn {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: String::new(),
        description: name.to_owned(),
        priority: 0,
        json_path: json_path.to_owned(),
    }
}

/// The columns of a resource, without its name. What a path that starts with `#` names is counted, `~` shows
/// how long ago it was, and `@` is worked out by hand.
pub(super) fn of(plural: &str) -> Vec<PrinterColumn> {
    let mut columns = match plural {
        "configmaps" => vec![column("Data", "string", "#.data")],
        "secrets" => vec![column("Type", "string", ".type"), column("Data", "string", "#.data")],
        "namespaces" => vec![column("Status", "string", ".status.phase")],
        "pods" => vec![
            column("Ready", "string", "@ready"),
            column("Status", "string", ".status.phase"),
            column("Restarts", "integer", "@restarts"),
        ],
        "services" => vec![
            column("Type", "string", ".spec.type"),
            column("Cluster-IP", "string", ".spec.clusterIP"),
            column("Port(s)", "string", "@ports"),
        ],
        "persistentvolumeclaims" => vec![
            column("Status", "string", ".status.phase"),
            column("Volume", "string", ".spec.volumeName"),
            column("Capacity", "string", ".status.capacity.storage"),
            column("StorageClass", "string", ".spec.storageClassName"),
        ],
        "events" => {
            return vec![
                column("Last Seen", "string", "~.lastTimestamp"),
                column("Type", "string", ".type"),
                column("Reason", "string", ".reason"),
                column("Object", "string", "@object"),
                column("Message", "string", ".message"),
            ];
        }
        "jobs" => vec![column("Status", "string", ".status.conditions[0].type")],
        "leases" => vec![column("Holder", "string", ".spec.holderIdentity")],
        "roles" | "clusterroles" => vec![column("Created At", "string", ".metadata.creationTimestamp")],
        "rolebindings" | "clusterrolebindings" => vec![column("Role", "string", ".roleRef.name")],
        _ => vec![],
    };
    if !matches!(plural, "roles" | "clusterroles") {
        columns.push(column("Age", "string", "~.metadata.creationTimestamp"));
    }
    columns
}

//! The kinds that a Kubernetes API server has without any CRD, as far as CloudNativePG, its tools
//! and `kubectl` meet them.
//!
//! Built-in kinds are checked by hand where the recordings show a rule (secrets, namespaces); of the
//! others the fields at the top are known and everything below is kept as it came.

mod columns;
mod initial;
mod rbac;
mod secrets;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{ApiError, Cause};
use crate::schema::{Schema, Type};
use crate::store::Gvr;
use crate::store::{Origin, Registry, ResourceType, ScalePaths};

pub use initial::{keep_definition, seed};
pub use secrets::decode as decode_secret;

/// One built-in resource: group, version, kind, plural, short names, scope and subresources.
#[allow(clippy::struct_excessive_bools, reason = "one field for each thing that a kind has or has not")]
struct Builtin {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
    status: bool,
    scale: bool,
    in_all: bool,
    /// Fields at the top of an object, besides `apiVersion`, `kind` and `metadata`.
    fields: &'static [&'static str],
    /// Field selectors beyond name and namespace.
    selectable: &'static [&'static str],
}

const fn namespaced(group: &'static str, kind: &'static str, plural: &'static str) -> Builtin {
    Builtin {
        group,
        version: "v1",
        kind,
        plural,
        short: &[],
        namespaced: true,
        status: false,
        scale: false,
        in_all: false,
        fields: &["spec", "status"],
        selectable: &[],
    }
}

const RBAC: &str = rbac::GROUP;

const EVENT_FIELDS: &[&str] = &[
    "involvedObject",
    "reason",
    "message",
    "source",
    "firstTimestamp",
    "lastTimestamp",
    "count",
    "type",
    "eventTime",
    "series",
    "action",
    "related",
    "reportingComponent",
    "reportingInstance",
];

const EVENT_SELECTORS: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

const NETWORKING: &str = "networking.k8s.io";

const BUILTINS: &[Builtin] = &[
    Builtin {
        short: &["cm"],
        fields: &["data", "binaryData", "immutable"],
        ..namespaced("", "ConfigMap", "configmaps")
    },
    Builtin { short: &["ep"], fields: &["subsets"], ..namespaced("", "Endpoints", "endpoints") },
    Builtin { short: &["ev"], fields: EVENT_FIELDS, selectable: EVENT_SELECTORS, ..namespaced("", "Event", "events") },
    Builtin {
        short: &["ns"],
        namespaced: false,
        status: true,
        selectable: &["status.phase"],
        ..namespaced("", "Namespace", "namespaces")
    },
    Builtin { short: &["no"], namespaced: false, status: true, ..namespaced("", "Node", "nodes") },
    Builtin { short: &["pvc"], status: true, ..namespaced("", "PersistentVolumeClaim", "persistentvolumeclaims") },
    Builtin {
        short: &["pv"],
        namespaced: false,
        status: true,
        ..namespaced("", "PersistentVolume", "persistentvolumes")
    },
    Builtin {
        short: &["po"],
        status: true,
        in_all: true,
        selectable: &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        ..namespaced("", "Pod", "pods")
    },
    Builtin {
        fields: &["data", "stringData", "type", "immutable"],
        selectable: &["type"],
        ..namespaced("", "Secret", "secrets")
    },
    Builtin {
        short: &["sa"],
        fields: &["secrets", "imagePullSecrets", "automountServiceAccountToken"],
        ..namespaced("", "ServiceAccount", "serviceaccounts")
    },
    Builtin { short: &["svc"], status: true, in_all: true, ..namespaced("", "Service", "services") },
    Builtin {
        short: &["deploy"],
        status: true,
        scale: true,
        in_all: true,
        ..namespaced("apps", "Deployment", "deployments")
    },
    Builtin { status: true, in_all: true, ..namespaced("batch", "Job", "jobs") },
    Builtin { short: &["cj"], status: true, in_all: true, ..namespaced("batch", "CronJob", "cronjobs") },
    Builtin { fields: &["spec"], ..namespaced("coordination.k8s.io", "Lease", "leases") },
    // Kept as they come: nothing in a sandbox routes, blocks or scales.
    Builtin { short: &["ing"], status: true, ..namespaced(NETWORKING, "Ingress", "ingresses") },
    Builtin { short: &["netpol"], fields: &["spec"], ..namespaced(NETWORKING, "NetworkPolicy", "networkpolicies") },
    Builtin {
        version: "v2",
        short: &["hpa"],
        status: true,
        in_all: true,
        ..namespaced("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
    },
    Builtin { short: &["pdb"], status: true, ..namespaced("policy", "PodDisruptionBudget", "poddisruptionbudgets") },
    Builtin { fields: &["rules"], ..namespaced(RBAC, "Role", "roles") },
    Builtin { fields: &["subjects", "roleRef"], ..namespaced(RBAC, "RoleBinding", "rolebindings") },
    Builtin {
        namespaced: false,
        fields: &["rules", "aggregationRule"],
        ..namespaced(RBAC, "ClusterRole", "clusterroles")
    },
    Builtin {
        namespaced: false,
        fields: &["subjects", "roleRef"],
        ..namespaced(RBAC, "ClusterRoleBinding", "clusterrolebindings")
    },
    Builtin {
        short: &["sc"],
        namespaced: false,
        fields: STORAGE_CLASS,
        ..namespaced("storage.k8s.io", "StorageClass", "storageclasses")
    },
    Builtin {
        short: &["crd", "crds"],
        namespaced: false,
        status: true,
        ..namespaced("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions")
    },
];

const STORAGE_CLASS: &[&str] = &[
    "provisioner",
    "parameters",
    "reclaimPolicy",
    "mountOptions",
    "allowVolumeExpansion",
    "volumeBindingMode",
    "allowedTopologies",
];

impl Builtin {
    fn resource_type(&self) -> ResourceType {
        let mut schema = Schema::any();
        schema.kind = Type::Object;
        schema.preserves_unknown = false;
        for field in self.fields {
            let inner = if self.group == RBAC { rbac::schema(field) } else { None };
            schema.properties.insert((*field).to_owned(), inner.unwrap_or_else(Schema::any));
        }
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        ResourceType {
            gvr: Gvr::new(self.group, self.version, self.plural),
            kind: self.kind.to_owned(),
            list_kind: format!("{}List", self.kind),
            singular: self.kind.to_lowercase(),
            short_names: owned(self.short),
            categories: if self.in_all { owned(&["all"]) } else { Vec::new() },
            namespaced: self.namespaced,
            schema: Some(Arc::new(schema)),
            openapi: None,
            status: self.status,
            scale: self.scale.then(|| ScalePaths {
                spec: ".spec.replicas".to_owned(),
                status: ".status.replicas".to_owned(),
                selector: String::new(),
            }),
            columns: columns::of(self.plural),
            counts_generation: matches!(self.group, "apps" | "batch" | NETWORKING | "policy" | "apiextensions.k8s.io"),
            origin: Origin::Builtin,
            selectable: owned(self.selectable),
        }
    }
}

/// Adds every built-in resource.
pub fn register(registry: &mut Registry) {
    for builtin in BUILTINS {
        registry.add(builtin.resource_type());
    }
}

/// What the server fills in on built-in kinds before it keeps them.
pub fn fill_in(kind: &ResourceType, old: Option<&Value>, object: &mut Value) {
    if kind.origin != Origin::Builtin {
        return;
    }
    match kind.kind.as_str() {
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            if name.as_str().is_some_and(|name| !name.is_empty()) {
                if !object["metadata"]["labels"].is_object() {
                    object["metadata"]["labels"] = json!({});
                }
                object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            }
            if old.is_none() {
                if !object["spec"].is_object() {
                    object["spec"] = json!({});
                }
                object["status"] = json!({});
                object["spec"]["finalizers"] = json!(["kubernetes"]);
                object["status"]["phase"] = json!("Active");
            }
        }
        "Secret" => secrets::fill_in(object),
        "RoleBinding" | "ClusterRoleBinding" => rbac::fill_in_binding(object),
        "Pod" | "PersistentVolumeClaim" if old.is_none() && object["status"]["phase"].is_null() => {
            object["status"]["phase"] = json!("Pending");
        }
        _ => {}
    }
}

/// Whether the body of a built-in kind can be decoded into its Go type.
///
/// # Errors
/// 400 in the words of the decoder.
pub fn decode(kind: &ResourceType, object: &Value) -> Result<(), ApiError> {
    if kind.kind == "Secret" && kind.gvr.group.is_empty() {
        return decode_secret(object);
    }
    if kind.gvr.group == RBAC {
        return rbac::decode(kind, object);
    }
    Ok(())
}

/// The rules of a built-in kind.
pub fn validate(kind: &ResourceType, old: Option<&Value>, object: &Value) -> Vec<Cause> {
    if kind.origin != Origin::Builtin {
        return Vec::new();
    }
    match kind.kind.as_str() {
        "Secret" => secrets::validate(old, object),
        "Role" | "ClusterRole" => rbac::validate_role(kind, object),
        "RoleBinding" | "ClusterRoleBinding" => rbac::validate_binding(kind, old, object),
        _ => Vec::new(),
    }
}

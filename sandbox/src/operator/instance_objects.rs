//! The objects of one instance: its volume claim, the job that makes its data, its pod.

use serde_json::{Value, json};

use super::cluster_view::{ClusterView, OPERATOR_VERSION, ordinal};
use super::fabric::address;

/// How an instance's data is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// A new database, for the first primary.
    Initdb,
    /// From a backup, for the first primary.
    Recovery,
    /// A clone of the primary.
    Join,
}

impl Making {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Initdb, Self::Recovery, Self::Join];

    /// Whether it makes the first primary.
    pub fn is_first(self) -> bool {
        self != Self::Join
    }

    /// As it stands in names and in the label `cnpg.io/jobRole`.
    pub fn role(self) -> &'static str {
        match self {
            Self::Initdb => "initdb",
            Self::Recovery => "full-recovery",
            Self::Join => "join",
        }
    }

    /// Name of the job that makes `instance`.
    pub fn job(self, instance: &str) -> String {
        format!("{instance}-{}", self.role())
    }
}

fn set_labels(object: &mut Value, entries: &[(&str, &str)]) {
    for (key, value) in entries {
        object["metadata"]["labels"][*key] = json!(value);
    }
}

/// The claim of `instance`, not yet filled.
pub fn claim(cluster: ClusterView<'_>, instance: &str) -> Value {
    let storage = &cluster.spec()["storage"];
    let size = storage["size"].as_str().or(storage["pvcTemplate"]["resources"]["requests"]["storage"].as_str());
    let mut object = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": instance, "namespace": cluster.namespace(),
            "labels": {
                "app.kubernetes.io/component": "database", "app.kubernetes.io/managed-by": "cloudnative-pg",
                "app.kubernetes.io/name": "postgresql", "cnpg.io/cluster": cluster.name(),
                "cnpg.io/instanceName": instance, "cnpg.io/pvcRole": "PG_DATA",
            },
            "annotations": {
                "cnpg.io/nodeSerial": ordinal(instance).to_string(),
                "cnpg.io/operatorVersion": OPERATOR_VERSION, "cnpg.io/pvcStatus": "initializing",
            },
            "ownerReferences": [cluster.owner_reference()],
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": size.unwrap_or("1Gi")}},
        },
        "status": {"phase": "Pending"},
    });
    if let Some(class) = storage["storageClass"].as_str() {
        object["spec"]["storageClassName"] = json!(class);
    }
    object
}

/// Fills a claim: bound to a volume, ready for its instance.
pub fn bind(claim: &mut Value, role: &str) {
    let volume = format!("pvc-{}", claim["metadata"]["uid"].as_str().unwrap_or_default());
    let capacity = claim["spec"]["resources"]["requests"].clone();
    claim["metadata"]["annotations"]["cnpg.io/pvcStatus"] = json!("ready");
    set_labels(claim, &[("cnpg.io/instanceRole", role), ("role", role)]);
    claim["spec"]["volumeName"] = json!(volume);
    claim["status"] = json!({"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": capacity});
}

/// The job that makes `instance`'s data.
pub fn job(cluster: ClusterView<'_>, instance: &str, making: Making, stamp: &str) -> Value {
    let mut object = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": making.job(instance), "namespace": cluster.namespace(), "labels": cluster.labels(),
            "annotations": {"cnpg.io/operatorVersion": OPERATOR_VERSION},
            "ownerReferences": [cluster.blocking_owner_reference()],
        },
        "spec": {
            "completions": 1, "parallelism": 1, "backoffLimit": 6,
            "template": {"spec": {
                "containers": [{"name": making.role(), "image": cluster.image()}],
                "restartPolicy": "Never", "serviceAccountName": cluster.name(),
            }},
        },
        "status": {"active": 1, "ready": 1, "startTime": stamp},
    });
    set_labels(&mut object, &[("cnpg.io/instanceName", instance), ("cnpg.io/jobRole", making.role())]);
    object
}

/// Marks a job as done.
pub fn complete_job(job: &mut Value, stamp: &str) {
    let started = job["status"]["startTime"].clone();
    job["status"] = json!({
        "succeeded": 1, "startTime": started, "completionTime": stamp,
        "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": stamp}],
    });
}

/// The pod of `job`.
pub fn job_pod(
    cluster: ClusterView<'_>,
    job: &Value,
    instance: &str,
    making: Making,
    suffix: &str,
    stamp: &str,
) -> Value {
    let name = making.job(instance);
    let uid = job["metadata"]["uid"].as_str().unwrap_or_default();
    let mut object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("{name}-{suffix}"), "namespace": cluster.namespace(), "labels": cluster.labels(),
            "annotations": {"cnpg.io/operatorVersion": OPERATOR_VERSION},
            "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid,
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": pod_spec(cluster, instance, making.role()),
        "status": {"phase": "Running", "startTime": stamp, "qosClass": "BestEffort"},
    });
    set_labels(
        &mut object,
        &[
            ("batch.kubernetes.io/controller-uid", uid),
            ("batch.kubernetes.io/job-name", &name),
            ("cnpg.io/instanceName", instance),
            ("cnpg.io/jobRole", making.role()),
            ("controller-uid", uid),
            ("job-name", &name),
        ],
    );
    object
}

fn pod_spec(cluster: ClusterView<'_>, instance: &str, container: &str) -> Value {
    let resources = cluster.spec().get("resources").cloned().unwrap_or_else(|| json!({}));
    let mut spec = json!({
        "containers": [{
            "name": container, "image": cluster.image(), "imagePullPolicy": "IfNotPresent",
            "resources": resources,
            "volumeMounts": [{"name": "pgdata", "mountPath": "/var/lib/postgresql/data"}],
        }],
        "volumes": [{"name": "pgdata", "persistentVolumeClaim": {"claimName": instance}}],
        "nodeName": format!("sandbox-node-{}", (ordinal(instance).max(1) - 1) % 3 + 1),
        "serviceAccountName": cluster.name(), "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1800,
    });
    if container == "postgres" {
        spec["hostname"] = json!(instance);
        spec["restartPolicy"] = json!("Always");
        spec["containers"][0]["ports"] = json!([
            {"name": "postgresql", "containerPort": 5432, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9187, "protocol": "TCP"},
            {"name": "status", "containerPort": 8000, "protocol": "TCP"},
        ]);
    }
    spec
}

/// Address of an instance's pod.
pub fn pod_address(cluster: ClusterView<'_>, instance: &str) -> String {
    address(&format!("{}/{instance}", cluster.namespace()), 244)
}

/// The pod of `instance`, started and not yet ready.
pub fn pod(cluster: ClusterView<'_>, instance: &str, stamp: &str) -> Value {
    let mut object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": instance, "namespace": cluster.namespace(), "labels": cluster.labels(),
            "annotations": {
                "cnpg.io/nodeSerial": ordinal(instance).to_string(), "cnpg.io/operatorVersion": OPERATOR_VERSION,
            },
            "ownerReferences": [cluster.blocking_owner_reference()],
        },
        "spec": pod_spec(cluster, instance, "postgres"),
        "status": {},
    });
    set_labels(&mut object, &[("cnpg.io/instanceName", instance), ("cnpg.io/podRole", "instance")]);
    let annotations = &mut object["metadata"]["annotations"];
    annotations["cnpg.io/podEnvHash"] = json!("d6fb8c649");
    annotations["cnpg.io/podSpec"] = json!(pod_spec(cluster, instance, "postgres").to_string());
    super::restart::mark_new(&mut object, cluster);
    object["status"] = pod_status(cluster, instance, false, stamp);
    object
}

/// Status of an instance's pod that runs, ready or not.
pub fn pod_status(cluster: ClusterView<'_>, instance: &str, ready: bool, stamp: &str) -> Value {
    let condition = |kind: &str, holds: bool| {
        let mut condition =
            json!({"type": kind, "status": if holds { "True" } else { "False" }, "lastTransitionTime": stamp});
        if !holds {
            condition["reason"] = json!("ContainersNotReady");
            condition["message"] = json!("containers with unready status: [postgres]");
        }
        condition
    };
    let ip = pod_address(cluster, instance);
    json!({
        "phase": "Running",
        "conditions": [
            condition("PodScheduled", true), condition("Initialized", true),
            condition("ContainersReady", ready), condition("Ready", ready),
        ],
        "containerStatuses": [{
            "name": "postgres", "image": cluster.image(), "imageID": cluster.image(), "ready": ready, "started": ready,
            "restartCount": 0, "state": {"running": {"startedAt": stamp}}, "lastState": {},
        }],
        "hostIP": "10.0.0.10", "podIP": ip, "podIPs": [{"ip": ip}], "startTime": stamp, "qosClass": "BestEffort",
    })
}

/// Makes a running pod ready, with the role that it plays.
pub fn make_ready(pod: &mut Value, cluster: ClusterView<'_>, instance: &str, role: &str, stamp: &str) {
    pod["status"] = pod_status(cluster, instance, true, stamp);
    set_role(pod, role);
}

/// Labels a pod or a claim with the role that its instance plays.
pub fn set_role(object: &mut Value, role: &str) {
    set_labels(object, &[("cnpg.io/instanceRole", role), ("role", role)]);
}

/// Whether a pod is ready.
pub fn is_ready(pod: &Value) -> bool {
    pod["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

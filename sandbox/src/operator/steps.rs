//! The steps of a cluster's way: each writes its objects and says so in the status.

use serde_json::{Map, Value, json};

use super::annotations::POD_NEVER_READY;
use super::cluster_view::{ClusterView, ordinal};
use super::fabric::{self, derived};
use super::instance_objects::{self as objects, Making};
use super::status::{derive, observe, phase, set_condition};
use super::world::World;
use crate::store::Gvr;

pub(super) fn pods() -> Gvr {
    Gvr::core("pods")
}

pub(super) fn claims() -> Gvr {
    Gvr::core("persistentvolumeclaims")
}

fn jobs() -> Gvr {
    Gvr::new("batch", "v1", "jobs")
}

/// Writes the status: `edit` first, then what follows from the instances' objects.
pub(super) fn write(world: &World, cluster: ClusterView<'_>, edit: impl Fn(&mut Map<String, Value>)) {
    world.change_status(&Gvr::cnpg("clusters"), cluster.namespace(), cluster.name(), |object| {
        if !object["status"].is_object() {
            object["status"] = json!({});
        }
        if let Some(status) = object["status"].as_object_mut() {
            edit(status);
        }
        let now = object.clone();
        let view = ClusterView::new(&now);
        let instances = observe(world, view);
        if let Some(status) = object["status"].as_object_mut() {
            derive(status, view, &instances);
        }
    });
}

pub(super) fn enter(status: &mut Map<String, Value>, phase: &str, reason: &str) {
    status.insert("phase".to_owned(), json!(phase));
    if reason.is_empty() {
        status.shift_remove("phaseReason");
    } else {
        status.insert("phaseReason".to_owned(), json!(reason));
    }
}

/// Whether all instances are ready is a condition of its own.
pub(super) fn ready_condition(status: &mut Map<String, Value>, ready: bool, stamp: &str) {
    if ready {
        set_condition(status, "Ready", true, "ClusterIsReady", "Cluster is Ready", stamp);
    } else {
        set_condition(status, "Ready", false, "ClusterIsNotReady", "Cluster Is Not Ready", stamp);
    }
}

pub(super) fn hex(cluster: ClusterView<'_>, purpose: &str, length: usize) -> String {
    let digits = derived(cluster, purpose, length).into_bytes();
    digits.into_iter().map(|byte| char::from(b"0123456789abcdef"[usize::from(byte % 16)])).collect()
}

/// The first thing that the operator writes on a new cluster.
pub fn greet(world: &World, cluster: ClusterView<'_>) {
    let fingerprint = hex(cluster, "operator", 64);
    world.change_status(&Gvr::cnpg("clusters"), cluster.namespace(), cluster.name(), |object| {
        object["status"]["operatorCertificateFingerprint"] = json!(fingerprint);
    });
}

/// Which image the cluster gets.
pub fn read_image(world: &World, cluster: ClusterView<'_>) {
    let image = cluster.image_wanted();
    world.change_status(&Gvr::cnpg("clusters"), cluster.namespace(), cluster.name(), |object| {
        object["status"]["image"] = json!(image);
        object["status"]["pgDataImageInfo"] = json!({"image": image, "majorVersion": ClusterView::major(image)});
    });
}

/// Secrets, services, accounts, budgets; certificates and names in the status.
pub fn make_fabric(world: &World, cluster: ClusterView<'_>) {
    for (gvr, object) in fabric::objects(cluster) {
        if gvr.resource == "poddisruptionbudgets" {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            world.event(
                cluster.object,
                "Normal",
                "CreatingPodDisruptionBudget",
                &format!("Creating PodDisruptionBudget {name}"),
            );
        } else if gvr.resource == "serviceaccounts" {
            world.event(cluster.object, "Normal", "CreatingServiceAccount", "Creating ServiceAccount");
        } else if gvr.resource == "roles" {
            world.event(cluster.object, "Normal", "CreatingRole", "Creating Cluster Role");
        }
        world.ensure(&gvr, object);
    }
    let stamp = world.stamp();
    let facts = fabric_status(world, cluster);
    write(world, cluster, |status| {
        for (key, value) in &facts {
            status.insert(key.clone(), value.clone());
        }
        set_condition(
            status,
            "Initialized",
            false,
            "BootstrapPending",
            "Cluster has not been bootstrapped yet",
            &stamp,
        );
    });
}

pub(super) fn fabric_status(world: &World, cluster: ClusterView<'_>) -> Map<String, Value> {
    let (name, namespace) = (cluster.name(), cluster.namespace());
    let version = |gvr: &Gvr, object: &str| {
        let found = world.store.get(gvr, namespace, object);
        found.map_or(Value::Null, |object| object["metadata"]["resourceVersion"].clone())
    };
    let secret = |suffix: &str| version(&Gvr::core("secrets"), &cluster.secret(suffix));
    let expiry = world.stamp_in_days(90);
    let hosts: Vec<String> = ["rw", "r", "ro"]
        .into_iter()
        .flat_map(|suffix| {
            [
                String::new(),
                format!(".{namespace}"),
                format!(".{namespace}.svc"),
                format!(".{namespace}.svc.cluster.local"),
            ]
            .map(|domain| format!("{name}-{suffix}{domain}"))
        })
        .collect();
    let mut facts = json!({
        "availableArchitectures": [{"goArch": "amd64", "hash": hex(cluster, "amd64", 64)}],
        "certificates": {
            "clientCASecret": cluster.secret("ca"), "serverCASecret": cluster.secret("ca"),
            "replicationTLSSecret": cluster.secret("replication"), "serverTLSSecret": cluster.secret("server"),
            "serverAltDNSNames": hosts,
            "expirations": {
                cluster.secret("ca"): expiry, cluster.secret("replication"): expiry, cluster.secret("server"): expiry,
            },
        },
        "cloudNativePGCommitHash": "none",
        "cloudNativePGOperatorHash": hex(cluster, "hash", 64),
        "configMapResourceVersion": {"metrics": {
            "cnpg-default-monitoring": version(&Gvr::core("configmaps"), "cnpg-default-monitoring"),
        }},
        "managedRolesStatus": {},
        "poolerIntegrations": {"pgBouncerIntegration": {}},
        "readService": format!("{name}-r"),
        "writeService": format!("{name}-rw"),
        "secretsResourceVersion": {
            "applicationSecretVersion": secret("app"), "clientCaSecretVersion": secret("ca"),
            "replicationSecretVersion": secret("replication"), "serverCaSecretVersion": secret("ca"),
            "serverSecretVersion": secret("server"),
        },
        "selector": format!("cnpg.io/cluster={name},cnpg.io/podRole=instance"),
        "switchReplicaClusterStatus": {},
    });
    if let Some(versions) = facts["secretsResourceVersion"].as_object_mut() {
        versions.retain(|_, version| !version.is_null());
    }
    match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

/// Claim and job of a new instance, and the phase that tells of it.
pub fn create_instance(world: &World, cluster: ClusterView<'_>, instance: &str, making: Making) {
    let stamp = world.stamp();
    let (phase, reason, message) = match making {
        Making::Initdb => (
            phase::FIRST_PRIMARY,
            format!("Creating primary instance {instance}"),
            "Primary instance (initdb)".to_owned(),
        ),
        Making::Recovery => (
            phase::FIRST_PRIMARY,
            format!("Creating primary instance {instance}"),
            "Primary instance (from backup)".to_owned(),
        ),
        Making::Join => (
            phase::CREATING_REPLICA,
            format!("Creating replica {}", making.job(instance)),
            format!("Creating instance {instance}"),
        ),
    };
    if making.is_first() {
        choose_first_primary(world, cluster, instance);
    }
    world.event(cluster.object, "Normal", "CreatingInstance", &message);
    write(world, cluster, |status| {
        enter(status, phase, &reason);
        if making.is_first() {
            ready_condition(status, false, &stamp);
        }
    });
    world.ensure(&claims(), objects::claim(cluster, instance));
    world.ensure(&jobs(), objects::job(cluster, instance, making, &stamp));
    if let Some(job) = world.store.get(&jobs(), cluster.namespace(), &making.job(instance)) {
        let pod = objects::job_pod(cluster, &job, instance, making, &world.store.identities().suffix(), &stamp);
        let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        world.ensure(&pods(), pod);
        world.event_from("job-controller", &job, "Normal", "SuccessfulCreate", &format!("Created pod: {name}"));
    }
    write(world, cluster, |status| {
        let names = status.entry("instanceNames").or_insert_with(|| json!([]));
        if let Some(names) = names.as_array_mut()
            && !names.iter().any(|name| name == instance)
        {
            names.push(json!(instance));
        }
        if making.is_first() {
            // As recorded: it counts as bootstrapped as soon as the job is there.
            set_condition(status, "Initialized", true, "BootstrapCompleted", "Cluster has been bootstrapped", &stamp);
        }
    });
}

fn choose_first_primary(world: &World, cluster: ClusterView<'_>, instance: &str) {
    let stamp = world.stamp();
    let message = "No instances are present in the cluster to report a system ID.";
    write(world, cluster, |status| {
        set_condition(status, "ConsistentSystemID", false, "NotFound", message, &stamp);
    });
    write(world, cluster, |status| {
        status.insert("targetPrimary".to_owned(), json!(instance));
        status.insert("targetPrimaryTimestamp".to_owned(), json!(stamp));
    });
}

/// The job is done: its pod has succeeded, the claim is filled.
pub fn finish_job(world: &World, cluster: ClusterView<'_>, instance: &str, making: Making) {
    let stamp = world.stamp();
    let job = making.job(instance);
    let namespace = cluster.namespace();
    for pod in world.store.list(&pods(), Some(namespace)) {
        if pod["metadata"]["labels"]["job-name"] == *job {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            world.change(&pods(), namespace, name, |pod| pod["status"]["phase"] = json!("Succeeded"));
        }
    }
    let role = if making.is_first() { "primary" } else { "replica" };
    world.change(&claims(), namespace, instance, |claim| objects::bind(claim, role));
    world.change(&jobs(), namespace, &job, |job| objects::complete_job(job, &stamp));
    if let Some(job) = world.store.get(&jobs(), namespace, &job) {
        world.event_from("job-controller", &job, "Normal", "Completed", "Job completed");
    }
    write(world, cluster, |_| {});
}

/// The instance's pod, in the place of the job that made its data.
pub fn start_pod(world: &World, cluster: ClusterView<'_>, instance: &str) {
    let stamp = world.stamp();
    let namespace = cluster.namespace();
    world.ensure(&pods(), objects::pod(cluster, instance, &stamp));
    if is_never_ready(&world.asked(cluster.object, POD_NEVER_READY).unwrap_or_default(), instance)
        && let Some(pod) = world.store.get(&pods(), namespace, instance)
    {
        let message = "Readiness probe failed: HTTP probe failed with statuscode: 500";
        world.event_from("kubelet", &pod, "Warning", "Unhealthy", message);
    }
    for making in Making::ALL {
        let job = making.job(instance);
        if !world.store.exists(&jobs(), namespace, &job) {
            continue;
        }
        for pod in world.store.list(&pods(), Some(namespace)) {
            if pod["metadata"]["labels"]["job-name"] == *job {
                world.remove(&pods(), namespace, pod["metadata"]["name"].as_str().unwrap_or_default());
            }
        }
        world.remove(&jobs(), namespace, &job);
    }
    wait(world, cluster);
}

/// Whether an instance is among the ordinals of [`POD_NEVER_READY`].
pub(super) fn is_never_ready(list: &str, instance: &str) -> bool {
    let number = ordinal(instance).to_string();
    list.split(',').any(|entry| entry.trim() == number)
}

/// Some pods are not ready.
pub fn wait(world: &World, cluster: ClusterView<'_>) {
    let stamp = world.stamp();
    write(world, cluster, |status| {
        enter(status, phase::WAITING, "Some instances are not yet active. Please wait.");
        ready_condition(status, false, &stamp);
    });
}

/// The pod answers: it serves as primary or as replica.
pub fn become_ready(world: &World, cluster: ClusterView<'_>, instance: &str) {
    let stamp = world.stamp();
    let is_primary = cluster.target_primary() == instance;
    let role = if is_primary { "primary" } else { "replica" };
    world.change(&pods(), cluster.namespace(), instance, |pod| {
        objects::make_ready(pod, cluster, instance, role, &stamp);
    });
    world.change(&claims(), cluster.namespace(), instance, |claim| objects::set_role(claim, role));
    if is_primary {
        world.ensure_contents(cluster);
    }
    let system = system_id(cluster);
    write(world, cluster, |status| {
        if is_primary && status.get("currentPrimary").is_none_or(|current| current != instance) {
            status.insert("currentPrimary".to_owned(), json!(instance));
            status.insert("currentPrimaryTimestamp".to_owned(), json!(stamp));
        }
        if is_primary {
            status.entry("timelineID").or_insert(json!(1));
            status.insert("systemID".to_owned(), json!(system));
            set_condition(
                status,
                "ConsistentSystemID",
                true,
                "Unique",
                "A single, unique system ID was found across reporting instances.",
                &stamp,
            );
            set_condition(
                status,
                "ContinuousArchiving",
                true,
                "ContinuousArchivingSuccess",
                "Continuous archiving is working",
                &stamp,
            );
        }
    });
}

pub(super) fn system_id(cluster: ClusterView<'_>) -> String {
    let digits: u64 = derived(cluster, "system", 16)
        .bytes()
        .fold(7, |number, byte| number.wrapping_mul(31).wrapping_add(u64::from(byte)));
    format!("7{:018}", digits % 1_000_000_000_000_000_000)
}

/// Everything is as asked for.
pub fn settle(world: &World, cluster: ClusterView<'_>, target: &str) {
    let stamp = world.stamp();
    let healthy = target == phase::HEALTHY;
    write(world, cluster, |status| {
        enter(status, target, if healthy { "" } else { "The sandbox was told to stay in this phase" });
        ready_condition(status, healthy, &stamp);
    });
}

/// Takes an instance away with its data.
pub fn remove_instance(world: &World, cluster: ClusterView<'_>, instance: &str) {
    let namespace = cluster.namespace();
    world.event(cluster.object, "Normal", "ScaleDown", &format!("Scaling down - removing instance: {instance}"));
    world.remove(&pods(), namespace, instance);
    world.remove(&claims(), namespace, instance);
    for making in Making::ALL {
        world.remove(&jobs(), namespace, &making.job(instance));
    }
    forget_instance(world, cluster, instance);
}

/// Takes an instance whose data is gone off the list.
pub fn forget_instance(world: &World, cluster: ClusterView<'_>, instance: &str) {
    world.remove(&pods(), cluster.namespace(), instance);
    write(world, cluster, |status| {
        if let Some(names) = status.get_mut("instanceNames").and_then(Value::as_array_mut) {
            names.retain(|name| name != instance);
        }
    });
}

//! What the validating webhook asks of a `Cluster`: names, storage, image, replicas, roles,
//! parameters, and what may not change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::denial::FieldError;
use super::quantity::Quantity;
use super::{image, parameters};

/// Longest name of a cluster, in characters (names of pods and services are made from it).
const MAX_NAME: usize = 50;
/// Oldest major version of PostgreSQL that CloudNativePG 1.30 takes.
const OLDEST_POSTGRES: u64 = 13;

/// Everything wrong with `cluster`, and with the step from `old` to it.
pub fn check(old: Option<&Value>, cluster: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    name(cluster, &mut errors);
    bootstrap(cluster, &mut errors);
    image_name(cluster, &mut errors);
    storage(cluster, &mut errors);
    replicas(cluster, &mut errors);
    fixed_parameters(cluster, &mut errors);
    roles(cluster, &mut errors);
    hibernation(cluster, &mut errors);
    if let Some(old) = old {
        changes(old, cluster, &mut errors);
    }
    errors
}

/// What the webhook warns of without refusing.
pub fn warnings(cluster: &Value) -> Vec<String> {
    let spec = &cluster["spec"];
    let mut warnings = Vec::new();
    if spec["nodeMaintenanceWindow"].is_object() {
        warnings.push("Consider using `.spec.enablePDB` instead of the node maintenance window feature".to_owned());
    }
    if let Some(value) = spec["postgresql"]["parameters"]["shared_buffers"].as_str()
        && value.parse::<u64>().is_ok()
    {
        warnings.push(format!(
            "`shared_buffers` value '{value}' is missing a unit (e.g., MB, GB). While this is currently allowed, \
             future releases will require an explicit unit. Please update your configuration to specify a valid \
             unit, such as '{value}MB'."
        ));
    }
    if spec["monitoring"]["enablePodMonitor"] == true {
        warnings.push(
            "spec.monitoring.enablePodMonitor is deprecated and will be removed in a future release. Please migrate \
             to manually managing your PodMonitor resources. Set this field to false and create a PodMonitor \
             resource for your cluster as described in the documentation."
                .to_owned(),
        );
    }
    warnings
}

/// A DNS-1035 label (RFC 1035, as Kubernetes checks it).
fn is_dns_1035_label(name: &str) -> bool {
    let bytes = name.as_bytes();
    name.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last().is_some_and(|last| *last != b'-')
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

fn name(cluster: &Value, errors: &mut Vec<FieldError>) {
    let value = &cluster["metadata"]["name"];
    let text = value.as_str().unwrap_or_default();
    if !is_dns_1035_label(text) {
        errors.push(FieldError::invalid("metadata.name", value, "cluster name must be a valid DNS label"));
    }
    if text.len() > MAX_NAME {
        errors.push(FieldError::invalid(
            "metadata.name",
            value,
            format!("the maximum length of a cluster name is {MAX_NAME} characters"),
        ));
    }
}

fn bootstrap(cluster: &Value, errors: &mut Vec<FieldError>) {
    let bootstrap = &cluster["spec"]["bootstrap"];
    let ways = ["initdb", "recovery", "pg_basebackup"];
    if ways.iter().filter(|way| bootstrap[**way].is_object()).count() > 1 {
        errors.push(FieldError::invalid("spec.bootstrap", &json!(""), "Too many bootstrap types specified"));
    }
    for way in ways {
        let given = |key: &str| bootstrap[way][key].as_str().is_some_and(|text| !text.is_empty());
        if given("database") && !given("owner") {
            errors.push(FieldError::invalid(
                format!("spec.bootstrap.{way}.owner"),
                &json!(""),
                "You need to specify the database owner user",
            ));
        }
        if given("owner") && !given("database") {
            errors.push(FieldError::invalid(
                format!("spec.bootstrap.{way}.database"),
                &json!(""),
                "You need to specify the database name",
            ));
        }
    }
    let superuser = &cluster["spec"]["superuserSecret"];
    if superuser.is_object() && superuser["name"].as_str().unwrap_or_default().is_empty() {
        errors.push(FieldError::invalid(
            "spec.superusersecret.name",
            &json!(""),
            "Super user secret name can't be empty",
        ));
    }
}

/// Major and minor version that the cluster asks for, by image or by catalog.
fn postgres_version(cluster: &Value) -> Option<(u64, u64)> {
    let spec = &cluster["spec"];
    if let Some(major) = spec["imageCatalogRef"]["major"].as_u64() {
        return Some((major, 0));
    }
    image::version(spec["imageName"].as_str().filter(|name| !name.is_empty()).unwrap_or(image::DEFAULT_IMAGE))
}

fn image_name(cluster: &Value, errors: &mut Vec<FieldError>) {
    let empty = json!("");
    let value = cluster["spec"].get("imageName").unwrap_or(&empty);
    let text = value.as_str().unwrap_or_default();
    if !text.is_empty() {
        let rule = match image::tag(text) {
            "latest" => Some("Can't use 'latest' as image tag as we can't detect upgrades"),
            "" => Some("Can't use just the image sha as we can't detect upgrades"),
            _ if image::version(text).is_none() => Some("invalid version tag"),
            _ => None,
        };
        if let Some(rule) = rule {
            errors.push(FieldError::invalid("spec.imageName", value, rule));
            return;
        }
    }
    if postgres_version(cluster).is_some_and(|(major, _)| major < OLDEST_POSTGRES) {
        errors.push(FieldError::invalid(
            "spec.imageName",
            value,
            format!("Unsupported PostgreSQL version. Versions {OLDEST_POSTGRES} or newer are supported"),
        ));
    }
}

fn storage(cluster: &Value, errors: &mut Vec<FieldError>) {
    let spec = &cluster["spec"];
    storage_size("spec.storage", &spec["storage"], errors);
    if spec["walStorage"].is_object() {
        storage_size("spec.walStorage", &spec["walStorage"], errors);
    }
    for (index, tablespace) in spec["tablespaces"].as_array().into_iter().flatten().enumerate() {
        storage_size(&format!("spec.tablespaces[{index}]"), &tablespace["storage"], errors);
    }
}

fn storage_size(path: &str, storage: &Value, errors: &mut Vec<FieldError>) {
    let size = storage["size"].as_str().unwrap_or_default();
    if !size.is_empty() {
        if Quantity::parse(size).is_none() {
            errors.push(FieldError::invalid(format!("{path}.size"), &json!(size), "Size value isn't valid"));
        }
        return;
    }
    let requested = &storage["pvcTemplate"]["resources"]["requests"]["storage"];
    if requested.as_str().and_then(Quantity::parse).is_none_or(Quantity::is_zero) {
        errors.push(FieldError::invalid(
            format!("{path}.size"),
            &json!(""),
            "Size not configured. Please add it, or a storage request in the pvcTemplate.",
        ));
    }
}

fn replicas(cluster: &Value, errors: &mut Vec<FieldError>) {
    let spec = &cluster["spec"];
    let number = |key: &str| spec[key].as_i64().unwrap_or(0);
    let (instances, max, min) = (number("instances"), number("maxSyncReplicas"), number("minSyncReplicas"));
    if max > 0 && max >= instances {
        errors.push(FieldError::invalid(
            "spec.maxSyncReplicas",
            &json!(max),
            "maxSyncReplicas must be lower than the number of instances",
        ));
    }
    if min > max {
        errors.push(FieldError::invalid(
            "spec.minSyncReplicas",
            &json!(min),
            "minSyncReplicas cannot be greater than maxSyncReplicas",
        ));
    }
    let strategy = &spec["primaryUpdateStrategy"];
    if strategy == "supervised" && instances == 1 {
        errors.push(FieldError::invalid(
            "spec.primaryUpdateStrategy",
            strategy,
            "supervised update strategy is not allowed for clusters with a single instance",
        ));
    }
    let synchronous = &spec["postgresql"]["synchronous"];
    if synchronous.is_object() {
        let listed = |key: &str| synchronous[key].as_array().map_or(0, Vec::len);
        let standbys = listed("standbyNamesPre") + listed("standbyNamesPost");
        let others = instances + i64::try_from(standbys).unwrap_or(i64::MAX);
        if synchronous["number"].as_i64().unwrap_or(0) >= others {
            errors.push(FieldError::invalid(
                "spec.postgresql.synchronous",
                synchronous,
                "Invalid synchronous configuration: the number of synchronous replicas must be less than the total \
                 number of instances and the provided standby names.",
            ));
        }
    }
}

fn fixed_parameters(cluster: &Value, errors: &mut Vec<FieldError>) {
    let Some(values) = cluster["spec"]["postgresql"]["parameters"].as_object() else { return };
    for (name, value) in values {
        if !parameters::is_settable(name, value.as_str().unwrap_or_default()) {
            errors.push(FieldError::invalid(
                format!("spec.postgresql.parameters.{name}"),
                value,
                "Can't set fixed configuration parameter",
            ));
        }
    }
}

/// Names of roles that CloudNativePG keeps for itself.
pub fn is_reserved_role(name: &str) -> bool {
    matches!(name, "postgres" | "streaming_replica" | "cnpg_pooler_pgbouncer")
}

fn roles(cluster: &Value, errors: &mut Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    for role in cluster["spec"]["managed"]["roles"].as_array().into_iter().flatten() {
        let name = role["name"].as_str().unwrap_or_default();
        let mut wrong = |value: &Value, rule: &str| {
            errors.push(FieldError::invalid("spec.managed.roles", value, rule));
        };
        if !seen.insert(name) {
            wrong(&json!(name), "Role name is duplicate of another");
        }
        let limit = &role["connectionLimit"];
        if limit.as_i64().is_some_and(|limit| limit < -1) {
            wrong(limit, "Connection limit should be positive, unless defaulting to -1");
        }
        if is_reserved_role(name) {
            wrong(&json!(name), "This role is reserved for operator use");
        }
        if role["disablePassword"] == true && role["passwordSecret"].is_object() {
            wrong(&json!(name), "This role both sets and disables a password");
        }
    }
}

fn hibernation(cluster: &Value, errors: &mut Vec<FieldError>) {
    let Some(value) = cluster["metadata"]["annotations"].get("cnpg.io/hibernation") else { return };
    if value != "on" && value != "off" {
        errors.push(FieldError::invalid(
            "metadata.annotations.cnpg.io/hibernation",
            value,
            "Annotation value for hibernation should be \"on\" or \"off\"",
        ));
    }
}

fn changes(old: &Value, new: &Value, errors: &mut Vec<FieldError>) {
    for part in ["storage", "walStorage"] {
        let path = format!("spec.{part}");
        let (before, after) = (&old["spec"][part], &new["spec"][part]);
        if part == "walStorage" && before.is_object() && !after.is_object() {
            errors.push(FieldError::invalid(
                path,
                &Value::Null,
                "walStorage cannot be disabled once the cluster is created",
            ));
            continue;
        }
        let size = |storage: &Value| storage["size"].as_str().and_then(Quantity::parse);
        if let (Some(from), Some(to)) = (size(before), size(after))
            && to.compare(from).is_lt()
        {
            let rule = format!("can't shrink existing storage from {} to {}", from.canonical(), to.canonical());
            errors.push(FieldError::invalid(path, &json!(to.canonical()), rule));
        }
    }
    let image = |cluster: &Value| cluster["spec"]["imageName"].clone();
    if let (Some(from), Some(to)) = (postgres_version(old), postgres_version(new))
        && from.0 > to.0
    {
        let field = if new["spec"]["imageCatalogRef"].is_object() { "spec.imageCatalogRef" } else { "spec.imageName" };
        let rule = format!("can't downgrade from majors {}.{} to {}.{}", from.0, from.1, to.0, to.1);
        errors.push(FieldError::invalid(field, &json!(format!("{}.{}", to.0, to.1)), rule));
    }
    let settings = |cluster: &Value| cluster["spec"]["postgresql"]["parameters"].clone();
    if image(old) != image(new) && settings(old) != settings(new) {
        errors.push(FieldError::invalid(
            "spec.imageName",
            &image(new),
            "Can't change image name and configuration at the same time. There are differences in PostgreSQL \
             configuration parameters",
        ));
    }
    for (key, rule) in [
        ("postgresGID", "GID is an immutable field in the spec"),
        ("postgresUID", "UID is an immutable field in the spec"),
    ] {
        if old["spec"][key] != new["spec"][key] {
            errors.push(FieldError::invalid(format!("spec.{key}"), &new["spec"][key], rule));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(name: &str, size: &str) -> Value {
        json!({"metadata": {"name": name}, "spec": {"instances": 1, "storage": {"size": size}}})
    }

    fn said(old: Option<&Value>, new: &Value) -> String {
        format!("{:?}", check(old, new))
    }

    #[test]
    fn a_plain_cluster_passes() {
        assert_eq!(check(None, &cluster("pg1", "1Gi")), []);
    }

    #[test]
    fn names_are_dns_1035_labels_of_at_most_50() {
        assert_eq!(check(None, &cluster(&"a".repeat(50), "1Gi")), []);
        assert!(said(None, &cluster(&"a".repeat(51), "1Gi")).contains("50 characters"));
        for name in ["1pg", "pg.1", "pg-", "Pg"] {
            assert!(said(None, &cluster(name, "1Gi")).contains("valid DNS label"), "{name}");
        }
    }

    #[test]
    fn storage_does_not_shrink() {
        let (small, large) = (cluster("a", "1Gi"), cluster("a", "2Gi"));
        assert_eq!(check(Some(&small), &large), []);
        assert!(said(Some(&large), &small).contains("can't shrink existing storage from 2Gi to 1Gi"));
    }

    #[test]
    fn major_versions_do_not_go_down() {
        let with = |image: &str| {
            let mut cluster = cluster("a", "1Gi");
            cluster["spec"]["imageName"] = json!(image);
            cluster
        };
        assert_eq!(check(Some(&with("pg:16.1")), &with("pg:17.2")), []);
        assert!(said(Some(&with("pg:17.2")), &with("pg:16.1")).contains("can't downgrade"));
        assert!(said(None, &with("pg:latest")).contains("Can't use 'latest'"));
        assert!(said(None, &with("pg:12.3")).contains("Versions 13 or newer"));
    }

    #[test]
    fn roles_are_distinct_and_not_the_operators() {
        let mut cluster = cluster("a", "1Gi");
        cluster["spec"]["managed"] = json!({"roles": [
            {"name": "u1"}, {"name": "u1"}, {"name": "streaming_replica"},
            {"name": "u2", "disablePassword": true, "passwordSecret": {"name": "x"}},
            {"name": "u3", "connectionLimit": -2},
        ]});
        let said = said(None, &cluster);
        for rule in ["duplicate of another", "reserved for operator", "sets and disables", "Connection limit"] {
            assert!(said.contains(rule), "{rule}");
        }
    }
}

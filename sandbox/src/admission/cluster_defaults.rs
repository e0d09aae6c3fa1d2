//! What the mutating webhook fills in on a `Cluster`.

use serde_json::{Map, Value, json};

use super::image::DEFAULT_IMAGE;
use super::parameters;
use super::quantity::Quantity;

/// Fills in `cluster`.
///
/// The real webhook decodes the object, sets defaults and sends the difference back. Where it set
/// none the object stays as it was sent; where it set one, the fields that its type always writes
/// come along: an empty name of a managed role, quantities in their canonical form, the kind.
pub fn apply(cluster: &mut Value) {
    let mut changed = cluster.clone();
    defaults(&mut changed);
    if changed != *cluster {
        written_always(&mut changed);
        *cluster = changed;
    }
}

fn child<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let entry = map.entry(key).or_insert(Value::Null);
    if !entry.is_object() {
        *entry = json!({});
    }
    match entry {
        Value::Object(map) => map,
        _ => unreachable!("an object was just put there"),
    }
}

fn absent(map: &Map<String, Value>, key: &str) -> bool {
    map.get(key).is_none_or(|value| value.is_null() || value == "")
}

fn fill(map: &mut Map<String, Value>, key: &str, value: Value) {
    if absent(map, key) {
        map.insert(key.to_owned(), value);
    }
}

fn defaults(cluster: &mut Value) {
    let Value::Object(root) = cluster else { return };
    let spec = child(root, "spec");

    if absent(spec, "imageCatalogRef") {
        fill(spec, "imageName", json!(DEFAULT_IMAGE));
    }
    initdb(spec);

    let affinity = child(spec, "affinity");
    fill(affinity, "podAntiAffinityType", json!("preferred"));

    let monitoring = child(spec, "monitoring");
    fill(monitoring, "disableDefaultQueries", json!(false));
    fill(monitoring, "enablePodMonitor", json!(false));
    let wanted = json!({"name": "cnpg-default-monitoring", "key": "queries"});
    if monitoring["disableDefaultQueries"] == false {
        let queries = monitoring.entry("customQueriesConfigMap").or_insert_with(|| json!([]));
        if let Value::Array(list) = queries
            && !list.contains(&wanted)
        {
            list.push(wanted);
        }
    }

    let postgresql = child(spec, "postgresql");
    fill(child(postgresql, "syncReplicaElectionConstraint"), "enabled", json!(false));
    let values = child(postgresql, "parameters");
    for (name, value) in parameters::DEFAULTS {
        if !values.contains_key(name) {
            values.insert(name.to_owned(), json!(value));
        }
    }

    let probes = child(child(child(spec, "probes"), "liveness"), "isolationCheck");
    fill(probes, "enabled", json!(true));
    fill(probes, "requestTimeout", json!(1000));
    fill(probes, "connectionTimeout", json!(1000));

    let slots = child(spec, "replicationSlots");
    fill(child(slots, "highAvailability"), "enabled", json!(true));
    fill(child(slots, "synchronizeReplicas"), "enabled", json!(true));
}

/// Without another way to bootstrap a cluster is made by `initdb`; each way has a database `app` owned by `app`.
fn initdb(spec: &mut Map<String, Value>) {
    let bootstrap = child(spec, "bootstrap");
    for way in ["recovery", "pg_basebackup"] {
        if !absent(bootstrap, way) {
            let way = child(bootstrap, way);
            fill(way, "database", json!("app"));
            let owner = way["database"].clone();
            fill(way, "owner", owner);
            return;
        }
    }
    let initdb = child(bootstrap, "initdb");
    if absent(initdb, "import") {
        fill(initdb, "database", json!("app"));
        let owner = initdb["database"].clone();
        fill(initdb, "owner", owner);
    }
    fill(initdb, "encoding", json!("UTF8"));
    fill(initdb, "localeCollate", json!("C"));
    fill(initdb, "localeCType", json!("C"));
}

/// What the operator's type writes whether or not it was sent.
fn written_always(cluster: &mut Value) {
    let Value::Object(root) = cluster else { return };
    root.insert("kind".to_owned(), json!("Cluster"));
    let spec = child(root, "spec");
    spec.entry("instances").or_insert(json!(0));
    child(spec, "storage");
    let resources = child(spec, "resources");
    for side in ["limits", "requests"] {
        if let Some(Value::Object(amounts)) = resources.get_mut(side) {
            for amount in amounts.values_mut() {
                let text = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
                if let Some(quantity) = Quantity::parse(&text) {
                    *amount = json!(quantity.canonical());
                }
            }
        }
    }
    if let Some(Value::Object(catalog)) = spec.get_mut("imageCatalogRef") {
        catalog.entry("kind").or_insert(json!(""));
        catalog.entry("name").or_insert(json!(""));
        catalog.entry("major").or_insert(json!(0));
    }
    if let Some(Value::Array(roles)) = spec.get_mut("managed").and_then(|managed| managed.get_mut("roles")) {
        for role in roles.iter_mut().filter_map(Value::as_object_mut) {
            role.entry("name").or_insert(json!(""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filling_in_twice_changes_nothing_more() {
        let mut cluster = json!({"kind": "Cluster", "spec": {"instances": 1, "storage": {"size": "1Gi"}}});
        apply(&mut cluster);
        let once = cluster.clone();
        apply(&mut cluster);
        assert_eq!(cluster, once);
        assert_eq!(once["spec"]["imageName"], DEFAULT_IMAGE);
        assert_eq!(once["spec"]["bootstrap"]["initdb"]["owner"], "app");
    }

    #[test]
    fn a_recovery_has_a_database_for_the_application_too() {
        for way in ["recovery", "pg_basebackup"] {
            let mut cluster = json!({"spec": {"bootstrap": {way: {"source": "old", "database": "orders"}}}});
            apply(&mut cluster);
            let wanted = json!({way: {"source": "old", "database": "orders", "owner": "orders"}});
            assert_eq!(cluster["spec"]["bootstrap"], wanted);
        }
    }

    #[test]
    fn what_was_given_is_kept() {
        let mut cluster = json!({"spec": {
            "imageName": "x:17.5",
            "bootstrap": {"initdb": {"database": "orders"}},
            "postgresql": {"parameters": {"wal_level": "replica"}},
            "resources": {"limits": {"cpu": 1, "memory": "1024Mi"}},
            "managed": {"roles": [{"login": true}]},
        }});
        apply(&mut cluster);
        let spec = &cluster["spec"];
        assert_eq!(spec["imageName"], "x:17.5");
        assert_eq!(spec["bootstrap"]["initdb"]["owner"], "orders");
        assert_eq!(spec["postgresql"]["parameters"]["wal_level"], "replica");
        assert_eq!(spec["resources"]["limits"], json!({"cpu": "1", "memory": "1Gi"}));
        assert_eq!(spec["managed"]["roles"][0]["name"], "");
        assert_eq!(spec["instances"], 0);
    }
}

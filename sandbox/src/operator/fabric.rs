//! The objects that surround the instances of a cluster: services, secrets, service account, role,
//! budgets, lease. Names, labels and keys are those that the real operator was recorded to make.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::cluster_view::{ClusterView, OPERATOR_VERSION};
use crate::store::Gvr;

/// Text that only depends on the cluster's uid and `purpose`, so that a seeded sandbox makes the
/// same passwords every time. Never a real secret: the sandbox has no PostgreSQL behind it.
pub fn derived(cluster: ClusterView<'_>, purpose: &str, bytes: usize) -> String {
    let mut text = String::new();
    let mut round = 0_u32;
    while text.len() < bytes {
        let mut hash = Sha256::new();
        hash.update(cluster.uid());
        hash.update(cluster.name());
        hash.update(purpose);
        hash.update(round.to_be_bytes());
        text.push_str(&STANDARD.encode(hash.finalize()).replace(['+', '/', '='], "x"));
        round += 1;
    }
    text.truncate(bytes);
    text
}

/// `data` of a Secret from plain texts.
pub fn secret_data<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> Value {
    let data: Map<String, Value> =
        entries.into_iter().map(|(key, text)| (key.to_owned(), json!(STANDARD.encode(text)))).collect();
    Value::Object(data)
}

fn pem(cluster: ClusterView<'_>, kind: &str, purpose: &str) -> String {
    let body = derived(cluster, purpose, 192);
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

/// Everything that surrounds the instances, in the order in which it is made.
pub fn objects(cluster: ClusterView<'_>) -> Vec<(Gvr, Value)> {
    let mut made = vec![(Gvr::core("configmaps"), monitoring_queries(cluster))];
    for (gvr, object) in secrets(cluster) {
        made.push((gvr, object));
    }
    made.extend(budgets(cluster));
    made.extend(accounts(cluster));
    made.extend(services(cluster));
    made.push((
        Gvr::new("coordination.k8s.io", "v1", "leases"),
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {
                "name": cluster.name(), "namespace": cluster.namespace(),
                "labels": {"cnpg.io/cluster": cluster.name()},
                "annotations": {"cnpg.io/operatorVersion": OPERATOR_VERSION},
                "ownerReferences": [cluster.owner_reference()],
            },
            "spec": {},
        }),
    ));
    made
}

/// Shared by all clusters of a namespace, owned by none.
fn monitoring_queries(cluster: ClusterView<'_>) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "cnpg-default-monitoring", "namespace": cluster.namespace(),
            "labels": {"app.kubernetes.io/managed-by": "cloudnative-pg", "cnpg.io/reload": "true"},
            "annotations": {"cnpg.io/operatorVersion": OPERATOR_VERSION},
        },
        "data": {"queries": "pg_postmaster:\n  query: SELECT pg_postmaster_start_time AS start_time FROM pg_postmaster_start_time()\n"},
    })
}

fn secret(cluster: ClusterView<'_>, suffix: &str, kind: &str, data: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {
            "name": cluster.secret(suffix), "namespace": cluster.namespace(),
            "labels": {"app.kubernetes.io/managed-by": "cloudnative-pg"},
            "ownerReferences": [cluster.owner_reference()],
        },
        "type": kind, "data": data,
    })
}

fn secrets(cluster: ClusterView<'_>) -> Vec<(Gvr, Value)> {
    let certificate = |purpose: &str| {
        secret_data([
            ("tls.crt", pem(cluster, "CERTIFICATE", purpose)),
            ("tls.key", pem(cluster, "EC PRIVATE KEY", &format!("{purpose}-key"))),
        ])
    };
    let authority = secret_data([
        ("ca.crt", pem(cluster, "CERTIFICATE", "ca")),
        ("ca.key", pem(cluster, "EC PRIVATE KEY", "ca-key")),
    ]);
    let mut made = vec![
        secret(cluster, "ca", "Opaque", &authority),
        secret(cluster, "replication", "kubernetes.io/tls", &certificate("replication")),
        secret(cluster, "server", "kubernetes.io/tls", &certificate("server")),
    ];
    let external = |key: &str| cluster.spec()["bootstrap"]["initdb"][key]["name"].is_string();
    if !external("secret") {
        made.push(credentials(cluster, "app", cluster.app_owner(), cluster.app_database()));
    }
    if cluster.spec()["enableSuperuserAccess"] == true && cluster.spec()["superuserSecret"].is_null() {
        made.push(credentials(cluster, "superuser", "postgres", "*"));
    }
    made.into_iter().map(|object| (Gvr::core("secrets"), object)).collect()
}

/// `<cluster>-app` or `<cluster>-superuser`.
fn credentials(cluster: ClusterView<'_>, suffix: &str, user: &str, database: &str) -> Value {
    let password = derived(cluster, suffix, 64);
    let host = format!("{}-rw", cluster.name());
    let fqdn = format!("{host}.{}.svc.cluster.local", cluster.namespace());
    let uri = |host: &str| format!("postgresql://{user}:{password}@{host}:5432/{database}");
    let jdbc = |host: &str| format!("jdbc:postgresql://{host}:5432/{database}?password={password}&user={user}");
    let data = secret_data([
        ("dbname", database.to_owned()),
        ("fqdn-jdbc-uri", jdbc(&fqdn)),
        ("fqdn-uri", uri(&fqdn)),
        ("host", host.clone()),
        ("jdbc-uri", jdbc(&host)),
        ("password", password.clone()),
        ("pgpass", format!("{host}:5432:{database}:{user}:{password}\n")),
        ("port", "5432".to_owned()),
        ("uri", uri(&host)),
        ("user", user.to_owned()),
        ("username", user.to_owned()),
    ]);
    let mut made = secret(cluster, suffix, "kubernetes.io/basic-auth", &data);
    let metadata = &mut made["metadata"];
    metadata["labels"] = json!({
        "app.kubernetes.io/managed-by": "cloudnative-pg", "cnpg.io/cluster": cluster.name(),
        "cnpg.io/reload": "true", "cnpg.io/userType": suffix,
    });
    metadata["annotations"] = json!({"cnpg.io/operatorVersion": OPERATOR_VERSION});
    made
}

fn owned(cluster: ClusterView<'_>, api_version: &str, kind: &str, body: Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {
            "name": cluster.name(), "namespace": cluster.namespace(),
            "labels": {"app.kubernetes.io/managed-by": "cloudnative-pg", "cnpg.io/cluster": cluster.name()},
            "annotations": {"cnpg.io/operatorVersion": OPERATOR_VERSION},
            "ownerReferences": [cluster.owner_reference()],
        },
    });
    if let (Value::Object(object), Value::Object(body)) = (&mut object, body) {
        object.extend(body);
    }
    object
}

fn accounts(cluster: ClusterView<'_>) -> Vec<(Gvr, Value)> {
    let rbac = "rbac.authorization.k8s.io";
    let rbac_v1 = "rbac.authorization.k8s.io/v1";
    let mut account = owned(cluster, "v1", "ServiceAccount", json!({}));
    account["metadata"]["annotations"]["cnpg.io/managedSecrets"] = json!("[]");
    let rules = json!([
        {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["postgresql.cnpg.io"], "resources": ["clusters"], "resourceNames": [cluster.name()], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["postgresql.cnpg.io"], "resources": ["clusters/status"], "resourceNames": [cluster.name()], "verbs": ["get", "patch", "update"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    ]);
    let binding = json!({
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": cluster.name()},
        "subjects": [{"kind": "ServiceAccount", "name": cluster.name(), "namespace": cluster.namespace()}],
    });
    vec![
        (Gvr::core("serviceaccounts"), account),
        (Gvr::new(rbac, "v1", "roles"), owned(cluster, rbac_v1, "Role", json!({"rules": rules}))),
        (Gvr::new(rbac, "v1", "rolebindings"), owned(cluster, rbac_v1, "RoleBinding", binding)),
    ]
}

fn services(cluster: ClusterView<'_>) -> Vec<(Gvr, Value)> {
    let selectors = [
        ("r", "cnpg.io/podRole", "instance"),
        ("ro", "cnpg.io/instanceRole", "replica"),
        ("rw", "cnpg.io/instanceRole", "primary"),
    ];
    let service = |(suffix, label, value): (&str, &str, &str)| {
        let address = address(&format!("{}/{}-{suffix}", cluster.namespace(), cluster.name()), 96);
        let mut spec = json!({
            "type": "ClusterIP",
            "selector": {"cnpg.io/cluster": cluster.name(), label: value},
            "ports": [{"name": "postgres", "port": 5432, "targetPort": 5432, "protocol": "TCP"}],
        });
        let applied = spec.to_string();
        spec["clusterIP"] = json!(address);
        spec["clusterIPs"] = json!([address]);
        spec["internalTrafficPolicy"] = json!("Cluster");
        spec["ipFamilies"] = json!(["IPv4"]);
        spec["ipFamilyPolicy"] = json!("SingleStack");
        spec["sessionAffinity"] = json!("None");
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {
                "name": format!("{}-{suffix}", cluster.name()), "namespace": cluster.namespace(),
                "labels": cluster.labels(),
                "annotations": {"cnpg.io/lastAppliedSpec": applied, "cnpg.io/operatorVersion": OPERATOR_VERSION},
                "ownerReferences": [cluster.owner_reference()],
            },
            "spec": spec,
            "status": {"loadBalancer": {}},
        })
    };
    selectors.into_iter().map(|selector| (Gvr::core("services"), service(selector))).collect()
}

/// A private address that only depends on `of`: `10.<second>.x.y`.
pub fn address(of: &str, second: u8) -> String {
    let hash = Sha256::digest(of);
    format!("10.{second}.{}.{}", hash[0], hash[1].max(1))
}

fn budgets(cluster: ClusterView<'_>) -> Vec<(Gvr, Value)> {
    if cluster.spec()["enablePDB"] == false {
        return Vec::new();
    }
    let budget = |name: String, role: &str| {
        let object = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {
                "name": name, "namespace": cluster.namespace(), "labels": cluster.labels(),
                "annotations": {"cnpg.io/operatorVersion": OPERATOR_VERSION},
                "ownerReferences": [cluster.owner_reference()],
            },
            "spec": {
                "minAvailable": 1,
                "selector": {"matchLabels": {"cnpg.io/cluster": cluster.name(), "cnpg.io/instanceRole": role}},
            },
        });
        (Gvr::new("policy", "v1", "poddisruptionbudgets"), object)
    };
    let mut made = vec![budget(format!("{}-primary", cluster.name()), "primary")];
    if cluster.instances_wanted() > 1 {
        made.push(budget(cluster.name().to_owned(), "replica"));
    }
    made
}

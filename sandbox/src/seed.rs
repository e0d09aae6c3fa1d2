//! What a sandbox begins with.

use serde_json::{Value, json};

use crate::admission::Webhooks;
use crate::error::ApiError;
use crate::operator::{Operator, annotations};
use crate::schema::fill_in;
use crate::store::{Gvr, Store};

/// What is there when the sandbox starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seed {
    /// Nothing beyond what a fresh API server has.
    #[default]
    None,
    /// Two clusters to look at; see [`Seed::demo`].
    Demo,
    /// So many healthy clusters without pods, for load; see [`Seed::clusters`].
    Clusters(usize),
}

impl Seed {
    /// Nothing.
    pub fn none() -> Self {
        Self::None
    }

    /// Two healthy clusters with everything that a real operator makes for them: `main-db` in
    /// `default` (3 instances, PostgreSQL 17, managed roles, databases, a `DatabaseRole`, a backup, a
    /// warning, a schedule of backups) and `analytics` in `data` (1 instance, PostgreSQL 16).
    pub fn demo() -> Self {
        Self::Demo
    }

    /// `count` healthy clusters of one to three instances, `pg-00000`, `pg-00001`, …, spread over the
    /// namespaces `load-0` to `load-9`. Their pods, claims, services and secrets are made when
    /// something about a cluster is first changed.
    pub fn clusters(count: usize) -> Self {
        Self::Clusters(count)
    }

    /// Fills `store`.
    ///
    /// # Errors
    /// Where an object cannot be made, such as when CloudNativePG's kinds are not served.
    pub fn plant(self, store: &Store, operator: &Operator) -> Result<(), ApiError> {
        match self {
            Self::None => Ok(()),
            Self::Demo => demo(store, operator),
            Self::Clusters(count) => clusters(store, operator, count),
        }
    }
}

fn namespace(store: &Store, name: &str) -> Result<(), ApiError> {
    let gvr = Gvr::core("namespaces");
    if !store.exists(&gvr, "", name) {
        store.create(&gvr, json!({"metadata": {"name": name}}))?;
    }
    Ok(())
}

/// A cluster as the webhooks and the schema's defaults would leave it.
fn filled_in(store: &Store, mut object: Value) -> Result<Value, ApiError> {
    let kind = store.kind(&Gvr::cnpg("clusters"))?;
    if let Some(schema) = &kind.schema {
        fill_in(schema, &mut object);
    }
    if let Some(webhooks) = Webhooks::of("clusters") {
        webhooks.mutate(&mut object).map_err(|denial| ApiError::from_status(&denial.status()))?;
    }
    Ok(object)
}

fn cluster(store: &Store, object: Value) -> Result<(), ApiError> {
    let object = filled_in(store, object)?;
    store.create(&Gvr::cnpg("clusters"), object)?;
    Ok(())
}

fn create(store: &Store, resource: &str, mut object: Value) -> Result<(), ApiError> {
    let gvr = Gvr::cnpg(resource);
    let kind = store.kind(&gvr)?;
    if let Some(schema) = &kind.schema {
        fill_in(schema, &mut object);
    }
    store.create(&gvr, object)?;
    Ok(())
}

/// A role's password in a Secret, as a person would have made it.
fn password(store: &Store, namespace: &str, name: &str, user: &str, cluster: &str) -> Result<(), ApiError> {
    store.create(
        &Gvr::core("secrets"),
        json!({
            "metadata": {
                "name": name, "namespace": namespace,
                "labels": {"cnpg.io/cluster": cluster, "cnpg.io/reload": "true"},
            },
            "type": "kubernetes.io/basic-auth",
            "stringData": {"username": user, "password": format!("sandbox-{user}")},
        }),
    )?;
    Ok(())
}

fn demo(store: &Store, operator: &Operator) -> Result<(), ApiError> {
    namespace(store, "default")?;
    namespace(store, "data")?;

    for (secret, user) in [("main-db-reporting", "reporting"), ("main-db-billing", "billing")] {
        password(store, "default", secret, user, "main-db")?;
    }
    cluster(
        store,
        json!({
            "metadata": {"name": "main-db", "namespace": "default", "labels": {"team": "shop"}},
            "spec": {
                "instances": 3,
                "imageName": "ghcr.io/cloudnative-pg/postgresql:17.5",
                "storage": {"size": "20Gi", "storageClass": "standard"},
                "postgresql": {"parameters": {"max_connections": "200", "shared_buffers": "256MB"}},
                "backup": {"barmanObjectStore": {"destinationPath": "s3://backups/main-db"}},
                "managed": {"roles": [
                    {"name": "reporting", "ensure": "present", "login": true, "inherit": true, "connectionLimit": 10,
                     "inRoles": ["pg_read_all_data"], "passwordSecret": {"name": "main-db-reporting"}},
                    {"name": "billing", "ensure": "present", "login": true, "inherit": true, "connectionLimit": -1,
                     "createdb": true, "passwordSecret": {"name": "main-db-billing"}},
                    {"name": "migrations", "ensure": "present", "login": false, "inherit": true, "connectionLimit": -1,
                     "comment": "group of the schema migrations"},
                ]},
            },
        }),
    )?;
    operator.preload("default", "main-db");
    for (object, database, owner, policy) in
        [("main-db-orders", "orders", "app", "retain"), ("main-db-invoices", "invoices", "billing", "delete")]
    {
        create(
            store,
            "databases",
            json!({
                "metadata": {"name": object, "namespace": "default"},
                "spec": {
                    "name": database, "owner": owner, "cluster": {"name": "main-db"}, "databaseReclaimPolicy": policy,
                    "ensure": "present",
                },
            }),
        )?;
    }
    create(
        store,
        "databaseroles",
        json!({
            "metadata": {"name": "main-db-auditor", "namespace": "default"},
            "spec": {
                "name": "auditor", "cluster": {"name": "main-db"}, "login": true, "ensure": "present",
                "databaseRoleReclaimPolicy": "retain", "inherit": true, "connectionLimit": -1, "inRoles": ["pg_monitor"],
            },
        }),
    )?;
    if store.kind(&Gvr::cnpg("backups")).is_ok() {
        create(
            store,
            "backups",
            json!({
                "metadata": {"name": "main-db-nightly", "namespace": "default"},
                "spec": {"cluster": {"name": "main-db"}, "method": "barmanObjectStore"},
            }),
        )?;
    }
    if store.kind(&Gvr::cnpg("scheduledbackups")).is_ok() {
        create(
            store,
            "scheduledbackups",
            json!({
                "metadata": {"name": "main-db-weekly", "namespace": "default"},
                "spec": {"cluster": {"name": "main-db"}, "schedule": "0 0 4 * * sun", "method": "barmanObjectStore"},
            }),
        )?;
    }
    operator.settle_roles("default", "main-db");
    if let Some(pod) = store.get(&Gvr::core("pods"), "default", "main-db-3") {
        operator.event(&pod, "Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 500");
    }
    if let Some(object) = store.get(&Gvr::cnpg("clusters"), "default", "main-db") {
        operator.event(
            &object,
            "Warning",
            "NoScaleDown",
            "Can't scale down lower than maxSyncReplicas, going back to 3",
        );
    }

    cluster(
        store,
        json!({
            "metadata": {"name": "analytics", "namespace": "data"},
            "spec": {
                "instances": 1,
                "imageName": "ghcr.io/cloudnative-pg/postgresql:16.9",
                "storage": {"size": "5Gi"},
            },
        }),
    )?;
    operator.preload("data", "analytics");
    Ok(())
}

fn clusters(store: &Store, operator: &Operator, count: usize) -> Result<(), ApiError> {
    for number in 0..10.min(count) {
        namespace(store, &format!("load-{number}"))?;
    }
    let gvr = Gvr::cnpg("clusters");
    let template = filled_in(
        store,
        json!({
            "metadata": {"name": "pg", "annotations": {annotations::BARE: "true"}},
            "spec": {
                "instances": 1,
                "imageName": "ghcr.io/cloudnative-pg/postgresql:17.5",
                "storage": {"size": "1Gi"},
            },
        }),
    )?;
    for number in 0..count {
        let mut object = template.clone();
        object["metadata"]["namespace"] = json!(format!("load-{}", number % 10));
        object["metadata"]["name"] = json!(format!("pg-{number:05}"));
        object["spec"]["instances"] = json!(number % 3 + 1);
        object["status"] = operator.healthy_status(&object);
        store.create(&gvr, object)?;
    }
    // Nobody watched yet; without its history a cluster is held once, not twice.
    store.forget_history();
    Ok(())
}

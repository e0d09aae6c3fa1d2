//! What every part of the stand-in works with: the store, the model of PostgreSQL, the speed.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::cluster_view::ClusterView;
use super::postgres::{Contents, Postgres};
use super::work::Key;
use crate::store::{Gvr, Store};

/// Store, model, speed, and a way to have work looked at again.
#[derive(Clone)]
pub(super) struct World {
    pub store: Store,
    pub postgres: Postgres,
    pub speed: f64,
    pub wake: UnboundedSender<Key>,
}

impl World {
    /// Now, as Kubernetes writes it.
    pub fn stamp(&self) -> String {
        self.store.clock().stamp()
    }

    /// A time that far from now, in days.
    pub fn stamp_in_days(&self, days: i64) -> String {
        let later = self.store.clock().now().checked_add(jiff::SignedDuration::from_hours(24 * days));
        later.map_or_else(|_| self.stamp(), |time| time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string())
    }

    /// A delay of so many milliseconds of a real operator's life, at this sandbox's speed.
    pub fn delay(&self, millis: u64) -> Duration {
        Duration::from_millis(millis).mul_f64(self.speed)
    }

    /// The cluster of that name, where it is there.
    pub fn cluster(&self, namespace: &str, name: &str) -> Option<std::sync::Arc<Value>> {
        self.store.get(&Gvr::cnpg("clusters"), namespace, name)
    }

    /// What an object asks for by an annotation: its own, or that of its namespace.
    pub fn asked(&self, object: &Value, key: &str) -> Option<String> {
        let own = object["metadata"]["annotations"][key].as_str().map(str::to_owned);
        own.or_else(|| {
            let namespace = object["metadata"]["namespace"].as_str()?;
            let namespace = self.store.get(&Gvr::core("namespaces"), "", namespace)?;
            namespace["metadata"]["annotations"][key].as_str().map(str::to_owned)
        })
    }

    /// Creates an object where there is none of its name; kinds that this sandbox does not serve are left out.
    pub fn ensure(&self, gvr: &Gvr, object: Value) {
        if let Err(error) = self.store.create(gvr, object)
            && !matches!(error.code, 404 | 409)
        {
            tracing::warn!(%error, resource = %gvr, "the operator could not create an object");
        }
    }

    /// Changes an object where it is there.
    pub fn change(&self, gvr: &Gvr, namespace: &str, name: &str, edit: impl FnMut(&mut Value)) {
        if let Err(error) = self.store.update(gvr, namespace, name, edit)
            && error.code != 404
        {
            tracing::warn!(%error, resource = %gvr, name, "the operator could not change an object");
        }
    }

    /// Changes the status of an object where it is there.
    pub fn change_status(&self, gvr: &Gvr, namespace: &str, name: &str, edit: impl FnMut(&mut Value)) {
        if let Err(error) = self.store.update_status(gvr, namespace, name, edit)
            && error.code != 404
        {
            tracing::warn!(%error, resource = %gvr, name, "the operator could not write a status");
        }
    }

    /// Deletes an object where it is there.
    pub fn remove(&self, gvr: &Gvr, namespace: &str, name: &str) {
        if let Err(error) = self.store.delete(gvr, namespace, name, &crate::store::DeleteOptions::default())
            && error.code != 404
        {
            tracing::warn!(%error, resource = %gvr, name, "the operator could not delete an object");
        }
    }

    /// Writes an Event about an object.
    pub fn event(&self, about: &Value, kind: &str, reason: &str, message: &str) {
        self.event_from("cloudnative-pg", about, kind, reason, message);
    }

    /// Writes an Event in the name of another component.
    pub fn event_from(&self, component: &str, about: &Value, kind: &str, reason: &str, message: &str) {
        let metadata = &about["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        // As client-go names them: by time, so that they list in order. The revision tells apart what
        // a clock that stands still does not.
        let moment = self.store.clock().now().as_nanosecond() + i128::from(self.store.revision());
        let stamp = self.stamp();
        self.ensure(
            &Gvr::core("events"),
            json!({
                "apiVersion": "v1", "kind": "Event",
                "metadata": {"name": format!("{name}.{moment:x}"), "namespace": metadata["namespace"]},
                "involvedObject": {
                    "apiVersion": about["apiVersion"], "kind": about["kind"], "name": name,
                    "namespace": metadata["namespace"], "uid": metadata["uid"],
                    "resourceVersion": metadata["resourceVersion"],
                },
                "type": kind, "reason": reason, "message": message,
                "source": {"component": component}, "reportingComponent": component, "reportingInstance": "",
                "firstTimestamp": stamp, "lastTimestamp": stamp, "count": 1, "eventTime": null,
            }),
        );
    }

    /// The contents of a cluster, made where there are none yet: by `initdb` for a new cluster, by
    /// what its status says was done for one that was preloaded.
    pub fn ensure_contents(&self, cluster: ClusterView<'_>) {
        let (namespace, name) = (cluster.namespace(), cluster.name());
        if self.postgres.with(namespace, name, |contents| contents.uid == cluster.uid()) == Some(true) {
            return;
        }
        let password = self.secret_password(namespace, &cluster.secret("app")).map(|(_, password, _)| password);
        let mut contents = super::recovery::contents(self, cluster, password.clone())
            .unwrap_or_else(|| Contents::initdb(cluster.uid(), cluster.app_database(), cluster.app_owner(), password));
        self.adopt_roles(cluster, &mut contents);
        self.adopt_databases(cluster, &mut contents);
        self.postgres.replace(namespace, name, contents);
    }

    fn adopt_roles(&self, cluster: ClusterView<'_>, contents: &mut Contents) {
        let done = &cluster.status()["managedRolesStatus"]["byStatus"]["reconciled"];
        let done: Vec<&str> = done.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let declared = self.store.list(&Gvr::cnpg("databaseroles"), Some(cluster.namespace()));
        let managed = cluster
            .managed_roles()
            .iter()
            .filter(|role| role["name"].as_str().is_some_and(|name| done.contains(&name)));
        let objects = declared
            .iter()
            .filter(|role| role["spec"]["cluster"]["name"] == cluster.name() && role["status"]["applied"] == true)
            .map(|role| &role["spec"]);
        for spec in managed.chain(objects).filter(|spec| spec["ensure"] != "absent") {
            let mut facts = super::postgres::RoleFacts::wanted(spec);
            if let Some(secret) = spec["passwordSecret"]["name"].as_str()
                && let Some((_, password, version)) = self.secret_password(cluster.namespace(), secret)
            {
                facts.password = Some(password);
                facts.password_version = Some(version);
            }
            contents.write_role(spec["name"].as_str().unwrap_or_default(), facts);
        }
    }

    fn adopt_databases(&self, cluster: ClusterView<'_>, contents: &mut Contents) {
        for database in self.store.list(&Gvr::cnpg("databases"), Some(cluster.namespace())) {
            let spec = &database["spec"];
            let ours = spec["cluster"]["name"] == cluster.name();
            if ours && database["status"]["applied"] == true && spec["ensure"] != "absent" {
                let owner = spec["owner"].as_str().unwrap_or_default();
                super::databases::write(contents, spec, owner);
            }
        }
    }

    /// User name, password and resourceVersion of a Secret; `None` where it is missing or has no password.
    pub fn secret_password(&self, namespace: &str, name: &str) -> Option<(String, String, String)> {
        use base64::Engine;
        let secret = self.store.get(&Gvr::core("secrets"), namespace, name)?;
        let text = |key: &str| {
            let encoded = secret["data"][key].as_str()?;
            let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
            String::from_utf8(bytes).ok()
        };
        let version = secret["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
        Some((text("username").unwrap_or_default(), text("password")?, version))
    }
}

//! A cluster as the operator reads it: names, image, versions, and what its objects are labelled with.

use serde_json::{Value, json};

use crate::admission::image;

/// Version that the stand-in claims to be.
pub const OPERATOR_VERSION: &str = "1.30.0";

/// A `Cluster` object, read.
#[derive(Debug, Clone, Copy)]
pub struct ClusterView<'a> {
    /// The object.
    pub object: &'a Value,
}

impl<'a> ClusterView<'a> {
    /// Reads `object`.
    pub fn new(object: &'a Value) -> Self {
        Self { object }
    }

    /// Name.
    pub fn name(self) -> &'a str {
        self.object["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// Namespace.
    pub fn namespace(self) -> &'a str {
        self.object["metadata"]["namespace"].as_str().unwrap_or_default()
    }

    /// Uid.
    pub fn uid(self) -> &'a str {
        self.object["metadata"]["uid"].as_str().unwrap_or_default()
    }

    /// `spec`.
    pub fn spec(self) -> &'a Value {
        &self.object["spec"]
    }

    /// `status`.
    pub fn status(self) -> &'a Value {
        &self.object["status"]
    }

    /// Value of an annotation.
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        self.object["metadata"]["annotations"][key].as_str()
    }

    /// Whether a delete is under way.
    pub fn is_deleting(self) -> bool {
        !self.object["metadata"]["deletionTimestamp"].is_null()
    }

    /// Instances asked for.
    pub fn instances_wanted(self) -> usize {
        self.spec()["instances"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1).max(1)
    }

    /// Image that the spec asks for.
    pub fn image_wanted(self) -> &'a str {
        self.spec()["imageName"].as_str().filter(|name| !name.is_empty()).unwrap_or(image::DEFAULT_IMAGE)
    }

    /// Image that the instances run; the wanted one before anything runs.
    pub fn image(self) -> &'a str {
        self.status()["image"].as_str().filter(|name| !name.is_empty()).unwrap_or_else(|| self.image_wanted())
    }

    /// Major version of PostgreSQL by an image's tag; the newest known where it has none.
    pub fn major(image: &str) -> u64 {
        image::version(image).map_or(18, |(major, _)| major)
    }

    /// Phase that the status shows; empty before the first.
    pub fn phase(self) -> &'a str {
        self.status()["phase"].as_str().unwrap_or_default()
    }

    /// Primary that serves.
    pub fn current_primary(self) -> &'a str {
        self.status()["currentPrimary"].as_str().unwrap_or_default()
    }

    /// Primary that is to serve.
    pub fn target_primary(self) -> &'a str {
        self.status()["targetPrimary"].as_str().unwrap_or_default()
    }

    /// Database made at bootstrap.
    pub fn app_database(self) -> &'a str {
        self.initdb("database")
    }

    /// Owner of the database made at bootstrap.
    pub fn app_owner(self) -> &'a str {
        self.initdb("owner")
    }

    fn initdb(self, key: &str) -> &'a str {
        let way = if self.spec()["bootstrap"]["recovery"].is_object() { "recovery" } else { "initdb" };
        self.spec()["bootstrap"][way][key].as_str().filter(|text| !text.is_empty()).unwrap_or("app")
    }

    /// Elements of `spec.managed.roles`.
    pub fn managed_roles(self) -> &'a [Value] {
        self.spec()["managed"]["roles"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Names of the instances that the status lists.
    pub fn instance_names(self) -> Vec<String> {
        let names = self.status()["instanceNames"].as_array();
        names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    /// Owner reference from an object that the operator makes.
    pub fn owner_reference(self) -> Value {
        json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
            "name": self.name(), "uid": self.uid(), "controller": true,
        })
    }

    /// The same, holding a foreground delete up, as pods and jobs have it.
    pub fn blocking_owner_reference(self) -> Value {
        let mut reference = self.owner_reference();
        reference["blockOwnerDeletion"] = json!(true);
        reference
    }

    /// Labels of services, budgets, jobs and pods.
    pub fn labels(self) -> Value {
        json!({
            "app.kubernetes.io/component": "database",
            "app.kubernetes.io/instance": self.name(),
            "app.kubernetes.io/managed-by": "cloudnative-pg",
            "app.kubernetes.io/name": "postgresql",
            "app.kubernetes.io/version": Self::major(self.image()).to_string(),
            "cnpg.io/cluster": self.name(),
        })
    }

    /// Name of the Secret with the superuser's or the application's password.
    pub fn secret(self, suffix: &str) -> String {
        format!("{}-{suffix}", self.name())
    }
}

/// Ordinal of an instance: the number behind the last `-` of its name.
pub fn ordinal(instance: &str) -> u64 {
    instance.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

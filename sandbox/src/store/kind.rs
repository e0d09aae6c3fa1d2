//! What the sandbox knows of a resource: its names, its scope, its schema.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::error::qualified;
use crate::schema::Schema;

/// Group, version and resource (plural): the key of everything in the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvr {
    /// API group; empty for core.
    pub group: String,
    /// Version, such as `v1`.
    pub version: String,
    /// Plural name, such as `clusters`.
    pub resource: String,
}

impl Gvr {
    /// A key from its parts.
    pub fn new(group: &str, version: &str, resource: &str) -> Self {
        Self { group: group.to_owned(), version: version.to_owned(), resource: resource.to_owned() }
    }

    /// A resource of the core group, version `v1`.
    pub fn core(resource: &str) -> Self {
        Self::new("", "v1", resource)
    }

    /// A resource of CloudNativePG, `postgresql.cnpg.io/v1`.
    pub fn cnpg(resource: &str) -> Self {
        Self::new("postgresql.cnpg.io", "v1", resource)
    }

    /// `v1` or `group/version`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

impl fmt::Display for Gvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&qualified(&self.resource, &self.group))
    }
}

/// A column of `kubectl get`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterColumn {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `date`, …
    pub kind: String,
    /// `format` of the column, such as `name`.
    pub format: String,
    /// Text for people.
    pub description: String,
    /// 0 = always shown; above = only with `-o wide`.
    pub priority: i64,
    /// Where the cell comes from, such as `.status.phase`.
    pub json_path: String,
}

/// Where the scale subresource finds its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    /// `specReplicasPath`, such as `.spec.instances`.
    pub spec: String,
    /// `statusReplicasPath`.
    pub status: String,
    /// `labelSelectorPath`; empty where there is none.
    pub selector: String,
}

/// Where a kind comes from: it decides a few wordings and rules of the real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Built into the server: known to strategic merge patches, validated by hand.
    Builtin,
    /// From a `CustomResourceDefinition`.
    Custom,
}

/// One resource of the API.
#[derive(Debug, Clone)]
pub struct ResourceType {
    /// Key in the store.
    pub gvr: Gvr,
    /// Kind, such as `Cluster`.
    pub kind: String,
    /// Kind of a list.
    pub list_kind: String,
    /// Singular name.
    pub singular: String,
    /// Short names for kubectl.
    pub short_names: Vec<String>,
    /// Categories, such as `all`.
    pub categories: Vec<String>,
    /// Lives in a namespace.
    pub namespaced: bool,
    /// What objects must look like; `None` accepts any object.
    pub schema: Option<Arc<Schema>>,
    /// The schema as it was given, for `/openapi`.
    pub openapi: Option<Value>,
    /// Has a `status` subresource.
    pub status: bool,
    /// Has a `scale` subresource.
    pub scale: Option<ScalePaths>,
    /// Columns of `kubectl get`, without the name.
    pub columns: Vec<PrinterColumn>,
    /// `metadata.generation` is counted.
    pub counts_generation: bool,
    /// Built in or from a CRD.
    pub origin: Origin,
    /// Field selectors beyond `metadata.name` and `metadata.namespace`, as dotted paths.
    pub selectable: Vec<String>,
}

/// All resources that a sandbox serves; fixed when it starts.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    types: BTreeMap<(String, String), Arc<ResourceType>>,
}

impl Registry {
    /// Adds a resource; `false` (and nothing done) where one of that group and name is there.
    pub fn add(&mut self, kind: ResourceType) -> bool {
        let key = (kind.gvr.group.clone(), kind.gvr.resource.clone());
        if self.types.contains_key(&key) {
            return false;
        }
        self.types.insert(key, Arc::new(kind));
        true
    }

    /// The resource of that group and plural name.
    pub fn get(&self, group: &str, resource: &str) -> Option<&Arc<ResourceType>> {
        self.types.get(&(group.to_owned(), resource.to_owned()))
    }

    /// The resource of a key.
    pub fn of(&self, gvr: &Gvr) -> Option<&Arc<ResourceType>> {
        self.get(&gvr.group, &gvr.resource).filter(|kind| kind.gvr.version == gvr.version)
    }

    /// The resource of an `apiVersion` and `kind`, as owner references name it.
    pub fn by_kind(&self, api_version: &str, kind: &str) -> Option<&Arc<ResourceType>> {
        self.types.values().find(|entry| entry.kind == kind && entry.gvr.api_version() == api_version)
    }

    /// Every resource, by group and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ResourceType>> {
        self.types.values()
    }
}

//! Object metadata: what the server needs of `metadata`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::time::Time;

/// `metadata` of an object. `managedFields` and whatever else is not named here is skipped while reading.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMeta {
    /// Name, unique within kind and namespace.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// Namespace; absent on cluster-scoped kinds. Use [`ObjectMeta::namespace`] on namespaced ones.
    pub namespace: Option<String>,
    /// Unique id of this very object: one made again under the same name has another.
    #[serde(deserialize_with = "null_default")]
    pub uid: String,
    /// Version for optimistic concurrency. Answers to dry-run creates have none.
    pub resource_version: Option<String>,
    /// Counts changes of the spec.
    pub generation: Option<i64>,
    /// When it was created.
    pub creation_timestamp: Option<Time>,
    /// When it was asked to go; set while finalizers hold it.
    pub deletion_timestamp: Option<Time>,
    /// Labels.
    #[serde(deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(deserialize_with = "null_default")]
    pub annotations: BTreeMap<String, String>,
    /// What holds a deletion up.
    #[serde(deserialize_with = "null_default")]
    pub finalizers: Vec<String>,
    /// Objects that this one is garbage-collected with.
    #[serde(deserialize_with = "null_default")]
    pub owner_references: Vec<OwnerReference>,
}

impl ObjectMeta {
    /// The namespace of an object of a namespaced kind; empty where there is none.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }
}

/// An entry of `metadata.ownerReferences`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// `apiVersion` of the owner.
    #[serde(deserialize_with = "null_default")]
    pub api_version: String,
    /// Kind of the owner.
    #[serde(deserialize_with = "null_default")]
    pub kind: String,
    /// Name of the owner.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// Uid of the owner.
    #[serde(deserialize_with = "null_default")]
    pub uid: String,
    /// Whether it is the managing controller.
    pub controller: Option<bool>,
}

/// Reads `null` as the default: absent, null and empty lists, maps and objects are one.
///
/// # Errors
/// Those of the value's own type.
pub fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_absent_and_unknown_fields_are_skipped() {
        let meta: ObjectMeta = serde_json::from_str(
            r#"{"name":"a","labels":null,"creationTimestamp":null,"managedFields":[{"manager":"x"}],"ownerReferences":[{"uid":"u","kind":"Cluster","name":"c","apiVersion":"v1"}]}"#,
        )
        .unwrap();
        assert_eq!(meta.name, "a");
        assert!(meta.labels.is_empty());
        assert_eq!(meta.creation_timestamp, None);
        assert_eq!(meta.owner_references[0].uid, "u");
        assert_eq!(meta.namespace(), "");
    }
}

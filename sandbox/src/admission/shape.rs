//! The operator's own types, as far as their decoder's complaints are seen.
//!
//! A mutating webhook decodes the whole object before the schema is looked at, so a value of the
//! wrong type is refused by the decoder (400, `json: cannot unmarshal …`) and never reaches the
//! schema. The message names the struct and the type, which the schema does not know: they stand here.

use serde_json::Value;

/// A type of the operator, as its decoder names it.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A Go basic type: `string`, `int`, `int64` or `bool`.
    Basic(&'static str),
    /// A struct: name in messages, and its fields.
    Struct(&'static str, &'static [(&'static str, Shape)]),
    /// A list of one type.
    List(&'static Shape),
    /// A map from text to one type.
    Map(&'static Shape),
}

use Shape::{Basic, List, Map, Struct};

const TEXT: Shape = Basic("string");
const INT: Shape = Basic("int");
const INT64: Shape = Basic("int64");
const BOOL: Shape = Basic("bool");
const TEXTS: Shape = List(&TEXT);

const REFERENCE: Shape = Struct("LocalObjectReference", &[("name", TEXT)]);

const STORAGE: Shape =
    Struct("StorageConfiguration", &[("resizeInUseVolumes", BOOL), ("size", TEXT), ("storageClass", TEXT)]);

const ROLE: Shape = Struct(
    "RoleConfiguration",
    &[
        ("bypassrls", BOOL),
        ("comment", TEXT),
        ("connectionLimit", INT64),
        ("createdb", BOOL),
        ("createrole", BOOL),
        ("disablePassword", BOOL),
        ("ensure", TEXT),
        ("inRoles", TEXTS),
        ("inherit", BOOL),
        ("login", BOOL),
        ("name", TEXT),
        ("passwordSecret", REFERENCE),
        ("replication", BOOL),
        ("superuser", BOOL),
    ],
);

/// `Cluster`.
pub const CLUSTER: Shape = Struct(
    "Cluster",
    &[(
        "spec",
        Struct(
            "ClusterSpec",
            &[
                (
                    "bootstrap",
                    Struct(
                        "BootstrapConfiguration",
                        &[(
                            "initdb",
                            Struct(
                                "BootstrapInitDB",
                                &[("database", TEXT), ("encoding", TEXT), ("owner", TEXT), ("secret", REFERENCE)],
                            ),
                        )],
                    ),
                ),
                ("description", TEXT),
                ("enablePDB", BOOL),
                ("enableSuperuserAccess", BOOL),
                ("imageCatalogRef", Struct("ImageCatalogRef", &[("kind", TEXT), ("major", INT), ("name", TEXT)])),
                ("imageName", TEXT),
                ("instances", INT),
                ("managed", Struct("ManagedConfiguration", &[("roles", List(&ROLE))])),
                ("maxSyncReplicas", INT),
                ("minSyncReplicas", INT),
                ("postgresGID", INT64),
                ("postgresUID", INT64),
                (
                    "postgresql",
                    Struct(
                        "PostgresConfiguration",
                        &[("parameters", Map(&TEXT)), ("pg_hba", TEXTS), ("shared_preload_libraries", TEXTS)],
                    ),
                ),
                ("primaryUpdateMethod", TEXT),
                ("primaryUpdateStrategy", TEXT),
                ("storage", STORAGE),
                ("superuserSecret", REFERENCE),
                ("walStorage", STORAGE),
            ],
        ),
    )],
);

const NAMED: Shape = Struct("ExtensionSpec", &[("ensure", TEXT), ("name", TEXT), ("schema", TEXT), ("version", TEXT)]);

/// `Database`.
pub const DATABASE: Shape = Struct(
    "Database",
    &[(
        "spec",
        Struct(
            "DatabaseSpec",
            &[
                ("allowConnections", BOOL),
                ("cluster", REFERENCE),
                ("connectionLimit", INT),
                ("databaseReclaimPolicy", TEXT),
                ("encoding", TEXT),
                ("ensure", TEXT),
                ("extensions", List(&NAMED)),
                ("isTemplate", BOOL),
                ("locale", TEXT),
                ("name", TEXT),
                ("owner", TEXT),
                ("schemas", List(&Struct("SchemaSpec", &[("ensure", TEXT), ("name", TEXT), ("owner", TEXT)]))),
                ("tablespace", TEXT),
                ("template", TEXT),
            ],
        ),
    )],
);

/// `Backup`.
pub const BACKUP: Shape = Struct(
    "Backup",
    &[("spec", Struct("BackupSpec", &[("cluster", REFERENCE), ("method", TEXT), ("online", BOOL), ("target", TEXT)]))],
);

/// `ScheduledBackup`.
pub const SCHEDULED_BACKUP: Shape = Struct(
    "ScheduledBackup",
    &[(
        "spec",
        Struct(
            "ScheduledBackupSpec",
            &[
                ("backupOwnerReference", TEXT),
                ("cluster", REFERENCE),
                ("immediate", BOOL),
                ("method", TEXT),
                ("online", BOOL),
                ("schedule", TEXT),
                ("suspend", BOOL),
                ("target", TEXT),
            ],
        ),
    )],
);

impl Shape {
    /// What the decoder says of `object`; `None` where it decodes. The first misfit in the order of
    /// the document counts, and the API server sends documents with their keys sorted.
    pub fn misfit(&self, object: &Value) -> Option<String> {
        self.misfit_at(object, "", "")
    }

    fn misfit_at(&self, value: &Value, owner: &str, path: &str) -> Option<String> {
        match (self, value) {
            (_, Value::Null) | (Basic("string"), Value::String(_)) | (Basic("bool"), Value::Bool(_)) => None,
            (Basic("int" | "int64"), Value::Number(number)) if number.is_i64() || number.is_u64() => None,
            (Struct(name, fields), Value::Object(map)) => {
                let mut keys: Vec<&String> = map.keys().collect();
                keys.sort_unstable();
                keys.into_iter().find_map(|key| {
                    let (_, shape) = fields.iter().find(|(field, _)| field == key)?;
                    let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    shape.misfit_at(&map[key], name, &inner)
                })
            }
            (List(item), Value::Array(items)) => items.iter().find_map(|entry| item.misfit_at(entry, owner, path)),
            (Map(item), Value::Object(map)) => {
                let mut keys: Vec<&String> = map.keys().collect();
                keys.sort_unstable();
                keys.into_iter().find_map(|key| item.misfit_at(&map[key], owner, path))
            }
            (shape, value) => Some(format!(
                "json: cannot unmarshal {} into Go struct field {owner}.{path} of type {}",
                described(value),
                shape.type_name()
            )),
        }
    }

    fn type_name(&self) -> String {
        match self {
            Basic(name) => (*name).to_owned(),
            Struct(name, _) => format!("v1.{name}"),
            List(item) => format!("[]{}", item.type_name()),
            Map(item) => format!("map[string]{}", item.type_name()),
        }
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => format!("number {number}"),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
        Value::Null => "null".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn misfits_read_as_recorded() {
        for (object, said) in [
            (
                json!({"spec": {"instances": "three"}}),
                "json: cannot unmarshal string into Go struct field ClusterSpec.spec.instances of type int",
            ),
            (
                json!({"spec": {"storage": "1Gi", "instances": -1}}),
                "json: cannot unmarshal string into Go struct field ClusterSpec.spec.storage of type v1.StorageConfiguration",
            ),
            (
                json!({"spec": {"instances": 1.5}}),
                "json: cannot unmarshal number 1.5 into Go struct field ClusterSpec.spec.instances of type int",
            ),
            (
                json!({"spec": [1]}),
                "json: cannot unmarshal array into Go struct field Cluster.spec of type v1.ClusterSpec",
            ),
            (
                json!({"spec": "hi"}),
                "json: cannot unmarshal string into Go struct field Cluster.spec of type v1.ClusterSpec",
            ),
            (
                json!({"spec": {"managed": {"roles": [{"name": 5}]}}}),
                "json: cannot unmarshal number into Go struct field RoleConfiguration.spec.managed.roles.name of type string",
            ),
        ] {
            assert_eq!(CLUSTER.misfit(&object).as_deref(), Some(said));
        }
        assert_eq!(CLUSTER.misfit(&json!({"spec": {"instances": null, "unknown": 1}})), None);
    }
}

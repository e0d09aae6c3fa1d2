//! What tools read of Kubernetes objects. @generated from specs/resources.
//!
//! Fields that no tool names are not here, and are skipped while reading.

#![allow(
    clippy::doc_markdown,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    clippy::redundant_closure_for_method_calls,
    reason = "texts, parameters and results are the specs' own"
)]

use std::collections::BTreeMap;
use cnpg_mcp_runtime::vocabulary::{Kind, KindInfo, ObjectMeta, Time, null_default};
use serde::{Deserialize, Serialize};

/// One backup of a cluster, asked for or done.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Backup {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What was asked for.
    #[serde(default, deserialize_with = "null_default")]
    pub spec: BackupSpec,
    /// What became of it.
    pub status: Option<BackupStatus>,
}

impl Kind for Backup {
    const INFO: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "Backup",
        plural: "backups",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A PostgreSQL cluster, one primary and any number of replicas.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Cluster {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What the cluster should be.
    #[serde(default, deserialize_with = "null_default")]
    pub spec: ClusterSpec,
    /// What the operator last saw. It lags behind `spec`.
    pub status: Option<ClusterStatus>,
}

impl Kind for Cluster {
    const INFO: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "Cluster",
        plural: "clusters",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A database inside a cluster, kept up by the operator.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Database {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What the database should be.
    #[serde(default, deserialize_with = "null_default")]
    pub spec: DatabaseSpec,
    /// What the operator made of it.
    pub status: Option<DatabaseStatus>,
}

impl Kind for Database {
    const INFO: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "Database",
        plural: "databases",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A role inside a cluster, declared beside it instead of in the cluster's own list.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseRole {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What the role should be.
    #[serde(default, deserialize_with = "null_default")]
    pub spec: DatabaseRoleSpec,
    /// What the operator made of it.
    pub status: Option<DatabaseRoleStatus>,
}

impl Kind for DatabaseRole {
    const INFO: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "DatabaseRole",
        plural: "databaseroles",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// Something that happened to an object.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Event {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// Object that it happened to.
    #[serde(rename = "involvedObject", default, deserialize_with = "null_default")]
    pub involved_object: EventInvolvedObject,
    /// `Normal` or `Warning`.
    pub r#type: Option<String>,
    /// What happened, in one word.
    pub reason: Option<String>,
    /// What happened, for people.
    pub message: Option<String>,
    /// How often it happened.
    pub count: Option<i64>,
    /// When it happened last. Newer writers leave it out and set `eventTime`.
    #[serde(rename = "lastTimestamp")]
    pub last_timestamp: Option<Time>,
    /// When.
    #[serde(rename = "eventTime")]
    pub event_time: Option<Time>,
    /// Repeated events, as newer writers count them.
    pub series: Option<EventSeries>,
    /// Who said so.
    pub source: Option<EventSource>,
    /// Who said so, as newer writers put it.
    #[serde(rename = "reportingComponent")]
    pub reporting_component: Option<String>,
}

impl Kind for Event {
    const INFO: KindInfo = KindInfo {
        group: "",
        version: "v1",
        kind: "Event",
        plural: "events",
        namespaced: true,
        metadata_only: false,
        operator: None,
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A claim to a volume; for CloudNativePG, the data of an instance.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct PersistentVolumeClaim {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What is asked for.
    pub spec: Option<PersistentVolumeClaimSpec>,
}

impl Kind for PersistentVolumeClaim {
    const INFO: KindInfo = KindInfo {
        group: "",
        version: "v1",
        kind: "PersistentVolumeClaim",
        plural: "persistentvolumeclaims",
        namespaced: true,
        metadata_only: false,
        operator: None,
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A pod; for CloudNativePG, an instance of a cluster.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Pod {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What should run.
    pub spec: Option<PodSpec>,
    /// What the node says of it.
    pub status: Option<PodStatus>,
}

impl Kind for Pod {
    const INFO: KindInfo = KindInfo {
        group: "",
        version: "v1",
        kind: "Pod",
        plural: "pods",
        namespaced: true,
        metadata_only: false,
        operator: None,
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A schedule by which the operator makes Backup objects.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ScheduledBackup {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What is backed up, and when.
    #[serde(default, deserialize_with = "null_default")]
    pub spec: ScheduledBackupSpec,
}

impl Kind for ScheduledBackup {
    const INFO: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "ScheduledBackup",
        plural: "scheduledbackups",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A Secret, for passwords.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Secret {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
}

impl Kind for Secret {
    const INFO: KindInfo = KindInfo {
        group: "",
        version: "v1",
        kind: "Secret",
        plural: "secrets",
        namespaced: true,
        metadata_only: true,
        operator: None,
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A class of storage that volumes are made by.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct StorageClass {
    /// Name, labels and the like.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// Whether volumes can grow. Unset, they cannot.
    #[serde(rename = "allowVolumeExpansion")]
    pub allow_volume_expansion: Option<bool>,
}

impl Kind for StorageClass {
    const INFO: KindInfo = KindInfo {
        group: "storage.k8s.io",
        version: "v1",
        kind: "StorageClass",
        plural: "storageclasses",
        namespaced: false,
        metadata_only: false,
        operator: None,
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// Cluster to back up, in the same namespace.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct BackupSpecCluster {
    /// Name of the cluster.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
}

/// What was asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct BackupSpec {
    /// Cluster to back up, in the same namespace.
    #[serde(default, deserialize_with = "null_default")]
    pub cluster: BackupSpecCluster,
    /// How it is made.
    pub method: Option<String>,
}

/// Instance that it was taken from.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct BackupStatusInstanceID {
    /// Pod of the instance.
    #[serde(rename = "podName")]
    pub pod_name: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct BackupStatus {
    /// `pending`, `started`, `running`, `finalizing`, `completed`, `failed` or `walArchivingFailing`.
    pub phase: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// When it began.
    #[serde(rename = "startedAt")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(rename = "stoppedAt")]
    pub stopped_at: Option<Time>,
    /// Where in the object store it lies.
    #[serde(rename = "destinationPath")]
    pub destination_path: Option<String>,
    /// Instance that it was taken from.
    #[serde(rename = "instanceID")]
    pub instance_id: Option<BackupStatusInstanceID>,
}

/// The volume of each instance.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecStorage {
    /// Size of the volume of each instance. It can grow later but not shrink.
    pub size: Option<String>,
    /// StorageClass of the volumes. Unset, the Kubernetes cluster's default one.
    #[serde(rename = "storageClass")]
    pub storage_class: Option<String>,
    /// Grow volumes while they are in use.
    #[serde(rename = "resizeInUseVolumes")]
    pub resize_in_use_volumes: Option<bool>,
}

/// Configuration of PostgreSQL.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecPostgresql {
    /// Settings of `postgresql.conf` by name.
    #[serde(default, deserialize_with = "null_default")]
    pub parameters: BTreeMap<String, String>,
}

/// Secret of type `kubernetes.io/basic-auth` with its password.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecManagedRolePasswordSecret {
    /// Name of the Secret.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
}

/// Roles, by name. Taking one off the list leaves it in PostgreSQL; `ensure: absent` drops it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecManagedRole {
    /// Name of the role.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// Whether the role should exist.
    pub ensure: Option<String>,
    /// May log in.
    pub login: Option<bool>,
    /// Passes every permission check.
    pub superuser: Option<bool>,
    /// Has the privileges of the roles it is a member of.
    pub inherit: Option<bool>,
    /// May create databases.
    pub createdb: Option<bool>,
    /// May create and change roles.
    pub createrole: Option<bool>,
    /// May connect for replication.
    pub replication: Option<bool>,
    /// Roles that it is a member of.
    #[serde(rename = "inRoles", default, deserialize_with = "null_default")]
    pub in_roles: Vec<String>,
    /// How many connections it may have at once; -1 is no limit.
    #[serde(rename = "connectionLimit")]
    pub connection_limit: Option<i64>,
    /// When its password expires.
    #[serde(rename = "validUntil")]
    pub valid_until: Option<Time>,
    /// Secret of type `kubernetes.io/basic-auth` with its password.
    #[serde(rename = "passwordSecret")]
    pub password_secret: Option<ClusterSpecManagedRolePasswordSecret>,
    /// Its password is set to NULL.
    #[serde(rename = "disablePassword")]
    pub disable_password: Option<bool>,
}

/// What the operator keeps up inside PostgreSQL and around it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecManaged {
    /// Roles, by name. Taking one off the list leaves it in PostgreSQL; `ensure: absent` drops it.
    #[serde(default, deserialize_with = "null_default")]
    pub roles: Vec<ClusterSpecManagedRole>,
}

/// Object store for backups and write-ahead log. Deprecated by CloudNativePG in favour of its plugin.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecBackupBarmanObjectStore {}

/// Backups as volume snapshots.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecBackupVolumeSnapshot {}

/// How backups are made.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecBackup {
    /// Object store for backups and write-ahead log. Deprecated by CloudNativePG in favour of its plugin.
    #[serde(rename = "barmanObjectStore")]
    pub barman_object_store: Option<ClusterSpecBackupBarmanObjectStore>,
    /// Backups as volume snapshots.
    #[serde(rename = "volumeSnapshot")]
    pub volume_snapshot: Option<ClusterSpecBackupVolumeSnapshot>,
}

/// CNPG-I plugins.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpecPlugin {
    /// Name of the plugin.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// Is used.
    pub enabled: Option<bool>,
}

/// What the cluster should be.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterSpec {
    /// How many instances there should be, the primary included.
    #[serde(default, deserialize_with = "null_default")]
    pub instances: i64,
    /// Container image of PostgreSQL. Unset, the operator picks one.
    #[serde(rename = "imageName")]
    pub image_name: Option<String>,
    /// The volume of each instance.
    pub storage: Option<ClusterSpecStorage>,
    /// Configuration of PostgreSQL.
    pub postgresql: Option<ClusterSpecPostgresql>,
    /// What the operator keeps up inside PostgreSQL and around it.
    pub managed: Option<ClusterSpecManaged>,
    /// How backups are made.
    pub backup: Option<ClusterSpecBackup>,
    /// CNPG-I plugins.
    #[serde(default, deserialize_with = "null_default")]
    pub plugins: Vec<ClusterSpecPlugin>,
    /// Whether the primary is updated by itself, or when somebody says so.
    #[serde(rename = "primaryUpdateStrategy")]
    pub primary_update_strategy: Option<String>,
}

/// What each instance says of itself.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterStatusInstancesReportedState {
    /// Timeline it is on.
    #[serde(rename = "timeLineID")]
    pub time_line_id: Option<i64>,
}

/// Conditions by type.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterStatusCondition {
    /// What the condition is about.
    #[serde(default, deserialize_with = "null_default")]
    pub r#type: String,
    /// Whether it holds.
    #[serde(default, deserialize_with = "null_default")]
    pub status: String,
    /// Why, in one word.
    #[serde(default, deserialize_with = "null_default")]
    pub reason: String,
    /// Why, for people.
    #[serde(default, deserialize_with = "null_default")]
    pub message: String,
}

/// Image that the data directory was last used with.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterStatusPgDataImageInfo {
    /// Its major version of PostgreSQL.
    #[serde(rename = "majorVersion", default, deserialize_with = "null_default")]
    pub major_version: i64,
}

/// Which version of its Secret each role has its password from.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterStatusManagedRolesStatusPasswordStatu {
    /// resourceVersion of the Secret.
    #[serde(rename = "resourceVersion")]
    pub resource_version: Option<String>,
}

/// What became of the managed roles.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterStatusManagedRolesStatus {
    /// Names of roles by state (`reconciled`, `pending-reconciliation`, `not-managed`, `reserved`).
    #[serde(rename = "byStatus", default, deserialize_with = "null_default")]
    pub by_status: BTreeMap<String, Vec<String>>,
    /// Reasons by name of the role.
    #[serde(rename = "cannotReconcile", default, deserialize_with = "null_default")]
    pub cannot_reconcile: BTreeMap<String, Vec<String>>,
    /// Which version of its Secret each role has its password from.
    #[serde(rename = "passwordStatus", default, deserialize_with = "null_default")]
    pub password_status: BTreeMap<String, ClusterStatusManagedRolesStatusPasswordStatu>,
}

/// Certificates in use.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterStatusCertificates {
    /// When each expires, by Secret; text as Go prints a time.
    #[serde(default, deserialize_with = "null_default")]
    pub expirations: BTreeMap<String, String>,
}

/// What the operator last saw. It lags behind `spec`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ClusterStatus {
    /// What the operator is doing, in words: `Cluster in healthy state` where nothing is left to do.
    pub phase: Option<String>,
    /// Why it is in that phase.
    #[serde(rename = "phaseReason")]
    pub phase_reason: Option<String>,
    /// How many instances there are.
    pub instances: Option<i64>,
    /// How many of them are ready.
    #[serde(rename = "readyInstances")]
    pub ready_instances: Option<i64>,
    /// Names of the instances.
    #[serde(rename = "instanceNames", default, deserialize_with = "null_default")]
    pub instance_names: Vec<String>,
    /// Names of instances by state (`healthy`, `replicating`, `failed`).
    #[serde(rename = "instancesStatus", default, deserialize_with = "null_default")]
    pub instances_status: BTreeMap<String, Vec<String>>,
    /// What each instance says of itself.
    #[serde(
        rename = "instancesReportedState",
        default,
        deserialize_with = "null_default"
    )]
    pub instances_reported_state: BTreeMap<String, ClusterStatusInstancesReportedState>,
    /// Conditions by type.
    #[serde(default, deserialize_with = "null_default")]
    pub conditions: Vec<ClusterStatusCondition>,
    /// Image that the cluster runs.
    pub image: Option<String>,
    /// Image that the data directory was last used with.
    #[serde(rename = "pgDataImageInfo")]
    pub pg_data_image_info: Option<ClusterStatusPgDataImageInfo>,
    /// Instance that is the primary.
    #[serde(rename = "currentPrimary")]
    pub current_primary: Option<String>,
    /// Instance that should be the primary. Differs while a switchover or failover goes on.
    #[serde(rename = "targetPrimary")]
    pub target_primary: Option<String>,
    /// Since when it should be, RFC 3339.
    #[serde(rename = "targetPrimaryTimestamp")]
    pub target_primary_timestamp: Option<String>,
    /// Timeline of the primary.
    #[serde(rename = "timelineID")]
    pub timeline_id: Option<i64>,
    /// Service that leads to the primary.
    #[serde(rename = "writeService")]
    pub write_service: Option<String>,
    /// Service that leads to every instance.
    #[serde(rename = "readService")]
    pub read_service: Option<String>,
    /// What became of the managed roles.
    #[serde(rename = "managedRolesStatus")]
    pub managed_roles_status: Option<ClusterStatusManagedRolesStatus>,
    /// Certificates in use.
    pub certificates: Option<ClusterStatusCertificates>,
    /// Earliest point to recover to, RFC 3339. Deprecated.
    #[serde(rename = "firstRecoverabilityPoint")]
    pub first_recoverability_point: Option<String>,
    /// End of the last good backup, RFC 3339. Deprecated.
    #[serde(rename = "lastSuccessfulBackup")]
    pub last_successful_backup: Option<String>,
    /// The same by backup method. Deprecated.
    #[serde(
        rename = "lastSuccessfulBackupByMethod",
        default,
        deserialize_with = "null_default"
    )]
    pub last_successful_backup_by_method: BTreeMap<String, Time>,
}

/// Cluster that it lives in, in the same namespace.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseSpecCluster {
    /// Name of the cluster.
    pub name: Option<String>,
}

/// What the database should be.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseSpec {
    /// Cluster that it lives in, in the same namespace.
    #[serde(default, deserialize_with = "null_default")]
    pub cluster: DatabaseSpecCluster,
    /// Its name in PostgreSQL.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// Role that owns it.
    #[serde(default, deserialize_with = "null_default")]
    pub owner: String,
    /// Whether it should exist.
    pub ensure: Option<String>,
    /// What becomes of the data when the object is deleted.
    #[serde(rename = "databaseReclaimPolicy")]
    pub database_reclaim_policy: Option<String>,
}

/// What became of each schema.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseStatusSchema {
    /// Name of the schema.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// Whether it is as wanted.
    #[serde(default, deserialize_with = "null_default")]
    pub applied: bool,
    /// What went wrong.
    pub message: Option<String>,
}

/// What became of each extension.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseStatusExtension {
    /// Name of the extension.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// Whether it is as wanted.
    #[serde(default, deserialize_with = "null_default")]
    pub applied: bool,
    /// What went wrong.
    pub message: Option<String>,
}

/// What the operator made of it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseStatus {
    /// Whether PostgreSQL is as the object says. Unset, the operator has not looked yet.
    pub applied: Option<bool>,
    /// What went wrong.
    pub message: Option<String>,
    /// Generation of the object that this was said of.
    #[serde(rename = "observedGeneration")]
    pub observed_generation: Option<i64>,
    /// What became of each schema.
    #[serde(default, deserialize_with = "null_default")]
    pub schemas: Vec<DatabaseStatusSchema>,
    /// What became of each extension.
    #[serde(default, deserialize_with = "null_default")]
    pub extensions: Vec<DatabaseStatusExtension>,
}

/// Cluster that it lives in, in the same namespace.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseRoleSpecCluster {
    /// Name of the cluster.
    pub name: Option<String>,
}

/// Secret of type `kubernetes.io/basic-auth` with its password.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseRoleSpecPasswordSecret {
    /// Name of the Secret.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
}

/// What the role should be.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseRoleSpec {
    /// Cluster that it lives in, in the same namespace.
    #[serde(default, deserialize_with = "null_default")]
    pub cluster: DatabaseRoleSpecCluster,
    /// Its name in PostgreSQL.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// Whether it should exist. The operator refuses `absent`: the object is deleted instead.
    pub ensure: Option<String>,
    /// May log in.
    pub login: Option<bool>,
    /// Passes every permission check.
    pub superuser: Option<bool>,
    /// Has the privileges of the roles it is a member of.
    pub inherit: Option<bool>,
    /// May create databases.
    pub createdb: Option<bool>,
    /// May create and change roles.
    pub createrole: Option<bool>,
    /// May connect for replication.
    pub replication: Option<bool>,
    /// Roles that it is a member of.
    #[serde(rename = "inRoles", default, deserialize_with = "null_default")]
    pub in_roles: Vec<String>,
    /// How many connections it may have at once; -1 is no limit.
    #[serde(rename = "connectionLimit")]
    pub connection_limit: Option<i64>,
    /// When its password expires.
    #[serde(rename = "validUntil")]
    pub valid_until: Option<Time>,
    /// Secret of type `kubernetes.io/basic-auth` with its password.
    #[serde(rename = "passwordSecret")]
    pub password_secret: Option<DatabaseRoleSpecPasswordSecret>,
}

/// What the operator made of it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct DatabaseRoleStatus {
    /// Whether PostgreSQL is as the object says. Unset, the operator has not looked yet.
    pub applied: Option<bool>,
    /// What went wrong.
    pub message: Option<String>,
    /// Version of the Secret that the password was taken from.
    #[serde(rename = "secretResourceVersion")]
    pub secret_resource_version: Option<String>,
}

/// Object that it happened to.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct EventInvolvedObject {
    /// Kind of the object.
    pub kind: Option<String>,
    /// Name of the object.
    pub name: Option<String>,
}

/// Repeated events, as newer writers count them.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct EventSeries {
    /// How often it happened.
    pub count: Option<i64>,
}

/// Who said so.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct EventSource {
    /// Program that reports it.
    pub component: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct PersistentVolumeClaimSpec {
    /// StorageClass of the volume.
    #[serde(rename = "storageClassName")]
    pub storage_class_name: Option<String>,
}

/// What should run.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct PodSpec {
    /// Node that it runs on. Unset, it is not scheduled yet.
    #[serde(rename = "nodeName")]
    pub node_name: Option<String>,
}

/// What the node says of it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: Option<String>,
}

/// Cluster to back up, in the same namespace.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ScheduledBackupSpecCluster {
    /// Name of the cluster.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
}

/// What is backed up, and when.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ScheduledBackupSpec {
    /// Cluster to back up, in the same namespace.
    #[serde(default, deserialize_with = "null_default")]
    pub cluster: ScheduledBackupSpecCluster,
    /// Cron expression of six fields, seconds first.
    #[serde(default, deserialize_with = "null_default")]
    pub schedule: String,
}

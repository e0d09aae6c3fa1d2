//! Annotations by which an object asks the stand-in to let go wrong what goes wrong in life.
//! Taking the annotation away lets things go on.
//!
//! On a Namespace each of them (but [`BARE`]) holds for all objects in it that it could stand on, so
//! that clients who cannot annotate what they make meet the same. The object's own goes first.

/// On a Cluster: it goes on until its phase is this one, and stays there. A phase that its way does
/// not lead through is entered instead of the healthy one.
pub const STUCK_PHASE: &str = "sandbox.cnpg-mcp/stuck-phase";

/// On a Cluster: ordinals of instances (separated by commas) whose pods never become ready.
pub const POD_NEVER_READY: &str = "sandbox.cnpg-mcp/pod-never-ready";

/// On a Cluster: `ROLE: REASON`, one a line: these managed roles cannot be reconciled.
/// On a DatabaseRole: the reason alone.
pub const ROLE_CANNOT_RECONCILE: &str = "sandbox.cnpg-mcp/role-cannot-reconcile";

/// On a Database: it is never applied, with this message.
pub const DATABASE_NOT_APPLIED: &str = "sandbox.cnpg-mcp/database-not-applied";

/// On a Cluster, Database, DatabaseRole or Secret, with the value `true`: the object gets the
/// finalizer [`HOLD_FINALIZER`], which stays until the annotation is gone.
pub const FINALIZER_HOLDS: &str = "sandbox.cnpg-mcp/finalizer-holds";

/// On a Cluster: it was preloaded without its pods, claims, services and secrets. They are made when
/// something about the cluster is first changed. Thousands of clusters fit that way.
pub const BARE: &str = "sandbox.cnpg-mcp/bare";

/// The finalizer that [`FINALIZER_HOLDS`] puts on an object.
pub const HOLD_FINALIZER: &str = "sandbox.cnpg-mcp/hold";

/// The operator's own finalizer on a Database.
pub const DATABASE_FINALIZER: &str = "cnpg.io/deleteDatabase";

/// The operator's own finalizer on a DatabaseRole.
pub const ROLE_FINALIZER: &str = "cnpg.io/deleteRole";

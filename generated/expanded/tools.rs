/// What tools read of Kubernetes objects.
pub mod kinds;

/// Templates of answers.
pub mod templates;

/// Back up a PostgreSQL cluster
pub mod create_backup;

/// Create a PostgreSQL cluster
pub mod create_postgres_cluster;

/// Create a PostgreSQL database
pub mod create_postgres_database;

/// Create a PostgreSQL role
pub mod create_postgres_role;

/// Schedule backups of a PostgreSQL cluster
pub mod create_scheduled_backup;

/// Delete a PostgreSQL cluster
pub mod delete_postgres_cluster;

/// Delete a PostgreSQL database
pub mod delete_postgres_database;

/// Delete a PostgreSQL role
pub mod delete_postgres_role;

/// Delete a schedule of backups
pub mod delete_scheduled_backup;

/// Get the status of a PostgreSQL cluster
pub mod get_cluster_status;

/// Get the status of a PostgreSQL database
pub mod get_database_status;

/// Read the log of a PostgreSQL instance
pub mod get_instance_logs;

/// Get the status of a PostgreSQL role
pub mod get_role_status;

/// Hibernate or wake a PostgreSQL cluster
pub mod hibernate_postgres_cluster;

/// List backups of a PostgreSQL cluster
pub mod list_backups;

/// List events of a PostgreSQL cluster
pub mod list_cluster_events;

/// List PostgreSQL clusters
pub mod list_postgres_clusters;

/// List PostgreSQL databases
pub mod list_postgres_databases;

/// List PostgreSQL roles
pub mod list_postgres_roles;

/// Promote a replica to primary
pub mod promote_cluster_instance;

/// Grow the storage of a PostgreSQL cluster
pub mod resize_postgres_cluster;

/// Restart a PostgreSQL cluster
pub mod restart_postgres_cluster;

/// Restore a backup into a new cluster
pub mod restore_cluster_from_backup;

/// Scale a PostgreSQL cluster
pub mod scale_postgres_cluster;

/// Update a PostgreSQL role
pub mod update_postgres_role;

/// Every tool, ordered by name.
pub fn tools() -> Vec<cnpg_mcp_runtime::vocabulary::Tool> {
    vec![
        create_backup::TOOL,
        create_postgres_cluster::TOOL,
        create_postgres_database::TOOL,
        create_postgres_role::TOOL,
        create_scheduled_backup::TOOL,
        delete_postgres_cluster::TOOL,
        delete_postgres_database::TOOL,
        delete_postgres_role::TOOL,
        delete_scheduled_backup::TOOL,
        get_cluster_status::TOOL,
        get_database_status::TOOL,
        get_instance_logs::TOOL,
        get_role_status::TOOL,
        hibernate_postgres_cluster::TOOL,
        list_backups::TOOL,
        list_cluster_events::TOOL,
        list_postgres_clusters::TOOL,
        list_postgres_databases::TOOL,
        list_postgres_roles::TOOL,
        promote_cluster_instance::TOOL,
        resize_postgres_cluster::TOOL,
        restart_postgres_cluster::TOOL,
        restore_cluster_from_backup::TOOL,
        scale_postgres_cluster::TOOL,
        update_postgres_role::TOOL,
    ]
}

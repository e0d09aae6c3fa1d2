/// What tools read of Kubernetes objects.
pub mod kinds;

/// Templates of answers.
pub mod templates;

/// Create a PostgreSQL cluster
pub mod create_postgres_cluster;

/// Create a PostgreSQL database
pub mod create_postgres_database;

/// Create a PostgreSQL role
pub mod create_postgres_role;

/// Delete a PostgreSQL cluster
pub mod delete_postgres_cluster;

/// Delete a PostgreSQL database
pub mod delete_postgres_database;

/// Delete a PostgreSQL role
pub mod delete_postgres_role;

/// Get the status of a PostgreSQL cluster
pub mod get_cluster_status;

/// List PostgreSQL clusters
pub mod list_postgres_clusters;

/// List PostgreSQL databases
pub mod list_postgres_databases;

/// List PostgreSQL roles
pub mod list_postgres_roles;

/// Scale a PostgreSQL cluster
pub mod scale_postgres_cluster;

/// Update a PostgreSQL role
pub mod update_postgres_role;

/// Every tool, ordered by name.
pub fn tools() -> Vec<cnpg_mcp_runtime::vocabulary::Tool> {
    vec![
        create_postgres_cluster::TOOL,
        create_postgres_database::TOOL,
        create_postgres_role::TOOL,
        delete_postgres_cluster::TOOL,
        delete_postgres_database::TOOL,
        delete_postgres_role::TOOL,
        get_cluster_status::TOOL,
        list_postgres_clusters::TOOL,
        list_postgres_databases::TOOL,
        list_postgres_roles::TOOL,
        scale_postgres_cluster::TOOL,
        update_postgres_role::TOOL,
    ]
}

//! Templates by name. @generated from specs/partials and the answers in specs/tools.

/// Name and text of every template.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("cluster_details.md", include_str!("templates/cluster_details.md")),
    ("delete_cluster_plan.md", include_str!("templates/delete_cluster_plan.md")),
    ("delete_database_plan.md", include_str!("templates/delete_database_plan.md")),
    ("field_changes.md", include_str!("templates/field_changes.md")),
    ("foot.md", include_str!("templates/foot.md")),
    ("planned.md", include_str!("templates/planned.md")),
    ("role_attributes.md", include_str!("templates/role_attributes.md")),
    ("scaling_means.md", include_str!("templates/scaling_means.md")),
    (
        "create_postgres_cluster/done.md",
        include_str!("templates/create_postgres_cluster/done.md"),
    ),
    (
        "create_postgres_cluster/timed_out.md",
        include_str!("templates/create_postgres_cluster/timed_out.md"),
    ),
    (
        "create_postgres_database/answer.md",
        include_str!("templates/create_postgres_database/answer.md"),
    ),
    (
        "create_postgres_role/answer.md",
        include_str!("templates/create_postgres_role/answer.md"),
    ),
    (
        "delete_postgres_cluster/done.md",
        include_str!("templates/delete_postgres_cluster/done.md"),
    ),
    (
        "delete_postgres_cluster/partial.md",
        include_str!("templates/delete_postgres_cluster/partial.md"),
    ),
    (
        "delete_postgres_database/answer.md",
        include_str!("templates/delete_postgres_database/answer.md"),
    ),
    (
        "delete_postgres_role/done.md",
        include_str!("templates/delete_postgres_role/done.md"),
    ),
    (
        "delete_postgres_role/partial.md",
        include_str!("templates/delete_postgres_role/partial.md"),
    ),
    (
        "delete_postgres_role/unchanged.md",
        include_str!("templates/delete_postgres_role/unchanged.md"),
    ),
    (
        "get_cluster_status/answer.md",
        include_str!("templates/get_cluster_status/answer.md"),
    ),
    (
        "list_postgres_clusters/answer.md",
        include_str!("templates/list_postgres_clusters/answer.md"),
    ),
    (
        "list_postgres_databases/answer.md",
        include_str!("templates/list_postgres_databases/answer.md"),
    ),
    (
        "list_postgres_roles/answer.md",
        include_str!("templates/list_postgres_roles/answer.md"),
    ),
    (
        "scale_postgres_cluster/unchanged.md",
        include_str!("templates/scale_postgres_cluster/unchanged.md"),
    ),
    (
        "scale_postgres_cluster/done.md",
        include_str!("templates/scale_postgres_cluster/done.md"),
    ),
    (
        "scale_postgres_cluster/planned.md",
        include_str!("templates/scale_postgres_cluster/planned.md"),
    ),
    (
        "scale_postgres_cluster/timed_out.md",
        include_str!("templates/scale_postgres_cluster/timed_out.md"),
    ),
    (
        "update_postgres_role/done.md",
        include_str!("templates/update_postgres_role/done.md"),
    ),
    (
        "update_postgres_role/unchanged.md",
        include_str!("templates/update_postgres_role/unchanged.md"),
    ),
];

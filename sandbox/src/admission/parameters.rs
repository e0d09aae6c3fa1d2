//! PostgreSQL parameters: those that CloudNativePG fills in and those that it keeps for itself.
//!
//! Source: the recordings of the operator's webhook, and the chapter "PostgreSQL Configuration" of
//! CloudNativePG's documentation (fixed parameters).

/// Parameters that the mutating webhook writes into `spec.postgresql.parameters` where they are
/// absent, in the order of their names.
pub const DEFAULTS: [(&str, &str); 23] = [
    ("archive_mode", "on"),
    ("archive_timeout", "5min"),
    ("dynamic_shared_memory_type", "posix"),
    ("full_page_writes", "on"),
    ("log_destination", "csvlog"),
    ("log_directory", "/controller/log"),
    ("log_filename", "postgres"),
    ("log_rotation_age", "0"),
    ("log_rotation_size", "0"),
    ("log_truncate_on_rotation", "false"),
    ("logging_collector", "on"),
    ("max_parallel_workers", "32"),
    ("max_replication_slots", "32"),
    ("max_worker_processes", "32"),
    ("shared_memory_type", "mmap"),
    ("shared_preload_libraries", ""),
    ("ssl_max_protocol_version", "TLSv1.3"),
    ("ssl_min_protocol_version", "TLSv1.3"),
    ("wal_keep_size", "512MB"),
    ("wal_level", "logical"),
    ("wal_log_hints", "on"),
    ("wal_receiver_timeout", "5s"),
    ("wal_sender_timeout", "5s"),
];

/// Parameters that only the operator sets. Sorted, for the binary search.
const FIXED: [&str; 64] = [
    "allow_alter_system",
    "allow_system_table_mods",
    "archive_cleanup_command",
    "archive_command",
    "archive_mode",
    "bonjour",
    "bonjour_name",
    "cluster_name",
    "config_file",
    "data_directory",
    "data_sync_retry",
    "event_source",
    "external_pid_file",
    "hba_file",
    "hot_standby",
    "ident_file",
    "jit_provider",
    "listen_addresses",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "log_rotation_age",
    "log_rotation_size",
    "log_truncate_on_rotation",
    "logging_collector",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "recovery_target",
    "recovery_target_action",
    "recovery_target_inclusive",
    "recovery_target_lsn",
    "recovery_target_name",
    "recovery_target_time",
    "recovery_target_timeline",
    "recovery_target_xid",
    "restart_after_crash",
    "restore_command",
    "shared_preload_libraries",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_crl_dir",
    "ssl_crl_file",
    "ssl_dh_params_file",
    "ssl_ecdh_curve",
    "ssl_key_file",
    "ssl_passphrase_command",
    "ssl_passphrase_command_supports_reload",
    "ssl_prefer_server_ciphers",
    "stats_temp_directory",
    "synchronous_standby_names",
    "syslog_facility",
    "syslog_ident",
    "syslog_sequence_numbers",
    "syslog_split_messages",
    "temp_tablespaces",
    "unix_socket_directories",
    "unix_socket_group",
    "unix_socket_permissions",
];

/// Whether a user may give `name` the value `value`. A fixed parameter may only repeat the value
/// that the operator gives it anyway.
pub fn is_settable(name: &str, value: &str) -> bool {
    FIXED.binary_search(&name).is_err() || DEFAULTS.contains(&(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(FIXED.is_sorted());
        assert!(DEFAULTS.is_sorted());
    }

    #[test]
    fn fixed_parameters_may_only_repeat_the_operators_value() {
        assert!(!is_settable("port", "5433"));
        assert!(!is_settable("archive_command", "x"));
        assert!(is_settable("archive_mode", "on"));
        assert!(!is_settable("archive_mode", "off"));
        assert!(is_settable("work_mem", "8MB"));
    }
}

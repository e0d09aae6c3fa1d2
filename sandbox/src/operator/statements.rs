//! What the instance manager tells PostgreSQL to do, as PostgreSQL logs it where the cluster's `log_statement` says so.
//! A statement that carries a password is never logged: the operator turns logging off for it.

use serde_json::Value;

use super::postgres::RoleFacts;
use super::world::World;

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl World {
    /// A role was made or altered to be as `spec` (of a managed role or a `DatabaseRole`) asks.
    pub(super) fn log_role(&self, namespace: &str, cluster: &str, spec: &Value, existed: bool) {
        if spec["passwordSecret"].is_object() {
            return;
        }
        let facts = RoleFacts::wanted(spec);
        let name = quoted(spec["name"].as_str().unwrap_or_default());
        let command = if existed { "ALTER ROLE" } else { "CREATE ROLE" };
        let flag = |holds: bool, word: &str| if holds { word.to_owned() } else { format!("NO{word}") };
        let flags = [
            flag(facts.bypassrls, "BYPASSRLS"),
            flag(facts.createdb, "CREATEDB"),
            flag(facts.createrole, "CREATEROLE"),
            flag(facts.inherit, "INHERIT"),
            flag(facts.login, "LOGIN"),
            flag(facts.replication, "REPLICATION"),
            flag(facts.superuser, "SUPERUSER"),
        ];
        let statement = format!("{command} {name} {} CONNECTION LIMIT {}", flags.join(" "), facts.connection_limit);
        self.log_statement(namespace, cluster, command, &statement);
    }

    /// A role was dropped.
    pub(super) fn log_drop_role(&self, namespace: &str, cluster: &str, name: &str) {
        self.log_statement(namespace, cluster, "DROP ROLE", &format!("DROP ROLE {}", quoted(name)));
    }

    /// A database was made, or given to its owner.
    pub(super) fn log_database(&self, namespace: &str, cluster: &str, name: &str, owner: &str, existed: bool) {
        let (name, owner) = (quoted(name), quoted(owner));
        if existed {
            let statement = format!("ALTER DATABASE {name} OWNER TO {owner}");
            self.log_statement(namespace, cluster, "ALTER DATABASE", &statement);
        } else {
            let statement = format!("CREATE DATABASE {name} OWNER {owner}");
            self.log_statement(namespace, cluster, "CREATE DATABASE", &statement);
        }
    }

    /// A database was dropped.
    pub(super) fn log_drop_database(&self, namespace: &str, cluster: &str, name: &str) {
        self.log_statement(namespace, cluster, "DROP DATABASE", &format!("DROP DATABASE {}", quoted(name)));
    }
}

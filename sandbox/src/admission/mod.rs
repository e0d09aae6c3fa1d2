//! CloudNativePG's admission webhooks, as far as names, storage, images, roles, databases and
//! backups are concerned: pure functions from an object to a changed object or a refusal.
//!
//! What they fill in and what they say is held to the recordings of the real operator 1.30.0.

mod cluster_defaults;
mod cluster_rules;
mod denial;
mod hook;
pub mod image;
mod object_rules;
mod parameters;
pub mod quantity;
#[cfg(test)]
mod recorded;
mod shape;

use serde_json::Value;

pub use cluster_rules::is_reserved_role;
pub use denial::{Denial, FieldError, GROUP};
pub use hook::OperatorWebhooks;

/// Annotation by which a cluster asks not to be validated.
const VALIDATION: &str = "cnpg.io/validation";

/// The webhooks of one resource of CloudNativePG.
#[derive(Debug, Clone, Copy)]
pub struct Webhooks {
    /// Kind as it stands in refusals.
    kind: &'static str,
    /// Name and path of the mutating webhook, where there is one.
    mutating: Option<(&'static str, &'static str)>,
    /// Name and path of the validating webhook.
    validating: (&'static str, &'static str),
}

impl Webhooks {
    /// The webhooks of `resource` (plural name) in the group of CloudNativePG; `None` for those
    /// that have none, such as `databaseroles`.
    pub fn of(resource: &str) -> Option<Self> {
        let hooks = match resource {
            "clusters" => Self {
                kind: "Cluster",
                mutating: Some(("mcluster.cnpg.io", "/mutate-postgresql-cnpg-io-v1-cluster")),
                validating: ("vcluster.cnpg.io", "/validate-postgresql-cnpg-io-v1-cluster"),
            },
            "databases" => Self {
                // The blank is the operator's own.
                kind: "Database ",
                mutating: Some(("mdatabase.cnpg.io", "/mutate-postgresql-cnpg-io-v1-database")),
                validating: ("vdatabase.cnpg.io", "/validate-postgresql-cnpg-io-v1-database"),
            },
            "backups" => Self {
                kind: "Backup",
                mutating: Some(("mbackup.cnpg.io", "/mutate-postgresql-cnpg-io-v1-backup")),
                validating: ("vbackup.cnpg.io", "/validate-postgresql-cnpg-io-v1-backup"),
            },
            "scheduledbackups" => Self {
                kind: "ScheduledBackup",
                mutating: Some(("mscheduledbackup.cnpg.io", "/mutate-postgresql-cnpg-io-v1-scheduledbackup")),
                validating: ("vscheduledbackup.cnpg.io", "/validate-postgresql-cnpg-io-v1-scheduledbackup"),
            },
            "poolers" => Self {
                kind: "Pooler",
                mutating: None,
                validating: ("vpooler.cnpg.io", "/validate-postgresql-cnpg-io-v1-pooler"),
            },
            _ => return None,
        };
        Some(hooks)
    }

    /// Whether there is a mutating webhook.
    pub fn mutates(&self) -> bool {
        self.mutating.is_some()
    }

    /// What the API server says when nobody answers for the first of these webhooks.
    pub fn unreachable(&self) -> Denial {
        let (webhook, path) = self.mutating.unwrap_or(self.validating);
        Denial::Unreachable { webhook, path }
    }

    /// The mutating webhook: decodes the object and fills it in. Runs before the schema is looked at.
    ///
    /// # Errors
    /// [`Denial::Undecodable`] where a value has a type that the operator cannot decode.
    pub fn mutate(&self, object: &mut Value) -> Result<(), Denial> {
        let Some((webhook, _)) = self.mutating else { return Ok(()) };
        let shape = match self.kind {
            "Cluster" => shape::CLUSTER,
            "Backup" => shape::BACKUP,
            "ScheduledBackup" => shape::SCHEDULED_BACKUP,
            _ => shape::DATABASE,
        };
        if let Some(message) = shape.misfit(object) {
            return Err(Denial::Undecodable { webhook, message });
        }
        if self.kind == "Cluster" {
            cluster_defaults::apply(object);
        }
        Ok(())
    }

    /// The validating webhook: runs after the schema has been satisfied, and returns its warnings.
    ///
    /// # Errors
    /// [`Denial::Invalid`] with every rule that is broken.
    pub fn validate(&self, old: Option<&Value>, object: &Value) -> Result<Vec<String>, Denial> {
        if object["metadata"]["annotations"][VALIDATION] == "disabled" {
            return Ok(vec![
                "validation webhook is disabled — all changes are accepted without validation. This may lead to \
                 unsafe or destructive operations. Proceed with extreme caution."
                    .to_owned(),
            ]);
        }
        let (errors, warnings) = match self.kind {
            "Cluster" => (cluster_rules::check(old, object), cluster_rules::warnings(object)),
            "Backup" => (object_rules::backup(object), Vec::new()),
            "ScheduledBackup" => object_rules::scheduled_backup(object),
            "Pooler" => (object_rules::pooler(object), Vec::new()),
            _ => (object_rules::database(object), Vec::new()),
        };
        if errors.is_empty() {
            return Ok(warnings);
        }
        Err(Denial::Invalid {
            webhook: self.validating.0,
            kind: self.kind,
            name: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            errors,
        })
    }
}

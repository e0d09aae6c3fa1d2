//! What the validating webhooks ask of `Database`, `Backup`, `ScheduledBackup` and `Pooler`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::denial::FieldError;
use crate::schedule::Schedule;

/// Said of volume snapshots where their CRD is missing.
const NO_SNAPSHOTS: &str = "Cannot use volumeSnapshot backup method due to missing VolumeSnapshot CRD. If you installed \
     the CRD after having started the operator, please restart it to enable VolumeSnapshot support";

/// Everything wrong with a `Database`: names that stand twice.
pub fn database(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for list in ["extensions", "schemas", "fdws", "servers"] {
        let path = format!("spec.{list}");
        let items = &object["spec"][list];
        distinct(&path, items, &mut errors);
        if matches!(list, "fdws" | "servers") {
            for (index, item) in items.as_array().into_iter().flatten().enumerate() {
                distinct(&format!("{path}[{index}].options"), &item["options"], &mut errors);
                distinct(&format!("{path}[{index}].usages"), &item["usages"], &mut errors);
            }
        }
    }
    errors
}

fn distinct(path: &str, items: &Value, errors: &mut Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    for (index, item) in items.as_array().into_iter().flatten().enumerate() {
        let name = item["name"].as_str().unwrap_or_default();
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(format!("{path}[{index}].name"), &json!(name)));
        }
    }
}

fn method(object: &Value, errors: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    let method = &spec["method"];
    if method == "volumeSnapshot" {
        errors.push(FieldError::invalid("spec.method", method, NO_SNAPSHOTS));
    }
    if method == "barmanObjectStore" {
        for key in ["online", "onlineConfiguration"] {
            if !spec[key].is_null() {
                let rule = "can be specified only if the method is volumeSnapshot";
                let what = if key == "online" { "Online parameter" } else { "OnlineConfiguration parameter" };
                errors.push(FieldError::invalid(format!("spec.{key}"), &spec[key], format!("{what} {rule}")));
            }
        }
    }
}

/// Everything wrong with a `Backup`. The sandbox has no volume snapshots, as the recorded server had none.
pub fn backup(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    method(object, &mut errors);
    if object["spec"]["method"] == "plugin" && object["spec"]["pluginConfiguration"].is_null() {
        errors.push(FieldError::invalid(
            "spec.pluginConfiguration",
            &Value::Null,
            "cannot be empty when the backup method is plugin",
        ));
    }
    errors
}

/// Everything wrong with a `ScheduledBackup`, and what is only odd about it.
pub fn scheduled_backup(object: &Value) -> (Vec<FieldError>, Vec<String>) {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let schedule = &object["spec"]["schedule"];
    let text = schedule.as_str().unwrap_or_default();
    if let Err(rule) = Schedule::parse(text) {
        errors.push(FieldError::invalid("spec.schedule", schedule, rule));
    } else if text.split_whitespace().count() != 6 {
        warnings.push(
            "Schedule parameter may not have the right number of arguments (usually six arguments are needed)"
                .to_owned(),
        );
    }
    method(object, &mut errors);
    (errors, warnings)
}

/// Everything wrong with a `Pooler`.
pub fn pooler(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = &object["metadata"]["name"];
    let cluster = &object["spec"]["cluster"]["name"];
    if cluster.as_str().unwrap_or_default().is_empty() {
        errors.push(FieldError::invalid("spec.cluster.name", &json!(""), "must specify a cluster name"));
    } else if name == cluster {
        errors.push(FieldError::invalid(
            "metadata.name",
            name,
            "the pooler resource cannot have the same name of a cluster",
        ));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once() {
        let twice = json!({"spec": {"extensions": [{"name": "a"}, {"name": "a"}], "schemas": [{"name": "a"}]}});
        assert_eq!(database(&twice), [FieldError::duplicate("spec.extensions[1].name", &json!("a"))]);
    }

    #[test]
    fn schedules() {
        let said = |schedule: &str| scheduled_backup(&json!({"spec": {"schedule": schedule}}));
        assert_eq!(said("0 0 3 * * *"), (vec![], vec![]));
        assert_eq!(said("0 3 * * *").1.len(), 1);
        let wrong = FieldError::invalid("spec.schedule", &json!("@often"), "Unrecognized descriptor: @often");
        assert_eq!(said("@often").0, [wrong]);
    }

    #[test]
    fn backups() {
        assert_eq!(backup(&json!({"spec": {"method": "barmanObjectStore"}})), []);
        assert_eq!(backup(&json!({"spec": {"method": "volumeSnapshot"}})).len(), 1);
        assert_eq!(backup(&json!({"spec": {"method": "plugin"}})).len(), 1);
    }
}

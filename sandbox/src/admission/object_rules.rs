//! What the validating webhooks ask of `Database`, `Backup`, `ScheduledBackup` and `Pooler`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::denial::FieldError;

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
    if let Err(rule) = schedule_fields(text) {
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

/// Checks a cron schedule with seconds: five or six fields of ranges, lists and steps, or a
/// descriptor such as `@daily`.
fn schedule_fields(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("Empty spec string".to_owned());
    }
    if let Some(name) = text.strip_prefix('@') {
        let known = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
        return match name.strip_prefix("every ") {
            Some(interval) if interval.ends_with(['s', 'm', 'h']) => Ok(()),
            None if known.contains(&name) => Ok(()),
            _ => Err(format!("Unrecognized descriptor: {text}")),
        };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if !(5..=6).contains(&fields.len()) {
        return Err(format!("Expected 5 to 6 fields, found {}: {text}", fields.len()));
    }
    // Second, minute, hour, day of month, month, day of week; the last may be left out.
    let bounds = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
    for (field, bounds) in fields.iter().zip(bounds) {
        for part in field.split(',') {
            schedule_part(part, bounds)?;
        }
    }
    Ok(())
}

fn schedule_part(part: &str, (low, high): (u32, u32)) -> Result<(), String> {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if let Some(step) = step
        && step.parse::<u32>().ok().is_none_or(|step| step == 0)
    {
        return Err(format!("Failed to parse int from {step}: {part}"));
    }
    if range == "*" || range == "?" {
        return Ok(());
    }
    let ends: Vec<u32> = range.split('-').map(schedule_number).collect::<Result<_, _>>()?;
    let (from, to) = match ends.as_slice() {
        [one] => (*one, *one),
        [from, to] => (*from, *to),
        _ => return Err(format!("Too many hyphens: {part}")),
    };
    if from < low {
        return Err(format!("Beginning of range ({from}) below minimum ({low}): {part}"));
    }
    if to > high {
        return Err(format!("End of range ({to}) above maximum ({high}): {part}"));
    }
    if from > to {
        return Err(format!("Beginning of range ({from}) beyond end of range ({to}): {part}"));
    }
    Ok(())
}

fn schedule_number(text: &str) -> Result<u32, String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let lower = text.to_ascii_lowercase();
    let named = |names: &[&str], first: usize| names.iter().position(|name| *name == lower).map(|at| at + first);
    named(&MONTHS, 1)
        .or_else(|| named(&DAYS, 0))
        .and_then(|number| u32::try_from(number).ok())
        .or_else(|| text.parse().ok())
        .ok_or_else(|| format!("Failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax"))
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
        for good in ["0 0 3 * * *", "0 3 * * *", "@daily", "@every 1h", "0 */5 1-3,7 * jan mon-fri"] {
            assert_eq!(schedule_fields(good), Ok(()), "{good}");
        }
        for bad in ["", "every day", "@sometimes", "0 0 24 * * *", "x 0 0 * * *", "0 0 0 0 * *", "5-1 0 0 * * *"] {
            assert!(schedule_fields(bad).is_err(), "{bad}");
        }
        let five = json!({"spec": {"schedule": "0 3 * * *"}});
        assert_eq!(scheduled_backup(&five).1.len(), 1);
    }

    #[test]
    fn backups() {
        assert_eq!(backup(&json!({"spec": {"method": "barmanObjectStore"}})), []);
        assert_eq!(backup(&json!({"spec": {"method": "volumeSnapshot"}})).len(), 1);
        assert_eq!(backup(&json!({"spec": {"method": "plugin"}})).len(), 1);
    }
}

//! A failure as Markdown and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Failure;

/// Longest text quoted of anyone else, in characters.
const MAX_QUOTED: usize = 2_000;

pub(super) fn markdown(failure: &Failure) -> String {
    let mut text = format!("**{}**\n", one_line(failure.what()));
    if let Some(parameter) = failure.parameter_name() {
        let _ = writeln!(text, "\nParameter: `{}`", one_line(parameter));
    }
    if let Some(why) = failure.why() {
        let speaker = if failure.status().is_some() { "The API server says" } else { "Reason" };
        let _ = writeln!(text, "\n{speaker}: {}", one_line(&shortened(why)));
    }
    section(&mut text, "What to do", failure.advice().iter().map(|advice| one_line(advice)));
    section(&mut text, "Taken back", failure.undone().iter().map(|undone| one_line(undone)));
    section(
        &mut text,
        "Left behind",
        failure.leftovers().iter().map(|leftover| match &leftover.command {
            Some(command) => format!("{} Clear it away with `{}`.", one_line(&leftover.what), one_line(command)),
            None => one_line(&leftover.what),
        }),
    );
    text
}

fn section(text: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        let _ = writeln!(text, "\n{title}:\n");
        for item in items {
            let _ = writeln!(text, "- {item}");
        }
    }
}

/// Texts of others stay on their line, so that they cannot start a heading, a list or a fence of their own.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !c.is_control()));
    }
    line
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

pub(super) fn machine(failure: &Failure) -> Value {
    let mut machine = Map::from_iter([
        ("kind".to_owned(), Value::from(failure.kind().as_str())),
        ("what".to_owned(), Value::from(failure.what())),
    ]);
    let mut set = |key: &str, value: Value| {
        machine.insert(key.to_owned(), value);
    };
    if let Some(why) = failure.why() {
        set("why", Value::from(shortened(why)));
    }
    if let Some(parameter) = failure.parameter_name() {
        set("parameter", Value::from(parameter));
    }
    if let Some(object) = failure.object() {
        let mut shown = Map::from_iter([
            ("apiVersion".to_owned(), Value::from(object.kind.api_version())),
            ("kind".to_owned(), Value::from(object.kind.kind)),
        ]);
        shown
            .extend(object.namespace.iter().map(|namespace| ("namespace".to_owned(), Value::from(namespace.as_str()))));
        shown.extend(object.name.iter().map(|name| ("name".to_owned(), Value::from(name.as_str()))));
        set("object", Value::Object(shown));
    }
    if let Some(status) = failure.status() {
        let causes: Vec<_> = status
            .details
            .causes
            .iter()
            .map(|cause| json!({ "reason": cause.reason, "field": cause.field, "message": shortened(&cause.message) }))
            .collect();
        set(
            "status",
            json!({ "code": status.code, "reason": status.reason, "message": shortened(&status.message), "causes": causes }),
        );
    }
    if !failure.advice().is_empty() {
        set("advice", json!(failure.advice()));
    }
    if !failure.undone().is_empty() {
        set("undone", json!(failure.undone()));
    }
    if !failure.leftovers().is_empty() {
        let leftovers: Vec<_> = failure
            .leftovers()
            .iter()
            .map(|leftover| json!({ "what": leftover.what, "command": leftover.command }))
            .collect();
        set("leftovers", Value::Array(leftovers));
    }
    Value::Object(machine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{FailureKind, Leftover};
    use crate::kubernetes::ApiStatus;
    use crate::secret::KnownSecrets;

    fn full() -> Failure {
        let mut failure = Failure::new(FailureKind::Invalid, "Cluster `a` could not be created.")
            .because("Cluster is invalid:\n# spec.instances: bad hunter2-hunter2")
            .with_status(ApiStatus {
                code: 422,
                reason: "Invalid".into(),
                message: "hunter2-hunter2".into(),
                ..ApiStatus::default()
            })
            .advise("Do this.")
            .advise("Do this.")
            .parameter("instances");
        failure.add_undone("Secret `s` was deleted again.".into());
        failure.add_leftover(Leftover {
            what: "Secret `t` is still there.".into(),
            command: Some("kubectl delete secret t".into()),
        });
        failure
    }

    #[test]
    fn one_shape() {
        assert_eq!(
            full().markdown(),
            "**Cluster `a` could not be created.**\n\nParameter: `instances`\n\nThe API server says: Cluster is invalid: # spec.instances: bad hunter2-hunter2\n\nWhat to do:\n\n- Do this.\n\nTaken back:\n\n- Secret `s` was deleted again.\n\nLeft behind:\n\n- Secret `t` is still there. Clear it away with `kubectl delete secret t`.\n"
        );
        let machine = full().machine();
        assert_eq!(machine["kind"], "invalid");
        assert_eq!(machine["status"]["code"], 422);
        assert_eq!(machine["leftovers"][0]["command"], "kubectl delete secret t");
    }

    #[test]
    fn secrets_are_masked_everywhere() {
        let mut secrets = KnownSecrets::default();
        secrets.add("hunter2-hunter2");
        let failure = full().masked(&secrets);
        for text in [failure.markdown(), failure.machine().to_string(), failure.to_string(), format!("{failure:?}")] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn long_reasons_are_cut() {
        let failure = Failure::refused("No.").because("ä".repeat(5_000));
        assert!(failure.markdown().chars().count() < 2_100);
    }
}

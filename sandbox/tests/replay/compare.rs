//! Whether an answer is alike to a recorded one: the rules of the recordings' README.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::Names;

/// Share of the recorded words that a message must have.
const WORDS: f64 = 0.7;

/// Compares a body with the recorded one and gives what differs.
pub fn body(names: &mut Names, path: &str, recorded: &Value, found: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    if recorded["kind"] == "Status" && recorded["status"] == "Failure" {
        status(names, recorded, found, &mut problems);
        return problems;
    }
    if path.starts_with("/version") {
        // The rest is about one build of the server.
        for field in ["major", "minor"] {
            if recorded[field] != found[field] {
                problems.push(format!("{field}: {} recorded, {} answered", recorded[field], found[field]));
            }
        }
        return problems;
    }
    if recorded["kind"] == "APIResourceList" {
        by_name(names, &recorded["resources"], &found["resources"], &mut problems);
        let (mut recorded, mut found) = (recorded.clone(), found.clone());
        for document in [&mut recorded, &mut found] {
            document.as_object_mut().map(|document| document.shift_remove("resources"));
        }
        subset(names, &recorded, &found, "", &mut problems);
        return problems;
    }
    if recorded["kind"] == "APIGroupList" {
        by_name(names, &recorded["groups"], &found["groups"], &mut problems);
        return problems;
    }
    if recorded["kind"] == "APIGroupDiscoveryList" {
        // Recorded in part: groups and resources by their names.
        discovery(names, &recorded["items"], &found["items"], &mut problems);
        return problems;
    }
    if let Some(list) = list_version(recorded) {
        names.note_list(list, found["metadata"]["resourceVersion"].as_str().unwrap_or_default());
    }
    // An answer in OpenAPI or text is recorded as what it says.
    subset(names, recorded, found, "", &mut problems);
    problems
}

fn list_version(recorded: &Value) -> Option<&str> {
    let kind = recorded["kind"].as_str()?;
    let list = (kind.ends_with("List") && recorded.get("items").is_some()) || kind == "Table";
    if list { recorded["metadata"]["resourceVersion"].as_str() } else { None }
}

fn status(names: &mut Names, recorded: &Value, found: &Value, problems: &mut Vec<String>) {
    for field in ["kind", "status", "reason", "code"] {
        if recorded.get(field) != found.get(field) {
            problems.push(format!("{field}: {} recorded, {} answered", recorded[field], found[field]));
        }
    }
    for field in ["name", "group", "kind", "uid", "retryAfterSeconds"] {
        let (was, is) = (&recorded["details"][field], &found["details"][field]);
        let same = match (was, is) {
            (Value::String(was), Value::String(is)) => names.matches(was, is).is_ok(),
            _ => was == is,
        };
        if !same {
            problems.push(format!("details.{field}: {was} recorded, {is} answered"));
        }
    }
    if !recorded["metadata"]["continue"].is_null() {
        subset(names, &recorded["metadata"], &found["metadata"], "metadata", problems);
    }
    let causes = |status: &Value| -> BTreeSet<(String, String)> {
        let list = status["details"]["causes"].as_array().into_iter().flatten();
        list.map(|cause| (cause["reason"].to_string(), cause["field"].to_string())).collect()
    };
    let (was, is) = (causes(recorded), causes(found));
    if was != is {
        problems.push(format!("causes: {was:?} recorded, {is:?} answered"));
    }
    let (was, is) = (&recorded["message"], &found["message"]);
    if !message(was.as_str().unwrap_or_default(), is.as_str().unwrap_or_default()) {
        problems.push(format!("message: {was} recorded, {is} answered"));
    }
}

/// Messages are compared by their words: most of the recorded ones must be there.
fn message(recorded: &str, found: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        let text = text.split('…').next().unwrap_or_default().to_lowercase();
        let parts = text.split(|c: char| c.is_whitespace() || "\"',;:()[]".contains(c));
        parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let volatile = |word: &String| {
        word.starts_with('<') || word.contains("webhook.invalid") || {
            let tail = word.strip_prefix("uid").or(word.strip_prefix("rv"));
            tail.is_some_and(|tail| tail.parse::<u64>().is_ok())
        }
    };
    let wanted: BTreeSet<String> = words(recorded).into_iter().filter(|word| !volatile(word)).collect();
    let there = words(found);
    let hits = wanted.iter().filter(|word| there.contains(*word)).count();
    #[allow(clippy::cast_precision_loss, reason = "a few words")]
    let share = if wanted.is_empty() { 1.0 } else { hits as f64 / wanted.len() as f64 };
    share >= WORDS
}

/// Lists whose order means nothing.
fn by_name(names: &mut Names, recorded: &Value, found: &Value, problems: &mut Vec<String>) {
    let index = |list: &Value| -> BTreeMap<String, Value> {
        let items = list.as_array().into_iter().flatten();
        items.map(|item| (item["name"].as_str().unwrap_or_default().to_owned(), item.clone())).collect()
    };
    let there = index(found);
    for (name, mut item) in index(recorded) {
        let Some(is) = there.get(&name) else {
            problems.push(format!("{name} is missing"));
            continue;
        };
        let mut is = is.clone();
        // A hash of the server's own, and the order of verbs, say nothing.
        for entry in [&mut item, &mut is] {
            entry.as_object_mut().map(|entry| entry.shift_remove("storageVersionHash"));
            if let Some(verbs) = entry.get_mut("verbs").and_then(Value::as_array_mut) {
                verbs.sort_by_key(ToString::to_string);
            }
        }
        subset(names, &item, &is, &name, problems);
    }
}

fn discovery(names: &mut Names, recorded: &Value, found: &Value, problems: &mut Vec<String>) {
    for group in recorded.as_array().into_iter().flatten() {
        let same = |other: &&Value| other["metadata"]["name"] == group["metadata"]["name"];
        let Some(is) = found.as_array().into_iter().flatten().find(same) else {
            problems.push(format!("the group {} is missing", group["metadata"]["name"]));
            continue;
        };
        for resource in group["versions"][0]["resources"].as_array().into_iter().flatten() {
            let same = |other: &&Value| other["resource"] == resource["resource"];
            match is["versions"][0]["resources"].as_array().into_iter().flatten().find(same) {
                None => problems.push(format!("{} is missing", resource["resource"])),
                Some(is) => subset(names, resource, is, resource["resource"].as_str().unwrap_or_default(), problems),
            }
        }
    }
}

/// Everything recorded is there; there may be more.
fn subset(names: &mut Names, recorded: &Value, found: &Value, path: &str, problems: &mut Vec<String>) {
    let list = list_version(recorded).is_some();
    match (recorded, found) {
        (Value::Object(was), Value::Object(is)) => {
            for (key, value) in was {
                let inner = format!("{path}.{key}");
                if inner == ".metadata" && list {
                    list_metadata(names, value, is.get(key).unwrap_or(&Value::Null), problems);
                    continue;
                }
                match is.get(key) {
                    Some(there) => subset(names, value, there, &inner, problems),
                    // An empty text and nothing are the same to every client.
                    None if value == "" => {}
                    None => problems.push(format!("{inner} is missing: {value}")),
                }
            }
        }
        (Value::Array(was), Value::Array(is)) => {
            if was.len() != is.len() {
                problems.push(format!("{path}: {} items recorded, {} answered", was.len(), is.len()));
            }
            for (at, (was, is)) in was.iter().zip(is).enumerate() {
                subset(names, was, is, &format!("{path}[{at}]"), problems);
            }
        }
        (Value::String(was), Value::String(is)) => {
            if let Err(problem) = names.matches(was, is) {
                problems.push(format!("{path}: {problem}"));
            }
        }
        // A placeholder stands for any value.
        (Value::String(was), is) if was.starts_with('<') && was.ends_with('>') && !is.is_null() => {}
        _ if recorded == found => {}
        _ => problems.push(format!("{path}: {recorded} recorded, {found} answered")),
    }
}

fn list_metadata(names: &mut Names, recorded: &Value, found: &Value, problems: &mut Vec<String>) {
    let token = |metadata: &Value| !metadata["continue"].as_str().unwrap_or_default().is_empty();
    if token(recorded) != token(found) {
        problems.push(format!("metadata.continue: {} recorded, {} answered", recorded["continue"], found["continue"]));
    }
    if token(found) {
        found["continue"].as_str().unwrap_or_default().clone_into(&mut names.token);
    }
    if recorded["remainingItemCount"] != found["remainingItemCount"] {
        let (was, is) = (&recorded["remainingItemCount"], &found["remainingItemCount"]);
        problems.push(format!("metadata.remainingItemCount: {was} recorded, {is} answered"));
    }
}

/// Compares the events of a watch: bookmarks may come or not, but for the one that ends the initial events.
pub fn events(names: &mut Names, recorded: &[Value], found: &[Value]) -> Vec<String> {
    let counts = |event: &&Value| {
        event["type"] != "BOOKMARK"
            || !event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"].is_null()
    };
    let (was, is): (Vec<_>, Vec<_>) = (recorded.iter().filter(counts).collect(), found.iter().filter(counts).collect());
    let brief = |events: &[&Value]| -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        events.iter().map(|e| format!("{} {}", text(&e["type"]), text(&e["object"]["metadata"]["name"]))).collect()
    };
    let mut problems = Vec::new();
    if brief(&was) != brief(&is) {
        problems.push(format!("events: {:?} recorded, {:?} came", brief(&was), brief(&is)));
        return problems;
    }
    for (was, is) in was.iter().zip(&is) {
        match was["type"].as_str() {
            Some("ERROR") => status(names, &was["object"], &is["object"], &mut problems),
            Some("BOOKMARK") => {}
            _ => subset(names, &was["object"], &is["object"], "object", &mut problems),
        }
    }
    problems
}

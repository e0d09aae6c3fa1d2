//! The webhooks against what the real ones were recorded to do. Needs `REAL_API_DIR`; reports
//! itself as not run without it.

use std::path::PathBuf;

use serde_json::Value;

use super::Webhooks;

fn recordings() -> Option<Vec<(String, Value, Option<Value>)>> {
    let Some(folder) = std::env::var_os("REAL_API_DIR").map(PathBuf::from) else {
        eprintln!("not run: REAL_API_DIR is not set");
        return None;
    };
    let read =
        |path: &std::path::Path| -> Option<Value> { serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".webhooks.json") {
            let plain = path.with_file_name(format!("{stem}.crd-only.json"));
            found.push((name.clone(), read(&path).unwrap(), read(&plain)));
        }
    }
    assert!(!found.is_empty(), "no recordings in REAL_API_DIR");
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Some(found)
}

fn resource(path: &str) -> &str {
    path.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default()
}

/// Creating without webhooks answers the object after the schema's defaults, which is what a
/// mutating webhook is given; what it makes of that was recorded with the webhooks on.
#[test]
fn created_clusters_are_filled_in_as_recorded() {
    let Some(recordings) = recordings() else { return };
    let mut compared = 0;
    for (file, hooked, plain) in recordings {
        let Some(plain) = plain else { continue };
        for exchange in hooked["exchanges"].as_array().unwrap() {
            let (request, answer) = (&exchange["request"], &exchange["response"]);
            let path = request["path"].as_str().unwrap();
            if request["method"] != "POST" || answer["status"] != 201 || resource(path) != "clusters" {
                continue;
            }
            let given = plain["exchanges"].as_array().unwrap().iter().find(|other| other["id"] == exchange["id"]);
            let Some(given) = given.filter(|given| given["response"]["status"] == 201) else { continue };
            let mut object = given["response"]["body"].clone();
            let hooks = Webhooks::of("clusters").unwrap();
            hooks.mutate(&mut object).unwrap();
            if object["metadata"]["name"].as_str().is_some_and(|name| name.contains('<')) {
                object["metadata"]["name"] = Value::from("generated");
            }
            assert_eq!(object["spec"], answer["body"]["spec"], "{file} {}", exchange["id"]);
            let warnings = hooks.validate(None, &object).unwrap();
            let recorded: String = answer["headers"]["warning"].to_string();
            for warning in &warnings {
                assert!(recorded.contains(warning.as_str()), "{file} {}: {warning}", exchange["id"]);
            }
            compared += 1;
        }
    }
    assert!(compared >= 15, "only {compared} clusters compared");
}

#[test]
fn refusals_read_as_recorded() {
    let Some(recordings) = recordings() else { return };
    let mut compared = 0;
    for (file, hooked, _) in recordings {
        for exchange in hooked["exchanges"].as_array().unwrap() {
            let (request, answer) = (&exchange["request"], &exchange["response"]["body"]);
            let denied = answer["message"].as_str().unwrap_or_default().starts_with("admission webhook");
            if request["method"] != "POST" || !denied {
                continue;
            }
            let hooks = Webhooks::of(resource(request["path"].as_str().unwrap())).unwrap();
            let mut object = request["body"].clone();
            let denial = hooks.mutate(&mut object).and_then(|()| hooks.validate(None, &object)).unwrap_err();
            assert_eq!(&denial.status(), answer, "{file} {}", exchange["id"]);
            compared += 1;
        }
    }
    assert!(compared >= 15, "only {compared} refusals compared");
}

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::schemas;

fn schema(name: &str) -> Value {
    schemas().into_iter().find(|(file, _)| file == name).map(|(_, schema)| schema).expect("there is such a schema")
}

fn validator(name: &str) -> Validator {
    jsonschema::draft7::new(&schema(name)).expect("the schema is one")
}

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(specs().join(folder)).expect("the folder can be read").map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn problems(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_schemas_are_draft_7() {
    for (name, schema) in schemas() {
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{name}");
    }
}

#[test]
fn every_spec_fits() {
    let tool = validator("spec-language.json");
    let resource = validator("spec-resource.json");
    let mut found = Vec::new();
    let mut check = |validator: &Validator, path: &Path| {
        found.extend(problems(validator, &yaml(path)).into_iter().map(|problem| format!("{}: {problem}", path.display())));
    };
    for path in files("tools") {
        check(&tool, &path);
    }
    for path in files("resources") {
        check(&resource, &path);
    }
    check(&validator("spec-params.json"), &specs().join("params.yaml"));
    check(&validator("spec-steps.json"), &specs().join("steps.yaml"));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A change to a good spec, by JSON pointer, that must make it a bad one.
#[test]
fn mistakes_are_seen() {
    let good = yaml(&specs().join("tools/create_postgres_role.yaml"));
    let validator = validator("spec-language.json");
    assert!(validator.is_valid(&good));
    let changes = [
        ("/efect", json!("read")),
        ("/effect", json!("reads")),
        ("/tool", json!("Create-Role")),
        ("/examples", json!([])),
        ("/examples/0/args", json!({})),
        ("/params/dry_run", json!({ "usee": "dry_run" })),
        ("/params/dry_run", json!({ "type": "boolean", "about": "x" })),
        ("/steps/3/lte", json!("x")),
        ("/steps/4/bodi", json!({})),
        ("/steps/4/undo", json!("drop")),
        ("/steps/5/when", json!(7)),
        ("/steps/5/require/message", json!("x")),
        ("/steps/3/each", json!("{{ x }}")),
        ("/answer", json!({ "planned": "x" })),
        ("/output", json!([])),
    ];
    for (pointer, value) in changes {
        let mut bad = good.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        match bad.pointer_mut(parent).expect("the parent is there") {
            Value::Object(entries) => {
                entries.insert(key.to_owned(), value.clone());
            }
            other => panic!("{parent} is {other}"),
        }
        assert!(!validator.is_valid(&bad), "{pointer} = {value} is taken");
    }
}

/// Keys that the compiler's reader asks for, by the text of its source.
fn keys_asked_for(sources: &[&str]) -> BTreeSet<String> {
    let asked = regex::Regex::new(r#"(?s)\b(?:reader|inner)\s*\.\s*[a-z_]+\(\s*"([a-z_]+)""#).expect("a pattern");
    let helped = regex::Regex::new(r#"(?:read_scalars\(&?\w+, |\bvalue\(|\btexts\()"([a-z_]+)""#).expect("a pattern");
    let mut keys = BTreeSet::new();
    for source in sources {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(source)).expect("the reader's source");
        for pattern in [&asked, &helped] {
            keys.extend(pattern.captures_iter(&text).map(|found| found[1].to_owned()));
        }
    }
    keys
}

/// Every key that a schema has anywhere.
fn keys_of(schema: &Value, keys: &mut BTreeSet<String>) {
    match schema {
        Value::Object(entries) => {
            for (key, value) in entries {
                if let ("properties", Value::Object(properties)) = (key.as_str(), value) {
                    keys.extend(properties.keys().cloned());
                }
                keys_of(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_of(item, keys)),
        _ => {}
    }
}

#[test]
fn the_keys_are_those_of_the_reader() {
    let asked = keys_asked_for(&["syntax/tool.rs", "syntax/params.rs", "syntax/steps.rs", "syntax/value.rs", "kinds/read.rs"]);
    assert!(asked.len() > 40, "the reader's keys are not found: {asked:?}");
    let mut said = BTreeSet::new();
    for (_, schema) in schemas() {
        keys_of(&schema, &mut said);
    }
    let missing: Vec<_> = asked.difference(&said).collect();
    assert!(missing.is_empty(), "the reader knows keys that the schemas lack: {missing:?}");
}

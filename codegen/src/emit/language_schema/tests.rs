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
    let mut found: Vec<PathBuf> = std::fs::read_dir(specs().join(folder))
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry").path())
        .collect();
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
        found.extend(
            problems(validator, &yaml(path)).into_iter().map(|problem| format!("{}: {problem}", path.display())),
        );
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
        ("/output/role", json!({ "about": "x", "each": "{{ x }}", "az": "{{ x }}" })),
        ("/output/role", json!({ "a": { "about": 7, "each": "{{ x }}" } })),
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
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(source))
            .expect("the reader's source");
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
    let asked =
        keys_asked_for(&["syntax/tool.rs", "syntax/params.rs", "syntax/steps.rs", "syntax/value.rs", "kinds/read.rs"]);
    assert!(asked.len() > 40, "the reader's keys are not found: {asked:?}");
    let mut said = BTreeSet::new();
    for (_, schema) in schemas() {
        keys_of(&schema, &mut said);
    }
    let missing: Vec<_> = asked.difference(&said).collect();
    assert!(missing.is_empty(), "the reader knows keys that the schemas lack: {missing:?}");
}

/// A document that has every key of a schema; of words the one with that number.
fn sample(schema: &Value, root: &Value, word: usize, depth: usize) -> Value {
    if let Some(target) = schema["$ref"].as_str() {
        return sample(root.pointer(target.trim_start_matches('#')).expect("a definition"), root, word, depth);
    }
    if let Some(all) = schema["allOf"].as_array() {
        return sample(&all[0], root, word, depth);
    }
    // Beside `type`, `anyOf` says only which keys are needed, and all are given.
    if let (Some(any), None) = (schema["anyOf"].as_array(), schema.get("type")) {
        let choice = if depth == 0 { 0 } else { word % any.len() };
        return sample(&any[choice], root, word, depth);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[word % words.len()].clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("string");
    match kind {
        "boolean" => json!(true),
        "integer" => json!(1),
        "array" if depth == 0 => json!([]),
        "array" => json!([sample(&schema["items"], root, word, depth - 1)]),
        "object" => {
            let mut entries = serde_json::Map::new();
            let required = |key: &str| {
                schema["required"].as_array().is_some_and(|keys| keys.iter().any(|required| required == key))
            };
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                // Objects hold objects without end; some depth is enough.
                if (depth > 0 && key != "...") || required(key) {
                    entries.insert(key.clone(), sample(property, root, word, depth.saturating_sub(1)));
                }
            }
            if depth > 0 && schema["additionalProperties"].is_object() {
                entries.insert("a".to_owned(), sample(&schema["additionalProperties"], root, word, depth - 1));
            }
            Value::Object(entries)
        }
        _ if schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("list|map")) => json!("string"),
        _ => json!("a"),
    }
}

/// What the compiler says of the form of a file: keys, words, shapes. What it says of sense does not count here.
fn objections(path: &str, document: &Value) -> Vec<String> {
    use crate::diagnostic::{Code, render_line};

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(path);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
    std::fs::write(&file, document.to_string()).expect("it can be written");
    let compilation = crate::compile(folder.path()).expect("it can be read");
    let form = [Code::Yaml, Code::UnknownKey, Code::MissingKey, Code::WrongShape, Code::UnknownWord, Code::UnknownVerb];
    compilation
        .diagnostics
        .iter()
        .filter(|said| form.contains(&said.code))
        .map(|said| render_line(&compilation.sources, said))
        .collect()
}

/// What the schemas allow the compiler reads: every key, every word, every form of a step.
#[test]
fn the_compiler_reads_what_the_schemas_allow() {
    let steps = schema("spec-steps.json");
    let forms = steps["definitions"]["step"]["anyOf"].as_array().expect("forms of steps");
    assert!(forms.len() > 10);
    let mut found = Vec::new();
    for word in 0..12 {
        for form in forms {
            let step = sample(form, &steps, word, 4);
            if step.get("use").is_none() {
                found.extend(objections("steps.yaml", &json!({ "steps": { "some": [step] } })));
            }
        }
        let params = schema("spec-params.json");
        let mut document = sample(&params, &params, word, 6);
        for pointer in ["/params/a", "/groups/a/a"] {
            let own = document.pointer_mut(pointer).and_then(Value::as_object_mut).expect("a parameter");
            // Words belong to text alone.
            if own["type"] != "string" {
                own.remove("enum");
            }
        }
        found.extend(objections("params.yaml", &document));
        let resource = schema("spec-resource.json");
        let mut document = sample(&resource, &resource, word, 3);
        document["resource"] = json!("A");
        found.extend(objections("resources/a.yaml", &document));
        let tool = schema("spec-language.json");
        let mut document = sample(&tool, &tool, word, 6);
        document["params"] = json!({});
        document["steps"] = json!([]);
        found.extend(objections("tools/a.yaml", &document));
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

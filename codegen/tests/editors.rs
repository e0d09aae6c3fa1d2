//! What editors are given: every spec names its schema, and a spec of the wrong form fails it as it fails the compiler.

#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cnpg_mcp_codegen::emit::language_schema::schemas;
use serde_json::Value;

/// Codes that speak of the form of a file alone: keys, words, shapes.
const SHAPE: &[&str] = &["E0102", "E0103", "E0104", "E0106"];

/// Cases of those codes that no schema can tell, and why.
const BEYOND_SCHEMAS: &[(&str, &str)] = &[
    ("missing_key_misspelt", "only its likeness to a key tells a slip from a field of that name"),
    ("wrong_shape_null", "which fields can be taken away is said by the kind"),
    ("wrong_shape_body", "which mapping a text stands for is said by the kind"),
    ("wrong_shape_element", "which mapping a text stands for is said by the kind"),
];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Files below a folder, in order.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn is_yaml(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "yaml")
}

/// The schema of a file by its path in the specs.
fn schema_name(path: &str) -> &'static str {
    match path {
        "params.yaml" => "spec-params.json",
        "steps.yaml" => "spec-steps.json",
        path if path.starts_with("resources/") => "spec-resource.json",
        _ => "spec-language.json",
    }
}

#[test]
fn every_spec_names_its_schema() {
    let specs = here("../specs");
    let mut seen = 0;
    for path in below(&specs).iter().filter(|path| path.extension().is_some_and(|ending| ending == "yaml")) {
        let text = fs::read_to_string(path).expect("the spec");
        let name = path.strip_prefix(&specs).expect("below the specs").to_string_lossy().replace('\\', "/");
        let target = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
        let target = target.unwrap_or_else(|| panic!("{name} does not begin with the line that names its schema"));
        let schema = path.parent().expect("a folder").join(target);
        assert!(schema.is_file(), "{name}: there is no {target}");
        assert!(target.ends_with(schema_name(&name)), "{name} names {target}");
        let committed: Value = serde_json::from_str(&fs::read_to_string(schema).expect("the schema")).expect("JSON");
        let made = schemas().into_iter().find(|(file, _)| file == schema_name(&name)).expect("a schema").1;
        assert_eq!(committed, made, "generated/schemas is stale: `make docs`");
        seen += 1;
    }
    assert!(seen > 20, "only {seen} specs");
}

/// The parts of a case: path in the specs, text.
fn parts(name: &str, text: &str) -> Vec<(String, String)> {
    if !text.starts_with("#@ ") {
        return vec![(format!("tools/{name}.yaml"), text.to_owned())];
    }
    let split = text.split("#@ ").skip(1).map(|part| part.split_once('\n').unwrap_or((part, "")));
    split.map(|(path, body)| (path.trim().to_owned(), body.to_owned())).collect()
}

#[test]
fn a_wrong_form_fails_the_schema_too() {
    let mut tried = 0;
    let mut taken = Vec::new();
    let mut beyond = BTreeSet::new();
    for case in below(&here("tests/diagnostics")).iter().filter(|path| path.extension().is_some_and(|e| e == "stderr"))
    {
        let said = fs::read_to_string(case).expect("what is expected");
        // Only those that are wrong in nothing but their form.
        let codes: BTreeSet<&str> = said
            .lines()
            .filter_map(|line| line.strip_prefix("error[").or_else(|| line.strip_prefix("warning[")))
            .filter_map(|rest| rest.split(']').next())
            .collect();
        if codes.is_empty() || !codes.iter().all(|code| SHAPE.contains(code)) {
            continue;
        }
        let name = case.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(case.with_extension("yaml")).expect("the case");
        tried += 1;
        let fails = parts(&name, &text).iter().filter(|(path, _)| is_yaml(path)).any(|(path, body)| {
            let schema = schemas().into_iter().find(|(file, _)| file == schema_name(path)).expect("a schema").1;
            let validator = jsonschema::draft7::new(&schema).expect("the schema is one");
            serde_yaml::from_str::<Value>(body).map_or(true, |document| !validator.is_valid(&document))
        });
        match (fails, BEYOND_SCHEMAS.iter().any(|(known, _)| *known == name)) {
            (false, false) => taken.push(name),
            (false, true) => {
                beyond.insert(name);
            }
            (true, _) => {}
        }
    }
    assert!(tried > 15, "only {tried} cases");
    assert!(taken.is_empty(), "the schemas take {taken:?}, the compiler does not");
    let listed: BTreeSet<String> = BEYOND_SCHEMAS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(beyond, listed, "cases said to be beyond the schemas");
}

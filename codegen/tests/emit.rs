//! What the emitters make of a small program with a bit of everything, and of the tools themselves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::render;
use cnpg_mcp_codegen::emit::{rust, schema};
use cnpg_mcp_codegen::lowered::Program;
use serde_json::Value;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn program(path: &str) -> Program {
    let compilation = compile(&folder(path)).unwrap();
    let problems: Vec<String> =
        compilation.diagnostics.iter().map(|one| render(&compilation.sources, one, false)).collect();
    compilation.program.unwrap_or_else(|| panic!("{}", problems.join("\n\n")))
}

fn small() -> Program {
    program("tests/emit/specs")
}

fn tools() -> Program {
    program("../specs")
}

/// The Rust of the small program, whole: every form of expression and every verb is in it.
#[test]
fn handlers_read_as_a_person_would_write_them() {
    for file in rust::expanded(&small()) {
        insta::assert_snapshot!(file.path.replace('.', "_"), file.text);
    }
}

#[test]
fn schemas_say_what_parameters_and_outputs_are() {
    let program = small();
    let schemas: BTreeMap<String, Value> = program
        .tools
        .iter()
        .flat_map(|tool| {
            [
                (format!("{}.input", tool.name), schema::input(tool)),
                (format!("{}.output", tool.name), schema::output(&program, tool)),
            ]
        })
        .collect();
    insta::assert_json_snapshot!(schemas);
}

/// What is said of the fields of an output, in their order. What is worked out and says nothing has a dash.
fn told(path: &str, schema: &Value, found: &mut Vec<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}{name}");
        found.push(format!("{path}: {}", field["description"].as_str().unwrap_or("-")));
        let inner = if field["items"].is_object() { &field["items"] } else { field };
        told(&format!("{path}."), inner, found);
    }
}

#[test]
fn fields_mean_what_they_are_read_from() {
    let program = small();
    let tool = program.tools.iter().find(|tool| tool.name == "say_meanings").unwrap();
    let mut found = Vec::new();
    told("", &schema::output(&program, tool), &mut found);
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn every_field_of_the_tools_says_what_it_means() {
    let program = tools();
    for tool in &program.tools {
        let mut found = Vec::new();
        told("", &schema::output(&program, tool), &mut found);
        let silent: Vec<&String> = found.iter().filter(|line| line.ends_with(": -")).collect();
        assert!(found.len() > 4 && silent.is_empty(), "{}: {silent:?}", tool.name);
    }
}

/// Steps that double their ways to a value do not double the work.
#[test]
fn meanings_are_found_fast_however_many_ways_lead_to_them() {
    let before = std::time::Instant::now();
    let program = program("tests/emit/doubling");
    let tool = &program.tools[0];
    let field = &schema::output(&program, tool)["properties"]["last"];
    assert_eq!(field["properties"]["of"]["description"], "The widget.");
    assert!(before.elapsed() < std::time::Duration::from_secs(10), "{:?}", before.elapsed());
}

#[test]
fn the_same_specs_give_the_same_text() {
    for path in ["tests/emit/specs", "../specs"] {
        assert_eq!(rust::files(&program(path)), rust::files(&program(path)));
    }
}

/// Emitters give Rust that parses, whatever the tool.
#[test]
fn every_module_parses() {
    for program in [small(), tools()] {
        for file in rust::expanded(&program) {
            let parsed = syn::parse_file(&file.text);
            assert!(parsed.is_ok(), "{}: {:?}", file.path, parsed.err());
            assert!(!file.text.contains("compile_error!"), "{}", file.path);
            assert!(!file.text.contains("__blank_line"), "{}", file.path);
        }
    }
}

/// Every file that a module takes in by `include_str!` is among those that are written.
#[test]
fn nothing_is_taken_in_that_is_not_written() {
    let files: BTreeMap<String, String> =
        rust::files(&tools()).into_iter().map(|file| (file.path, file.text)).collect();
    for (path, text) in &files {
        for rest in text.split("include_str!(\"").skip(1) {
            let named = rest.split('"').next().unwrap();
            assert!(files.contains_key(named), "{path} takes in {named}");
        }
    }
}

/// What all clients read: an object at the root, nothing referred to, no alternatives, no null types.
#[test]
fn schemas_keep_to_what_all_clients_read() {
    for program in [small(), tools()] {
        for tool in &program.tools {
            for (schema, input) in [(schema::input(tool), true), (schema::output(&program, tool), false)] {
                assert_eq!(schema["type"], "object", "{}", tool.name);
                assert_eq!(schema["additionalProperties"] == false, input, "{}", tool.name);
                keeps_to_rules(&tool.name, &schema);
                jsonschema::meta::validate(&schema).unwrap();
            }
        }
    }
}

fn keeps_to_rules(place: &str, schema: &Value) {
    let Value::Object(keys) = schema else { return };
    for forbidden in ["$ref", "$defs", "oneOf", "anyOf", "allOf", "const", "if", "not"] {
        assert!(!keys.contains_key(forbidden), "{place}: {forbidden}");
    }
    assert!(keys.get("type").is_none_or(Value::is_string), "{place}: one type");
    if let Some(pattern) = keys.get("pattern").and_then(Value::as_str) {
        assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{place}: {pattern} is anchored");
        // `regex` knows no look-around, so what it takes has none.
        regex::Regex::new(pattern).unwrap();
    }
    let properties = keys.get("properties").and_then(Value::as_object);
    for required in keys.get("required").and_then(Value::as_array).into_iter().flatten() {
        let name = required.as_str().unwrap();
        assert!(properties.is_some_and(|properties| properties.contains_key(name)), "{place}: {name} is described");
    }
    for (name, inner) in properties.into_iter().flatten() {
        keeps_to_rules(&format!("{place}.{name}"), inner);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = keys.get(key) {
            keeps_to_rules(&format!("{place}.{key}"), inner);
        }
    }
}

/// The examples of the specs are calls that their own input schema takes, and a call with more is not.
#[test]
fn examples_fit_the_input_schema() {
    for tool in &tools().tools {
        let validator = jsonschema::validator_for(&schema::input(tool)).unwrap();
        for example in &tool.examples {
            let call = Value::Object(example.call.clone());
            assert!(validator.is_valid(&call), "{}: {call}", tool.name);
            let mut more = example.call.clone();
            more.insert("no_such_parameter".to_owned(), Value::Bool(true));
            assert!(!validator.is_valid(&Value::Object(more)), "{}", tool.name);
        }
    }
}

/// Patterns of named forms and quantities: what Kubernetes takes, and no more.
#[test]
fn patterns_are_those_of_kubernetes() {
    let quantity = schema::input(tools().tools.iter().find(|tool| tool.name == "create_postgres_cluster").unwrap());
    let quantity = regex::Regex::new(quantity["properties"]["storage_size"]["pattern"].as_str().unwrap()).unwrap();
    for good in ["1Gi", "1.5Gi", ".5Gi", "1.", "100m", "1e3", "1E-3", "+2Ti"] {
        assert!(quantity.is_match(good), "{good}");
    }
    for bad in ["", "Gi", "1GB", "1gi", "-1Gi", "1 Gi", "1e", "1Gi\n", "1..5"] {
        assert!(!quantity.is_match(bad), "{bad:?}");
    }
}

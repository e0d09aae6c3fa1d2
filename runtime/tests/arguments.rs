//! Arguments: every problem at once, by name, and never a secret or a panic.
#![allow(clippy::unwrap_used)]

mod small_tools;

use cnpg_mcp_runtime::arguments::{Problem, check, nearest};
use cnpg_mcp_runtime::registry::Options;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use small_tools::{ECHO_INFO, VERSION};

fn problems(arguments: Value) -> Vec<Problem> {
    let Value::Object(arguments) = arguments else { panic!("not an object") };
    check(&ECHO_INFO, arguments).expect_err("something is wrong with them")
}

fn accepted(arguments: Value) -> Map<String, Value> {
    let Value::Object(arguments) = arguments else { panic!("not an object") };
    check(&ECHO_INFO, arguments).expect("nothing is wrong with them")
}

#[test]
fn defaults_are_filled_in() {
    let arguments = accepted(json!({ "role_name": "app_user" }));
    assert_eq!(arguments["instances"], 3);
    assert_eq!(arguments["storage_size"], "1Gi");
    assert_eq!(arguments["dry_run"], false);
    assert!(!arguments.contains_key("cluster_name"));
}

#[test]
fn whole_floats_are_integers() {
    assert_eq!(accepted(json!({ "role_name": "a", "instances": 4.0 }))["instances"], json!(4));
    assert_eq!(problems(json!({ "role_name": "a", "instances": 4.5 }))[0].parameter, "instances");
    assert_eq!(problems(json!({ "role_name": "a", "instances": 1e300 })).len(), 1);
    assert_eq!(problems(json!({ "role_name": "a", "instances": u64::MAX })).len(), 1);
}

#[test]
fn all_problems_at_once() {
    let found = problems(json!({
        "rolename": "x", "cluster_name": "9lives", "instances": 11, "storage_size": "1gb", "detail_level": "full",
        "tags": ["ok", 3], "dry_run": "yes", "ratio": 1.5, "storage_class": "A.b",
    }));
    let names: Vec<&str> = found.iter().map(|problem| problem.parameter.as_str()).collect();
    assert_eq!(
        names,
        [
            "rolename",
            "role_name",
            "cluster_name",
            "storage_class",
            "instances",
            "ratio",
            "storage_size",
            "detail_level",
            "tags",
            "dry_run"
        ]
    );
    assert_eq!(found[0].what, "is unknown (did you mean `role_name`?)");
    assert_eq!(found[1].what, "is required and was not passed");
    assert_eq!(found[4].to_markdown(), "- `instances` is too great (got 11). Expected: a whole number from 1 to 10.");
    assert_eq!(found[7].expected, "one of `concise`, `detailed`");
    assert_eq!(found[8].what, "has an element 2 that is a number (got a list of 2)");
}

#[test]
fn names_of_roles() {
    for (name, word) in [
        ("postgres", "reserved name"),
        ("pg_monitor", "reserved `pg_`"),
        ("App", "pattern"),
        ("", "pattern"),
        ("a b", "pattern"),
    ] {
        let found = problems(json!({ "role_name": name }));
        assert!(found[0].what.contains(word), "{name}: {}", found[0].what);
    }
    assert!(problems(json!({ "role_name": "a".repeat(64) }))[0].what.contains("too long (64 characters)"));
    accepted(json!({ "role_name": "a".repeat(63) }));
}

#[test]
fn control_characters_are_refused_everywhere() {
    for text in ["a\nb", "a\u{0}", "\u{202e}a", "a\u{2028}b", "a\tb"] {
        for name in ["role_name", "cluster_name", "password"] {
            let mut arguments = json!({ "role_name": "ok" });
            arguments[name] = format!("{text}-long-enough").into();
            let found = problems(arguments);
            assert_eq!(found.len(), 1);
            assert!(found[0].what.contains("control characters"), "{name}: {}", found[0].what);
            assert!(!found[0].to_markdown().contains(['\n', '\0', '\u{202e}', '\u{2028}', '\t']));
        }
    }
}

#[test]
fn secrets_are_never_repeated() {
    for value in [
        json!("hunter2"),
        json!(8_675_309),
        json!(["hunter2"]),
        json!({ "hunter2": "hunter2" }),
        json!("hunter2\n-marked"),
    ] {
        let found = problems(json!({ "role_name": "a", "password": value }));
        let text = format!("{found:?} {}", found[0].to_markdown());
        assert!(!text.contains("hunter2") && !text.contains("8675309"), "{text}");
        assert_eq!(found[0].parameter, "password");
    }
}

#[test]
fn a_secret_in_another_parameter_is_not_repeated_either() {
    let found = problems(
        json!({ "role_name": "Hunter2-Marked", "password": "Hunter2-Marked", "cluster_name": "Hunter2-Marked!" }),
    );
    assert_eq!(found.len(), 2);
    assert!(!format!("{found:?}").contains("Hunter2"), "{found:?}");
}

#[test]
fn null_is_no_value() {
    assert_eq!(problems(json!({ "role_name": "a", "cluster_name": null }))[0].what, "is null; leave it out instead");
}

#[test]
fn huge_and_deep_arguments_are_cheap() {
    let mut deep = json!("x");
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let huge = "a".repeat(1 << 20);
    let started = std::time::Instant::now();
    for _ in 0..20 {
        let found = problems(
            json!({ "role_name": huge, "cluster_name": deep, "detail_level": huge, "storage_size": huge, "tags": [huge], (huge.as_str()): 1 }),
        );
        assert_eq!(found.len(), 6);
        assert!(found.iter().all(|problem| problem.to_markdown().len() < 600));
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn many_unknown_names_are_counted() {
    let arguments: Map<String, Value> = (0..500).map(|number| (format!("x{number}"), Value::Null)).collect();
    let found = problems(Value::Object(arguments));
    assert_eq!(found.len(), 12);
    assert!(found[10].what.contains("490 more"));
}

#[test]
fn the_nearest_name() {
    let known = ["cluster_name", "role_name", "namespace", "dry_run"];
    assert_eq!(nearest("cluster", known), Some("cluster_name"));
    assert_eq!(nearest("dryRun", known), Some("dry_run"));
    assert_eq!(nearest("dry-run", known), Some("dry_run"));
    assert_eq!(nearest("name_space", known), Some("namespace"));
    assert_eq!(nearest("colour", known), None);
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
        "[a-z_0-9.-]{0,70}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,8}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever comes: no panic, and what is accepted fits the parameter struct.
    #[test]
    fn anything(values in prop::collection::vec((0..12_usize, json_value()), 0..8)) {
        let mut arguments = Map::new();
        for (index, value) in values {
            let name = small_tools::PARAMS.get(index).map_or("unknown", |param| param.name);
            arguments.insert(name.to_owned(), value);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let expected = check(&ECHO_INFO, arguments.clone());
        let answer = runtime.block_on(small_tools::registry(Options::new(VERSION)).call("echo_role", arguments, small_tools::context())).unwrap();
        prop_assert_eq!(answer.is_error(), expected.is_err(), "{}", answer.markdown);
        if let Err(problems) = expected {
            for problem in problems {
                prop_assert!(answer.markdown.contains(&problem.parameter));
            }
        } else {
            prop_assert!(answer.outcome() == "done" || answer.outcome() == "planned");
        }
    }

    /// Formats agree with the rules of Kubernetes, said independently.
    #[test]
    fn labels(text in "[a-zA-Z0-9.-]{0,70}") {
        let valid = !text.is_empty() && text.len() <= 50
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.ends_with('-');
        let arguments = json!({ "role_name": "a", "cluster_name": text });
        prop_assert_eq!(check(&ECHO_INFO, arguments.as_object().unwrap().clone()).is_ok(), valid);
    }
}

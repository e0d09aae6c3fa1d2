//! Every parameter of every tool with everything that is wrong: the answer names the parameter, nothing is
//! written, the server lives on.

use std::fmt::Write as _;

use cnpg_mcp_tests::world::{World, example};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Values that a parameter with this schema must refuse.
fn wrong_values(schema: &Value) -> Vec<(&'static str, Value)> {
    // Deeper than JSON parsers go; the server must look before it parses.
    let deep = (0..500).fold(json!("x"), |inner, _| json!([inner]));
    let mut wrong = vec![("an object", json!({ "a": 1 })), ("deep JSON", deep), ("null in a list", json!([null]))];
    match schema["type"].as_str() {
        Some("string") => {
            wrong.push(("a number", json!(17)));
            wrong.push(("a boolean", json!(true)));
            wrong.push(("a control character", json!("a\u{7}b")));
            wrong.push(("a line break", json!("a\nb")));
            wrong.push(("a null character", json!("a\u{0}")));
            wrong.push(("a mebibyte", json!("a".repeat(1 << 20))));
            if schema.get("pattern").is_some() {
                wrong.push(("a broken pattern", json!("Not Allowed!")));
                wrong.push(("nothing", json!("")));
            }
            if schema.get("enum").is_some() {
                wrong.push(("another word", json!("no-such-word")));
            }
            if let Some(length) = schema["maxLength"].as_u64() {
                wrong.push(("too long", json!("a".repeat(usize::try_from(length).unwrap_or(0) + 1))));
            }
        }
        Some("integer") => {
            wrong.push(("text", json!("three")));
            wrong.push(("a fraction", json!(1.5)));
            wrong.push(("too large for any integer", json!(1e300)));
            for (key, step) in [("minimum", -1), ("maximum", 1)] {
                if let Some(bound) = schema[key].as_i64() {
                    wrong.push(("out of bounds", json!(bound + step)));
                }
            }
        }
        Some("boolean") => {
            wrong.push(("text", json!("true")));
            wrong.push(("a number", json!(1)));
        }
        other => panic!("a parameter has the type {other:?}, which this test does not know"),
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_value_is_refused_by_name() -> anyhow::Result<()> {
    let world = World::start().await?;
    let before = world.settled().await;
    let mut complaints = String::new();
    let mut tried = 0;
    for (tool, listed) in world.client.tools() {
        let parameters = listed.input["properties"].as_object().expect("an input schema has properties");
        for (parameter, schema) in parameters {
            for (what, value) in wrong_values(schema) {
                let mut arguments = example(tool);
                arguments[parameter] = value;
                tried += 1;
                let answer = world.call(tool, arguments).await?;
                if !answer.is_error || !answer.text.contains(&format!("`{parameter}`")) {
                    let shown: String = answer.text.chars().take(300).collect();
                    writeln!(complaints, "{tool}.{parameter} with {what}: {shown}")?;
                }
                if answer.text.len() > 4_000 {
                    writeln!(complaints, "{tool}.{parameter} with {what}: the error has {} bytes", answer.text.len())?;
                }
            }
        }
        for parameter in listed.input["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut arguments = example(tool);
            arguments.as_object_mut().expect("an object").remove(parameter);
            let answer = world.call(tool, arguments).await?;
            if !answer.is_error || !answer.text.contains(&format!("`{parameter}`")) {
                writeln!(complaints, "{tool} without {parameter}: {}", answer.text)?;
            }
        }
        let misspelt = parameters.keys().next().expect("every tool has parameters");
        let mut arguments = example(tool);
        arguments[format!("{misspelt}x")] = json!("a");
        let answer = world.fails(tool, arguments).await?;
        if !answer.text.contains(&format!("{misspelt}x")) || !answer.text.contains(&format!("`{misspelt}`")) {
            writeln!(complaints, "{tool}: an unknown name is not refused with the nearest: {}", answer.text)?;
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
    assert!(tried > 400, "only {tried} wrong values were tried");
    assert_eq!(world.settled().await, before, "something was written");
    assert!(!world.client.request("tools/list", None, json!({})).await?["tools"].is_null(), "the server lives on");
    Ok(())
}

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z_{}%|`<>]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,8}", inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn any_json_as_arguments_gets_an_answer() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut runner = TestRunner::deterministic();
    let tools: Vec<_> =
        world.client.tools().iter().filter(|(_, tool)| tool.annotations["readOnlyHint"] == json!(true)).collect();
    assert!(!tools.is_empty());
    let strategy = (0..tools.len(), any::<prop::sample::Index>(), any_json());
    for _ in 0..300 {
        let (tool, parameter, value) =
            strategy.new_tree(&mut runner).map_err(|error| anyhow::anyhow!("{error}"))?.current();
        let (name, listed) = tools[tool];
        let parameters: Vec<_> =
            listed.input["properties"].as_object().into_iter().flatten().map(|(key, _)| key).collect();
        let mut arguments = example(name);
        arguments[parameter.get(&parameters).as_str()] = value.clone();
        // Success or tool error: the client fails on anything else, and on output that breaks its schema.
        world.call(name, arguments).await?;
        if !value.is_object() {
            world.client.request("tools/call", Some(name), json!({ "name": name, "arguments": value })).await.ok();
        }
    }
    world.done("list_postgres_clusters", json!({})).await?;
    Ok(())
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error() -> anyhow::Result<()> {
    let world = World::start().await?;
    let error = world.call("drop_everything", json!({})).await.expect_err("no such tool");
    assert!(error.to_string().contains("protocol error"), "{error}");
    Ok(())
}

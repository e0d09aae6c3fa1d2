//! What the answers of tools print: each template on many outputs that its schema allows, the same each time.

use std::collections::BTreeMap;

use cnpg_mcp_codegen::emit::schema;
use cnpg_mcp_codegen::lowered::{Program, Verb};
use cnpg_mcp_codegen::template::sample::environment;
use minijinja::Environment;
use serde_json::{Map, Value, json};

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % bound.max(1) as u64).unwrap_or(0)
    }
}

/// Every template of every tool on `count` samples, by name. Texts are those of `words`, so that comparisons hold now
/// and then.
pub fn renderings(program: &Program, words: &[String], count: u64) -> BTreeMap<String, String> {
    let mut all = environment();
    for (name, text) in &program.partials {
        let _ = all.add_template_owned(name.clone(), text.clone());
    }
    let schemas: BTreeMap<String, Value> = schema::files(program)
        .into_iter()
        .filter_map(|file| Some((file.path, serde_json::from_str(&file.text).ok()?)))
        .collect();
    let mut found = BTreeMap::new();
    for tool in &program.tools {
        let of = |which: &str| schemas.get(&format!("{}.{which}.json", tool.name)).cloned().unwrap_or_default();
        let (input, output) = (of("input"), of("output"));
        let mut templates: Vec<(String, String)> =
            tool.answers.iter().map(|(outcome, text)| (format!("{}/{outcome:?}", tool.name), text.clone())).collect();
        for step in &tool.steps {
            if let Verb::Confirm(confirm) = &step.verb {
                let plan = format!("{{% include '{}' %}}", confirm.plan);
                templates.push((format!("{}/plan", tool.name), plan));
            }
        }
        templates.push((format!("{}/foot", tool.name), "{% include 'foot.md' %}{% include 'planned.md' %}".to_owned()));
        for (name, text) in templates {
            let printed = (0..count).map(|seed| print(&all, &text, &input, &output, words, seed)).collect::<Vec<_>>();
            found.insert(name, printed.join("\n----\n"));
        }
    }
    found
}

fn print(all: &Environment<'_>, text: &str, input: &Value, output: &Value, words: &[String], seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut given = match sample(input, words, &mut dice) {
        Value::Object(params) => params,
        _ => Map::new(),
    };
    let output = sample(output, words, &mut dice);
    given.insert("outcome".to_owned(), output["outcome"].clone());
    given.insert("warnings".to_owned(), json!(["warned"]));
    given.insert("output".to_owned(), output);
    // A template that fails on a sample prints why.
    all.render_str(text, to_template(&Value::Object(given))).unwrap_or_else(|error| error.to_string())
}

/// A value that a schema allows.
fn sample(schema: &Value, words: &[String], dice: &mut Dice) -> Value {
    if let Some(allowed) = schema["enum"].as_array() {
        return allowed[dice.below(allowed.len())].clone();
    }
    match schema["type"].as_str().unwrap_or_default() {
        "boolean" => json!(dice.below(2) == 0),
        "integer" => {
            let least = schema["minimum"].as_i64().unwrap_or(-1);
            json!(least + i64::try_from(dice.below(4)).unwrap_or(0))
        }
        "number" => json!(0.5),
        "array" => (0..dice.below(3)).map(|_| sample(&schema["items"], words, dice)).collect(),
        "object" => {
            let required = |name: &str| {
                schema["required"].as_array().is_some_and(|list| list.iter().any(|required| required == name))
            };
            let mut fields = Map::new();
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                let value = sample(field, words, dice);
                if required(name) || dice.below(3) > 0 {
                    fields.insert(name.clone(), value);
                }
            }
            if schema["additionalProperties"].is_object() {
                for at in 0..dice.below(3) {
                    fields.insert(format!("key{at}"), sample(&schema["additionalProperties"], words, dice));
                }
            }
            Value::Object(fields)
        }
        _ if schema["format"] == "date-time" => json!("2026-01-02T03:04:05Z"),
        _ => json!(words[dice.below(words.len())]),
    }
}

/// A JSON value as templates see it.
fn to_template(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::UNDEFINED,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| number.as_f64().unwrap_or(0.0).into(), minijinja::Value::from)
        }
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(to_template).collect(),
        Value::Object(fields) => {
            minijinja::Value::from_pairs(fields.iter().map(|(name, value)| (name.clone(), to_template(value))))
        }
    }
}

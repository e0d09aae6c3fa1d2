//! `specs/EXAMPLES.md` has an example for everything that the language knows, and each of them compiles.

#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::{Severity, render_line};
use cnpg_mcp_codegen::emit::language_schema::schemas;
use cnpg_mcp_codegen::vocabulary::{Form, Place, find, names};
use serde_json::Value;

/// A fenced block: what stands behind the fence, its line, its text.
struct Block {
    info: String,
    line: usize,
    text: String,
}

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

fn page(name: &str) -> String {
    fs::read_to_string(specs().join(name)).expect("the page")
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some(Block { info: info.trim().to_owned(), line: index + 1, text: String::new() });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// Rows of the tables with the column `example`: heading, name, example.
fn words(page: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut heading = String::new();
    for line in page.lines() {
        let line = line.replace("\\|", "\u{1}");
        let cells: Vec<String> =
            line.split('|').map(|cell| cell.trim().trim_matches('`').replace('\u{1}', "|")).collect();
        match cells.as_slice() {
            [_, first, second, _] if second == "example" => heading.clone_from(first),
            [_, first, second, _] if second.starts_with("{{") => {
                found.push((heading.clone(), first.clone(), second.clone()));
            }
            _ => {}
        }
    }
    found
}

/// The parts of the tool in which examples stand.
#[derive(Default)]
struct Stage {
    params: String,
    steps: String,
    output: Option<String>,
    answer: Option<String>,
    shared_params: Option<String>,
    shared_steps: Option<String>,
    resource: Option<String>,
}

fn indented(text: &str, by: usize) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "{}{line}", " ".repeat(by));
        all
    })
}

impl Stage {
    /// The stage that fits a block; `None` where the block is not an example in parts.
    fn of(block: &Block) -> Option<Self> {
        let text = block.text.clone();
        let mut stage = Self::default();
        match block.info.as_str() {
            "yaml params" => stage.params = text,
            "yaml steps" => stage.steps = text,
            "yaml output" => stage.output = Some(text),
            "yaml parts" => {
                let part = |key: &str| {
                    let lines = text.lines().skip_while(|line| *line != format!("{key}:")).skip(1);
                    lines
                        .take_while(|line| line.starts_with(' '))
                        .fold(String::new(), |all, line| all + &line[2..] + "\n")
                };
                stage.steps = part("steps");
                stage.output = Some(part("output"));
                let answer = part("answer");
                stage.answer = (!answer.is_empty()).then(|| format!("answer:\n{}", indented(&answer, 2)));
            }
            "markdown template" => stage.answer = Some(format!("answer: |\n{}", indented(&text, 2))),
            "yaml params.yaml" => stage.shared_params = Some(text),
            "yaml steps.yaml" => stage.shared_steps = Some(text),
            "yaml resource" => stage.resource = Some(text),
            _ => return None,
        }
        Some(stage)
    }

    fn word(place: Place, example: &str) -> Self {
        if place == Place::Template {
            return Self { answer: Some(format!("answer: |\n  {example}\n")), ..Self::default() };
        }
        Self { steps: format!("- let: value\n  be: \"{example}\"\n"), ..Self::default() }
    }

    fn effect(&self) -> &'static str {
        let has = |verb: &str| self.steps.lines().any(|line| line.starts_with(&format!("- {verb}:")));
        if has("delete") {
            "destroy"
        } else if ["create", "patch", "edit"].iter().any(|verb| has(verb)) {
            "write"
        } else {
            "read"
        }
    }

    fn tool(&self) -> String {
        let steps = self.steps.replace("{{ comment_of_example }}", "by a tool");
        let effect = self.effect();
        let dry = if effect == "read" {
            "  dry_run: { type: bool, about: X., default: false }\n"
        } else {
            "  dry_run: { use: dry_run }\n"
        };
        let confirm = if steps.contains("confirm:") { "  confirm_deletion: { use: confirm_deletion }\n" } else { "" };
        let output = self.output.clone().unwrap_or_else(|| "cluster: \"{{ cluster_name }}\"\n".to_owned());
        let pages = [&steps, &output].iter().any(|text| text.contains("{{ page }}"));
        let page = if pages { "  page: { spread: page }\n" } else { "" };
        let attributes = if steps.contains("{{ role_attributes }}") {
            "  role_attributes: { spread: role_attributes, optional: true }\n"
        } else {
            ""
        };
        let namespace = "  namespace: { use: namespace }\n";
        format!(
            "tool: example_tool\ntoolset: clusters\ntitle: An example\neffect: {effect}\nidempotent: {}\n\
             about: Reads, creates, changes or deletes what the example says.\nparams:\n\
             \x20 cluster_name: {{ use: cluster_name }}\n{namespace}  role_name: {{ use: role_name }}\n\
             \x20 instances: {{ use: instances }}\n  detail_level: {{ use: detail_level }}\n\
             \x20 wait: {{ use: wait }}\n  timeout: {{ use: timeout, default: 60 }}\n\
             {attributes}{dry}{confirm}{page}{}\
             steps:\n  - get: cluster\n    kind: Cluster\n    name: \"{{{{ cluster_name }}}}\"\n\
             \x20 - list: backups\n    kind: Backup\n{}output:\n{}{}\
             examples:\n  - call: {{ cluster_name: main-db, role_name: app{} }}\n",
            effect == "read",
            indented(&self.params, 2),
            indented(&steps, 2),
            indented(&output, 2),
            self.answer.clone().unwrap_or_else(|| "answer: Done.\n".to_owned()),
            required(&self.params),
        )
    }

    /// What is wrong with it.
    fn problems(&self) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        for part in ["resources", "partials"] {
            for entry in fs::read_dir(specs().join(part)).expect("the folder") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                put(&format!("{part}/{name}"), &fs::read_to_string(&path).expect("the file"));
            }
        }
        put("partials/plan_of_example.md", "Cluster `{{ output.cluster }}` would go.\n");
        let page = page("EXAMPLES.md");
        let steps = blocks(&page).into_iter().find(|block| block.info == "yaml steps.yaml").expect("shared steps");
        put("steps.yaml", self.shared_steps.as_ref().unwrap_or(&steps.text));
        if let Some(text) = &self.shared_params {
            // A file of its own: nothing takes its parameters, and the stage has no others.
            put("params.yaml", text);
        } else {
            put("params.yaml", &fs::read_to_string(specs().join("params.yaml")).expect("the parameters"));
            put("tools/example_tool.yaml", &self.tool());
        }
        if let Some(text) = &self.resource {
            put("resources/gadget.yaml", text);
        }
        let compilation = compile(folder.path()).expect("the specs can be read");
        // The stage has more than each example uses.
        let counts = |one: &&cnpg_mcp_codegen::diagnostic::Diagnostic| {
            one.severity == Severity::Error && one.code != cnpg_mcp_codegen::diagnostic::Code::Unused
        };
        compilation.diagnostics.iter().filter(counts).map(|one| render_line(&compilation.sources, one)).collect()
    }
}

/// Arguments for the required parameters of an example.
fn required(params: &str) -> String {
    let mut all = String::new();
    for (name, value) in [("storage_size", "1Gi"), ("schema", "app"), ("replicas", "2")] {
        if params.lines().any(|line| line.starts_with(&format!("{name}:"))) {
            let _ = write!(all, ", {name}: {value}");
        }
    }
    all
}

#[test]
fn every_example_compiles() {
    let page = page("EXAMPLES.md");
    let mut wrong = Vec::new();
    let mut tried = 0;
    for block in blocks(&page) {
        let stage = Stage::of(&block).unwrap_or_else(|| panic!("line {}: `{}` is no example", block.line, block.info));
        tried += 1;
        wrong.extend(stage.problems().into_iter().map(|said| format!("the example at line {}: {said}", block.line)));
    }
    for (heading, name, example) in words(&page) {
        tried += 1;
        let form = match heading.as_str() {
            "function" => Form::Function,
            "filter" => Form::Filter,
            _ => Form::Test,
        };
        let place = find(form, &name).map_or(Place::Anywhere, |word| word.place);
        wrong.extend(Stage::word(place, &example).problems().into_iter().map(|said| format!("`{name}`: {said}")));
    }
    assert!(tried > 70, "only {tried} examples");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_word_has_an_example_that_says_it() {
    let page = page("EXAMPLES.md");
    let rows = words(&page);
    for (heading, form) in [("function", Form::Function), ("filter", Form::Filter), ("test", Form::Test)] {
        let shown: BTreeSet<&str> = rows.iter().filter(|row| row.0 == heading).map(|row| row.1.as_str()).collect();
        assert_eq!(shown, names(form).collect(), "the table of every {heading}");
    }
    for (heading, name, example) in &rows {
        let word = match heading.as_str() {
            "function" => format!("{name}("),
            "filter" => format!("| {name}"),
            "test" if example.contains(" is not ") => format!("is not {name}"),
            "test" => format!("is {name}"),
            _ => name.clone(),
        };
        assert!(example.contains(&word), "{example} does not show `{name}`");
    }
}

/// Every key, and under `enum` every word, that the schema of a file has.
fn of_schema(schema: &Value, keys: &mut BTreeSet<String>, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(entries) => {
            for (key, value) in entries {
                match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => keys.extend(properties.keys().cloned()),
                    ("enum", Value::Array(all)) => {
                        words.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => {}
                }
                of_schema(value, keys, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| of_schema(item, keys, words)),
        _ => {}
    }
}

/// Keys and plain values of a YAML text.
fn of_yaml(value: &Value, keys: &mut BTreeSet<String>, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                keys.insert(key.clone());
                of_yaml(value, keys, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| of_yaml(item, keys, words)),
        Value::String(text) => {
            words.insert(text.clone());
        }
        _ => {}
    }
}

#[test]
fn every_key_word_and_type_has_an_example() {
    let (mut keys, mut words) = (BTreeSet::new(), BTreeSet::new());
    for (_, schema) in schemas() {
        of_schema(&schema, &mut keys, &mut words);
    }
    assert!(keys.len() > 80 && words.len() > 20, "{} keys and {} words", keys.len(), words.len());
    for ty in ["time", "opaque", "map<string>"] {
        words.insert(ty.to_owned());
    }
    let (mut shown_keys, mut shown_words) = (BTreeSet::new(), BTreeSet::new());
    for page_name in ["README.md", "EXAMPLES.md"] {
        for block in blocks(&page(page_name)).iter().filter(|block| block.info.starts_with("yaml")) {
            let value: Value = serde_yaml::from_str(&block.text).expect("an example is YAML");
            of_yaml(&value, &mut shown_keys, &mut shown_words);
        }
    }
    // A word may be a key (`answer: { done: … }`), and `read: metadata` is in the project's own Secret.
    shown_words.extend(shown_keys.iter().cloned());
    shown_words.insert("metadata".to_owned());
    let missing: Vec<_> = keys.difference(&shown_keys).chain(words.difference(&shown_words)).collect();
    assert!(missing.is_empty(), "no example shows {missing:?}");
}

#[test]
fn what_is_asked_often_is_answered_by_an_example() {
    let page = page("EXAMPLES.md");
    let (_, asked) = page.split_once("## Asked often").expect("the section");
    for question in [
        "A list inside an object",
        "Two objects that must both exist",
        "Waiting",
        "Optional blocks",
        "Secrets",
        "A dry run",
        "Undoing",
    ] {
        let (_, answer) = asked.split_once(&format!("### {question}\n")).unwrap_or_else(|| panic!("{question}?"));
        let answer = answer.split("\n### ").next().unwrap_or_default();
        assert!(blocks(answer).iter().any(|block| Stage::of(block).is_some()), "{question}: no example that compiles");
    }
}

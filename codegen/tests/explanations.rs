//! What `explain` prints: every code has a text, and the compiler says of its examples what the text says.
//!
//! A block marked `yaml wrong` gives that very code and no other, one marked `yaml right` gives nothing. A block
//! with parts (`#@ path/in/specs`) is laid over the sound folder as it is. Any other is an excerpt of a tool: what
//! it leaves out is as in [`SOUND`], `about` and `dry_run` as its effect wants them.

#![allow(clippy::expect_used)]

mod cases;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use cases::laid_out;
use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::{Code, render};

/// Keys of a tool in their order, and what they are where an excerpt leaves them out.
const SOUND: &[(&str, &str)] = &[
    ("tool", "tool: example\n"),
    ("toolset", "toolset: clusters\n"),
    ("title", "title: Look after a cluster\n"),
    ("effect", "effect: read\n"),
    ("about", ""),
    ("params", "params:\n"),
    ("steps", "steps:\n  - use: find_cluster\n"),
    ("output", "output:\n  instances: \"{{ cluster.spec.instances }}\"\n"),
    ("answer", "answer: Done.\n"),
    ("examples", "examples:\n  - call: { name: main }\n"),
];

/// The top-level keys of an excerpt with their texts.
fn keys(excerpt: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in excerpt.split_inclusive('\n') {
        match (line.starts_with(|c: char| c.is_ascii_alphabetic()), line.split_once(':')) {
            (true, Some((key, _))) => found.push((key.to_owned(), line.to_owned())),
            _ => found.last_mut().expect("an excerpt begins with a key").1.push_str(line),
        }
    }
    found
}

fn whole_tool(excerpt: &str) -> String {
    let given = keys(excerpt);
    let of = |key: &str| given.iter().find(|(name, _)| name == key).map(|(_, text)| text.as_str());
    let (about, writes) = match of("effect").unwrap_or_default().trim() {
        "effect: write" => ("about: Changes a cluster.\n", true),
        "effect: destroy" => ("about: Deletes a cluster for good.\n", true),
        _ => ("about: Reads a cluster.\n", false),
    };
    let mut tool = String::new();
    for (key, sound) in SOUND {
        tool.push_str(of(key).unwrap_or(if *key == "about" { about } else { sound }));
        if *key == "params" {
            let own = of("params").unwrap_or_default();
            let wanted = if writes { &["name", "namespace", "dry_run"][..] } else { &["name", "namespace"] };
            for name in wanted.iter().filter(|name| !own.contains(&format!("\n  {name}:"))) {
                let _ = writeln!(tool, "  {name}: {{ use: {name} }}");
            }
        }
    }
    for (key, text) in given.iter().filter(|(key, _)| SOUND.iter().all(|(known, _)| known != key)) {
        assert!(!key.is_empty());
        tool.push_str(text);
    }
    tool
}

/// The blocks of a text that are marked so.
fn blocks<'t>(text: &'t str, mark: &str) -> Vec<&'t str> {
    text.split(&format!("```yaml {mark}\n"))
        .skip(1)
        .map(|rest| rest.split("```\n").next().expect("the end of a block"))
        .collect()
}

/// The codes that an example gives, and what is shown.
fn said(block: &str) -> (Vec<Code>, String) {
    let text = if block.starts_with("#@ ") { block.to_owned() } else { whole_tool(block) };
    let specs = laid_out("example", &text);
    let compilation = compile(specs.path()).expect("the specs can be read");
    let shown: Vec<String> =
        compilation.diagnostics.iter().map(|one| render(&compilation.sources, one, false)).collect();
    (compilation.diagnostics.iter().map(|one| one.code).collect(), shown.join("\n\n"))
}

#[test]
fn the_examples_of_every_code_are_what_they_are_called() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let id = code.id();
        for block in blocks(code.text(), "wrong") {
            let (codes, shown) = said(block);
            if codes.is_empty() || codes.iter().any(|found| found != code) {
                wrong.push(format!("{id}: the wrong example gives\n{shown}"));
            }
        }
        for block in blocks(code.text(), "right") {
            let (codes, shown) = said(block);
            if !codes.is_empty() {
                wrong.push(format!("{id}: the right example gives\n{shown}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_text_has_its_parts() {
    for code in Code::ALL {
        let (id, text) = (code.id(), code.text());
        assert!(text.starts_with(&format!("# {id}: {}\n\n", code.name())), "{id} begins otherwise");
        for part in ["\n## Why\n", "\n## Wrong\n", "\n## Right\n"] {
            assert!(text.contains(part), "{id} lacks {}", part.trim());
        }
        assert!(!blocks(text, "wrong").is_empty() && !blocks(text, "right").is_empty(), "{id} lacks an example");
        assert!(text.lines().all(|line| line.chars().count() <= 140), "{id} has an overlong line");
    }
}

#[test]
fn no_text_is_left_of_a_code_that_is_gone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnostic/explanations");
    for entry in fs::read_dir(folder).expect("the folder of texts") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(Code::ALL.iter().any(|code| format!("{}.md", code.id()) == name), "{name} belongs to no code");
    }
}

fn explain(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-codegen")).arg("explain").args(arguments).output().expect("an answer")
}

#[test]
fn explain_takes_a_number_or_a_name_and_knows_the_nearest() {
    let by_number = explain(&["E0102"]);
    assert_eq!(by_number.status.code(), Some(0));
    let page = String::from_utf8_lossy(&by_number.stdout).into_owned();
    assert!(page.starts_with("# E0102: unknown-key\n\nA mapping has a key that means nothing there.\n"), "{page}");
    assert!(page.contains("requird: true"), "{page}");
    assert_eq!(explain(&["unknown-key"]).stdout, by_number.stdout);
    let unknown = explain(&["unknown-kye"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&unknown.stderr),
        "error: there is no code `unknown-kye`; did you mean `unknown-key`?\n"
    );
}

#[test]
fn explain_alone_lists_every_code() {
    let output = explain(&[]);
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(list.lines().count(), Code::ALL.len());
    for (line, code) in list.lines().zip(Code::ALL) {
        assert!(line.starts_with(code.id()) && line.ends_with(code.explanation()), "{line}");
    }
}

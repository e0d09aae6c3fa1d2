//! `diff`: one case for each sort of change, and the ways to ask and to answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod on_specs;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cnpg_mcp_codegen::compare::{Change, Side, compare};
use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::render;
use on_specs::{copy_of, run, text};
use tempfile::TempDir;

const TOOL: &str = "tools/paint_pot.yaml";

fn base() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/specs")
}

/// The base with a text replaced.
fn edited(file: &str, from: &str, to: &str) -> TempDir {
    let folder = copy_of(&base());
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has {from}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    folder
}

fn changes(old: &Path, new: &Path) -> Vec<Change> {
    let (old, new) = (compile(old).unwrap(), compile(new).unwrap());
    for compilation in [&old, &new] {
        let said: Vec<String> =
            compilation.diagnostics.iter().map(|one| render(&compilation.sources, one, false)).collect();
        assert!(compilation.program.is_some(), "{}", said.join("\n"));
    }
    compare(&Side::of("old", &old).unwrap(), &Side::of("new", &new).unwrap())
}

/// Whether it breaks, sort, message, line.
type Case = (bool, &'static str, &'static str, usize);

/// An edit, what it is from the base to the edited specs, and what it is the other way round.
const CASES: &[(&str, &str, &str, Case, Case)] = &[
    (
        TOOL,
        "effect: write\nidempotent: true",
        "effect: destroy\nidempotent: true",
        (true, "effect-changed", "the effect was `write` and is `destroy`", 4),
        (true, "effect-changed", "the effect was `destroy` and is `write`", 4),
    ),
    (
        TOOL,
        "idempotent: true",
        "idempotent: false",
        (true, "idempotent-changed", "it is no longer idempotent", 5),
        (false, "idempotent-changed", "it is idempotent now", 5),
    ),
    (
        TOOL,
        "toolset: pots",
        "toolset: paints",
        (true, "toolset-changed", "it was in the toolset `pots` and is in `paints`", 2),
        (true, "toolset-changed", "it was in the toolset `paints` and is in `pots`", 2),
    ),
    (
        TOOL,
        "title: Paint a pot",
        "title: Paint it",
        (false, "title-changed", "its `title` is worded anew", 3),
        (false, "title-changed", "its `title` is worded anew", 3),
    ),
    (
        TOOL,
        "about: Paint a pot in another colour.",
        "about: Paint a pot.",
        (false, "about-changed", "its `about` is worded anew", 6),
        (false, "about-changed", "its `about` is worded anew", 6),
    ),
    (
        TOOL,
        "about: The new size., min: 1, max: 9 }",
        "about: The new size., min: 2, max: 9 }",
        (true, "bounds-tightened", "the least value of parameter `size` was 1 and is 2", 11),
        (false, "bounds-loosened", "the least value of parameter `size` was 2 and is 1", 11),
    ),
    (
        TOOL,
        "min: 1, max: 9 }",
        "min: 1 }",
        (false, "bounds-loosened", "the greatest value of parameter `size` was 9 and is not bounded", 11),
        (true, "bounds-tightened", "the greatest value of parameter `size` was not bounded and is 9", 11),
    ),
    (
        TOOL,
        "max_length: 20",
        "max_length: 10",
        (true, "bounds-tightened", "the greatest length of parameter `name` was 20 and is 10", 9),
        (false, "bounds-loosened", "the greatest length of parameter `name` was 10 and is 20", 9),
    ),
    (
        TOOL,
        "min_length: 2",
        "min_length: 3",
        (true, "bounds-tightened", "the least length of parameter `note` was 2 and is 3", 12),
        (false, "bounds-loosened", "the least length of parameter `note` was 3 and is 2", 12),
    ),
    (
        TOOL,
        "pattern: \"^[a-z]+$\"",
        "pattern: \"^[a-z]*$\"",
        (true, "pattern-changed", "parameter `name` had to match `^[a-z]+$` and has to match `^[a-z]*$`", 9),
        (true, "pattern-changed", "parameter `name` had to match `^[a-z]*$` and has to match `^[a-z]+$`", 9),
    ),
    (
        TOOL,
        "pattern: \"^[a-z]+$\", ",
        "",
        (false, "pattern-removed", "parameter `name` need no longer match `^[a-z]+$`", 9),
        (true, "pattern-added", "parameter `name` must match `^[a-z]+$` now", 9),
    ),
    (
        TOOL,
        "enum: [red, green]",
        "enum: [red, green, blue]",
        (false, "enum-widened", "parameter `color` takes `blue` too", 10),
        (true, "enum-narrowed", "parameter `color` no longer takes `blue`", 10),
    ),
    (
        TOOL,
        "names: [none]",
        "names: [none, any]",
        (true, "reserved-added", "parameter `note` no longer takes `any`", 12),
        (false, "reserved-removed", "parameter `note` takes `any` too", 12),
    ),
    (
        TOOL,
        "default: red",
        "default: green",
        (true, "default-changed", "the default of parameter `color` was `\"red\"` and is `\"green\"`", 10),
        (true, "default-changed", "the default of parameter `color` was `\"green\"` and is `\"red\"`", 10),
    ),
    (
        "params.yaml",
        "default: 3",
        "default: 4",
        (true, "default-changed", "the default of parameter `gloss` was `3` and is `4`", 14),
        (true, "default-changed", "the default of parameter `gloss` was `4` and is `3`", 14),
    ),
    (
        "params.yaml",
        "\"{{ current_namespace() }}\"",
        "here",
        (
            true,
            "default-changed",
            "the default of parameter `namespace` was `\"{{ current_namespace() }}\"` and is `\"here\"`",
            15,
        ),
        (
            true,
            "default-changed",
            "the default of parameter `namespace` was `\"here\"` and is `\"{{ current_namespace() }}\"`",
            15,
        ),
    ),
    (
        "params.yaml",
        "about: Kubernetes namespace.",
        "about: A namespace.",
        (false, "about-changed", "the description of parameter `namespace` is worded anew", 15),
        (false, "about-changed", "the description of parameter `namespace` is worded anew", 15),
    ),
    (
        TOOL,
        "  note: \"{{ pot.spec.note }}\"\n",
        "",
        (true, "output-removed", "output field `note` is gone", 30),
        (false, "output-added", "output field `note` is new", 30),
    ),
    (
        TOOL,
        "text: \"{{ item }}\", pot: \"{{ name }}\"",
        "pot: \"{{ name }}\"",
        (true, "output-removed", "output field `marks.text` is gone", 37),
        (false, "output-added", "output field `marks.text` is new", 37),
    ),
    (
        TOOL,
        "{{ pot.spec.note }}",
        "{{ pot.spec.note | default('') }}",
        (false, "output-required", "output field `note` is always there now", 30),
        (true, "output-optional", "output field `note` is no longer always there", 30),
    ),
    (
        TOOL,
        "{{ pot.spec.weight | default(1.5) }}",
        "{{ pot.spec.size }}",
        (false, "output-type", "output field `details.kilos` was a number and is an integer", 34),
        (true, "output-type", "output field `details.kilos` was an integer and is a number", 34),
    ),
    (
        TOOL,
        "{{ pot.status.fired }}",
        "{{ pot.status.phase }}",
        (true, "output-type", "output field `fired` was a time and is a string", 31),
        (false, "output-type", "output field `fired` was a string and is a time", 31),
    ),
    (
        "resources/pot.yaml",
        "enum: [red, green, blue]",
        "enum: [red, green, blue, grey]",
        (true, "output-enum", "output field `color` may be `grey` too", 28),
        (false, "output-enum", "output field `color` is never `grey` any more", 28),
    ),
    (
        TOOL,
        "about: How large it is.",
        "about: How tall it is.",
        (false, "about-changed", "the description of output field `size` is worded anew", 29),
        (false, "about-changed", "the description of output field `size` is worded anew", 29),
    ),
    (
        "resources/pot.yaml",
        "about: What is written on it.",
        "about: What is painted on it.",
        (false, "about-changed", "the description of output field `note` is worded anew", 30),
        (false, "about-changed", "the description of output field `note` is worded anew", 30),
    ),
];

fn told(change: &Change) -> (bool, &str, &str, usize) {
    (change.breaking, change.change, &change.message, change.line)
}

#[test]
fn each_sort_of_change_is_told_both_ways_round() {
    for (file, from, to, there, back) in CASES {
        let other = edited(file, from, to);
        for (found, wanted) in [(changes(&base(), other.path()), there), (changes(other.path(), &base()), back)] {
            assert!(found.iter().any(|change| told(change) == *wanted), "{wanted:?}: {found:#?}");
            assert_eq!(found.len(), 1, "{wanted:?}: {found:#?}");
            assert!(found.iter().all(|change| change.tool == "paint_pot" && change.file.ends_with(TOOL)), "{found:#?}");
            assert!(found.iter().all(|change| !change.why.is_empty()));
        }
    }
}

/// Types, names and tools, whose edits touch more than one place.
#[test]
fn names_types_and_tools_that_come_and_go_are_told() {
    let mut seen = BTreeSet::new();
    let mut expect = |old: &Path, new: &Path, wanted: &[(bool, &str, &str)]| {
        let found = changes(old, new);
        seen.extend(found.iter().map(|change| change.change));
        let found: Vec<_> =
            found.iter().map(|change| (change.breaking, change.change, change.message.as_str())).collect();
        assert_eq!(found, wanted);
    };
    let added =
        edited(TOOL, "  marks: { type", "  fresh: { type: bool, about: New., required: true }\n  marks: { type");
    for (file, from, to) in [
        (TOOL, "name: mine,", "name: mine, fresh: true,"),
        (TOOL, "answer: Painted", "answer: |\n  {% if fresh %}Freshly painted{% endif %} Painted"),
    ] {
        let path = added.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }
    expect(&base(), added.path(), &[(true, "parameter-added", "parameter `fresh` is new and required")]);
    expect(added.path(), &base(), &[(true, "parameter-removed", "parameter `fresh` is gone")]);

    let optional = edited(TOOL, "about: Name of the pot., required: true", "about: Name of the pot., default: mine");
    expect(&base(), optional.path(), &[(false, "parameter-optional", "parameter `name` is no longer required")]);
    expect(optional.path(), &base(), &[(true, "parameter-required", "parameter `name` is required now")]);

    let renamed = edited(TOOL, "  size: { type", "  width: { type");
    let path = renamed.path().join(TOOL);
    let tool = fs::read_to_string(&path).unwrap();
    fs::write(&path, tool.replace("\"{{ size }}\"", "\"{{ width }}\"")).unwrap();
    expect(&base(), renamed.path(), &[(true, "parameter-renamed", "parameter `size` is now called `width`")]);

    let typed = edited(
        TOOL,
        "color: { type: string, about: The new colour., enum: [red, green], default: red }",
        "color: { type: string, about: The new colour., default: red }",
    );
    let path = typed.path().join("resources/pot.yaml");
    let kind = fs::read_to_string(&path).unwrap();
    fs::write(&path, kind.replace("color: { enum: [red, green, blue],", "color: { type: string,")).unwrap();
    expect(
        &base(),
        typed.path(),
        &[
            (true, "output-type", "output field `color` was an enum and is a string"),
            (false, "parameter-type", "parameter `color` was an enum and is a string"),
        ],
    );
    expect(
        typed.path(),
        &base(),
        &[
            (true, "parameter-type", "parameter `color` was a string and is an enum"),
            (false, "output-type", "output field `color` was a string and is an enum"),
        ],
    );

    let meant = edited("params.yaml", "    meaning: dry_run\n", "");
    let path = meant.path().join(TOOL);
    let tool = fs::read_to_string(&path).unwrap();
    let tool = tool
        .replace(
            "  dry_run: { use: dry_run }",
            "  dry_run: { use: dry_run }\n  plan: { type: bool, about: Plan alone., meaning: dry_run, default: false }",
        )
        .replace("answer: Painted", "answer: |\n  {% if dry_run %}Painted dry.{% endif %} Painted");
    fs::write(&path, tool).unwrap();
    expect(
        &base(),
        meant.path(),
        &[
            (true, "parameter-meaning", "parameter `dry_run` has another meaning"),
            (false, "parameter-added", "parameter `plan` is new and optional"),
        ],
    );

    let moved = copy_of(&base());
    let tool = fs::read_to_string(moved.path().join(TOOL)).unwrap();
    fs::remove_file(moved.path().join(TOOL)).unwrap();
    fs::write(moved.path().join("tools/glaze_pot.yaml"), tool.replace("tool: paint_pot", "tool: glaze_pot")).unwrap();
    expect(&base(), moved.path(), &[(true, "tool-renamed", "it is now called `glaze_pot`")]);
    fs::write(
        moved.path().join("tools/glaze_pot.yaml"),
        tool.replace("tool: paint_pot", "tool: glaze_pot").replace("max: 9", "max: 8"),
    )
    .unwrap();
    expect(&base(), moved.path(), &[(true, "tool-removed", "it is gone"), (false, "tool-added", "it is new")]);
    for change in ["parameter-added", "parameter-removed", "parameter-optional", "parameter-required", "parameter-type"]
    {
        assert!(seen.contains(change), "{change}");
    }
}

#[test]
fn the_same_is_the_same_however_it_is_written() {
    let other = edited(TOOL, "  - get: pot\n", "  # Another comment.\n  - get: pot\n");
    assert_eq!(changes(&base(), other.path()), Vec::new());
    let output = run(&base(), &["diff", other.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "The public interface is the same.\n");
}

#[test]
fn people_and_programs_are_told_with_places_and_an_exit_code() {
    let other = edited(TOOL, "min: 1, max: 9 }", "min: 2, max: 10 }");
    let new = other.path().to_str().unwrap();
    let output = run(other.path(), &["diff", base().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        format!(
            "breaking: paint_pot: the least value of parameter `size` was 1 and is 2\n  --> {new}/{TOOL}:11\n   = calls that \
             were taken are refused\n\ncompatible: paint_pot: the greatest value of parameter `size` was 9 and is 10\n  --> \
             {new}/{TOOL}:11\n   = what was taken still is\n\n1 change breaks clients, 1 does not.\n"
        )
    );
    let output = run(&base(), &["diff", base().to_str().unwrap(), new, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!((&document["breaking"], &document["compatible"]), (&1.into(), &1.into()));
    assert_eq!(document["changes"][0]["change"], "bounds-tightened");
    assert_eq!(document["changes"][0]["line"], 11);
    let output = run(&base(), &["diff", new, base().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "it is narrower on the other side");
    let wider = edited(TOOL, "min: 1, max: 9 }", "min: 1, max: 10 }");
    let output = run(wider.path(), &["diff", base().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).ends_with("1 change; it breaks no client.\n"));
}

#[test]
fn specs_that_do_not_compile_or_are_not_there_end_by_2() {
    let broken = edited(TOOL, "{{ pot.spec.note }}", "{{ pot.spec.nte }}");
    let output = run(&base(), &["diff", broken.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("did you mean `note`?") && said.contains("do not compile, so there is nothing to compare"),
        "{said}"
    );
    let output = run(&base(), &["diff", "/no/such/folder"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: there is no folder /no/such/folder"));
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_revision_of_git_is_compared_with_what_is_there() {
    let repository = tempfile::tempdir().unwrap();
    let specs = repository.path().join("deep/specs");
    on_specs::fill(&base(), &specs);
    git(repository.path(), &["init", "--quiet"]);
    git(repository.path(), &["add", "."]);
    git(repository.path(), &["commit", "--quiet", "--message", "first"]);
    git(repository.path(), &["tag", "first"]);
    let tool = fs::read_to_string(specs.join(TOOL)).unwrap();
    fs::write(specs.join(TOOL), tool.replace("  note: \"{{ pot.spec.note }}\"\n", "")).unwrap();
    let output = run(&specs, &["diff", "rev:first"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(
        said.starts_with("breaking: paint_pot: output field `note` is gone\n  --> rev:first/tools/paint_pot.yaml:30\n"),
        "{said}"
    );
    let output = run(&specs, &["diff", "rev:first", "rev:HEAD"]);
    assert_eq!(text(&output.stdout), "The public interface is the same.\n");
    for (revision, wanted) in
        [("rev:none", "error: git ls-tree: "), ("rev:--help", "error: `rev:--help` names no revision")]
    {
        let output = run(&specs, &["diff", revision]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).starts_with(wanted), "{}", text(&output.stderr));
    }
}

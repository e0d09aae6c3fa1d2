//! No input makes the compiler panic, however broken: what is wrong is said, never fatal.

#![allow(clippy::expect_used, clippy::cast_possible_truncation)]

use std::fs;
use std::path::{Path, PathBuf};

use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::{render, render_line};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "\"",
    "'",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "|",
    ">",
    "#",
    "\n",
    "  ",
    "é",
    "\u{1F600}",
    "&a",
    "*a",
    "<<: *a",
    " is set",
    " | default('x')",
    "each: \"{{ x }}\"",
    "...",
    "null",
    "-1",
    "9999999999999999999",
    "item",
    "cluster.status",
    "\t",
    "\0",
    "\r\n",
    "!!str ",
    "? ",
    "--- ",
    "not ",
    "(",
    ")",
    "[1:2]",
    "{# ",
    "none",
    "~",
    "..",
    "list<list<",
    "\\",
    "\\u12",
    "^(?=a)$",
];

fn mutate(text: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=dice.below(3) {
        let at = dice.below(chars.len());
        match dice.below(5) {
            0 => {
                let end = (at + 1 + dice.below(12)).min(chars.len());
                chars.drain(at..end);
            }
            1 | 2 => {
                let piece = PIECES[dice.below(PIECES.len())];
                chars.splice(at..at, piece.chars());
            }
            3 => {
                let other = dice.below(chars.len());
                if !chars.is_empty() {
                    chars.swap(at, other);
                }
            }
            _ => {
                // A line goes somewhere else.
                let mut lines: Vec<String> = chars.iter().collect::<String>().split('\n').map(str::to_owned).collect();
                let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
                let line = lines.remove(from);
                lines.insert(to.min(lines.len()), line);
                chars = lines.join("\n").chars().collect();
            }
        }
    }
    chars.into_iter().collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).expect("a copy") }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect())
        .unwrap_or_default();
    found.sort();
    found
}

/// Compiles, and renders everything that is said.
fn compiles_or_says_why(specs: &Path) {
    let compilation = compile(specs).expect("the folder can be read");
    for one in &compilation.diagnostics {
        assert!(!render(&compilation.sources, one, false).is_empty());
        assert!(!render_line(&compilation.sources, one).contains('\n'));
    }
    assert_eq!(compilation.program.is_none(), compilation.has_errors());
}

#[test]
fn broken_cases_are_said() {
    let specs = tempfile::tempdir().expect("a folder");
    copy(&here("tests/diagnostics/base"), specs.path());
    let mut dice = Dice(1);
    for case in
        files(&here("tests/diagnostics")).iter().filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
    {
        let text = fs::read_to_string(case).expect("the case");
        for _ in 0..3 {
            fs::write(specs.path().join("tools/case.yaml"), mutate(&text, &mut dice)).expect("a file");
            compiles_or_says_why(specs.path());
        }
    }
}

#[test]
fn broken_shared_files_are_said() {
    let base = here("tests/diagnostics/base");
    let mut dice = Dice(2);
    for folder in [".", "resources", "partials", "tools"] {
        for file in files(&base.join(folder)) {
            let specs = tempfile::tempdir().expect("a folder");
            copy(&base, specs.path());
            let text = fs::read_to_string(&file).expect("the file");
            let target = specs.path().join(folder).join(file.file_name().expect("a name"));
            for _ in 0..25 {
                fs::write(&target, mutate(&text, &mut dice)).expect("a file");
                compiles_or_says_why(specs.path());
            }
        }
    }
}

#[test]
fn broken_specs_of_the_project_are_said() {
    let specs = tempfile::tempdir().expect("a folder");
    copy(&here("../specs"), specs.path());
    let tools = files(&specs.path().join("tools"));
    for tool in &tools {
        fs::remove_file(tool).expect("a tool less");
    }
    let mut dice = Dice(3);
    for tool in files(&here("../specs/tools")) {
        let text = fs::read_to_string(&tool).expect("the tool");
        let target = specs.path().join("tools").join(tool.file_name().expect("a name"));
        for _ in 0..3 {
            fs::write(&target, mutate(&text, &mut dice)).expect("a file");
            compiles_or_says_why(specs.path());
        }
        fs::remove_file(&target).expect("a tool less");
    }
}

#[test]
fn deep_and_long_things_are_refused() {
    let specs = tempfile::tempdir().expect("a folder");
    copy(&here("tests/diagnostics/base"), specs.path());
    let base = fs::read_to_string(here("tests/diagnostics/base/tools/base_tool.yaml")).expect("the tool");
    let deep = [
        format!("\"{{{{ {}1{} }}}}\"", "(".repeat(40_000), ")".repeat(40_000)),
        format!("\"{{{{ 1{} }}}}\"", " + 1".repeat(20_000)),
        format!("\"{{{{ 1{} }}}}\"", " + 1".repeat(1_000)),
        format!("\"{{{{ {}name }}}}\"", "not ".repeat(1_000)),
        format!("\"{{{{ {}1 }}}}\"", "-".repeat(1_000)),
        format!("\"{{{{ cluster{} }}}}\"", ".spec".repeat(700)),
        format!("\"{{{{ name{} }}}}\"", " | upper".repeat(500)),
        format!("\"{{{{ {}1 }}}}\"", "[".repeat(4_000)),
        format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000)),
        "{ a: ".repeat(10_000),
        format!("{}x", "\n    - ".repeat(200)),
    ];
    for value in deep {
        fs::write(specs.path().join("tools/base_tool.yaml"), base.replace("\"{{ cluster.spec.instances }}\"", &value))
            .expect("a file");
        compiles_or_says_why(specs.path());
    }
    let templates = [
        format!("{{% if name == 'a' %}}{}{{% endif %}}", "{% elif name == 'b' %}x".repeat(5_000)),
        format!("{}{}", "{% if name == 'a' %}".repeat(4_000), "{% endif %}".repeat(4_000)),
        "x\n".repeat(64_000),
        "{{ ".repeat(20_000),
    ];
    fs::write(specs.path().join("tools/base_tool.yaml"), &base).expect("a file");
    for template in templates {
        fs::write(specs.path().join("partials/foot.md"), template).expect("a file");
        compiles_or_says_why(specs.path());
    }
    fs::copy(here("tests/diagnostics/base/partials/foot.md"), specs.path().join("partials/foot.md")).expect("a file");
    let kind = fs::read_to_string(here("tests/diagnostics/base/resources/cluster.yaml")).expect("the kind");
    let nested = format!("type: {}int{}", "list<".repeat(20_000), ">".repeat(20_000));
    fs::write(specs.path().join("resources/cluster.yaml"), kind.replacen("type: string", &nested, 1)).expect("a file");
    compiles_or_says_why(specs.path());
}

/// A name with one letter too many is wrong wherever it stands, and one mistake.
#[test]
fn a_slip_in_a_name_is_one_error() {
    const WORDS: &[&str] = &[
        "and", "or", "not", "in", "is", "if", "else", "for", "endif", "endfor", "elif", "true", "false", "include",
        "set",
    ];
    let specs = tempfile::tempdir().expect("a folder");
    copy(&here("../specs"), specs.path());
    for tool in files(&specs.path().join("tools")) {
        fs::remove_file(tool).expect("a tool less");
    }
    let block = regex::Regex::new(r"\{\{.*?\}\}|\{%.*?%\}").expect("a pattern");
    let word = regex::Regex::new(r"'[^']*'|[A-Za-z_][A-Za-z0-9_]*").expect("a pattern");
    let mut tried = 0;
    for tool in files(&here("../specs/tools")) {
        let text = fs::read_to_string(&tool).expect("the tool");
        let target = specs.path().join("tools").join(tool.file_name().expect("a name"));
        for found in block.find_iter(&text) {
            for name in word
                .find_iter(found.as_str())
                .filter(|name| !name.as_str().starts_with('\'') && !WORDS.contains(&name.as_str()))
            {
                tried += 1;
                // One in eleven: each costs a compilation of everything.
                if tried % 11 != 0 {
                    continue;
                }
                let end = found.start() + name.end();
                fs::write(&target, format!("{}x{}", &text[..end], &text[end..])).expect("a file");
                let compilation = compile(specs.path()).expect("the folder can be read");
                let lines: Vec<String> =
                    compilation.diagnostics.iter().map(|one| render_line(&compilation.sources, one)).collect();
                assert_eq!(
                    lines.len(),
                    1,
                    "`{}` in {} of {}: {lines:#?}",
                    name.as_str(),
                    found.as_str(),
                    target.display()
                );
            }
        }
        fs::remove_file(&target).expect("a tool less");
    }
    assert!(tried > 500);
}

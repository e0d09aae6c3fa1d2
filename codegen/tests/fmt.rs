//! `fmt`: one style, and nothing but style.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cnpg_mcp_codegen::diagnostic::Sink;
use cnpg_mcp_codegen::format::{FormatError, format};
use cnpg_mcp_codegen::load::yaml_files;
use cnpg_mcp_codegen::source::SourceMap;
use proptest::prelude::*;

fn formatted(text: &str) -> Result<String, FormatError> {
    let mut sources = SourceMap::default();
    let file = sources.add("a.yaml", text);
    format(file, &sources, &mut Sink::default())
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

/// Every spec of the project, and those of the tests.
fn specs() -> Vec<(String, String)> {
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emit/specs");
    let files = [project(), small].iter().flat_map(|folder| yaml_files(folder).unwrap()).collect::<Vec<_>>();
    files.iter().map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
}

fn fmt(arguments: &[&str], specs: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-codegen"))
        .arg("fmt")
        .args(arguments)
        .arg("--specs")
        .arg(specs)
        .env_remove("CNPG_MCP_SPECS")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

const UNTIDY: &str = "\
# yaml-language-server: $schema=x


tool:   'a'   # the name
list:
- a
-   b: 'it''s'
    c: {a: 1,b: [1,2 ,3], 'q': \"x\",   }    # another
-   - nested


text: |
    keep   this
      and these blanks  \n
    # no comment
folded: >-
      {{ a
         b }}
many: {
    a: 1,
      b: 2 }
#end  
empty:
";

const TIDY: &str = "\
# yaml-language-server: $schema=x

tool: 'a' # the name
list:
  - a
  - b: 'it''s'
    c: { a: 1, b: [1, 2, 3], 'q': \"x\" } # another
  - - nested

text: |
  keep   this
    and these blanks  \n
  # no comment
folded: >-
  {{ a
     b }}
many: {
  a: 1,
  b: 2,
}
#end
empty:
";

#[test]
fn style_is_made_and_the_rest_is_kept() {
    assert_eq!(formatted(UNTIDY).unwrap(), TIDY);
    assert_eq!(formatted(TIDY).unwrap(), TIDY);
}

#[test]
fn ends_of_lines_and_a_mark_of_order_are_unified() {
    assert_eq!(formatted("\u{feff}a:  1\r\nb:\r\n- c\r\n\r\n\r\n").unwrap(), "a: 1\nb:\n  - c\n");
}

#[test]
fn what_cannot_be_kept_is_refused() {
    // The blank lines that `|+` keeps at the end of a file belong to its text.
    let refused = formatted("a: |+\n  x\n\n\n");
    assert!(matches!(refused, Err(FormatError::Unsafe(_))), "{refused:?}");
    assert_eq!(formatted("a: [1\n"), Err(FormatError::Invalid));
}

#[test]
fn the_specs_of_the_project_are_formatted() {
    let output = fmt(&["--check"], &project());
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_folder_is_formatted_in_place_and_then_passes() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("tools")).unwrap();
    let (tidy, untidy) = (folder.path().join("tools/tidy.yaml"), folder.path().join("tools/untidy.yaml"));
    fs::write(&tidy, TIDY).unwrap();
    fs::write(&untidy, UNTIDY).unwrap();
    let before = fs::metadata(&tidy).unwrap().modified().unwrap();

    let check = fmt(&["--check"], folder.path());
    assert_eq!(check.status.code(), Some(1));
    let said = text(&check.stderr);
    assert!(said.contains("tools/untidy.yaml:3: not formatted from here on"), "{said}");
    assert!(said.ends_with("1 file not formatted: run `cnpg-mcp-codegen fmt`\n"), "{said}");
    assert_eq!(fs::read_to_string(&untidy).unwrap(), UNTIDY);

    let done = fmt(&[], folder.path());
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).ends_with("2 files formatted, 1 changed.\n"), "{}", text(&done.stdout));
    assert_eq!(fs::read_to_string(&untidy).unwrap(), TIDY);
    assert_eq!(fs::metadata(&tidy).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read_dir(folder.path().join("tools")).unwrap().count(), 2, "no file is left behind");

    let check = fmt(&["--check", untidy.to_str().unwrap()], folder.path());
    assert_eq!(check.status.code(), Some(0));
    assert_eq!(text(&check.stdout), "1 file in the style.\n");
}

#[test]
fn what_is_no_yaml_is_shown_and_left_alone_and_the_others_are_formatted() {
    let folder = tempfile::tempdir().unwrap();
    let (wrong, bytes, good) =
        (folder.path().join("wrong.yaml"), folder.path().join("bytes.yaml"), folder.path().join("good.yaml"));
    fs::write(&wrong, "a: {{ x }}\nb:   1\n").unwrap();
    fs::write(&bytes, b"a: \xff\n").unwrap();
    fs::write(&good, "a:   1\n").unwrap();
    let files = [&wrong, &bytes, &good].map(|path| path.to_str().unwrap());
    let output = fmt(&files, folder.path());
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    for wanted in ["wrong.yaml:1:", "error[E0101]", "the file is not UTF-8 text", "2 files left as they are"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert_eq!(fs::read_to_string(&wrong).unwrap(), "a: {{ x }}\nb:   1\n");
    assert_eq!(fs::read(&bytes).unwrap(), b"a: \xff\n");
    assert_eq!(fs::read_to_string(&good).unwrap(), "a: 1\n");
}

#[test]
fn a_file_or_folder_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let output = fmt(&["none.yaml"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot format none.yaml: "), "{}", text(&output.stderr));
    let output = fmt(&[], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there are no specs in"), "{}", text(&output.stderr));
}

/// Whether each line is free of block scalars, whose blanks are text.
fn free(lines: &[&str]) -> Vec<bool> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut block: Option<usize> = None;
    let mut found = Vec::new();
    for line in lines {
        if block.is_some_and(|outer| !line.trim().is_empty() && indent(line) <= outer) {
            block = None;
        }
        found.push(block.is_none());
        let opens = ["|", ">", ">-", "|-"].iter().any(|sign| line.ends_with(&format!(": {sign}")));
        if block.is_none() && opens {
            // In a list's first entry the key stands behind the dash.
            let dashes = line.trim_start().chars().take_while(|c| matches!(c, '-' | ' ')).count();
            block = Some(indent(line) + dashes);
        }
    }
    found
}

/// The text with blanks where they mean nothing, on the lines that `picks` chooses.
fn perturbed(text: &str, picks: &[u8]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let free = free(&lines);
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let pick = picks[index % picks.len()];
        if !free[index] {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let plain = !line.contains(['"', '\'', '#', '`']);
        let mut line = (*line).to_owned();
        if pick & 1 != 0 && plain {
            line = line.replacen(": ", ":   ", 1).replace("{ ", "{").replace(" }", "}").replace(", ", " ,  ");
        }
        if pick & 2 != 0 && plain && line.trim_start().starts_with("- ") {
            line = line.replacen("- ", "-  ", 1);
        }
        let again = pick & 4 != 0 && line.is_empty();
        if pick & 8 != 0 && !line.is_empty() && !line.ends_with(['|', '>', '-']) {
            line.push_str("   ");
        }
        out.push_str(&line);
        out.push('\n');
        if again {
            out.push('\n');
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Blanks that mean nothing go again, in every spec there is; where they do mean something, the meaning stays.
    #[test]
    fn blanks_are_put_back(which in any::<prop::sample::Index>(), picks in prop::collection::vec(any::<u8>(), 1..40)) {
        let all = specs();
        let (path, spec) = which.get(&all);
        let untidy = perturbed(spec, &picks);
        let read = |text: &str| serde_yaml::from_str::<serde_json::Value>(text);
        // A dash with more blanks behind it moves the keys of its entry: not every change is YAML.
        let Ok(wanted) = read(&untidy) else { return Ok(()) };
        let again = formatted(&untidy).map_err(|error| TestCaseError::fail(format!("{path}: {error}")))?;
        prop_assert_eq!(&read(&again).unwrap(), &wanted, "{}", path);
        if wanted == read(spec).unwrap() {
            prop_assert_eq!(&again, spec, "{}", path);
        }
    }

    /// Nothing makes it panic, and what it gives says the same.
    #[test]
    fn any_text_is_formatted_or_refused(text in "([a-c]: |- |  |\n|\\{|\\}|\\[|\\]|,|#x|'|\"|&a |\\*a|!t |\\||>-|x|\t|é){0,40}") {
        if let Ok(done) = formatted(&text) {
            prop_assert_eq!(formatted(&done), Ok(done));
        }
    }
}

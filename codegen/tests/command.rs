//! The people's command and the build's entry, on folders of specs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cnpg_mcp_codegen::build::generate;
use tempfile::TempDir;

fn small() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emit/specs")
}

/// A copy of the small program in which `from` has become `to` in one file.
fn changed(file: &str, from: &str, to: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for folder in ["", "tools", "resources", "partials"] {
        fs::create_dir_all(copy.path().join(folder)).unwrap();
        for entry in fs::read_dir(small().join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), copy.path().join(folder).join(entry.file_name())).unwrap();
            }
        }
    }
    let path = copy.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has {from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
    copy
}

fn run(specs: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-codegen"))
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

#[test]
fn check_says_that_all_is_in_order() {
    let output = run(&small(), &["check"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "6 tools and 2 kinds are in order.\n");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn check_shows_the_line_and_a_near_name() {
    let broken = changed("tools/page_parts.yaml", "{{ item.name }}", "{{ item.nane }}");
    let output = run(broken.path(), &["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    for wanted in ["tools/page_parts.yaml:", "item.nane", "did you mean `name`?", "1 error in the specs"] {
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn warnings_are_denied_where_that_is_asked() {
    let odd = changed("tools/page_parts.yaml", "about: ", "about: TODO ");
    let output = run(odd.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "6 tools and 2 kinds are in order.\n");
    let said = text(&output.stderr);
    assert!(said.contains("warning[E0802]"), "{said}");
    assert!(said.ends_with("1 warning in the specs\ncnpg-mcp-codegen explain E0802 tells more\n"), "{said}");
    let output = run(odd.path(), &["check", "--deny-warnings"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(run(&small(), &["check", "--deny-warnings"]).status.code(), Some(0));
}

#[test]
fn of_very_many_the_first_are_shown() {
    let keys: Vec<String> = (0..150).map(|number| format!("wrong_{number}: 1\n")).collect();
    let broken = changed("tools/page_parts.yaml", "about: ", &format!("{}about: ", keys.concat()));
    let output = run(broken.path(), &["check"]);
    let said = text(&output.stderr);
    assert_eq!(said.matches("error[E0102]").count(), 100);
    assert!(said.contains("… and 50 more, which `check --format json` lists\n"), "{said}");
    assert!(said.contains("150 errors in the specs\n"), "{said}");
}

#[test]
fn a_folder_without_specs_is_not_in_order() {
    let empty = tempfile::tempdir().unwrap();
    let output = run(empty.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: there are no specs in "), "{}", text(&output.stderr));
}

#[test]
fn check_speaks_json() {
    let broken = changed("tools/page_parts.yaml", "{{ item.name }}", "{{ item.nane }}");
    let output = run(broken.path(), &["check", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "");
    let source = fs::read_to_string(broken.path().join("tools/page_parts.yaml")).unwrap();
    let at = source.find("nane").unwrap();
    let place = serde_json::json!({
        "file": "tools/page_parts.yaml",
        "start": { "line": 17, "column": 44, "byte": at },
        "end": { "line": 17, "column": 48, "byte": at + 4 },
    });
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        said,
        serde_json::json!({
            "version": 1,
            "errors": 1,
            "warnings": 0,
            "diagnostics": [{
                "code": "E0204",
                "name": "unknown-field",
                "severity": "error",
                "message": "WidgetSpecPart has no field `nane`",
                "place": place,
                "label": "unknown field",
                "related": [],
                "notes": [],
                "helps": ["did you mean `name`?"],
                "replacement": { "place": place, "text": "name" },
            }],
        })
    );
    let output = run(&small(), &["check", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said, serde_json::json!({ "version": 1, "errors": 0, "warnings": 0, "diagnostics": [] }));
}

#[test]
fn a_build_tells_warnings_and_goes_on() {
    let out = tempfile::tempdir().unwrap();
    let odd = changed("tools/page_parts.yaml", "about: ", "about: TODO ");
    let lines = generate(odd.path(), out.path()).unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("cargo::warning=specs/tools/page_parts.yaml:5:8: warning[E0802]: "), "{}", lines[0]);
    assert!(out.path().join("tools.rs").exists());
}

#[test]
fn expand_prints_a_tool_or_names_the_nearest() {
    let output = run(&small(), &["expand", "page_parts"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text(&output.stdout).contains("pub async fn run(params: Params, call: &mut Call) -> Result<Output, Failure> {")
    );
    let output = run(&small(), &["expand", "page_part"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "error: there is no tool `page_part`; did you mean `page_parts`?\n");
}

#[test]
fn docs_fills_the_folder_and_takes_stale_files_away() {
    let out = tempfile::tempdir().unwrap();
    fs::create_dir(out.path().join("docs")).unwrap();
    fs::write(out.path().join("docs/gone.md"), "stale").unwrap();
    fs::write(out.path().join("examples.json"), r#"{"page_parts":[{"markdown":"a core and a shell"}]}"#).unwrap();
    let output = run(&small(), &["docs", "--out", out.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!out.path().join("docs/gone.md").exists());
    for file in [
        "docs/README.md",
        "schemas/page_parts.input.json",
        "schemas/spec-language.json",
        "expanded/page_parts.rs",
        "expanded/kinds.rs",
    ] {
        assert!(out.path().join(file).is_file(), "{file}");
    }
    assert!(fs::read_to_string(out.path().join("docs/page_parts.md")).unwrap().contains("a core and a shell"));
}

#[test]
fn a_folder_that_is_not_there_is_an_error_of_its_own() {
    let output = run(Path::new("/no/such/folder"), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: there is no folder /no/such/folder"));
}

#[test]
fn a_build_writes_only_what_differs() {
    let out = tempfile::tempdir().unwrap();
    assert_eq!(generate(&small(), out.path()).unwrap(), Vec::<String>::new());
    let written = |file: &str| fs::metadata(out.path().join(file)).unwrap().modified().unwrap();
    let (tool, kinds) = (written("page_parts.rs"), written("kinds.json"));
    let edited = changed("tools/paint_widget.yaml", "Gives a widget other colours.", "Paints it.");
    generate(edited.path(), out.path()).unwrap();
    assert_eq!((tool, kinds), (written("page_parts.rs"), written("kinds.json")));
    assert!(fs::read_to_string(out.path().join("paint_widget.rs")).unwrap().contains("Paints it."));
}

#[test]
fn a_build_says_each_problem_in_one_line() {
    let out = tempfile::tempdir().unwrap();
    let broken = changed("tools/page_parts.yaml", "{{ item.name }}", "{{ item.nane }}");
    let lines = generate(broken.path(), out.path()).unwrap();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("cargo::error=specs/tools/page_parts.yaml:17:44: error["), "{}", lines[0]);
    assert!(lines.iter().all(|line| !line.contains('\n')));
    assert!(!out.path().join("tools.rs").exists());
}

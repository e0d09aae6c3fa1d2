//! One small wrong spec a file, and what the compiler says to it.
//!
//! `tests/diagnostics/NAME.yaml` is laid over `tests/diagnostics/base`, and the rendered text compared with
//! `NAME.stderr`. A file is the tool `NAME`, or has parts headed by `#@ path/in/specs`. `UPDATE_EXPECT=1` writes
//! what is expected anew; read it aloud before committing it.

#![allow(clippy::expect_used)]

mod cases;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cases::{folder, laid_out};
use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::{Code, render};

/// What the compiler says to a case, and the codes of it.
fn said(case: &Path) -> (String, BTreeSet<Code>) {
    let text = fs::read_to_string(case).expect("the case");
    let name = case.file_stem().expect("a name").to_string_lossy().into_owned();
    let specs = laid_out(&name, &text);
    let compilation = compile(specs.path()).expect("the specs can be read");
    assert_eq!(compilation.program.is_none(), compilation.has_errors(), "{name}");
    let codes = compilation.diagnostics.iter().map(|one| one.code).collect();
    let shown: Vec<String> =
        compilation.diagnostics.iter().map(|one| render(&compilation.sources, one, false)).collect();
    (format!("{}\n", shown.join("\n\n")), codes)
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    cases.sort();
    cases
}

#[test]
fn each_case_is_said_as_expected_and_each_code_has_one() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for case in cases() {
        let (found, codes) = said(&case);
        seen.extend(codes);
        let expected = case.with_extension("stderr");
        if update {
            fs::write(&expected, &found).expect("the expected text");
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_EXPECT=1 takes this over", wrong.join("\n"));
    let missing: Vec<&str> = Code::ALL.iter().filter(|code| !seen.contains(code)).map(|code| code.name()).collect();
    assert!(missing.is_empty(), "no case for {}", missing.join(", "));
}

#[test]
fn the_base_is_clean() {
    let compilation = compile(&folder().join("base")).expect("the specs can be read");
    assert_eq!(compilation.diagnostics, Vec::new());
}

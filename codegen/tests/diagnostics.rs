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

/// What is found in a case.
struct Said {
    shown: String,
    codes: BTreeSet<Code>,
    /// Where in the compiler it was said: file and line.
    sites: BTreeSet<(String, u32)>,
}

fn said(case: &Path) -> Said {
    let text = fs::read_to_string(case).expect("the case");
    let name = case.file_stem().expect("a name").to_string_lossy().into_owned();
    let specs = laid_out(&name, &text);
    let compilation = compile(specs.path()).expect("the specs can be read");
    assert_eq!(compilation.program.is_none(), compilation.has_errors(), "{name}");
    let codes = compilation.diagnostics.iter().map(|one| one.code).collect();
    let shown: Vec<String> =
        compilation.diagnostics.iter().map(|one| render(&compilation.sources, one, false)).collect();
    let sites =
        compilation.diagnostics.iter().map(|one| (one.site.file().replace('\\', "/"), one.site.line())).collect();
    Said { shown: format!("{}\n", shown.join("\n\n")), codes, sites }
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
        let Said { shown: found, codes, .. } = said(&case);
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

/// What a diagnostic says could stand there instead is put there: that diagnostic is gone then, and its place is
/// exactly the wrong word.
#[test]
fn what_is_suggested_helps() {
    let mut tried = 0;
    for case in cases() {
        let name = case.file_stem().expect("a name").to_string_lossy().into_owned();
        let specs = laid_out(&name, &fs::read_to_string(&case).expect("the case"));
        let before = compile(specs.path()).expect("the specs can be read");
        for one in &before.diagnostics {
            let Some(replacement) = &one.replacement else { continue };
            let (start, end) = (replacement.span.start as usize, replacement.span.end as usize);
            let path = specs.path().join(before.sources.path(replacement.span.file));
            let text = before.sources.text(replacement.span.file);
            assert_eq!(text.get(start..end), Some(replacement.wrong.as_str()), "{name}");
            fs::write(&path, format!("{}{}{}", &text[..start], replacement.text, &text[end..])).expect("a file");
            let after = compile(specs.path()).expect("the specs can be read");
            let remains = after.diagnostics.iter().any(|other| {
                (other.code, &other.message, other.span.start) == (one.code, &one.message, one.span.start)
            });
            assert!(!remains, "{name}: `{}` for `{}` changes nothing", replacement.text, replacement.wrong);
            fs::write(&path, text).expect("a file");
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried} replacements");
}

#[test]
fn the_base_is_clean() {
    let compilation = compile(&folder().join("base")).expect("the specs can be read");
    assert_eq!(compilation.diagnostics, Vec::new());
}

/// Every `.error(` and `.warning(` of the compiler's sources: file below the workspace, and line.
fn sites(folder: &Path, found: &mut BTreeSet<(String, u32)>) {
    for entry in fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sites(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let shown = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a source").display().to_string();
        let mut excused = false;
        for (line, number) in text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).zip(1..) {
            if line.trim_start().starts_with("//") {
                excused |= line.contains("// not reached: ");
            } else if (line.contains(".error(") || line.contains(".warning(")) && !std::mem::take(&mut excused) {
                found.insert((format!("codegen/{}", shown.replace('\\', "/")), number));
            }
        }
    }
}

/// Whatever the compiler can say is said in some case, unless a comment `// not reached: …` above it tells why not.
#[test]
fn every_place_that_says_something_has_a_case() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = BTreeSet::new();
    sites(&source, &mut all);
    let reached: BTreeSet<(String, u32)> = cases().iter().flat_map(|case| said(case).sites).collect();
    let unknown: Vec<_> = reached.difference(&all).collect();
    assert!(unknown.is_empty(), "said in places that this test does not see: {unknown:?}");

    let missing: Vec<String> = all.difference(&reached).map(|(file, line)| format!("{file}:{line}")).collect();
    assert!(missing.is_empty(), "no case for what is said in\n{}", missing.join("\n"));
}

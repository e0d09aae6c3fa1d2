//! What the compiler makes of a mutant.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::{Severity, render_line};
use cnpg_mcp_codegen::emit::outputs::outputs;
use cnpg_mcp_codegen::lowered::Program;

use super::mutants::Mutant;
use super::renderings::renderings;

/// What became of a mutant.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an error. `at_the_line`: one of them is at a line that was changed; `depends`: else the first is at a
    /// line that hangs on it.
    Refused { at_the_line: bool, depends: bool, said: String },
    /// There is a warning that the spec did not have.
    Warned,
    /// A golden output is another.
    Seen,
    /// Nobody noticed.
    Survived,
}

/// A copy of the specs to try mutants in.
pub struct Bench {
    /// All specs.
    all: tempfile::TempDir,
    /// All but the tools.
    bare: tempfile::TempDir,
    root: PathBuf,
    /// Golden outputs of single tools, and of everything under the empty name.
    golden: BTreeMap<String, BTreeMap<String, String>>,
    words: Vec<String>,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).expect("a copy") }
    }
}

/// What is generated, by path, and what the templates print.
fn golden(program: &Program, words: &[String], shared: bool) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        outputs(program, &BTreeMap::new()).into_iter().map(|file| (file.path, file.text)).collect();
    all.extend(renderings(program, words, if shared { 12 } else { 120 }));
    all
}

/// The texts that specs compare with, and one that none does.
fn compared(root: &Path) -> Vec<String> {
    let quoted = regex::Regex::new(r"==? '([^']+)'|!= '([^']+)'").expect("a pattern");
    let mut found = vec!["other".to_owned()];
    for folder in ["tools", "partials"] {
        for entry in fs::read_dir(root.join(folder)).expect("a folder") {
            let text = fs::read_to_string(entry.expect("an entry").path()).expect("a spec");
            found.extend(
                quoted
                    .captures_iter(&text)
                    .filter_map(|one| one.get(1).or(one.get(2)))
                    .map(|one| one.as_str().to_owned()),
            );
        }
    }
    found.sort();
    found.dedup();
    found
}

impl Bench {
    pub fn new(root: &Path) -> Self {
        let (all, bare) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        copy(root, all.path());
        copy(root, bare.path());
        for tool in fs::read_dir(bare.path().join("tools")).expect("the tools") {
            fs::remove_file(tool.expect("a tool").path()).expect("a tool less");
        }
        Self { all, bare, root: root.to_owned(), golden: BTreeMap::new(), words: compared(root) }
    }

    /// Compiles a mutant: a tool by itself, a shared file with all tools.
    pub fn judge(&mut self, mutant: &Mutant, shared: bool) -> Verdict {
        let folder = if shared { self.all.path().to_owned() } else { self.bare.path().to_owned() };
        let file = folder.join(&mutant.file);
        let key = if shared { String::new() } else { mutant.file.clone() };
        if !self.golden.contains_key(&key) {
            if !shared {
                fs::copy(self.root.join(&mutant.file), &file).expect("the tool");
            }
            let program = compile(&folder).expect("the specs can be read").program;
            let program = program.unwrap_or_else(|| panic!("{} does not compile as it is", mutant.file));
            self.golden.insert(key.clone(), golden(&program, &self.words, shared));
        }
        fs::write(&file, &mutant.text).expect("the mutant");
        let verdict = self.compare(mutant, &folder, &key, shared);
        if shared {
            fs::copy(self.root.join(&mutant.file), &file).map(|_| ()).expect("the file as it was");
        } else {
            fs::remove_file(&file).expect("a tool less");
        }
        verdict
    }

    fn compare(&self, mutant: &Mutant, folder: &Path, key: &str, shared: bool) -> Verdict {
        let compilation = compile(folder).expect("the specs can be read");
        let errors: Vec<_> = compilation.diagnostics.iter().filter(|one| one.severity == Severity::Error).collect();
        if let Some(first) = errors.first() {
            let place = |span: cnpg_mcp_codegen::source::Span| {
                let path = compilation.sources.path(span.file).to_owned();
                let text = compilation.sources.text(span.file);
                let line = text[..(span.start as usize).min(text.len())].matches('\n').count();
                (path, line)
            };
            let touches = |span| {
                let (path, line) = place(span);
                path == mutant.file && mutant.lines.contains(&line)
            };
            let at_the_line = errors.iter().any(|one| touches(one.span));
            let (path, line) = place(first.span);
            let text = compilation.sources.text(first.span.file);
            let said = render_line(&compilation.sources, first);
            let depends = mutant.is_tied_to(&path, text, line, &said);
            return Verdict::Refused { at_the_line, depends, said };
        }
        // Without the other tools shared things are unused; that is no word about the mutant.
        let about = |one: &&cnpg_mcp_codegen::diagnostic::Diagnostic| {
            shared || compilation.sources.path(one.span.file) == mutant.file
        };
        if compilation.diagnostics.iter().any(|one| about(&one)) {
            return Verdict::Warned;
        }
        let Some(program) = &compilation.program else { return Verdict::Warned };
        let now = golden(program, &self.words, shared);
        if self.golden.get(key) == Some(&now) { Verdict::Survived } else { Verdict::Seen }
    }
}

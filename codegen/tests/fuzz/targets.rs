//! What is fuzzed: bytes as a spec file, a resource file, shared files, a partial or an expression.

use std::fs;
use std::path::{Path, PathBuf};

use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::{render, render_line};

/// How many of the diagnostics are rendered: each goes through the whole file.
const SHOWN: usize = 100;

/// What bytes are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Tool,
    Resource,
    Params,
    Steps,
    Partial,
    Expression,
}

impl Target {
    pub const ALL: [Self; 6] = [Self::Tool, Self::Resource, Self::Params, Self::Steps, Self::Partial, Self::Expression];

    /// Ending of its files in the corpus.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Resource => "resource",
            Self::Params => "params",
            Self::Steps => "steps",
            Self::Partial => "partial",
            Self::Expression => "expression",
        }
    }

    /// The file of the specs that it is.
    fn path(self) -> &'static str {
        match self {
            Self::Tool | Self::Expression => "tools/base_tool.yaml",
            Self::Resource => "resources/cluster.yaml",
            Self::Params => "params.yaml",
            Self::Steps => "steps.yaml",
            Self::Partial => "partials/foot.md",
        }
    }
}

pub fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).expect("a copy") }
    }
}

/// A small folder of specs in which one file at a time is replaced.
pub struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&here("tests/diagnostics/base"), folder.path());
        Self { folder }
    }

    /// What stands there when nothing is replaced: something to start from.
    pub fn seed(target: Target) -> Vec<u8> {
        if target == Target::Expression {
            return b"cluster.spec.instances".to_vec();
        }
        fs::read(here("tests/diagnostics/base").join(target.path())).expect("the file")
    }

    /// Compiles bytes as that target, renders all that is said, and puts things back. Says how many things were said.
    pub fn run(&self, target: Target, bytes: &[u8]) -> usize {
        let path = self.folder.path().join(target.path());
        let kept = fs::read(&path).expect("the file as it was");
        let text = if target == Target::Expression {
            let tool = String::from_utf8(kept.clone()).expect("the tool is text");
            let marked = "cluster.spec.instances";
            let (before, after) = tool.split_once(marked).expect("the expression");
            [before.as_bytes(), bytes, after.as_bytes()].concat()
        } else {
            bytes.to_vec()
        };
        fs::write(&path, text).expect("the bytes");
        let compilation = compile(self.folder.path()).expect("the folder can be read");
        fs::write(&path, kept).expect("the file as it was");
        // `check` shows the first hundred with their lines.
        for one in compilation.diagnostics.iter().take(SHOWN) {
            assert!(!render(&compilation.sources, one, false).is_empty());
            assert!(!render_line(&compilation.sources, one).contains('\n'));
        }
        assert_eq!(compilation.program.is_none(), compilation.has_errors());
        compilation.diagnostics.len()
    }
}

/// Files of the corpus with what they are taken for.
pub fn corpus() -> Vec<(PathBuf, Target, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(here("tests/fuzz/corpus")).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let target = Target::ALL.into_iter().find(|target| target.ending() == ending);
        let target = target.unwrap_or_else(|| panic!("{} is of no target", path.display()));
        let bytes = fs::read(&path).expect("the file");
        found.push((path, target, bytes));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

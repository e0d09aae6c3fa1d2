//! Folders of specs that suites work on, and the command run on them.
#![allow(dead_code, reason = "each suite takes what it needs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The specs of this project.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

/// A small program of its own.
pub fn small() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emit/specs")
}

/// A copy of the small program, to be changed.
pub fn small_copy() -> TempDir {
    copy_of(&small())
}

/// A copy of a folder.
pub fn copy_of(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    fill(folder, copy.path());
    copy
}

/// Copies everything in a folder into another.
pub fn fill(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fill(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Runs the command on a folder of specs.
pub fn run(specs: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-codegen"))
        .args(arguments)
        .arg("--specs")
        .arg(specs)
        .env_remove("CNPG_MCP_SPECS")
        .output()
        .unwrap()
}

/// What was printed.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

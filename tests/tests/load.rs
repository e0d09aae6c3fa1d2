//! The program that measures load: each of its figures, in small, and that a wrong answer ends it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::process::{Command, Output};

use cnpg_mcp_tests::binary;

fn load(arguments: &[&str]) -> Output {
    Command::new(binary::path("load")).args(arguments).output().unwrap()
}

#[test]
fn every_figure_is_taken() {
    let output =
        load(&["--rounds", "2", "--seconds", "0.2", "--connections", "2", "--calls", "20", "--sessions", "10"]);
    let (tables, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{tables}{said}");
    for way in ["nobody is asked", "logins in memory", "logins in Redis", "the provider's tokens"] {
        let rows: Vec<_> = tables.lines().filter(|line| line.contains(way)).collect();
        let [throughput, memory] = rows.as_slice() else { panic!("{tables}") };
        assert_eq!(throughput.matches(" ms").count(), 4, "{throughput}");
        let with_logins = way.starts_with("logins");
        assert_eq!(memory.matches(" MiB").count(), if with_logins { 3 } else { 2 }, "{memory}");
    }
    assert!(tables.contains("(1.00)") && tables.contains("with 10 logins"), "{tables}");
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = load(&["--bin-dir", folder.path().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cnpg-mcp-server"), "{said}");
}

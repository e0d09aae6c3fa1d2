//! Every command explains itself, and the README of the specs names every command.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod on_specs;

use std::fs;

use on_specs::{project, run, small, text};

fn commands() -> Vec<String> {
    let output = run(&small(), &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let (listed, _) = listed.split_once("\n\n").unwrap();
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

#[test]
fn each_command_has_a_help_with_words_for_every_option() {
    let commands = commands();
    for wanted in ["check", "expand", "docs", "import-crd", "new", "fmt", "watch", "diff"] {
        assert!(commands.iter().any(|command| command == wanted), "{wanted}: {commands:?}");
    }
    for command in &commands {
        let output = run(&small(), &[command, "-h"]);
        assert_eq!(output.status.code(), Some(0));
        let help = text(&output.stdout);
        let options = help.lines().filter(|line| line.trim_start().starts_with("--"));
        for option in options.filter(|line| line.starts_with("      --")) {
            let words = option.trim().split_once("  ").map_or("", |(_, words)| words.trim());
            assert!(words.starts_with(|c: char| c.is_ascii_uppercase()), "{command}: {option}");
        }
    }
}

#[test]
fn the_readme_of_the_specs_names_each_command() {
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let (_, table) = readme.split_once("### Commands\n").unwrap();
    let (table, _) = table.split_once("\n### ").unwrap();
    for command in commands() {
        assert!(table.contains(&format!("| `{command}")), "{command}");
    }
}

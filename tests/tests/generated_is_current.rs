//! What is committed under `generated/` and `chart/files/` is what the specs and the sandbox give.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

fn refresh(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_refresh")).args(arguments).output().expect("the command runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

#[test]
fn generated_is_current() {
    let (current, text) = refresh(&["--check"]);
    assert!(current, "{text}");
}

/// Made twice from nothing it is the same, and what was changed by hand or does not belong there is found.
#[test]
fn refreshing_is_repeatable_and_checking_sees_changes() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().to_str().expect("temporary paths are UTF-8");
    let (made, text) = refresh(&["--out", out]);
    assert!(made, "{text}");
    let (same, text) = refresh(&["--check", "--out", out]);
    assert!(same, "{text}");
    let generated = folder.path().join("generated");
    links_lead_somewhere(&generated);
    let index = generated.join("docs/README.md");
    let changed = std::fs::read_to_string(&index).expect("the index is there").replacen("# Tools", "# Tool", 1);
    std::fs::write(&index, changed).expect("it can be changed");
    for rbac in [generated.join("rbac"), folder.path().join("chart/files/rbac")] {
        std::fs::write(rbac.join("gone.yaml"), "rules: []\n").expect("a file can be added");
    }
    let (same, text) = refresh(&["--check", "--out", out]);
    assert!(!same, "a change by hand is not seen");
    for expected in [
        "--- docs/README.md",
        "-# Tool\n+# Tools\n",
        "in generated:\n--- rbac/gone.yaml\n+++ /dev/null",
        "in chart/files:\n--- rbac/gone.yaml\n+++ /dev/null",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}

/// Relative links of every page lead to files, and links within a page to headings.
fn links_lead_somewhere(generated: &Path) {
    let docs = generated.join("docs");
    let mut seen = 0;
    for entry in std::fs::read_dir(&docs).expect("there are pages") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a page");
        // Answers are shown as they are: what they say is not this page's.
        for line in text.lines().filter(|line| !line.starts_with('>')) {
            // What stands in code spans is no link.
            let line: String = line.split('`').step_by(2).collect();
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                seen += 1;
                let there = match target.strip_prefix('#') {
                    Some(heading) => text.lines().any(|line| {
                        line.starts_with('#')
                            && line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == heading
                    }),
                    None => docs.join(target).exists(),
                };
                assert!(there, "{}: {target} leads nowhere", path.display());
            }
        }
    }
    assert!(seen > 20, "the pages have no links");
}

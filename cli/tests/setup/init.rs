//! `setup init`.

use std::process::Command;

use crate::folder::Folder;

fn git(folder: &Folder, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A working copy with one commit.
fn repository() -> Folder {
    let folder = Folder::new();
    git(&folder, &["init"]);
    folder.write("source", "one");
    git(&folder, &["add", "source"]);
    git(&folder, &["commit", "-m", "one"]);
    folder
}

fn tag(folder: &Folder) -> String {
    let file = folder.read("make.env");
    file.lines().find_map(|line| line.strip_prefix("TAG=")).unwrap().to_owned()
}

#[test]
fn the_tag_follows_the_working_copy_and_lines_made_by_hand_stay() {
    let folder = repository();
    folder.run(&["init", "--registry", "registry.example.com/databases"]).done();
    let first = tag(&folder);
    assert!(first.starts_with("main-") && first.len() >= 12, "{first}");
    let text = folder.read("make.env");
    assert_eq!(
        text,
        format!("REGISTRY=registry.example.com/databases\nIMAGE_NAME=cnpg-mcp\nTAG={first}\nPLATFORM=linux/amd64\n")
    );

    // Again: nothing changes, nor does the file itself make the working copy dirty.
    let said = folder.run(&["init"]).done();
    assert!(!said.contains("changed      `") && said.contains("unchanged    `make.env`"), "{said}");
    assert_eq!(folder.read("make.env"), text);

    // What was written by hand stays; the tag alone is renewed.
    folder.write("make.env", &format!("# ours\nNAMESPACE=databases\n{}", text.replace("linux/amd64", "linux/arm64")));
    git(&folder, &["switch", "-c", "feature/one"]);
    folder.write("source", "two");
    let said = folder.run(&["init", "--dry-run"]).done();
    assert!(said.contains("would change TAG=feature-one-"), "{said}");
    assert_eq!(tag(&folder), first);
    folder.run(&["init"]).done();
    let renewed = tag(&folder);
    assert!(renewed.starts_with("feature-one-") && renewed.ends_with("-dirty"), "{renewed}");
    let expected = text.replace("linux/amd64", "linux/arm64").replace(&first, &renewed);
    assert_eq!(folder.read("make.env"), format!("# ours\nNAMESPACE=databases\n{expected}"));

    git(&folder, &["commit", "-am", "two"]);
    git(&folder, &["tag", "not-a-version"]);
    folder.run(&["init"]).done();
    assert!(tag(&folder).starts_with("feature-one-") && !tag(&folder).ends_with("-dirty"));
    git(&folder, &["tag", "v1.2.0"]);
    folder.run(&["init"]).done();
    assert_eq!(tag(&folder), "v1.2.0");
    folder.write("new-file", "untracked, and part of what is built");
    folder.run(&["init"]).done();
    assert_eq!(tag(&folder), "v1.2.0-dirty");
}

#[test]
fn what_cannot_be_found_is_asked_for_by_its_flag() {
    let folder = Folder::new();
    let said = folder.run(&["init"]).refused();
    assert!(said.contains("pass --registry"), "{said}");
    let said = folder.run(&["init", "--registry", "wateim"]).refused();
    assert!(said.contains("pass --tag"), "{said}");
    assert!(folder.files().is_empty());
    folder.run(&["init", "--registry", "wateim", "--tag", "v1.2.0", "--platform", "linux/arm64"]).done();
    assert_eq!(folder.read("make.env"), "REGISTRY=wateim\nIMAGE_NAME=cnpg-mcp\nTAG=v1.2.0\nPLATFORM=linux/arm64\n");
}

#[test]
fn wrong_values_are_refused_with_their_name() {
    let folder = Folder::new();
    for (flag, value, name) in [
        ("--registry", "https://x", "REGISTRY"),
        ("--tag", "a/b", "TAG"),
        ("--image-name", "A", "IMAGE_NAME"),
        ("--platform", "linux", "PLATFORM"),
    ] {
        let mut step = vec!["init", "--registry", "wateim", "--tag", "one"];
        if let Some(index) = step.iter().position(|word| *word == flag) {
            step[index + 1] = value;
        } else {
            step.extend([flag, value]);
        }
        let said = folder.run(&step).refused();
        assert!(said.contains(&format!("`{value}` is no {name} value")), "{said}");
    }
    assert!(folder.files().is_empty());
}

//! What is in a folder, against what should be.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use cnpg_mcp_codegen::emit::File;

use super::diff;

/// A diff for every file of `root` that is missing, different or too many. Only `folders` below it are looked
/// through for files too many.
pub fn differences(root: &Path, folders: &[&str], files: &[File]) -> io::Result<Vec<String>> {
    let mut present = BTreeMap::new();
    for folder in folders {
        read_into(root, &root.join(folder), &mut present)?;
    }
    let mut wanted = BTreeMap::new();
    for file in files {
        wanted.insert(file.path.clone(), file.text.as_str());
        if let (false, Ok(text)) = (present.contains_key(&file.path), fs::read(root.join(&file.path))) {
            present.insert(file.path.clone(), text);
        }
    }
    let paths: std::collections::BTreeSet<&String> = present.keys().chain(wanted.keys()).collect();
    let mut found = Vec::new();
    for path in paths {
        let before = present.get(path).map(|text| String::from_utf8_lossy(text).into_owned());
        let after = wanted.get(path).copied();
        if before.as_deref() != after {
            let name = |there: bool| if there { path.as_str() } else { "/dev/null" };
            found.push(format!(
                "--- {}\n+++ {}\n{}",
                name(before.is_some()),
                name(after.is_some()),
                diff::unified(before.as_deref().unwrap_or_default(), after.unwrap_or_default())
            ));
        }
    }
    Ok(found)
}

fn read_into(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_into(root, &path, found)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            let name =
                relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            found.insert(name, fs::read(&path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_changed_and_stale_files_are_shown() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("docs")).expect("it can be made");
        fs::write(root.path().join("docs/same.md"), "x\n").expect("it can be written");
        fs::write(root.path().join("docs/changed.md"), "a\nb\n").expect("it can be written");
        fs::write(root.path().join("docs/stale.md"), "old\n").expect("it can be written");
        fs::write(root.path().join("foreign.txt"), "left alone\n").expect("it can be written");
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let wanted = [
            file("docs/same.md", "x\n"),
            file("docs/changed.md", "a\nc\n"),
            file("docs/new.md", "n\n"),
            file("top.json", "{}\n"),
        ];
        let found = differences(root.path(), &["docs"], &wanted).expect("it can be read");
        assert_eq!(
            found,
            [
                "--- docs/changed.md\n+++ docs/changed.md\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
                "--- /dev/null\n+++ docs/new.md\n@@ -0,0 +1,1 @@\n+n\n",
                "--- docs/stale.md\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-old\n",
                "--- /dev/null\n+++ top.json\n@@ -0,0 +1,1 @@\n+{}\n",
            ]
        );
    }
}

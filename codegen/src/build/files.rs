//! Files that are only written where they differ, so that nothing is built again for nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::emit::File;

/// Writes a file, with the folders it is in, unless it holds that text already.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read(path).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

/// Makes `folders` below `root` hold exactly the given files: what differs is written, what is not among
/// them goes.
///
/// # Errors
/// Where a file cannot be written or taken away.
pub fn write_folder(root: &Path, folders: &[&str], files: &[File]) -> io::Result<()> {
    let wanted: BTreeSet<PathBuf> = files.iter().map(|file| root.join(&file.path)).collect();
    for folder in folders {
        for present in present(&root.join(folder))? {
            if !wanted.contains(&present) {
                fs::remove_file(present)?;
            }
        }
    }
    for file in files {
        write_if_changed(&root.join(&file.path), &file.text)?;
    }
    Ok(())
}

/// The files below a folder; none where there is no such folder.
fn present(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(present(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_what_it_should_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        fs::write(root.path().join("kept.txt"), "k").unwrap();
        write_folder(root.path(), &["a"], &[file("a/old.md", "1"), file("a/b/same.md", "2")]).unwrap();
        let written = fs::metadata(root.path().join("a/b/same.md")).unwrap().modified().unwrap();
        write_folder(root.path(), &["a"], &[file("a/new.md", "3"), file("a/b/same.md", "2")]).unwrap();
        assert!(!root.path().join("a/old.md").exists());
        assert_eq!(fs::read_to_string(root.path().join("a/new.md")).unwrap(), "3");
        assert_eq!(fs::metadata(root.path().join("a/b/same.md")).unwrap().modified().unwrap(), written);
        assert!(root.path().join("kept.txt").exists());
    }
}

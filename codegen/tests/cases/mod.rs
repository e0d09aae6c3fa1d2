//! Small specs laid over a sound folder, for the tests of what the compiler says.

#![allow(clippy::expect_used)]
// Each test crate uses a part of this.
#![allow(dead_code, unreachable_pub)]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder of cases; `base` in it is the sound folder.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// A case laid over the base. Parts are headed by `#@ path/in/specs`, behind which `(latin1)` gives other bytes and
/// `(times N)` the text so many times; without parts it is the tool `name`.
pub fn laid_out(name: &str, text: &str) -> TempDir {
    let specs = tempfile::tempdir().expect("a folder");
    copy(&folder().join("base"), specs.path());
    if text.starts_with("#@ ") {
        for part in text.split("#@ ").skip(1) {
            let (path, body) = part.split_once('\n').unwrap_or((part, ""));
            let (path, mark) = path.trim().split_once(" (").unwrap_or((path.trim(), ""));
            let body: Vec<u8> = match mark.trim_end_matches(')').split_once(' ') {
                Some(("times", count)) => body.repeat(count.parse().expect("a number")).into_bytes(),
                _ if mark == "latin1)" => body.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
                _ => body.as_bytes().to_vec(),
            };
            write(specs.path(), path, &body);
        }
    } else {
        write(specs.path(), &format!("tools/{name}.yaml"), text.as_bytes());
    }
    specs
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the base folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

fn write(root: &Path, path: &str, text: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

//! Finds the binaries of this workspace beside the running test.

use std::path::PathBuf;

/// Path of a binary that the workspace builds.
///
/// # Panics
/// Where it has not been built: `cargo build --workspace --bins` does it, and `make test` runs that first.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    let mut folder = std::env::current_exe().expect("the test knows where it is");
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let binary = folder.join(name);
    assert!(binary.exists(), "{} is not built; run `cargo build --workspace --bins` first", binary.display());
    binary
}

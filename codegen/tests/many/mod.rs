//! A folder of as many specs as wanted, made from the project's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
}

/// A folder with that many tools: the project's own in turn, each under a name, title and description of its own.
pub fn folder_of(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for part in ["resources", "partials", "tools"] {
        fs::create_dir(folder.path().join(part)).expect("a folder");
    }
    for part in ["resources", "partials", "."] {
        for path in files(&specs().join(part)) {
            fs::copy(&path, folder.path().join(part).join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    let tools = files(&specs().join("tools"));
    for number in 0..count {
        let path = &tools[number % tools.len()];
        let own = path.file_stem().expect("a name").to_string_lossy();
        let text = fs::read_to_string(path).expect("the tool");
        let text = text
            .replacen(&format!("tool: {own}\n"), &format!("tool: {own}_{number}\n"), 1)
            .replacen("\ntitle: ", &format!("\ntitle: {number}. "), 1)
            .replacen("\nabout: |\n  ", &format!("\nabout: |\n  {number}. "), 1)
            .replacen("\nabout: ", &format!("\nabout: {number}. "), usize::from(!text.contains("\nabout: |")));
        fs::write(folder.path().join(format!("tools/{own}_{number}.yaml")), text).expect("a file");
    }
    folder
}

/// The shortest of some checks of a folder. Whatever else the machine does makes a check longer, never shorter.
pub fn shortest_check(folder: &Path, times: usize) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..times {
        let begun = Instant::now();
        let compilation = cnpg_mcp_codegen::compile(folder).expect("the specs can be read");
        shortest = shortest.min(begun.elapsed());
        assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics.first());
    }
    shortest
}

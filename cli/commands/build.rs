//! Reads from `generated/rbac/` which rights each tool can do without: the rights themselves come with the tools.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// Comment before such a right.
const NOTE: &str = "# Can be left out";

fn main() -> io::Result<()> {
    let folder = Path::new("../../generated/rbac");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut entries = String::new();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // Files of sets of tools have a dash in their names.
        if name.contains('-') {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let (mut noted, mut group) = (false, "");
        for line in text.lines().map(|line| line.trim_start().trim_start_matches("- ")) {
            let list = |key: &str| line.strip_prefix(key).map(|list| list.trim_matches(['[', ']', '"', ' ']));
            if line.starts_with(NOTE) {
                noted = true;
            } else if let Some(found) = list("apiGroups:") {
                group = found;
            } else if let Some(resource) = list("resources:")
                && std::mem::take(&mut noted)
            {
                let _ = writeln!(entries, "    ({name:?}, {group:?}, {resource:?}),");
            }
        }
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    let text =
        format!("/// Tool, group and resource.\nconst CAN_BE_LEFT_OUT: &[(&str, &str, &str)] = &[\n{entries}];\n");
    fs::write(Path::new(&out).join("can_be_left_out.rs"), text)
}

//! What lies in the specs folder, and what does not belong there.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Sink, nearest};
use crate::source::{SourceMap, Span};

/// Folders of the specs, with the endings of the files in them.
const FOLDERS: &[(&str, &[&str])] =
    &[("tools", &["yaml", "yml"]), ("resources", &["yaml", "yml"]), ("partials", &["md"])];

/// Files beside those folders.
const FILES: &[&str] = &["params.yaml", "steps.yaml"];

/// Files of a folder of the specs, by name; a folder that is not there has none.
pub(super) fn files(specs: &Path, folder: &str) -> std::io::Result<Vec<PathBuf>> {
    let endings = FOLDERS.iter().find(|(name, _)| *name == folder).map_or(&[][..], |(_, endings)| endings);
    let found = entries(&specs.join(folder))?;
    Ok(found.into_iter().filter(|path| path.is_file() && endings.contains(&ending(path))).collect())
}

/// Warns of files and folders that nothing reads: a misspelt name would be passed over in silence.
pub(super) fn strays(specs: &Path, sources: &mut SourceMap, sink: &mut Sink) -> std::io::Result<()> {
    for path in entries(specs)? {
        let name = name_of(&path);
        let known = if path.is_dir() {
            FOLDERS.iter().any(|(folder, _)| *folder == name)
        } else {
            FILES.contains(&name.as_str()) || ending(&path) == "md"
        };
        if known {
            continue;
        }
        let names: Vec<&str> =
            if path.is_dir() { FOLDERS.iter().map(|(folder, _)| *folder).collect() } else { FILES.to_vec() };
        let help = match nearest(&name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "specs are `tools/*.yaml`, `resources/*.yaml`, `partials/*.md`, `params.yaml` and `steps.yaml`"
                .to_owned(),
        };
        stray(&name, path.is_dir(), &help, sources, sink);
    }
    for (folder, endings) in FOLDERS {
        for path in entries(&specs.join(folder))? {
            if path.is_dir() || !endings.contains(&ending(&path)) {
                let help = format!("`{folder}` holds files that end in `.{}`", endings[0]);
                stray(&format!("{folder}/{}", name_of(&path)), path.is_dir(), &help, sources, sink);
            }
        }
    }
    Ok(())
}

fn stray(shown: &str, is_folder: bool, help: &str, sources: &mut SourceMap, sink: &mut Sink) {
    let file = sources.add(shown, "");
    let what = if is_folder { "folder" } else { "file" };
    sink.warning(Code::StrayFile, Span { file, ..Span::default() }, format!("the {what} `{shown}` is not read"))
        .help(help);
}

/// What lies in a folder, by name. What editors and systems leave behind (`.…`, `…~`) is not looked at.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = name_of(&path);
        if !name.starts_with('.') && !name.ends_with('~') {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default()
}

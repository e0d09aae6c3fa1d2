//! Reads the specs folder: YAML files become trees with places, partials become text.

mod node;
mod scalar;

use std::path::{Path, PathBuf};

pub use node::{Entry, Name, Node, NodeKind};
pub use scalar::Text;

use crate::diagnostic::{Code, Sink};
use crate::source::{FileId, SourceMap, Span};

/// Larger files are refused: a spec is a page or two, and minijinja counts lines in 16 bits.
const MAX_FILE_BYTES: usize = 128 * 1024;

/// Deeper mappings are refused: trees are built and walked by recursion, and the stack of a thread is small.
const MAX_DEPTH: usize = 32;

/// What the specs folder holds.
#[derive(Debug, Default)]
pub struct Specs {
    /// `tools/*.yaml`, by path.
    pub tools: Vec<Node>,
    /// `resources/*.yaml`, by path.
    pub resources: Vec<Node>,
    /// `params.yaml`.
    pub params: Option<Node>,
    /// `steps.yaml`.
    pub steps: Option<Node>,
    /// Whether a file of shared parameters or steps is there and could not be read.
    pub shared_unreadable: bool,
    /// `partials/*`: file name and file, by name.
    pub partials: Vec<(String, FileId)>,
}

/// Reads everything below `folder`.
pub fn load(folder: &Path, sources: &mut SourceMap, sink: &mut Sink) -> std::io::Result<Specs> {
    let mut specs = Specs::default();
    for path in files(&folder.join("resources"), &["yaml", "yml"])? {
        specs.resources.extend(read_yaml(folder, &path, sources, sink)?);
    }
    for path in files(&folder.join("tools"), &["yaml", "yml"])? {
        specs.tools.extend(read_yaml(folder, &path, sources, sink)?);
    }
    let shared = |name: &str, sources: &mut SourceMap, sink: &mut Sink| -> std::io::Result<Option<Node>> {
        let path = folder.join(name);
        if path.is_file() { read_yaml(folder, &path, sources, sink) } else { Ok(None) }
    };
    let mark = sink.mark();
    specs.params = shared("params.yaml", sources, sink)?;
    specs.steps = shared("steps.yaml", sources, sink)?;
    specs.shared_unreadable = sink.mark() > mark;
    for path in files(&folder.join("partials"), &["md"])? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(file) = read_text(folder, &path, sources, sink)? {
            specs.partials.push((name, file));
        }
    }
    Ok(specs)
}

/// The YAML files that [`load`] reads, in one order.
pub fn yaml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = ["params.yaml", "steps.yaml"].iter().map(|name| folder.join(name)).collect();
    found.retain(|path| path.is_file());
    for part in ["resources", "tools"] {
        found.extend(files(&folder.join(part), &["yaml", "yml"])?);
    }
    Ok(found)
}

/// All files that [`load`] reads, in one order.
pub fn spec_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = yaml_files(folder)?;
    found.extend(files(&folder.join("partials"), &["md"])?);
    Ok(found)
}

/// Files of a folder with one of the endings, by name; a folder that is not there has none.
fn files(folder: &Path, endings: &[&str]) -> std::io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if path.is_file() && endings.contains(&ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a file into the map; says where it is too large or no text.
pub(crate) fn read_text(
    folder: &Path,
    path: &Path,
    sources: &mut SourceMap,
    sink: &mut Sink,
) -> std::io::Result<Option<FileId>> {
    let bytes = std::fs::read(path)?;
    let shown = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
    if bytes.len() > MAX_FILE_BYTES {
        let file = sources.add(shown, "");
        sink.error(
            Code::UnreadableFile,
            Span { file, ..Span::default() },
            format!("the file has {} bytes", bytes.len()),
        )
        .help(format!("a spec file has at most {MAX_FILE_BYTES} bytes: split it"));
        return Ok(None);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(sources.add(shown, text))),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let file = sources.add(shown, text);
            let start = u32::try_from(valid).unwrap_or(u32::MAX);
            sink.error(Code::UnreadableFile, Span { file, start, end: start }, "the file is not UTF-8 text")
                .help("save it as UTF-8");
            Ok(None)
        }
    }
}

fn read_yaml(folder: &Path, path: &Path, sources: &mut SourceMap, sink: &mut Sink) -> std::io::Result<Option<Node>> {
    let Some(file) = read_text(folder, path, sources, sink)? else { return Ok(None) };
    Ok(parse_yaml(file, sources, sink))
}

/// Parses a file of the map as YAML.
pub fn parse_yaml(file: FileId, sources: &SourceMap, sink: &mut Sink) -> Option<Node> {
    let options = serde_yaml::options! {
        duplicate_keys: serde_yaml::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_yaml::MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_yaml::budget! { max_depth: MAX_DEPTH },
    };
    match serde_yaml::from_str_with_options::<Node>(sources.text(file), options) {
        Ok(mut node) => {
            node.place_in(file);
            Some(node)
        }
        Err(error) => {
            let location = error.location();
            let start = location.map_or(0, |at| sources.byte(file, at.line(), at.column()));
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
            let text = sources.text(file);
            let here = (start as usize).min(text.len());
            let from = text[..here].rfind('\n').map_or(0, |at| at + 1);
            let line = text[from..].lines().next().unwrap_or_default();
            let problem = sink.error(
                Code::Yaml,
                Span { file, start, end: start + 1 },
                format!("this is not valid YAML: {message}"),
            );
            if line.contains(": {{") || line.contains("- {{") {
                problem.help("put quotes around the expression: \"{{ … }}\"");
            } else if line.contains(": {%") {
                problem.help("begin the template by `|`, and write it on the lines below");
            }
            None
        }
    }
}

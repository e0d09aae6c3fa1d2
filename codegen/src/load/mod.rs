//! Reads the specs folder: YAML files become trees with places, partials become text.

mod folder;
mod node;
mod scalar;
mod yaml;

use std::path::{Path, PathBuf};

pub use node::{Entry, Name, Node, NodeKind};
pub use scalar::Text;
pub use yaml::parse_yaml;

use crate::diagnostic::{Code, Sink};
use crate::source::{FileId, SourceMap, Span};

/// Larger files are refused: a spec is a page or two, and minijinja counts lines in 16 bits.
const MAX_FILE_BYTES: usize = 128 * 1024;

/// What the specs folder holds.
#[derive(Debug, Default)]
pub struct Specs {
    /// `tools/*.yaml`, by path.
    pub tools: Vec<Node>,
    /// Whether a tool is there and could not be read.
    pub tools_unreadable: bool,
    /// `resources/*.yaml`, by path.
    pub resources: Vec<Node>,
    /// Whether a resource description is there and could not be read.
    pub resources_unreadable: bool,
    /// `params.yaml`.
    pub params: Option<Node>,
    /// `steps.yaml`.
    pub steps: Option<Node>,
    /// Whether a file of shared parameters or steps is there and could not be read.
    pub shared_unreadable: bool,
    /// `partials/*`: file name and file, by name; those that could not be read have no text.
    pub partials: Vec<(String, FileId)>,
}

/// Reads everything below `folder`.
pub fn load(folder: &Path, sources: &mut SourceMap, sink: &mut Sink) -> std::io::Result<Specs> {
    let mut specs = Specs::default();
    let trees = |name: &str, sources: &mut SourceMap, sink: &mut Sink| -> std::io::Result<(Vec<Node>, bool)> {
        let mut found = Vec::new();
        let paths = folder::files(folder, name)?;
        for path in &paths {
            found.extend(read_yaml(folder, path, sources, sink)?);
        }
        let unreadable = found.len() < paths.len();
        Ok((found, unreadable))
    };
    (specs.resources, specs.resources_unreadable) = trees("resources", sources, sink)?;
    (specs.tools, specs.tools_unreadable) = trees("tools", sources, sink)?;
    let shared = |name: &str, sources: &mut SourceMap, sink: &mut Sink| -> std::io::Result<Option<Node>> {
        let path = folder.join(name);
        if path.is_file() { read_yaml(folder, &path, sources, sink) } else { Ok(None) }
    };
    let mark = sink.mark();
    specs.params = shared("params.yaml", sources, sink)?;
    specs.steps = shared("steps.yaml", sources, sink)?;
    specs.shared_unreadable = sink.mark() > mark;
    for path in folder::files(folder, "partials")? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = match read_text(folder, &path, sources, sink)? {
            Ok(file) => file,
            // It is there: that it cannot be read was said, and who includes it does nothing wrong.
            Err(file) => sources.add(sources.path(file).to_owned(), ""),
        };
        partial_name(&name, file, sink);
        specs.partials.push((name, file));
    }
    folder::strays(folder, sources, sink)?;
    Ok(specs)
}

/// The name of a partial is written in templates and in generated code.
fn partial_name(name: &str, file: FileId, sink: &mut Sink) {
    let stem = name.strip_suffix(".md").unwrap_or(name);
    let fits = stem.starts_with(|c: char| c.is_ascii_lowercase())
        && stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
    if !fits {
        let span = Span { file, ..Span::default() };
        sink.error(Code::BadName, span, format!("`{name}` cannot be the name of a partial"))
            .help("it begins with a lowercase letter, and has lowercase letters, digits, `_` and `-` before `.md`");
    }
}

/// The YAML files that [`load`] reads, in one order.
pub fn yaml_files(specs: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = ["params.yaml", "steps.yaml"].iter().map(|name| specs.join(name)).collect();
    found.retain(|path| path.is_file());
    for part in ["resources", "tools"] {
        found.extend(folder::files(specs, part)?);
    }
    Ok(found)
}

/// All files that [`load`] reads, in one order.
pub fn spec_files(specs: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = yaml_files(specs)?;
    found.extend(folder::files(specs, "partials")?);
    Ok(found)
}

/// A file as text; what is wrong is said, and the file is then the error.
pub(crate) fn read_text(
    folder: &Path,
    path: &Path,
    sources: &mut SourceMap,
    sink: &mut Sink,
) -> std::io::Result<Result<FileId, FileId>> {
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
        return Ok(Err(file));
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.starts_with('\u{feff}') => {
            let file = sources.add(shown, text);
            sink.error(Code::UnreadableFile, Span { file, start: 0, end: 3 }, "the file begins with a byte order mark")
                .help("save it as UTF-8 without a byte order mark (BOM)");
            Ok(Err(file))
        }
        Ok(text) => Ok(Ok(sources.add(shown, text))),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let wide = error.as_bytes().starts_with(&[0xFF, 0xFE]) || error.as_bytes().starts_with(&[0xFE, 0xFF]);
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let file = sources.add(shown, text);
            let start = u32::try_from(valid).unwrap_or(u32::MAX);
            let problem =
                sink.error(Code::UnreadableFile, Span { file, start, end: start }, "the file is not UTF-8 text");
            if wide {
                problem.note("it begins as UTF-16 does");
            }
            problem.help("save it as UTF-8");
            Ok(Err(file))
        }
    }
}

fn read_yaml(folder: &Path, path: &Path, sources: &mut SourceMap, sink: &mut Sink) -> std::io::Result<Option<Node>> {
    let Ok(file) = read_text(folder, path, sources, sink)? else { return Ok(None) };
    Ok(parse_yaml(file, sources, sink))
}

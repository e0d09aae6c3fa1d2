//! Everything that a build does with specs, for a `build.rs` of one line.
//!
//! ```no_run
//! fn main() -> std::io::Result<()> {
//!     cnpg_mcp_codegen::build::run()
//! }
//! ```

mod files;

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::render_line;
use crate::emit::{kinds, rust};

pub use files::{write_folder, write_if_changed};

/// Names another folder of specs than `../specs`.
pub const SPECS_VARIABLE: &str = "CNPG_MCP_SPECS";

/// The file in `OUT_DIR` that holds every kind as a `CustomResourceDefinition`, in one JSON array.
pub const KINDS_FILE: &str = "kinds.json";

/// Compiles the specs into `OUT_DIR`: `tools.rs` and what it names, and [`KINDS_FILE`].
///
/// Each problem becomes one line of cargo's, and the build fails by that; the function itself returns
/// normally then, since a build script that fails buries the lines under its own output. Runs again only
/// where a spec has changed.
///
/// # Errors
/// Where specs cannot be read or files cannot be written.
pub fn run() -> io::Result<()> {
    let specs = specs_folder();
    println!("cargo::rerun-if-env-changed={SPECS_VARIABLE}");
    println!("cargo::rerun-if-changed={}", specs.display());
    let out = env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other("OUT_DIR is not set; this runs in a build script"))?;

    for line in generate(&specs, &out)? {
        println!("{line}");
    }
    Ok(())
}

/// Compiles the specs of a folder into another one; what it has to say comes back as lines for cargo.
///
/// # Errors
/// Where specs cannot be read or files cannot be written.
pub fn generate(specs: &Path, out: &Path) -> io::Result<Vec<String>> {
    let compilation = crate::compile(specs)?;
    let mut lines: Vec<String> = compilation
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let key = diagnostic.severity.word();
            format!("cargo::{key}=specs/{}", render_line(&compilation.sources, diagnostic))
        })
        .collect();
    let Some(program) = &compilation.program else {
        lines.push(
            "cargo::error=`cargo run -p cnpg-mcp-codegen -- check` shows these places with their lines".to_owned(),
        );
        return Ok(lines);
    };
    for file in rust::files(program) {
        write_if_changed(&out.join(&file.path), &file.text)?;
    }
    let kinds: Vec<serde_json::Value> = kinds::crds(program).into_iter().map(|(_, document)| document).collect();
    write_if_changed(&out.join(KINDS_FILE), &serde_json::Value::from(kinds).to_string())?;
    Ok(lines)
}

/// The folder of specs: named by the environment, else beside the crate that is built.
fn specs_folder() -> PathBuf {
    match env::var_os(SPECS_VARIABLE) {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => {
            let root = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
            root.parent().unwrap_or(Path::new("..")).join("specs")
        }
    }
}

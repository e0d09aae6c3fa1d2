//! `diff OLD NEW`: what changed for clients.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::json;
use tempfile::TempDir;

use super::{compiled, say, show};
use crate::Compilation;
use crate::compare::{Change, Side, compare};

/// Say which changes of the tools' public interface break clients, and which do not.
///
/// The exit code is 1 where a change breaks clients, and 2 where one of the two cannot be compiled.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The specs before: a folder, or `rev:REVISION` for the folder of `--specs` in a revision of git.
    old: String,
    /// The specs now; unless said the folder of `--specs`.
    new: Option<String>,
    /// How to say it.
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs: `{ breaking, compatible, changes: [{ breaking, change, tool, message, why, file, line }] }`.
    Json,
}

impl Diff {
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        let old = Version::read(&self.old, specs)?;
        let new = match &self.new {
            Some(new) => Version::read(new, specs)?,
            None => Version::read(&specs.display().to_string(), specs)?,
        };
        let (old, new) = (old.side()?, new.side()?);
        let (Some(old), Some(new)) = (old, new) else { return Ok(ExitCode::from(2)) };
        let changes = compare(&old, &new);
        let breaking = changes.iter().filter(|change| change.breaking).count();
        match self.format {
            Format::Text => say(&text(&changes, breaking))?,
            Format::Json => {
                let document = json!({
                    "breaking": breaking,
                    "compatible": changes.len() - breaking,
                    "changes": serde_json::to_value(&changes)?,
                });
                say(&format!("{document:#}\n"))?;
            }
        }
        Ok(if breaking > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn text(changes: &[Change], breaking: usize) -> String {
    let mut all = String::new();
    for change in changes {
        let word = if change.breaking { "breaking" } else { "compatible" };
        let Change { tool, message, why, file, line, .. } = change;
        let _ = write!(all, "{word}: {tool}: {message}\n  --> {file}:{line}\n   = {why}\n\n");
    }
    let compatible = changes.len() - breaking;
    let not = if compatible == 1 { "does not" } else { "do not" };
    let _ = match (breaking, compatible) {
        (0, 0) => writeln!(all, "The public interface is the same."),
        (0, 1) => writeln!(all, "1 change; it breaks no client."),
        (0, count) => writeln!(all, "{count} changes; none breaks a client."),
        (1, _) => writeln!(all, "1 change breaks clients, {compatible} {not}."),
        (count, _) => writeln!(all, "{count} changes break clients, {compatible} {not}."),
    };
    all
}

/// One of the two.
struct Version {
    called: String,
    compilation: Compilation,
    // A revision's files are there as long as this is.
    _files: Option<TempDir>,
}

impl Version {
    fn read(said: &str, specs: &Path) -> anyhow::Result<Self> {
        let Some(revision) = said.strip_prefix("rev:") else {
            let called = said.trim_end_matches('/').to_owned();
            return Ok(Self { called, compilation: compiled(Path::new(said))?, _files: None });
        };
        let files = checked_out(revision, specs)?;
        Ok(Self { called: said.to_owned(), compilation: compiled(files.path())?, _files: Some(files) })
    }

    fn side(&self) -> io::Result<Option<Side<'_>>> {
        if self.compilation.has_errors() {
            show(&self.compilation)?;
            writeln!(
                io::stderr(),
                "error: the specs of {} do not compile, so there is nothing to compare",
                self.called
            )?;
        }
        Ok(Side::of(&self.called, &self.compilation))
    }
}

/// The specs of a revision, in a folder of their own.
fn checked_out(revision: &str, specs: &Path) -> anyhow::Result<TempDir> {
    anyhow::ensure!(
        !revision.is_empty() && !revision.starts_with('-'),
        "`rev:{revision}` names no revision; write `rev:main`, a tag or a commit"
    );
    let listed = git(specs, &["ls-tree", "-r", "-z", "--name-only", revision])?;
    let folder = TempDir::new()?;
    let names = String::from_utf8(listed).context("names of files in git are not UTF-8 text")?;
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let bytes = git(specs, &["show", &format!("{revision}:./{name}")])?;
        let path: PathBuf = folder.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(folder)
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    let output = match Command::new("git").arg("-C").arg(folder).args(arguments).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            anyhow::bail!("`git` is not on the path, and `rev:` needs it; compare two folders instead")
        }
        other => other.context("cannot run git")?,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::bail!("git {}: {}", arguments[0], said.trim());
    }
    Ok(output.stdout)
}

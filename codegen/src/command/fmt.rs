//! `fmt`: specs in one style.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::{counted, say, show_all};
use crate::diagnostic::Sink;
use crate::format::{FormatError, format};
use crate::load;
use crate::source::SourceMap;

/// Lay specs out in one style; comments, quotes, order of keys and block texts stay as they are.
#[derive(Debug, Args)]
pub(super) struct Fmt {
    /// Change nothing; name the files that are not in the style, and fail where there are any.
    #[arg(long)]
    check: bool,
    /// Files to format; all YAML files of the specs unless said.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Fmt {
    /// The exit code is 1 where a file could not be formatted, or with `--check` would change.
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        let files = if self.files.is_empty() { load::yaml_files(specs)? } else { self.files.clone() };
        if files.is_empty() {
            anyhow::bail!("there are no specs in {}; name the folder by --specs, or the files", specs.display());
        }
        let (mut changed, mut refused) = (0, 0);
        for path in &files {
            match self.file(path).with_context(|| format!("cannot format {}", path.display()))? {
                Done::Fine => {}
                Done::Changed => changed += 1,
                Done::Refused => refused += 1,
            }
        }
        let mut stderr = io::stderr().lock();
        if refused > 0 {
            writeln!(
                stderr,
                "{} left as {}",
                counted(refused, "file"),
                if refused == 1 { "it is" } else { "they are" }
            )?;
        }
        if self.check && changed > 0 {
            writeln!(stderr, "{} not formatted: run `cnpg-mcp-codegen fmt`", counted(changed, "file"))?;
        } else if refused == 0 {
            let what = if self.check { "in the style".to_owned() } else { format!("formatted, {changed} changed") };
            say(&format!("{} {what}.\n", counted(files.len(), "file")))?;
        }
        Ok(if refused > 0 || (self.check && changed > 0) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn file(&self, path: &Path) -> anyhow::Result<Done> {
        let (mut sources, mut sink) = (SourceMap::default(), Sink::default());
        let formatted = match load::read_text(Path::new(""), path, &mut sources, &mut sink)? {
            Ok(file) => format(file, &sources, &mut sink),
            Err(_) => Err(FormatError::Invalid),
        };
        let before = sources.files().next().map(|file| sources.text(file).to_owned()).unwrap_or_default();
        let after = match formatted {
            Ok(after) => after,
            Err(FormatError::Invalid) => {
                let found = sink.finish(&sources);
                show_all(&sources, &found)?;
                return Ok(Done::Refused);
            }
            Err(error) => {
                writeln!(io::stderr(), "error: {}: {error}\n", path.display())?;
                return Ok(Done::Refused);
            }
        };
        if before == after {
            return Ok(Done::Fine);
        }
        let line = first_difference(&before, &after);
        let shown = path.display();
        if self.check {
            writeln!(io::stderr(), "error: {shown}:{line}: not formatted from here on\n")?;
        } else {
            replace(path, &after)?;
            say(&format!("{shown}\n"))?;
        }
        Ok(Done::Changed)
    }
}

enum Done {
    Fine,
    Changed,
    Refused,
}

/// Line, from 1, where two texts begin to differ.
fn first_difference(before: &str, after: &str) -> usize {
    let (mut before, mut after) = (before.split('\n'), after.split('\n'));
    let mut line = 1;
    loop {
        match (before.next(), after.next()) {
            (Some(a), Some(b)) if a == b => line += 1,
            _ => return line,
        }
    }
}

/// Puts another text into a file, all of it or nothing: readers never see half a file.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link.
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".fmt-").tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&path)?;
    Ok(())
}

//! `docs`: the reference, written to a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::{compiled, say, show};
use crate::build::write_folder;
use crate::emit::outputs::{ANSWERS, Answers, FOLDERS, outputs};

/// Write the reference: pages, schemas, rights, kinds and the handlers for reading.
#[derive(Debug, Args)]
pub(super) struct Docs {
    /// Folder that they go to.
    #[arg(long, default_value = "generated", value_name = "DIR")]
    out: PathBuf,
    /// Answers of the examples; by default what the last run on a sandbox left in the folder.
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
}

impl Docs {
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        let compilation = compiled(specs)?;
        show(&compilation)?;
        let Some(program) = &compilation.program else { return Ok(ExitCode::FAILURE) };
        let out = &self.out;
        let kept = out.join(ANSWERS);
        let answers: Answers = match self.answers.as_deref().or_else(|| kept.is_file().then_some(kept.as_path())) {
            Some(path) => {
                let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                serde_json::from_str(&text)
                    .with_context(|| format!("{} does not hold answers of examples", path.display()))?
            }
            None => BTreeMap::new(),
        };
        let files = outputs(program, &answers);
        write_folder(out, &FOLDERS, &files).with_context(|| format!("cannot write to {}", out.display()))?;
        say(&format!("{} files in {}.\n", files.len(), out.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

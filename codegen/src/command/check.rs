//! `check`: every spec, and what is wrong with it.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{compiled, say, show};
use crate::diagnostic::json;

/// Check every spec and show what is wrong, with the lines it is about.
///
/// The exit code is 0 where all is well, 1 where a spec is wrong, 2 where the specs cannot be read.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Let warnings make the exit code 1, as errors do.
    #[arg(long)]
    deny_warnings: bool,
    /// How to show what was found: for people on stderr, or as one JSON document on stdout.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Forms of what was found.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// The lines with the place marked.
    #[default]
    Text,
    /// One JSON document; its keys are described in the documentation of `diagnostic::json`.
    Json,
}

impl Check {
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        let compilation = compiled(specs)?;
        if compilation.sources.files().next().is_none() {
            anyhow::bail!("there are no specs in {}; name their folder by --specs", specs.display());
        }
        let denied = self.deny_warnings && !compilation.diagnostics.is_empty();
        let fine = compilation.program.as_ref().filter(|_| !denied);
        match self.format {
            Format::Json => say(&format!("{:#}\n", json(&compilation.sources, &compilation.diagnostics)))?,
            Format::Text => {
                show(&compilation)?;
                if let Some(program) = fine {
                    let (tools, kinds) = (program.tools.len(), program.kinds.len());
                    say(&format!("{tools} tools and {kinds} kinds are in order.\n"))?;
                }
            }
        }
        Ok(if fine.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

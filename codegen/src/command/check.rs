//! `check`: every spec, and what is wrong with it.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{compiled, say, show};

/// Check every spec and show what is wrong, with the lines it is about.
#[derive(Debug, Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        let Self {} = self;
        let compilation = compiled(specs)?;
        show(&compilation)?;
        let Some(program) = &compilation.program else { return Ok(ExitCode::FAILURE) };
        let (tools, kinds) = (program.tools.len(), program.kinds.len());
        say(&format!("{tools} tools and {kinds} kinds are in order.\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

//! `expand TOOL`: the Rust that a tool becomes.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{compiled, say, show};
use crate::diagnostic::nearest;
use crate::emit::rust;

/// Print the Rust that a tool becomes.
#[derive(Debug, Args)]
pub(super) struct Expand {
    /// The tool; `kinds` for the objects that tools read, `tools` for the list of tools.
    tool: String,
}

impl Expand {
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        let compilation = compiled(specs)?;
        show(&compilation)?;
        let Some(program) = &compilation.program else { return Ok(ExitCode::FAILURE) };
        let tool = &self.tool;
        let wanted = format!("{tool}.rs");
        if let Some(file) = rust::expanded(program).into_iter().find(|file| file.path == wanted) {
            say(&file.text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let names = program.tools.iter().map(|tool| tool.name.as_str()).chain(["kinds", "tools"]);
        let hint = match nearest(tool, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", names.collect::<Vec<_>>().join(", ")),
        };
        writeln!(io::stderr(), "error: there is no tool `{tool}`; {hint}")?;
        Ok(ExitCode::FAILURE)
    }
}

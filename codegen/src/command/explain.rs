//! `explain E0107`: what a code of a diagnostic means, why it is a rule, and how it is put right.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;

use super::say;
use crate::diagnostic::{Code, nearest};

/// Say more of a code, with an example; without one, list all codes.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The code by number or name: `E0107`, `unreadable-file`.
    code: Option<String>,
}

impl Explain {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let Some(word) = &self.code else {
            say(&list())?;
            return Ok(ExitCode::SUCCESS);
        };
        if let Some(code) = Code::find(word) {
            say(&page(code))?;
            return Ok(ExitCode::SUCCESS);
        }
        let names = Code::ALL.iter().map(|code| code.name());
        let hint = match nearest(word, names.chain(Code::ALL.iter().map(|code| code.id()))) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`cnpg-mcp-codegen explain` lists all".to_owned(),
        };
        writeln!(io::stderr(), "error: there is no code `{word}`; {hint}")?;
        Ok(ExitCode::FAILURE)
    }
}

/// All codes, one a line.
fn list() -> String {
    let widest = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or_default();
    Code::ALL.iter().fold(String::new(), |mut lines, code| {
        let _ = writeln!(lines, "{}  {:widest$}  {}", code.id(), code.name(), code.explanation());
        lines
    })
}

/// The text of a code, the sentence of the table below its heading.
fn page(code: Code) -> String {
    let (heading, rest) = code.text().split_once('\n').unwrap_or((code.text(), ""));
    format!(
        "{heading}\n\n{}\n{rest}\nThe examples leave out what a tool has besides; specs/README.md is the reference.\n",
        code.explanation()
    )
}

//! The people's command: check specs, read the Rust that a tool becomes, write the reference.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::Compilation;
use crate::build::write_folder;
use crate::diagnostic::{Severity, nearest, render};
use crate::emit::outputs::{ANSWERS, Answers, FOLDERS, outputs};
use crate::emit::rust;
use crate::lowered::Program;

/// Compiler from YAML tool specs to typed Rust handlers, JSON schemas, docs and RBAC.
#[derive(Debug, Parser)]
#[command(name = "cnpg-mcp-codegen", version, max_term_width = 100)]
pub struct Arguments {
    /// Folder of the specs.
    #[arg(long, global = true, env = "CNPG_MCP_SPECS", default_value = "specs", value_name = "DIR")]
    specs: PathBuf,
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Check every spec and show what is wrong, with the lines it is about.
    Check,
    /// Print the Rust that a tool becomes.
    Expand {
        /// The tool; `kinds` for the objects that tools read, `tools` for the list of tools.
        tool: String,
    },
    /// Write the reference: pages, schemas, rights, kinds and the handlers for reading.
    Docs {
        /// Folder that they go to.
        #[arg(long, default_value = "generated", value_name = "DIR")]
        out: PathBuf,
        /// Answers of the examples; by default what the last run on a sandbox left in the folder.
        #[arg(long, value_name = "FILE")]
        answers: Option<PathBuf>,
    },
}

/// Runs the command. The exit code is 0 where all is well, and 1 where a spec is wrong or a tool unknown.
///
/// # Errors
/// Where files cannot be read or written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if !arguments.specs.is_dir() {
        anyhow::bail!("there is no folder {}; name the specs by --specs", arguments.specs.display());
    }
    let compilation =
        crate::compile(&arguments.specs).with_context(|| format!("cannot read {}", arguments.specs.display()))?;
    show(&compilation)?;
    let Some(program) = &compilation.program else { return Ok(ExitCode::FAILURE) };
    match &arguments.command {
        Command::Check => {
            let (tools, kinds) = (program.tools.len(), program.kinds.len());
            say(&format!("{tools} tools and {kinds} kinds are in order.\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Expand { tool } => expand(program, tool),
        Command::Docs { out, answers } => docs(program, out, answers.as_deref()),
    }
}

/// Diagnostics on stderr, the way rustc shows them.
fn show(compilation: &Compilation) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    let color = stderr.is_terminal();
    for diagnostic in &compilation.diagnostics {
        writeln!(stderr, "{}\n", render(&compilation.sources, diagnostic, color))?;
    }
    let errors = compilation.diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
    if errors > 0 {
        writeln!(stderr, "{errors} error{} in the specs", if errors == 1 { "" } else { "s" })?;
    }
    Ok(())
}

/// On stdout; a reader that has seen enough is no error.
fn say(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn expand(program: &Program, tool: &str) -> anyhow::Result<ExitCode> {
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

fn docs(program: &Program, out: &Path, answers: Option<&Path>) -> anyhow::Result<ExitCode> {
    let kept = out.join(ANSWERS);
    let answers: Answers = match answers.or_else(|| kept.is_file().then_some(kept.as_path())) {
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

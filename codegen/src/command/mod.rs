//! The people's command: begin, check, watch and format specs, read the Rust that a tool becomes, write the reference,
//! import kinds, compare versions.
//! Each command has a file of its own, with its arguments and what it does.

mod check;
mod diff;
mod docs;
mod expand;
mod explain;
mod fmt;
mod import_crd;
mod new;
mod watch;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::Compilation;
use crate::diagnostic::{Diagnostic, Severity, render};
use crate::source::SourceMap;

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
    Check(check::Check),
    Watch(watch::Watch),
    New(new::New),
    ImportCrd(import_crd::ImportCrd),
    Fmt(fmt::Fmt),
    Expand(expand::Expand),
    Explain(explain::Explain),
    Docs(docs::Docs),
    Diff(diff::Diff),
}

/// Runs the command. The exit code is 0 where all is well, and 1 where a spec is wrong, what was asked for is not there,
/// or `diff` finds that clients break.
///
/// # Errors
/// Where files cannot be read or written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let specs = &arguments.specs;
    match &arguments.command {
        Command::Check(check) => check.run(specs),
        Command::Expand(expand) => expand.run(specs),
        Command::Explain(explain) => explain.run(),
        Command::Docs(docs) => docs.run(specs),
        Command::ImportCrd(import) => import.run(specs),
        Command::New(new) => new.run(specs),
        Command::Fmt(fmt) => fmt.run(specs),
        Command::Watch(watch) => watch.run(specs),
        Command::Diff(diff) => diff.run(specs),
    }
}

/// Compiles the folder of specs.
fn compiled(specs: &Path) -> anyhow::Result<Compilation> {
    if !specs.is_dir() {
        anyhow::bail!("there is no folder {}; name the specs by --specs", specs.display());
    }
    crate::compile(specs).with_context(|| format!("cannot read {}", specs.display()))
}

/// More than a person reads at once; the rest is counted.
const MAX_SHOWN: usize = 100;

/// Diagnostics on stderr, the way rustc shows them.
fn show(compilation: &Compilation) -> io::Result<()> {
    show_all(&compilation.sources, &compilation.diagnostics)?;
    let mut stderr = io::stderr().lock();
    let count = |severity, word: &str| {
        let found = compilation.diagnostics.iter().filter(|one| one.severity == severity).count();
        (found > 0).then(|| counted(found, word))
    };
    let counts: Vec<String> =
        [count(Severity::Error, "error"), count(Severity::Warning, "warning")].into_iter().flatten().collect();
    if !counts.is_empty() {
        writeln!(stderr, "{} in the specs", counts.join(" and "))?;
    }
    if let Some(hint) = explain_hint(&compilation.diagnostics) {
        writeln!(stderr, "{hint}")?;
    }
    Ok(())
}

/// Where more is said of what was found.
fn explain_hint(diagnostics: &[Diagnostic]) -> Option<String> {
    let codes: BTreeSet<&str> = diagnostics.iter().map(|one| one.code.id()).collect();
    let mut codes = codes.into_iter();
    let first = codes.next()?;
    let others: Vec<&str> = codes.collect();
    let also = if others.is_empty() { String::new() } else { format!("; so of {}", others.join(", ")) };
    Some(format!("cnpg-mcp-codegen explain {first} tells more{also}"))
}

fn show_all(sources: &SourceMap, diagnostics: &[Diagnostic]) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    let color = stderr.is_terminal();
    for diagnostic in diagnostics.iter().take(MAX_SHOWN) {
        writeln!(stderr, "{}\n", render(sources, diagnostic, color))?;
    }
    let hidden = diagnostics.len().saturating_sub(MAX_SHOWN);
    if hidden > 0 {
        writeln!(stderr, "… and {hidden} more, which `check --format json` lists\n")?;
    }
    Ok(())
}

/// `1 file`, `2 files`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// On stdout; a reader that has seen enough is no error.
fn say(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says on stderr why the command does not do it; the exit code is 1 then.
fn refused(reason: &str) -> anyhow::Result<ExitCode> {
    writeln!(io::stderr(), "error: {reason}")?;
    Ok(ExitCode::FAILURE)
}

/// Writes a file that was not there.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

//! Refreshes what is generated and committed: `cargo run -p cnpg-mcp-tests --bin refresh`.
//!
//! The examples of every tool are run on a sandbox of their own; their answers and the specs give
//! `generated/{docs,schemas,rbac,kinds,expanded}` and `generated/examples.json`. Nothing in them depends on
//! the machine or the hour. With `--check` nothing is written: what is not as it should be is shown as a
//! diff, and the exit code is 1.

mod compare;
mod diff;
mod examples;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Parser;
use cnpg_mcp_codegen::build::{write_folder, write_if_changed};
use cnpg_mcp_codegen::diagnostic::render;
use cnpg_mcp_codegen::emit::File;
use cnpg_mcp_codegen::emit::outputs::{ANSWERS, FOLDERS, answers_text, outputs};
use cnpg_mcp_codegen::lowered::Program;

/// Runs the examples and refreshes what is generated and committed.
#[derive(Debug, Parser)]
struct Arguments {
    /// Write nothing; show what differs, and fail where anything does.
    #[arg(long)]
    check: bool,
    /// Folder that the outputs are in.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("this crate is one level below the root")?;
    let out = arguments.out.unwrap_or_else(|| root.join("generated"));
    let program = compile(&root.join("specs"))?;
    let answers = examples::run(&program).await?;
    let mut files = outputs(&program, &answers);
    files.push(File { path: ANSWERS.to_owned(), text: answers_text(&answers) });
    if arguments.check {
        return Ok(check(&out, &files)?);
    }
    write_folder(&out, &FOLDERS, &files).with_context(|| format!("cannot write to {}", out.display()))?;
    write_if_changed(&out.join(ANSWERS), &answers_text(&answers))?;
    println!("{} files in {}", files.len(), out.display());
    Ok(ExitCode::SUCCESS)
}

fn compile(specs: &Path) -> anyhow::Result<Program> {
    let compilation = cnpg_mcp_codegen::compile(specs).with_context(|| format!("cannot read {}", specs.display()))?;
    for diagnostic in &compilation.diagnostics {
        eprintln!("{}\n", render(&compilation.sources, diagnostic, false));
    }
    match compilation.program {
        Some(program) => Ok(program),
        None => bail!("the specs do not compile"),
    }
}

fn check(out: &Path, files: &[File]) -> std::io::Result<ExitCode> {
    let differences = compare::differences(out, &FOLDERS, files)?;
    if differences.is_empty() {
        println!("{} files are what the specs give", files.len());
        return Ok(ExitCode::SUCCESS);
    }
    for difference in &differences {
        println!("{difference}");
    }
    println!("{} files are not what the specs give; `make docs` refreshes them", differences.len());
    Ok(ExitCode::FAILURE)
}

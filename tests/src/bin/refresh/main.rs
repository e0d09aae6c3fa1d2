//! Refreshes what is generated and committed: `cargo run -p cnpg-mcp-tests --bin refresh`.
//!
//! The examples of every tool are run on a sandbox of their own; their answers and the specs give
//! `generated/{docs,schemas,rbac,kinds,expanded}`, `generated/examples.json` and `chart/files/rbac`. Nothing
//! in them depends on the machine or the hour. With `--check` nothing is written: what is not as it should be is shown as a
//! diff, and the exit code is 1.

mod compare;
mod diff;
mod examples;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Parser;
use cnpg_mcp_codegen::build::write_folder;
use cnpg_mcp_codegen::diagnostic::render;
use cnpg_mcp_codegen::emit::File;
use cnpg_mcp_codegen::emit::outputs::{ANSWERS, CHART_FOLDERS, FOLDERS, answers_text, chart_files, outputs};
use cnpg_mcp_codegen::lowered::Program;

/// Runs the examples and refreshes what is generated and committed.
#[derive(Debug, Parser)]
struct Arguments {
    /// Write nothing; show what differs, and fail where anything does.
    #[arg(long)]
    check: bool,
    /// Project whose folders the outputs are in.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Outputs below one folder of the project.
struct Place {
    /// The folder, from the project's.
    folder: &'static str,
    /// The folders below it that hold outputs and nothing else.
    owned: &'static [&'static str],
    /// Every output.
    files: Vec<File>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("this crate is one level below the root")?;
    let out = arguments.out.as_deref().unwrap_or(root);
    let program = compile(&root.join("specs"))?;
    let answers = examples::run(&program).await?;
    let mut files = outputs(&program, &answers);
    files.push(File { path: ANSWERS.to_owned(), text: answers_text(&answers) });
    let places = [
        Place { folder: "generated", owned: &FOLDERS, files },
        Place { folder: "chart/files", owned: &CHART_FOLDERS, files: chart_files(&program) },
    ];
    if arguments.check {
        return Ok(check(out, &places)?);
    }
    for Place { folder, owned, files } in &places {
        let folder = out.join(folder);
        write_folder(&folder, owned, files).with_context(|| format!("cannot write to {}", folder.display()))?;
        println!("{} files in {}", files.len(), folder.display());
    }
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

fn check(out: &Path, places: &[Place]) -> std::io::Result<ExitCode> {
    let mut differences = Vec::new();
    for Place { folder, owned, files } in places {
        for difference in compare::differences(&out.join(folder), owned, files)? {
            differences.push(format!("in {folder}:\n{difference}"));
        }
    }
    let files: usize = places.iter().map(|place| place.files.len()).sum();
    if differences.is_empty() {
        println!("{files} files are what the specs give");
        return Ok(ExitCode::SUCCESS);
    }
    for difference in &differences {
        println!("{difference}");
    }
    println!("{} files are not what the specs give; `make docs` refreshes them", differences.len());
    Ok(ExitCode::FAILURE)
}

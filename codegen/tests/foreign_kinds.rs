//! `specs/FOREIGN_KINDS.md`, done as it says.
//!
//! Blocks of the language `console` are run, in order, in a folder that has the project's specs and a definition; blocks
//! with `edit=FILE` are what somebody's editor leaves in that file. `TRYCMD=overwrite` writes what the commands print into
//! the page.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod on_specs;

use std::fs;
use std::path::{Path, PathBuf};

use on_specs::{fill, project};
use trycmd::schema::Bin;

/// A part of the page.
enum Part {
    /// Prose and commands.
    Commands(String),
    /// A block that is written to a file: its text as it stands in the page, the file, what is in it.
    Edit { block: String, file: String, text: String },
}

const EDIT: &str = "```yaml edit=";

fn parts(page: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find(EDIT) {
        found.push(Part::Commands(rest[..at].to_owned()));
        let block = &rest[at..];
        let end = block.find("\n```\n").unwrap() + "\n```\n".len();
        let (head, text) = block[..end].split_once('\n').unwrap();
        found.push(Part::Edit {
            block: block[..end].to_owned(),
            file: head.trim_start_matches(EDIT).to_owned(),
            text: text.trim_end_matches("```\n").to_owned(),
        });
        rest = &block[end..];
    }
    found.push(Part::Commands(rest.to_owned()));
    found
}

/// A program of the system.
fn on_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap()
}

#[test]
fn a_tool_for_a_foreign_kind_is_made_as_the_page_says() {
    let page = project().join("FOREIGN_KINDS.md");
    let world = tempfile::tempdir().unwrap();
    let mut folder = world.path().join("0.in");
    for copy in ["specs", "before"] {
        fill(&project(), &folder.join(copy));
    }
    let definition = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import_crd/certificate.yaml");
    fs::copy(definition, folder.join("certificate-crd.yaml")).unwrap();

    let mut done = String::new();
    for (number, part) in parts(&fs::read_to_string(&page).unwrap()).into_iter().enumerate() {
        match part {
            Part::Edit { block, file, text } => {
                fs::write(folder.join(file), text).unwrap();
                done.push_str(&block);
            }
            Part::Commands(text) => {
                // Commands run in the folder that is called as their page.
                let next = world.path().join(format!("{number}.in"));
                if next != folder {
                    fs::rename(&folder, &next).unwrap();
                    folder = next;
                }
                let case = world.path().join(format!("{number}.md"));
                fs::write(&case, text).unwrap();
                let cases = trycmd::TestCases::new();
                cases
                    .register_bin("cnpg-mcp-codegen", Bin::Path(env!("CARGO_BIN_EXE_cnpg-mcp-codegen").into()))
                    .register_bins(["cat", "sed"].map(|name| (name, Bin::Path(on_path(name)))))
                    .env("CNPG_MCP_SPECS", "specs")
                    .case(&case)
                    .run();
                done.push_str(&fs::read_to_string(&case).unwrap());
            }
        }
    }
    if std::env::var_os("TRYCMD").is_some_and(|wish| wish == "overwrite") {
        fs::write(&page, &done).unwrap();
    }
    for made in
        ["specs/resources/certificate.yaml", "specs/tools/get_certificate.yaml", "generated/docs/get_certificate.md"]
    {
        assert!(folder.join(made).is_file(), "{made}");
    }
}

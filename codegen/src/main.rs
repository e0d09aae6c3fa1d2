//! `cnpg-mcp-codegen check | watch | new TOOL | import-crd FILE | fmt | expand TOOL | docs | diff OLD`.

use std::process::ExitCode;

use clap::Parser as _;
use cnpg_mcp_codegen::command::{Arguments, run};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

//! `cnpg-mcp-codegen check | expand TOOL | docs`.

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

//! The project's own specs compile without a word.

#![allow(clippy::expect_used)]

use std::path::Path;

use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::render;

#[test]
fn the_specs_of_the_project_compile_clean() {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let compilation = compile(&specs).expect("the specs can be read");
    let shown: Vec<String> =
        compilation.diagnostics.iter().map(|one| render(&compilation.sources, one, false)).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n\n"));
    let program = compilation.program.expect("a program without errors");
    assert!(!program.tools.is_empty());
}

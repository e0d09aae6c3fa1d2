//! Compiles `specs/` into the modules that `src/lib.rs` takes in.

fn main() -> std::io::Result<()> {
    cnpg_mcp_codegen::build::run()
}

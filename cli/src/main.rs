//! `cnpg-mcp`: try the tools and the sandbox from a terminal.

fn main() {}

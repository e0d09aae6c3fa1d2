//! The stand-in as a program, for tests in other languages: it prints its address and a token of an administrator, each on
//! a line, then its state for each line that it reads; it ends with its input. An argument is the address by which it goes,
//! where something stands before it.

use std::io::Write as _;

use cnpg_mcp_auth0::Auth0;
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let auth0 = Auth0::start_as(std::env::args().nth(1)).await?;
    say(auth0.address())?;
    say(&auth0.token())?;
    let mut lines = BufReader::new(stdin()).lines();
    while lines.next_line().await?.is_some() {
        say(&auth0.state().to_string())?;
    }
    Ok(())
}

fn say(line: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

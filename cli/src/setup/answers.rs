//! Answers of the person at the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail};
use cnpg_mcp_runtime::secret::SecretText;

/// Whether somebody can be asked.
pub fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a line. `default` is what an empty one means.
pub fn ask(question: &str, default: Option<&str>) -> anyhow::Result<String> {
    match default {
        Some(default) => eprint!("{question} [{default}]: "),
        None => eprint!("{question}: "),
    }
    std::io::stderr().flush()?;
    let line = line()?;
    match (line.is_empty(), default) {
        (false, _) => Ok(line),
        (true, Some(default)) => Ok(default.to_owned()),
        (true, None) => bail!("nothing was answered"),
    }
}

/// Asks for a secret, which is not shown while it is typed.
pub fn ask_secret(question: &str) -> anyhow::Result<SecretText> {
    let answer = rpassword::prompt_password(format!("{question}: ")).context("no answer could be read")?;
    Ok(SecretText::new(answer.trim().to_owned()))
}

/// Reads a secret from standard input: its first line.
pub fn read_secret() -> anyhow::Result<SecretText> {
    line().map(SecretText::new)
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
    Ok(line.trim().to_owned())
}

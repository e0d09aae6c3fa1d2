//! Answers of the person at the terminal.

use std::io::{BufRead as _, ErrorKind, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail, ensure};
use cnpg_mcp_runtime::secret::SecretText;

/// Whether somebody can be asked.
pub fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a line until one fits. `flag`: what says the same without being asked.
pub fn ask(question: &str, flag: &str, fits: impl Fn(&str) -> anyhow::Result<()>) -> anyhow::Result<String> {
    loop {
        eprint!("{question}: ");
        std::io::stderr().flush()?;
        let Some(line) = line()? else {
            eprintln!();
            bail!("the input has ended without an answer; pass {flag}");
        };
        match fits(&line) {
            _ if line.is_empty() => {}
            Ok(()) => return Ok(line),
            Err(error) => eprintln!("{error}"),
        }
    }
}

/// Asks for a secret, which is not shown while it is typed. `flag`: what says the same without being asked.
pub fn ask_secret(question: &str, flag: &str) -> anyhow::Result<SecretText> {
    let answer = match rpassword::prompt_password(format!("{question}: ")) {
        Ok(answer) => SecretText::new(answer.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            bail!("the input has ended without an answer; pass {flag}")
        }
        Err(error) => return Err(error).context("no answer could be read"),
    };
    ensure!(!answer.expose().is_empty(), "nothing was typed; pass {flag}, or run the same again");
    Ok(answer)
}

/// Reads a secret from standard input: its first line.
pub fn read_secret() -> anyhow::Result<SecretText> {
    let line = line()?.filter(|line| !line.is_empty());
    line.map(SecretText::new).context("nothing was on standard input, where the token should be")
}

/// `None` at the end of the input.
fn line() -> anyhow::Result<Option<String>> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

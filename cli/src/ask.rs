//! Asking the person at the terminal.

use std::io::{BufRead as _, IsTerminal as _};

use cnpg_mcp_runtime::confirm::{Asked, Prompt, Prompter};
use futures::future::BoxFuture;

/// Shows the plan on standard error and reads the answer from standard input, where both are a terminal.
pub struct Terminal;

impl Prompter for Terminal {
    fn prompt(&self, prompt: Prompt) -> BoxFuture<'_, Asked> {
        Box::pin(async move {
            if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
                return Asked::Nobody;
            }
            eprintln!("{}\n\n{}: go ahead? Type `yes`:", prompt.message, prompt.tool.title);
            let answer = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                std::io::stdin().lock().read_line(&mut line).map(|_| line)
            })
            .await;
            match answer {
                Ok(Ok(line)) if line.trim().eq_ignore_ascii_case("yes") => Asked::Yes,
                Ok(Ok(_)) => Asked::No,
                _ => Asked::Nobody,
            }
        })
    }
}

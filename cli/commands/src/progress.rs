//! Progress on standard error while a call waits.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use cnpg_mcp_runtime::call::ProgressSink;

/// One line that changes on a terminal; a line for each report elsewhere.
#[derive(Debug, Default)]
pub struct Lines {
    open: AtomicBool,
}

impl ProgressSink for Lines {
    fn report(&self, done: i64, of: i64, message: &str) {
        let message: String = message.chars().filter(|character| !character.is_control()).collect();
        if std::io::stderr().is_terminal() {
            // Back to the start of the line, and clear it.
            eprint!("\r\u{1b}[2K{done}/{of} {message}");
            let _ = std::io::stderr().flush();
            self.open.store(true, Ordering::Relaxed);
        } else {
            eprintln!("{done}/{of} {message}");
        }
    }
}

impl Lines {
    /// Ends the line, where one is open.
    pub fn end(&self) {
        if self.open.swap(false, Ordering::Relaxed) {
            eprintln!();
        }
    }
}

//! What was found, a line each, and what to do about it.

use std::fmt;

use crate::plain::plain;

/// Lines so far.
#[derive(Debug, Default)]
pub struct Report {
    good: usize,
    failures: usize,
    warnings: usize,
}

impl Report {
    /// All is well.
    pub fn ok(&mut self, what: impl fmt::Display) {
        self.good += 1;
        println!("{}", line("ok", what));
    }

    /// It may be well, or works only in part.
    pub fn warning(&mut self, what: impl fmt::Display, next: impl fmt::Display) {
        self.warnings += 1;
        println!("{}\n{}", line("warning", what), line("", format_args!("→ {next}")));
    }

    /// It does not work.
    pub fn failure(&mut self, what: impl fmt::Display, next: impl fmt::Display) {
        self.failures += 1;
        println!("{}\n{}", line("failure", what), line("", format_args!("→ {next}")));
    }

    /// Sums it up; whether nothing failed.
    pub fn finish(self) -> bool {
        println!("\n{} ok, {} warnings, {} failures", self.good, self.warnings, self.failures);
        self.failures == 0
    }
}

/// What stands there may quote what somebody else wrote.
fn line(kind: &str, what: impl fmt::Display) -> String {
    format!("{kind:<9}{}", plain(&what.to_string()))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn what_is_quoted_stays_on_its_line() {
        assert_eq!(line("ok", "it says `a\u{1b}[2Jb\r`"), "ok       it says `a[2Jb`");
    }
}

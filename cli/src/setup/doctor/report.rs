//! What was found, a line each, and what to do about it.

use std::fmt;

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
        println!("{:<9}{what}", "ok");
    }

    /// It may be well, or works only in part.
    pub fn warning(&mut self, what: impl fmt::Display, next: impl fmt::Display) {
        self.warnings += 1;
        println!("{:<9}{what}\n{:<9}→ {next}", "warning", "");
    }

    /// It does not work.
    pub fn failure(&mut self, what: impl fmt::Display, next: impl fmt::Display) {
        self.failures += 1;
        println!("{:<9}{what}\n{:<9}→ {next}", "failure", "");
    }

    /// Sums it up; whether nothing failed.
    pub fn finish(self) -> bool {
        println!("\n{} ok, {} warnings, {} failures", self.good, self.warnings, self.failures);
        self.failures == 0
    }
}

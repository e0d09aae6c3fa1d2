//! What a step did, line by line.

use std::fmt;

/// What became of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Made,
    /// It was there, and other.
    Changed,
    /// It is as it should be.
    Unchanged,
    /// It was there, and should not be.
    Removed,
}

/// Tells what is done; in a dry run, what would be.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    dry_run: bool,
}

impl Story {
    /// `dry_run`: nothing is done.
    pub fn new(dry_run: bool) -> Self {
        Self { dry_run }
    }

    /// Whether nothing is done.
    pub fn is_dry(self) -> bool {
        self.dry_run
    }

    /// Tells what became of a thing.
    pub fn tell(self, change: Change, what: impl fmt::Display) {
        let word = match (change, self.dry_run) {
            (Change::Made, false) => "made",
            (Change::Made, true) => "would make",
            (Change::Changed, false) => "changed",
            (Change::Changed, true) => "would change",
            (Change::Unchanged, _) => "unchanged",
            (Change::Removed, false) => "removed",
            (Change::Removed, true) => "would remove",
        };
        println!("{word:<12} {what}");
    }

    /// Tells what to do next.
    pub fn next(self, what: impl fmt::Display) {
        if self.dry_run {
            println!("\nNothing was changed: this was a dry run.");
        } else {
            println!("\nNext: {what}");
        }
    }
}

/// Tells something that is no change.
pub fn note(what: impl fmt::Display) {
    println!("{:<12} {what}", "note");
}

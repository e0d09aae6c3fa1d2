//! Where something was said, and what is wrong with it.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A place in the configuration file; lines and columns count from 1.
    File {
        /// The file.
        file: PathBuf,
        /// The line.
        line: u64,
        /// The column, in characters.
        column: u64,
    },
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(formatter, "{}:{line}:{column}", file.display()),
            Self::Environment(name) | Self::Flag(name) => formatter.write_str(name),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// Something that is wrong. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// The key, where it is about one.
    pub key: Option<String>,
    /// What is wrong, and what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place != Place::Default {
            write!(formatter, "{}: ", self.place)?;
        }
        match &self.key {
            Some(key) => write!(formatter, "`{key}` {}", self.what),
            None => formatter.write_str(&self.what),
        }
    }
}

/// Everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

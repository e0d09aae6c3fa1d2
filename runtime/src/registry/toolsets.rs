//! Which toolsets a server offers.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::arguments::nearest;
use crate::tool::{Tool, ToolInfo};

/// Every toolset.
const ALL: &str = "all";

/// The tools whose specs say `core: true`.
const CORE: &str = "core";

/// Toolsets that are on, as `--toolsets` takes them: names of toolsets, `core`, `all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolsets(BTreeSet<String>);

/// A name that is no toolset's.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("there is no toolset `{name}`{}; there are {}", .near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default(), .known.join(", "))]
pub struct UnknownToolset {
    /// What was asked for.
    pub name: String,
    /// The nearest name.
    pub near: Option<String>,
    /// Every name.
    pub known: Vec<String>,
}

impl Toolsets {
    /// Every tool.
    #[must_use]
    pub fn all() -> Self {
        Self(BTreeSet::from([ALL.to_owned()]))
    }

    /// Reads names with commas between them; white space around them means nothing.
    ///
    /// # Errors
    /// A name that none of the tools has, or no name at all.
    pub fn parse(text: &str, tools: &[Tool]) -> Result<Self, UnknownToolset> {
        let known: BTreeSet<&str> = tools.iter().map(|tool| tool.info.toolset).chain([ALL, CORE]).collect();
        let mut names = BTreeSet::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !known.contains(name) {
                return Err(unknown(name, &known));
            }
            names.insert(name.to_owned());
        }
        if names.is_empty() { Err(unknown("", &known)) } else { Ok(Self(names)) }
    }

    /// Whether they have a tool.
    pub(super) fn have(&self, tool: &ToolInfo) -> bool {
        self.0.contains(ALL) || (tool.core && self.0.contains(CORE)) || self.0.contains(tool.toolset)
    }

    /// These and one more, as `--toolsets` takes them.
    pub(super) fn with(&self, toolset: &str) -> String {
        self.0.iter().map(String::as_str).chain([toolset]).collect::<Vec<_>>().join(",")
    }
}

fn unknown(name: &str, known: &BTreeSet<&str>) -> UnknownToolset {
    UnknownToolset {
        name: name.chars().filter(|character| !character.is_control()).take(64).collect(),
        near: nearest(name, known.iter().copied()).map(str::to_owned),
        known: known.iter().map(|name| (*name).to_owned()).collect(),
    }
}

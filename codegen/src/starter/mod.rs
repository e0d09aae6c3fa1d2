//! Starting specs: a tool for a kind and a verb that compiles as it is, and is there to be edited.

mod body;
mod fields;
mod names;
mod params;
mod sample;
mod spec;

pub use names::snake;
pub use spec::starter;

use crate::emit::File;
use crate::load::Node;
use crate::lowered::{Effect, Kind};
use crate::types::Types;

/// What the tool does to objects of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StarterVerb {
    /// Read one object.
    Get,
    /// Read objects.
    List,
    /// Make an object.
    Create,
    /// Change fields of an object.
    Patch,
    /// Delete an object.
    Delete,
}

impl StarterVerb {
    /// The effect that a tool with this verb has.
    #[must_use]
    pub fn effect(self) -> Effect {
        match self {
            Self::Get | Self::List => Effect::Read,
            Self::Create | Self::Patch => Effect::Write,
            Self::Delete => Effect::Destroy,
        }
    }

    /// The verb that a tool of this effect begins with, where nobody says.
    #[must_use]
    pub fn usual(effect: Effect) -> Self {
        match effect {
            Effect::Read => Self::Get,
            Effect::Write => Self::Create,
            Effect::Destroy => Self::Delete,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// What a starting spec is made from.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// Name of the tool.
    pub tool: &'a str,
    /// Its toolset; the plural of the kind unless said.
    pub toolset: Option<&'a str>,
    /// Its kind.
    pub kind: &'a Kind,
    /// Types of the kind's objects.
    pub types: &'a Types,
    /// Its verb.
    pub verb: StarterVerb,
    /// `params.yaml`: what is shared there is taken in.
    pub shared: Option<&'a Node>,
}

/// Why there is no starting spec.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StarterError {
    /// Nothing of the kind can be changed.
    #[error(
        "the description of {0} has no single value that can be changed, so there is nothing to patch; add such a field to it first"
    )]
    NothingToPatch(String),
}

/// The files of a starting spec, by path below the specs folder: the spec first.
pub type Started = Result<Vec<File>, StarterError>;

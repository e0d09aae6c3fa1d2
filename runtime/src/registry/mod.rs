//! The tools, and the way of a call: check, run, undo, answer, audit.

mod asking;
mod dispatch;
mod listed;
mod running;
mod toolsets;

pub use dispatch::{CallContext, NotCallable};
pub use listed::{Listed, RegistryError};
pub use toolsets::{Toolsets, UnknownToolset};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::call::Settings;
use crate::kubernetes::Kubernetes;
use crate::render::Templates;
use crate::time::Clock;
use crate::tool::{Effect, Tool, ToolInfo};
use running::Running;

/// How long a call may take, waits aside.
pub const CALL_TIME: Duration = Duration::from_mins(1);

/// Time for what is being undone when the server stops.
const UNDO: Duration = Duration::from_secs(15);

/// How a registry behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Version of the program, as clients see it.
    pub version: String,
    /// Only tools that read are listed and callable.
    pub read_only: bool,
    /// Tools that destroy are neither listed nor callable.
    pub disable_destructive: bool,
    /// Tools of other toolsets are neither listed nor callable.
    pub toolsets: Toolsets,
    /// How long a call may take, waits aside.
    pub call_time: Duration,
    /// The clock that calls go by.
    pub clock: Clock,
    /// What the steps of tools are given.
    pub settings: Arc<Settings>,
}

impl Options {
    /// The usual, for a program of this version.
    pub fn new(version: impl Into<String>) -> Self {
        Self {
            version: version.into(),
            read_only: false,
            disable_destructive: false,
            toolsets: Toolsets::all(),
            call_time: CALL_TIME,
            clock: Clock::System,
            settings: Arc::default(),
        }
    }

    /// Why a tool is not offered, where it is not.
    fn withhold(&self, tool: &ToolInfo) -> Option<Withheld> {
        let allowed = match tool.effect {
            Effect::Read => true,
            Effect::Write => !self.read_only,
            Effect::Destroy => !self.read_only && !self.disable_destructive,
        };
        if !allowed {
            Some(Withheld::Effect(tool.effect))
        } else if !self.toolsets.have(tool) {
            Some(Withheld::Toolset(tool.toolset))
        } else {
            None
        }
    }
}

/// Why a tool is there and not offered.
#[derive(Debug, Clone, Copy)]
enum Withheld {
    /// Its effect is not allowed.
    Effect(Effect),
    /// Its toolset is off.
    Toolset(&'static str),
}

/// The tools of a server.
#[derive(Debug)]
pub struct Registry {
    tools: BTreeMap<&'static str, Listed>,
    /// Tools that the options take away, to say so when they are called.
    withheld: BTreeMap<&'static str, Withheld>,
    templates: Arc<Templates>,
    kubernetes: Arc<Kubernetes>,
    options: Options,
    running: Running,
}

impl Registry {
    /// A registry of compiled tools and their templates.
    ///
    /// # Errors
    /// Where tools and templates do not fit together, which tests of the generated code rule out.
    pub fn new(
        tools: impl IntoIterator<Item = Tool>,
        templates: &'static [(&'static str, &'static str)],
        kubernetes: Arc<Kubernetes>,
        options: Options,
    ) -> Result<Self, RegistryError> {
        let templates = Arc::new(Templates::new(templates).map_err(RegistryError::Template)?);
        let mut listed = BTreeMap::new();
        let mut withheld = BTreeMap::new();
        for tool in tools {
            let entry = Listed::new(tool, &templates)?;
            let name = tool.info.name;
            if listed.contains_key(name) || withheld.contains_key(name) {
                return Err(RegistryError::Twice { tool: name });
            }
            match options.withhold(tool.info) {
                None => drop(listed.insert(name, entry)),
                Some(reason) => drop(withheld.insert(name, reason)),
            }
        }
        Ok(Self { tools: listed, withheld, templates, kubernetes, options, running: Running::default() })
    }

    /// The tools that can be called, ordered by name.
    pub fn tools(&self) -> impl Iterator<Item = &Listed> {
        self.tools.values()
    }

    /// A tool that can be called.
    pub fn tool(&self, name: &str) -> Option<&Listed> {
        self.tools.get(name)
    }

    /// Version of the program.
    pub fn version(&self) -> &str {
        &self.options.version
    }

    /// Takes no new calls, gives running ones some time to end, then cancels them and waits for what they
    /// have to undo.
    pub async fn stop(&self, grace: Duration) {
        self.running.stop(grace).await;
        if tokio::time::timeout(UNDO, self.kubernetes.settled()).await.is_err() {
            tracing::warn!("something was still being undone when the server stopped");
        }
    }
}
